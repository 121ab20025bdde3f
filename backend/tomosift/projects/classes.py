"""The class set of a project: it only grows; each growth is a new version of it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.problems import conflict, invalid
from tomosift.projects.palette import next_color
from tomosift.projects.schemas import ClassIn, ClassOut
from tomosift.tables import ParticleClass, Project

RESERVED_NAMES = frozenset({"junk", "unsure", "skip"})
HOTKEYS = 9


def list_classes(session: Session, project_id: uuid.UUID) -> Sequence[ParticleClass]:
    """The classes of the current version, in order."""
    return session.scalars(
        select(ParticleClass)
        .where(ParticleClass.project_id == project_id, ParticleClass.retired_in_version.is_(None))
        .order_by(ParticleClass.position)
    ).all()


def add_first_classes(session: Session, project: Project, wanted: Sequence[ClassIn]) -> None:
    """The class set a project begins with. Raises ProblemError 422 for a name given twice or reserved."""
    existing: list[ParticleClass] = []
    for each in wanted:
        existing.append(_new_class(session, project, each, existing))
    session.flush()


def add_class(session: Session, project_id: uuid.UUID, wanted: ClassIn) -> ParticleClass:
    """One more class; raises the class set's version. Raises ProblemError 409 if there is one of that name."""
    project = session.get_one(Project, project_id, with_for_update=True)
    # Retired classes keep their name: it must go on meaning what it meant.
    existing = session.scalars(select(ParticleClass).where(ParticleClass.project_id == project_id)).all()
    if any(each.name.lower() == wanted.name.lower() for each in existing):
        raise conflict("class-exists", "There is such a class", f"A class named {wanted.name!r} is there already.")
    project.class_set_version += 1
    project.version += 1
    added = _new_class(session, project, wanted, existing)
    session.flush()
    return added


def class_out(row: ParticleClass) -> ClassOut:
    """The wire form of a class."""
    return ClassOut(
        id=row.id,
        name=row.name,
        color=row.color,
        position=row.position,
        hotkey=str(row.position + 1) if row.position < HOTKEYS else None,
        description=row.description,
    )


def _new_class(session: Session, project: Project, wanted: ClassIn, existing: Sequence[ParticleClass]) -> ParticleClass:
    name = wanted.name.lower()
    if name in RESERVED_NAMES:
        raise invalid(
            "reserved-class",
            "Reserved class name",
            f"{wanted.name!r} is a decision of its own, next to the classes; leave it out.",
        )
    if any(each.name.lower() == name for each in existing):
        raise invalid("class-twice", "A class is named twice", f"{wanted.name!r} stands in the list more than once.")
    row = ParticleClass(
        project_id=project.id,
        position=max((each.position for each in existing), default=-1) + 1,
        name=wanted.name,
        color=(wanted.color or next_color([each.color for each in existing])).lower(),
        description=wanted.description,
        added_in_version=project.class_set_version,
    )
    session.add(row)
    return row
