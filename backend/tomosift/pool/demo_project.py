"""The demo project: a small simulated pool to try everything on, imported as any other list is."""

import os
import shutil
import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.accounts.users import ensure_owner
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.pool.imports import ListLocation, request_import
from tomosift.projects.lifecycle import create_project
from tomosift.projects.schemas import ClassIn, ProjectIn
from tomosift.simulation.dataset import demo_dataset
from tomosift.simulation.phantoms import phantom_names
from tomosift.tables import Job, Project

DEMO_SLUG = "demo"
DEMO_SEED = 1
DESCRIPTION = (
    "Six simulated particle shapes and some junk, to try Tomosift on. Label a few dozen, launch a cycle, and see what "
    "it picks next."
)


def ensure_demo_project(settings: Settings) -> uuid.UUID | None:
    """Make the project `demo` and start its import, unless there is one (even archived); returns the job's id if so.

    The simulated files lie in HOME/demo. The truth about them (`truth.csv`) is there too, and nothing of the service
    reads it.
    """
    with transaction() as session:
        if _exists(session):
            return None
    star = _simulated_list(settings.home / "demo")
    with transaction() as session:
        if _exists(session):  # another start was quicker
            return None
        return _create(session, star).id


def _exists(session: Session) -> bool:
    return session.scalar(select(Project.id).where(Project.slug == DEMO_SLUG)) is not None


def _simulated_list(folder: Path) -> Path:
    """The demo's particle list, simulated now unless an earlier start has done so completely."""
    star = folder / "particles.star"
    if not star.is_file():
        partial = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        demo_dataset(partial, seed=DEMO_SEED)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return star


def _create(session: Session, star: Path) -> Job:
    owner = ensure_owner(session)
    wanted = ProjectIn(
        name="Demo",
        slug=DEMO_SLUG,
        description=DESCRIPTION,
        classes=[ClassIn(name=name) for name in phantom_names()],
    )
    project = create_project(session, wanted, owner.id)
    return request_import(session, project.id, owner.id, ListLocation(star.resolve(), star.resolve().parent))
