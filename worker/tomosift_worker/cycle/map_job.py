"""The job that lays a cycle's map out by UMAP, after the cycle: nobody waits for it, least of all another cycle."""

import time
import uuid

from sqlalchemy import exists, select

from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import get_settings
from tomosift.kit.stored_columns import open_columns
from tomosift.tables import Cycle, Job
from tomosift_worker.cycle.leftovers import attempt_prefix
from tomosift_worker.cycle.map_files import MAP, MAP_JOB, earlier_map, write_map
from tomosift_worker.layout.particle_map import umap

NO_ATTEMPT = 0
MOST_SECONDS = 900.0
LOOK_FOR_CYCLES_SECONDS = 1.0
SEED = 0


class CycleWaits(RuntimeError):
    """A cycle is to run on this worker."""


def make_map(job: RunningJob) -> None:
    """Do the job of a claimed map to its end.

    Raises ProblemError where it takes too long or what it needs is gone: the map by principal components stays.
    """
    cycle_id = uuid.UUID(job.claim.payload["cycle_id"])
    try:
        if (cycle := _read_cycle(cycle_id)) is not None:
            _make(job, cycle)
        else:
            _end_as_outdated(job)
    except CycleWaits:
        if _read_cycle(cycle_id) is None:
            _end_as_outdated(job)
            return
        with transaction() as session:
            job_control.give_back(session, job.claim.job_id, job.claim.token, "a cycle goes first")
    except (ArtifactMissing, ArtifactUnreadable) as error:
        raise ProblemError(
            409, "no-embeddings", "The embeddings are gone", "What the cycle stored cannot be read. Launch a cycle."
        ) from error


def _make(job: RunningJob, cycle: Cycle) -> None:
    artifacts = ArtifactStore(get_settings().effective_store_url)
    patience = _Patience(job)
    patience.report("layout", 0, 1, "reading the embeddings")
    with open_columns(artifacts, str(cycle.scores_key)) as columns:
        item_ids, embeddings = columns.read("item_ids"), columns.read("embeddings")
    earlier = earlier_map(artifacts, cycle.previous_cycle_id)
    points = umap(item_ids, embeddings, earlier, SEED, patience.report)
    key = f"{attempt_prefix(cycle.id, NO_ATTEMPT)}/map.safetensors"
    described = write_map(artifacts, key, "umap", item_ids, points)
    with transaction() as session:
        job_control.hold(session, job.claim.job_id, job.claim.token)
        row = session.get_one(Cycle, cycle.id, with_for_update=True)
        row.metrics = {**(row.metrics or {}), MAP: {**described, "seconds": round(patience.seconds, 1)}}
        job_control.announce(session, row.project_id, "cycle", number=row.number, stage="ready")
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result={"items": len(item_ids)})


class _Patience:
    """Passes reports on to the job, and ends the work when it takes too long or a cycle waits."""

    def __init__(self, job: RunningJob) -> None:
        self._job, self._started, self._looked = job, time.monotonic(), 0.0

    @property
    def seconds(self) -> float:
        """How long the work has taken."""
        return time.monotonic() - self._started

    def report(self, stage: str, done: int, total: int, message: str) -> None:
        """Raises CycleWaits, ProblemError, and what `RunningJob.check` raises."""
        self._job.report(stage, done, total, message)
        if self.seconds > MOST_SECONDS:
            raise ProblemError(
                503,
                "map-too-slow",
                "The map took too long",
                "Launch the next cycle with map pca, or when this computer is less busy.",
            )
        if time.monotonic() - self._looked >= LOOK_FOR_CYCLES_SECONDS:
            self._looked = time.monotonic()
            if _a_cycle_waits():
                raise CycleWaits


def _read_cycle(cycle_id: uuid.UUID) -> Cycle | None:
    """The cycle, if it is the newest of its project that was not stopped."""
    with transaction() as session:
        cycle = session.get(Cycle, cycle_id)
        if cycle is None or cycle.scores_key is None:
            return None
        newer = exists().where(
            Cycle.project_id == cycle.project_id,
            Cycle.number > cycle.number,
            Cycle.stage.not_in(("failed", "cancelled")),
        )
        return None if session.scalar(select(newer)) else cycle


def _a_cycle_waits() -> bool:
    waiting = exists().where(Job.queue == GPU_QUEUE, Job.state == "queued", Job.kind != MAP_JOB)
    with transaction() as session:
        return bool(session.scalar(select(waiting)))


def _end_as_outdated(job: RunningJob) -> None:
    with transaction() as session:
        job_control.write_log(session, job.claim.job_id, "A newer cycle makes a map of its own.")
        job_control.finish(session, job.claim.job_id, job.claim.token, "cancelled")
