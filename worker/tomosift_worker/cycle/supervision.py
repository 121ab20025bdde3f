"""The thin task around a training process: start it, keep the job's lease, stop it when asked, and see how it ended.

Free of torch: it runs in the Celery worker.
"""

import logging
import os
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from tomosift.kit import job_control
from tomosift.kit.database import transaction
from tomosift.kit.job_control import Claim, FencedOff
from tomosift.kit.parent_watch import PARENT_PIPE_VARIABLE
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import get_settings
from tomosift.tables import Job
from tomosift_worker.cycle.exit_codes import FENCED_OFF, NO_DATABASE, REPLICA_LOST, STOPPED
from tomosift_worker.cycle.leftovers import sweep_unfinished_cycles

HEARTBEAT_SECONDS = 0.5
KILL_AFTER_CANCEL_SECONDS = 8.0
KILL_AFTER_STOP_SECONDS = 3.0
LAST_WORDS_SECONDS = 20.0
# OpenMP's threads wait for each other in a loop by default. On two cores that others use too, this took 49 s of CPU and
# 179 s of time for what takes 6 s and 16 s when they sleep instead.
THREADS_THAT_SLEEP = {"OMP_WAIT_POLICY": "PASSIVE"}

logger = logging.getLogger(__name__)

_stopping = threading.Event()


def stop_supervising() -> None:
    """This worker shuts down: training processes write a checkpoint and end, their jobs go back into the queue."""
    _stopping.set()


def is_stopping() -> bool:
    """Whether this worker shuts down."""
    return _stopping.is_set()


def supervise_cycle(job_id: uuid.UUID, worker: str) -> None:
    """Claim a cycle's job and see it through in a process of its own. A job somebody else holds is left alone."""
    with transaction() as session:
        claim = job_control.claim(session, job_id, worker)
    if claim is None:
        return
    watch = _Watch(claim)
    code = _run_process(claim, watch)
    try:
        _settle(claim, code, was_cancelled=watch.cancelled, was_lost=watch.lost)
    except FencedOff:
        logger.info("job %s is over or held by another attempt (exit code %s)", job_id, code)
    sweep_unfinished_cycles(get_settings())


def _run_process(claim: Claim, watch: "_Watch") -> int:
    """Run the training process to its end; returns its exit code, or minus the number of the signal that ended it."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tomosift_worker.cycle", str(claim.job_id), str(claim.token)],
        stdin=subprocess.PIPE,  # closes with this process, which ends that one
        env={**THREADS_THAT_SLEEP, **os.environ, PARENT_PIPE_VARIABLE: "1"},
    )
    try:
        watch.until_ended(process)
    finally:
        if process.poll() is None:
            process.kill()
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
    return code


@dataclass
class _Watch:
    """What happens to a job while its process runs."""

    claim: Claim
    cancelled: bool = False
    lost: bool = False
    _asked_to_end_at: float | None = field(default=None)
    _kill_after: float = field(default=KILL_AFTER_CANCEL_SECONDS)

    def until_ended(self, process: "subprocess.Popen[bytes]") -> None:
        """Renew the lease and look at the cancel flag every half second until the process has ended."""
        while True:
            try:
                process.wait(HEARTBEAT_SECONDS)
                return
            except subprocess.TimeoutExpired:
                self._beat()
                self._ask_or_kill(process)

    def _beat(self) -> None:
        if self.lost:
            return
        try:
            with transaction() as session:
                self.cancelled |= job_control.heartbeat(session, self.claim.job_id, self.claim.token)
        except FencedOff:
            self._lose()
        except SQLAlchemyError as error:  # the database is being restarted, say: the lease lasts a few beats
            logger.warning("heartbeat of job %s failed: %s", self.claim.job_id, type(error).__name__)

    def _lose(self) -> None:
        """The job is held no more. Its process ends it itself in its last transaction and then tidies up; only a job
        that goes on elsewhere is lost, and its process killed at once.
        """
        try:
            with transaction() as session:
                job = session.get(Job, self.claim.job_id)
                over = job is None or (
                    job.state in job_control.FINISHED_STATES and job.fencing_token == self.claim.token
                )
        except SQLAlchemyError:
            return  # looked at again with the next beat
        self.lost = True
        self._begin_end(LAST_WORDS_SECONDS if over else 0.0)

    def _ask_or_kill(self, process: "subprocess.Popen[bytes]") -> None:
        if self._asked_to_end_at is None and (self.cancelled or _stopping.is_set()):
            process.terminate()
            self._begin_end(KILL_AFTER_CANCEL_SECONDS)
        if self._asked_to_end_at is None:
            return
        limit = min(self._kill_after, KILL_AFTER_STOP_SECONDS) if _stopping.is_set() else self._kill_after
        if time.monotonic() - self._asked_to_end_at >= limit:
            process.kill()

    def _begin_end(self, kill_after: float) -> None:
        self._asked_to_end_at, self._kill_after = time.monotonic(), kill_after


def _settle(claim: Claim, code: int, *, was_cancelled: bool, was_lost: bool) -> None:
    """Bring the job to where it belongs after its process has ended. Raises FencedOff where that is done already."""
    if was_lost or code == FENCED_OFF:
        return
    with transaction() as session:
        job = job_control.hold(session, claim.job_id, claim.token)
        if was_cancelled or job.cancel_requested_at is not None:
            job_control.finish(session, claim.job_id, claim.token, "cancelled")
        elif code == STOPPED or _stopping.is_set():
            job_control.give_back(session, claim.job_id, claim.token)
        elif _may_go_on(code) and claim.attempt < job.max_attempts:
            job_control.write_log(session, claim.job_id, f"{_how_it_ended(code)}.", "warning")
            job_control.give_back(session, claim.job_id, claim.token)
        else:
            problem = _lost_too_often(claim.attempt, code) if _may_go_on(code) else _silent(code)
            job_control.write_log(session, claim.job_id, problem.detail, "error")
            job_control.finish(session, claim.job_id, claim.token, "failed", problem=problem.body())


def _may_go_on(code: int) -> bool:
    """Whether a further attempt can do better."""
    return code < 0 or code in (NO_DATABASE, REPLICA_LOST)


def _how_it_ended(code: int) -> str:
    if code == REPLICA_LOST:
        return "One of the processes that trained together was lost"
    if code == NO_DATABASE:
        return "The training process lost the database"
    return f"The training process was killed by signal {-code}"


def _lost_too_often(attempts: int, code: int) -> ProblemError:
    return ProblemError(
        500,
        "worker-lost",
        "The training process was lost too often",
        f"{_how_it_ended(code)}, and there were {attempts} attempts. A kill mostly comes from the system, for lack of "
        "memory: launch the cycle again with a smaller batch size or network.",
    )


def _silent(code: int) -> ProblemError:
    return ProblemError(
        500,
        "training-process-ended",
        "The training process ended without a result",
        f"Its exit code was {code}. The log of the training worker has the cause; then launch the cycle again.",
    )
