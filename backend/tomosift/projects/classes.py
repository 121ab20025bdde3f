"""The classes of a project. Whatever changes them makes a new version of the class set."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.problems import conflict, invalid, not_found
from tomosift.kit.versions import check_version
from tomosift.projects.class_set_schemas import ClassPatch
from tomosift.projects.palette import next_color
from tomosift.projects.schemas import ClassIn, ClassOut
from tomosift.tables import ClassSetChange, ParticleClass, Project

RESERVED_NAMES = frozenset({"junk", "unsure", "skip"})
HOTKEYS = 9


def list_classes(session: Session, project_id: uuid.UUID) -> Sequence[ParticleClass]:
    """The classes of the current version, in order."""
    return session.scalars(
        select(ParticleClass)
        .where(ParticleClass.project_id == project_id, ParticleClass.retired_in_version.is_(None))
        .order_by(ParticleClass.position)
    ).all()


def all_classes(session: Session, project_id: uuid.UUID) -> Sequence[ParticleClass]:
    """The same with those that were retired, in order."""
    return session.scalars(
        select(ParticleClass).where(ParticleClass.project_id == project_id).order_by(ParticleClass.position)
    ).all()


def add_first_classes(session: Session, project: Project, wanted: Sequence[ClassIn]) -> None:
    """The class set a project begins with. Raises ProblemError 422 for a name given twice or reserved."""
    existing: list[ParticleClass] = []
    for each in wanted:
        existing.append(new_class(session, project, each, existing))
    session.flush()


def add_class(session: Session, project_id: uuid.UUID, wanted: ClassIn, by: uuid.UUID | None) -> ParticleClass:
    """One more class; raises the class set's version. Raises ProblemError 409 if there is one of that name."""
    project = lock_project(session, project_id)
    existing = all_classes(session, project_id)
    check_name_is_free(wanted.name, existing)
    next_version(session, project, "add", by, class_name=wanted.name)
    added = new_class(session, project, wanted, existing)
    session.flush()
    return added


def change_class(
    session: Session,
    project_id: uuid.UUID,
    class_id: uuid.UUID,
    if_match: str | None,
    patch: ClassPatch,
    by: uuid.UUID | None,
) -> ParticleClass:
    """Apply `patch` if the project is still at the version `if_match` names. 404, 409 `class-exists`, 412, 428."""
    project = lock_project(session, project_id)
    check_version(if_match, project.version, "project")
    existing = all_classes(session, project_id)
    row = find_class([each for each in existing if each.retired_in_version is None], class_id)
    before = {"name": row.name, "color": row.color}
    if patch.name is not None:
        check_name_is_free(patch.name, [each for each in existing if each is not row])
        row.name = patch.name
    if patch.color is not None:
        row.color = patch.color.lower()
    if patch.description is not None:
        row.description = patch.description
    if patch.hotkey is not None:
        for each in existing:
            each.hotkey = None if each.hotkey == patch.hotkey else each.hotkey
        row.hotkey = patch.hotkey
    if patch.place is not None:
        _move(existing, row, patch.place)
    changed = sorted(patch.model_dump(exclude_none=True))
    next_version(session, project, "change", by, class_name=row.name, changed=changed, before=before)
    session.flush()
    return row


def classes_out(rows: Sequence[ParticleClass]) -> list[ClassOut]:
    """The wire form of all classes of the set. A key that was chosen for one is no other's."""
    chosen = {row.hotkey for row in rows}
    return [
        ClassOut(
            id=row.id,
            name=row.name,
            color=row.color,
            position=row.position,
            hotkey=row.hotkey or _key_of_place(row.position, chosen),
            description=row.description,
        )
        for row in rows
    ]


def class_out(session: Session, row: ParticleClass) -> ClassOut:
    """The wire form of one class of the set."""
    return next(each for each in classes_out(list_classes(session, row.project_id)) if each.id == row.id)


def lock_project(session: Session, project_id: uuid.UUID) -> Project:
    """The project, locked against other changes of it; decisions go on."""
    return session.get_one(Project, project_id, with_for_update={"key_share": True})


def next_version(session: Session, project: Project, kind: str, by: uuid.UUID | None, **details: Any) -> None:
    """Raise the class set's version, and note what made it."""
    project.class_set_version += 1
    project.version += 1
    session.add(
        ClassSetChange(
            project_id=project.id, version=project.class_set_version, kind=kind, details=details, changed_by=by
        )
    )


def find_class(rows: Sequence[ParticleClass], class_id: uuid.UUID) -> ParticleClass:
    """The class of this id among these. Raises ProblemError 404."""
    found = next((each for each in rows if each.id == class_id), None)
    if found is None:
        raise not_found("class")
    return found


def check_name_is_free(name: str, existing: Sequence[ParticleClass]) -> None:
    """Raises ProblemError 409 for a taken name, 422 for a reserved one."""
    # Retired classes keep their name: it must go on meaning what it meant.
    if any(each.name.lower() == name.lower() for each in existing):
        raise conflict(
            "class-exists",
            "There is such a class",
            f"A class named {name!r} is there already, or was and is retired; choose another name or restore it.",
        )
    if name.lower() in RESERVED_NAMES:
        raise invalid(
            "reserved-class",
            "Reserved class name",
            f"{name!r} is a decision of its own, next to the classes; leave it out.",
        )


def new_class(session: Session, project: Project, wanted: ClassIn, existing: Sequence[ParticleClass]) -> ParticleClass:
    """A class at the end of the list, of the project's current class-set version. 422 for a name that cannot be."""
    if any(each.name.lower() == wanted.name.lower() for each in existing):
        raise invalid("class-twice", "A class is named twice", f"{wanted.name!r} stands in the list more than once.")
    check_name_is_free(wanted.name, existing)
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


def _key_of_place(position: int, chosen: set[str | None]) -> str | None:
    key = str(position + 1)
    return key if position < HOTKEYS and key not in chosen else None


def _move(existing: Sequence[ParticleClass], row: ParticleClass, place: int) -> None:
    """Put a class at a place among those that are given; retired ones keep their positions."""
    given = [each for each in existing if each.retired_in_version is None]
    positions = [each.position for each in given]
    given.remove(row)
    given.insert(place, row)
    for each, position in zip(given, positions, strict=True):
        each.position = position
