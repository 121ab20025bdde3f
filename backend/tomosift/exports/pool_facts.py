"""What is known about every particle of a project at one moment, as arrays: a million particles take about 40 MB.

Read by COPY in one repeatable-read transaction, so that labels and opinions belong together.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.exports.copied_columns import copied_batches
from tomosift.kit.label_rule import ADJUDICATED, LabelRule
from tomosift.kit.standing_labels import standing_opinions
from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, ParticleClass, Source, User

NOTHING, JUNK, UNSURE = 0, -1, -2
"""Codes beside the classes' own, which are their positions counted from 1."""
RULES = (*get_args(LabelRule), ADJUDICATED)

_COLUMNS: dict[str, pa.DataType] = {
    "id": pa.int64(),
    "source": pa.int16(),
    "row": pa.int32(),
    "tomogram": pa.dictionary(pa.int32(), pa.string()),
    "label": pa.int16(),
    "author": pa.int16(),
    "opinions": pa.int16(),
    "agreement": pa.float32(),
    "rule": pa.int8(),
    "predicted": pa.int16(),
    "confidence": pa.float32(),
}
_PARTICLES = """SELECT s.id, array_position(%(sources)s, s.source_id) - 1, s.source_row, coalesce(s.tomogram, ''),
        CASE cl.kind WHEN 'class' THEN coalesce(array_position(%(classes)s, cl.class_id), 0)
            WHEN 'junk' THEN -1 WHEN 'unsure' THEN -2 ELSE 0 END,
        coalesce(array_position(%(users)s, e.user_id), 0) - 1, coalesce(cl.opinion_count, 0),
        coalesce(cl.agreement, 'NaN'), coalesce(array_position(%(rules)s, cl.rule), 0),
        coalesce(array_position(%(classes)s, s.predicted_class_id), 0), coalesce(s.predicted_confidence, 'NaN')
    FROM subtomogram s
    LEFT JOIN current_label cl ON cl.subtomogram_id = s.id
    LEFT JOIN label_event e ON e.id = cl.event_id
    WHERE s.project_id = %(project)s"""


@dataclass(frozen=True)
class Person:
    """Someone who decides; `is_importer`: a file speaks through this account."""

    name: str
    display_name: str
    is_importer: bool


@dataclass(frozen=True)
class EvaluationSampleItem:
    """A member of the evaluation sample."""

    reports: bool
    weight: float


@dataclass(frozen=True)
class PoolFacts:
    """n particles by source and row; arrays are `(n,)`, codes as in this module.

    `labels`: what people or importers said; `authors`: number in `people` of who said it, -1 nobody;
    `opinion_counts`: people whose opinion counts; `agreement`: their share that says the label, NaN without; `rules`:
    number in RULES, counted from 1, of what made the label of the opinions, 0 without;
    `imported_predictions` and `imported_confidence` came with the import. `opinions`: `(particle, person)` of all
    opinions where a particle has more than one.
    """

    sources: Sequence[Source]
    classes: Sequence[ParticleClass]
    people: Sequence[Person]
    tomogram_names: Sequence[str]
    ids: NDArray[np.int64]
    source_numbers: NDArray[np.int16]
    rows: NDArray[np.int32]
    tomograms: NDArray[np.int32]
    labels: NDArray[np.int16]
    authors: NDArray[np.int16]
    opinion_counts: NDArray[np.int16]
    agreement: NDArray[np.float32]
    rules: NDArray[np.int8]
    imported_predictions: NDArray[np.int16]
    imported_confidence: NDArray[np.float32]
    opinions: NDArray[np.int32]
    evaluation: dict[int, EvaluationSampleItem]

    def __len__(self) -> int:
        return len(self.ids)

    def places_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where these ids are in the arrays; -1 for ids that are not in the pool."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        order = self._by_id
        found = np.minimum(np.searchsorted(self.ids, ids, sorter=order), len(self.ids) - 1)
        found = found if order is None else order[found]
        return np.where(self.ids[found] == ids, found, -1)

    @cached_property
    def _by_id(self) -> NDArray[np.int32] | None:
        """The places in the order of the ids; None where they are in that order already, as one import leaves them."""
        return None if (np.diff(self.ids) > 0).all() else np.argsort(self.ids).astype(np.int32)


def code_of(particle_class: ParticleClass) -> int:
    """The class's number in exported files: its position in the class set, counted from 1."""
    return particle_class.position + 1


