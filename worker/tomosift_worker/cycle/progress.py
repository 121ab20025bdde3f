"""Progress of a pass over items."""

from tomosift.kit.running_job import RunningJob


class BatchCounter:
    """Counts items as batches of them are done, and reports. Call it with each batch's size; it raises what
    `RunningJob.check` raises, which ends the pass.
    """

    def __init__(self, job: RunningJob, stage: str, total: int, what: str) -> None:
        self._job, self._stage, self._total, self._what = job, stage, total, what
        self._done = 0
        self(0)

    def __call__(self, more: int) -> None:
        self._done += more
        self._job.report(self._stage, self._done, self._total, f"{self._done} of {self._total} {self._what}")
