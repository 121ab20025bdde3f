"""What the particles of a class look like together: their mean, as they lie, to show beside the class's name."""

import uuid
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tomosift.kit.problems import ProblemError
from tomosift.pool.subtomograms import read_volume
from tomosift.projects.classes import find_class, list_classes
from tomosift.tables import CurrentLabel, EvaluationItem, Source, Subtomogram

MOST = 64
"""The mean of 64 has an eighth of one's noise; more would not show."""
FEWEST = 4
_KEPT = 24


@dataclass(frozen=True)
class Member:
    """Where a particle's voxels are; the hash makes it another member when they change."""

    volumes_key: str
    source_row: int
    content_hash: str


def class_members(session: Session, project_id: uuid.UUID, class_id: uuid.UUID) -> tuple[Member, ...]:
    """The first 4, 8, 16, 32 or 64 particles that were given the class, as many as there are of these numbers.

    So the sum changes rarely, and is worked out anew rarely. None of the evaluation sample, and nothing disputed.
    Raises ProblemError 404 where there is no such class, or it has too few.
    """
    particle_class = find_class(list_classes(session, project_id), class_id)
    rows = session.execute(
        select(Source.volumes_key, Subtomogram.source_row, Subtomogram.content_hash)
        .select_from(CurrentLabel)
        .join(Subtomogram, Subtomogram.id == CurrentLabel.subtomogram_id)
        .join(Source, Source.id == Subtomogram.source_id)
        .where(
            CurrentLabel.project_id == project_id,
            CurrentLabel.kind == "class",
            CurrentLabel.class_id == class_id,
            CurrentLabel.is_disputed.is_(False),
            ~exists().where(EvaluationItem.subtomogram_id == CurrentLabel.subtomogram_id),
        )
        .order_by(CurrentLabel.event_id)
        .limit(MOST)
    ).all()
    count = 1 << (len(rows).bit_length() - 1) if rows else 0
    if count < FEWEST:
        detail = (
            f"A sum takes {FEWEST} labels of {particle_class.name!r}; there are {len(rows)} outside the evaluation."
        )
        raise ProblemError(404, "too-few-labels", "There is no sum of this class yet", detail)
    return tuple(Member(*row) for row in rows[:count])


@lru_cache(maxsize=_KEPT)
def sum_of(members: tuple[Member, ...]) -> NDArray[np.float32]:
    """`(z, y, x)`: the mean of the members, each in its own standard deviations. Nothing is turned or masked."""
    total: NDArray[np.float64] | None = None
    for member in members:
        volume = read_volume(member.volumes_key, member.source_row).astype(np.float64)
        standard = (volume - volume.mean()) / (volume.std() or 1.0)
        total = standard if total is None else total + standard
    assert total is not None  # there are members
    return (total / len(members)).astype(np.float32)