def read_pool_facts(session: Session, project_id: uuid.UUID) -> PoolFacts:
    """Read everything. The caller's transaction is repeatable-read, so that all of it is of one moment."""
    sources = session.scalars(
        select(Source).where(Source.project_id == project_id).order_by(Source.created_at, Source.id)
    ).all()
    classes = session.scalars(
        select(ParticleClass).where(ParticleClass.project_id == project_id).order_by(ParticleClass.position)
    ).all()
    user_ids, people = _people(session, project_id)
    columns, tomogram_names = _read_particles(
        session,
        {
            "project": project_id,
            "sources": [source.id for source in sources],
            "classes": [each.id for each in classes],
            "users": user_ids,
            "rules": list(RULES),
        },
    )
    codes = np.array([NOTHING, *map(code_of, classes), UNSURE, JUNK], np.int16)  # also by -1 and -2, from the end
    ids, labels = columns["id"], codes[columns["label"]]
    return PoolFacts(
        sources=sources,
        classes=classes,
        people=people,
        tomogram_names=tomogram_names,
        ids=ids,
        source_numbers=columns["source"],
        rows=columns["row"],
        tomograms=columns["tomogram"],
        labels=labels,
        authors=columns["author"],
        opinion_counts=columns["opinions"],
        agreement=columns["agreement"],
        rules=columns["rule"],
        imported_predictions=codes[columns["predicted"]],
        imported_confidence=columns["confidence"],
        opinions=_read_opinions(session, project_id, ids, user_ids),
        evaluation=_evaluation(session, project_id),
    )


def _people(session: Session, project_id: uuid.UUID) -> tuple[list[uuid.UUID], list[Person]]:
    authors = select(LabelEvent.user_id).where(LabelEvent.project_id == project_id).distinct()
    users = session.scalars(select(User).where(User.id.in_(authors)).order_by(User.created_at, User.id)).all()
    return [user.id for user in users], [
        Person(user.name, user.display_name, user.kind == "importer") for user in users
    ]


def _evaluation(session: Session, project_id: uuid.UUID) -> dict[int, EvaluationSampleItem]:
    items = select(EvaluationItem.subtomogram_id, EvaluationItem.half, EvaluationItem.weight).where(
        EvaluationItem.project_id == project_id
    )
    return {each: EvaluationSampleItem(half == "report", weight) for each, half, weight in session.execute(items)}


def _read_particles(session: Session, parameters: dict[str, Any]) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """The columns as arrays, sorted by source and row, and the tomograms' names that their numbers stand for."""
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
    tomograms: dict[str, int] = {}
    for batch in copied_batches(session, _PARTICLES, parameters, _COLUMNS):
        for name, column in zip(_COLUMNS, batch.columns, strict=True):
            if name == "tomogram":
                numbers = [tomograms.setdefault(each, len(tomograms)) for each in column.dictionary.to_pylist()]
                parts[name].append(np.array(numbers, np.int32)[column.indices.to_numpy()])
            else:
                parts[name].append(column.to_numpy())
    joined = {name: np.concatenate([_empty(name), *parts.pop(name)]) for name in ("source", "row")}
    order = np.lexsort((joined["row"], joined["source"]))
    columns = {name: column[order] for name, column in joined.items()}
    for name in list(parts):  # one at a time, as each is there twice for a moment
        columns[name] = np.concatenate([_empty(name), *parts.pop(name)])[order]
    return columns, list(tomograms)


def _empty(name: str) -> NDArray[Any]:
    return np.empty(0, np.int32 if name == "tomogram" else _COLUMNS[name].to_pandas_dtype())


def _read_opinions(
    session: Session, project_id: uuid.UUID, ids: NDArray[np.int64], user_ids: Sequence[uuid.UUID]
) -> NDArray[np.int32]:
    """All opinions about particles that have several, as `(m, 2)` particle and person."""
    number_of_user = {each: number for number, each in enumerate(user_ids)}
    several = select(CurrentLabel.subtomogram_id).where(
        CurrentLabel.project_id == project_id, CurrentLabel.opinion_count > 1
    )
    statement = (
        standing_opinions(project_id)
        .where(LabelEvent.subtomogram_id.in_(several), LabelEvent.kind != "skip")
        .with_only_columns(LabelEvent.subtomogram_id, LabelEvent.user_id)
        .execution_options(yield_per=50_000)
    )
    about: list[int] = []
    people: list[int] = []
    for particle, user in session.execute(statement):
        about.append(particle)
        people.append(number_of_user[user])
    if not about:
        return np.empty((0, 2), np.int32)
    order = np.argsort(ids)
    places = order[np.searchsorted(ids, np.array(about, np.int64), sorter=order)]
    return np.stack([places, np.array(people)], axis=1).astype(np.int32)
