"""The demo project: a small simulated pool to try everything on, imported as any other list is."""

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.accounts.users import ensure_owner
from tomosift.kit import job_control
from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.database import transaction
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import get_settings
from tomosift.pool.imports import ListLocation, request_import
from tomosift.projects.lifecycle import create_project
from tomosift.projects.schemas import ClassIn, ProjectIn
from tomosift.simulation.phantoms import phantom_names
from tomosift.tables import Job, Project

DEMO_TASK = "tomosift.make_demo"
DEMO_SLUG = "demo"
DEMO_SEED = 1
DESCRIPTION = (
    "Six simulated particle shapes and some junk, to try Tomosift on. Label a few dozen, launch a cycle, and see what "
    "it picks next."
)


def ensure_demo_project() -> uuid.UUID | None:
    """Make the project `demo`, unless there is one (even archived); returns the id of the job that fills it if so."""
    with transaction() as session:
        return None if _exists(session) else request_demo(session, ensure_owner(session).id).id


def request_demo(session: Session, owner_id: uuid.UUID) -> Job:
    """Make the project `demo`, owned by that user, and post the job that simulates its particles and imports them.

    Raises ProblemError 409 if there is one (even archived).
    """
    if _exists(session):
        raise conflict(
            "demo-exists", "There is a demo project", "It may be archived or deleted; an owner can bring it back."
        )
    wanted = ProjectIn(
        name="Demo",
        slug=DEMO_SLUG,
        description=DESCRIPTION,
        classes=[ClassIn(name=name) for name in phantom_names()],
    )
    project = create_project(session, wanted, owner_id)
    job = Job(id=uuid.uuid4(), project_id=project.id, kind="demo", task=DEMO_TASK, queue=CPU_QUEUE, created_by=owner_id)
    post_job(session, job)
    session.refresh(job)
    return job


def run_demo(job: RunningJob) -> None:
    """Simulate the demo's particles, then ask for their import. Repeating it goes on from what is there.

    The simulated files lie in HOME/demo. The truth about them (`truth.csv`) is there too, and nothing of the service
    reads it.
    """
    star = _simulated_list(get_settings().home / "demo", lambda done, total: job.report("simulating", done, total))
    with transaction() as session:
        row = job_control.hold(session, job.claim.job_id, job.claim.token)
        assert row.project_id is not None
        request_import(session, row.project_id, row.created_by, ListLocation(star.resolve(), star.resolve().parent))
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result={})


def _exists(session: Session) -> bool:
    return session.scalar(select(Project.id).where(Project.slug == DEMO_SLUG)) is not None


def _simulated_list(folder: Path, progress: Callable[[int, int], None]) -> Path:
    """The demo's particle list, simulated now unless that was done completely before."""
    star = folder / "particles.star"
    if not star.is_file():
        partial = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        from tomosift.simulation.dataset import demo_dataset  # brings scipy, which the service starts without

        try:
            demo_dataset(partial, seed=DEMO_SEED, progress=progress)
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return star
