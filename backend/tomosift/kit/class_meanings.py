"""What an opinion counts for when its class was merged or retired: the one place where that is looked up."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from tomosift.tables import ClassMeaning, LabelEvent, ParticleClass


def in_force(class_set_version: int | None = None) -> ColumnElement[bool]:
    """Whether a row of `class_meaning` holds: now, or in that version of the class set."""
    if class_set_version is None:
        return ClassMeaning.until_version.is_(None)
    still = or_(ClassMeaning.until_version.is_(None), ClassMeaning.until_version > class_set_version)
    return and_(ClassMeaning.from_version <= class_set_version, still)


def counted_class(class_set_version: int | None = None) -> ColumnElement[Any]:
    """The class an opinion counts for: where its class was merged into another one, that one.

    `class_set_version` shows the class set of that version: later changes are as if they had not been.
    """
    other = select(ClassMeaning.counts_for_id).where(
        ClassMeaning.class_id == LabelEvent.class_id, in_force(class_set_version)
    )
    return func.coalesce(other.scalar_subquery(), LabelEvent.class_id)


def counts_for_something(class_set_version: int | None = None) -> ColumnElement[bool]:
    """Whether an opinion counts at all: one of a retired class is as if it were undone, until the class is restored."""
    return ~exists().where(
        ClassMeaning.class_id == LabelEvent.class_id,
        ClassMeaning.counts_for_id.is_(None),
        in_force(class_set_version),
    )


def was_retired(class_set_version: int) -> ColumnElement[bool]:
    """Whether a `particle_class` was retired or merged in that version of the class set."""
    return exists().where(ClassMeaning.class_id == ParticleClass.id, in_force(class_set_version))


def counts_for(classes: Sequence[ParticleClass]) -> dict[uuid.UUID, uuid.UUID | None]:
    """What each of a project's classes counts for now: itself, the class it was merged into, or nothing (None).

    `classes` are all of them, the retired ones too. `class_meaning` keeps the same, for every version.
    """
    by_id = {each.id: each for each in classes}

    def follow(each: ParticleClass) -> uuid.UUID | None:
        while each.merged_into_id is not None:
            each = by_id[each.merged_into_id]
        return each.id if each.retired_in_version is None else None

    return {each.id: follow(each) for each in classes}
