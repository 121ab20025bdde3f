"""What a cycle works on, read from the tables in one consistent look: its settings, classes, labels and pool."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.consensus.model_labels import LabelState
from tomosift.consensus.project_labels import ProjectLabels, id_ranges
from tomosift.kit.class_meanings import was_retired
from tomosift.kit.label_rule import as_rule
from tomosift.tables import Cycle, EvaluationItem, Model, ParticleClass, Project, Source, Subtomogram
from tomosift_worker.acquisition.picks import NO_GROUP

JUNK: dict[str, Any] = {"kind": "junk", "id": None, "name": "junk"}


@dataclass(frozen=True)
class Items:
    """n subtomograms: ids `(n,)`; where their voxels are: number of the array in `sources` (its key), row in it.

    `tomograms` `(n,)` numbers the tomograms of the project; -1 where none is known.
    """

    ids: NDArray[np.int64]
    source_numbers: NDArray[np.int64]
    rows: NDArray[np.int64]
    sources: list[str]
    tomograms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: NDArray[np.integer[Any]] | slice) -> "Items":
        """Some of them."""
        return Items(
            self.ids[places], self.source_numbers[places], self.rows[places], self.sources, self.tomograms[places]
        )


@dataclass(frozen=True)
class TrainingSet:
    """Labeled items with their class numbers `(n,)` into `classes`.

    `classes` is what the network's outputs mean: `{"kind": "class", "id", "name"}` in the order of the class set, and
    `{"kind": "junk", …}` last where junk was seen. Only classes with a label are there.
    """

    items: Items
    labels: NDArray[np.int64]
    classes: list[dict[str, Any]]


@dataclass(frozen=True)
class EvaluationSet:
    """Labeled items of the evaluation sample.

    `truth` `(n,)` are numbers into `names`: first the training set's classes, then those that only occur here.
    `reports` says which half an item is in; `unsure` counts sample items left out because no expert could tell.
    """

    items: Items
    truth: NDArray[np.int64]
    names: list[str]
    reports: NDArray[np.bool_]
    weights: NDArray[np.float64]
    unsure: int


@dataclass(frozen=True)
class PreviousModel:
    """The model of the cycle that this one goes on from, and where its outputs for the pool are."""

    number: int
    key: str
    scores_key: str | None


@dataclass(frozen=True)
class Snapshot:
    """Everything a cycle reads.

    `sample` is the whole evaluation sample, labeled or not. `unlabeled_classes` are names of classes without a training
    label. `decided_ids` `(m,)` are the subtomograms with a label at the launch, of whatever kind, and the sample.
    """

    cycle: Cycle
    training: TrainingSet
    unlabeled_classes: list[str]
    evaluation: EvaluationSet
    sample: Items
    pool: Items
    decided_ids: NDArray[np.int64]
    box_sizes: list[int]
    voxel_size_angstrom: float | None
    previous: PreviousModel | None


def read_snapshot(session: Session, job_id: uuid.UUID) -> Snapshot:
    """Read what the cycle of a job works on. The labels are those at its launch, however late one looks."""
    cycle = session.scalars(select(Cycle).where(Cycle.job_id == job_id)).one()
    pool = _pool(session, cycle.project_id)
    labels = _labels(session, cycle)
    evaluation_rows = session.execute(
        select(EvaluationItem.subtomogram_id, EvaluationItem.half, EvaluationItem.weight).where(
            EvaluationItem.project_id == cycle.project_id
        )
    ).all()
    sample = {row.subtomogram_id: row for row in evaluation_rows}
    known = _known_classes(session, cycle)
    training = _training_set(pool, {each: label for each, label in labels.items() if each not in sample}, known)
    held_out = {each: label for each, label in labels.items() if each in sample}
    return Snapshot(
        cycle=cycle,
        training=training,
        unlabeled_classes=[each["name"] for each in known.values() if each != JUNK and each not in training.classes],
        evaluation=_evaluation_set(pool, held_out, sample, training.classes, known),
        sample=_find(pool, sample),
        pool=pool,
        decided_ids=np.fromiter({*labels, *sample}, np.int64),
        box_sizes=sorted(
            set(session.scalars(select(Source.box_size).where(Source.project_id == cycle.project_id)).all())
        ),
        voxel_size_angstrom=session.get_one(Project, cycle.project_id).voxel_size_angstrom,
        previous=_previous(session, cycle),
    )


def describe_labels(training: TrainingSet) -> str:
    """The training labels in words: `42 labels of 6 classes + junk (barrel 12, …)`."""
    named = [each for each in training.classes if each["kind"] == "class"]
    junk = " + junk" if len(named) < len(training.classes) else ""
    counts = np.bincount(training.labels, minlength=len(training.classes))
    each = ", ".join(f"{entry['name']} {count}" for entry, count in zip(training.classes, counts, strict=True))
    return (
        f"{len(training.items)} labels of {len(named)} class{'es' if len(named) != 1 else ''}{junk} ({each or 'none'})"
    )


def _pool(session: Session, project_id: uuid.UUID) -> Items:
    sources = session.execute(
        select(Source.id, Source.volumes_key).where(Source.project_id == project_id).order_by(Source.id)
    ).all()
    number = {source.id: place for place, source in enumerate(sources)}
    keys = [str(source.volumes_key) for source in sources]
    tomogram_number: dict[str | None, int] = {None: NO_GROUP}
    ids, numbers, rows, tomograms = [], [], [], []
    statement = (
        select(Subtomogram.id, Subtomogram.source_id, Subtomogram.source_row, Subtomogram.tomogram)
        .where(Subtomogram.project_id == project_id)
        .order_by(Subtomogram.source_id, Subtomogram.source_row)
        .execution_options(yield_per=50_000)
    )
    for part in session.execute(statement).partitions():
        ids.append(np.array([row.id for row in part], np.int64))
        numbers.append(np.array([number[row.source_id] for row in part], np.int64))
        rows.append(np.array([row.source_row for row in part], np.int64))
        tomograms.append(
            np.array([tomogram_number.setdefault(row.tomogram, len(tomogram_number) - 1) for row in part], np.int64)
        )
    empty = [np.empty(0, np.int64)]
    return Items(
        np.concatenate(ids or empty),
        np.concatenate(numbers or empty),
        np.concatenate(rows or empty),
        keys,
        np.concatenate(tomograms or empty),
    )


# A label as the networks see it: the class's id, None for junk.
Label = uuid.UUID | None


def _labels(session: Session, cycle: Cycle) -> dict[int, tuple[str, Label]]:
    """What counted at the launch: the same events, rule, class set and earlier models give the same labels always."""
    state = LabelState(cycle.label_snapshot_event_id, cycle.class_set_version, before_cycle=cycle.number)
    labels = ProjectLabels(session, cycle.project_id, as_rule(cycle.label_rule), state)
    return {
        each: (label.kind, label.class_id)
        for first, last in id_ranges(session, cycle.project_id)
        for each, label in labels.between(session, first, last).items()
    }


def _known_classes(session: Session, cycle: Cycle) -> dict[Label, dict[str, Any]]:
    """The classes of the cycle's class-set version, in their order, and junk."""
    version = cycle.class_set_version
    classes = session.scalars(
        select(ParticleClass)
        .where(
            ParticleClass.project_id == cycle.project_id,
            ParticleClass.added_in_version <= version,
            ~was_retired(version),
        )
        .order_by(ParticleClass.position, ParticleClass.name)
    )
    known: dict[Label, dict[str, Any]] = {
        each.id: {"kind": "class", "id": str(each.id), "name": each.name} for each in classes
    }
    return {**known, None: JUNK}


def _training_set(pool: Items, labels: dict[int, tuple[str, Label]], known: dict[Label, dict[str, Any]]) -> TrainingSet:
    used = {each: label for each, (kind, label) in labels.items() if kind in ("class", "junk") and label in known}
    present = [label for label in known if label in set(used.values())]
    items = _find(pool, used)
    numbers = np.array([present.index(used[int(each)]) for each in items.ids], np.int64)
    return TrainingSet(items, numbers, [known[label] for label in present])


def _evaluation_set(
    pool: Items,
    labels: dict[int, tuple[str, Label]],
    sample: dict[int, Any],
    trained: list[dict[str, Any]],
    known: dict[Label, dict[str, Any]],
) -> EvaluationSet:
    used = {each: label for each, (kind, label) in labels.items() if kind in ("class", "junk") and label in known}
    present = set(used.values())
    untrained = [entry for label, entry in known.items() if label in present and entry not in trained]
    number = {entry["id"]: place for place, entry in enumerate([*trained, *untrained])}
    items = _find(pool, used)
    return EvaluationSet(
        items=items,
        truth=np.array([number[known[used[int(each)]]["id"]] for each in items.ids], np.int64),
        names=[entry["name"] for entry in [*trained, *untrained]],
        reports=np.array([sample[int(each)].half == "report" for each in items.ids], np.bool_),
        weights=np.array([sample[int(each)].weight for each in items.ids], np.float64),
        unsure=sum(kind == "unsure" for kind, _ in labels.values()),
    )


def _find(pool: Items, wanted: Mapping[int, Any]) -> Items:
    """The pool's items with these ids, in the order of their ids: the same order in every attempt."""
    chosen = pool.take(np.flatnonzero(np.isin(pool.ids, np.fromiter(wanted, np.int64, len(wanted)))))
    return chosen.take(np.argsort(chosen.ids))


def _previous(session: Session, cycle: Cycle) -> PreviousModel | None:
    row = session.execute(
        select(Cycle.number, Model.key, Cycle.scores_key)
        .join(Cycle, Cycle.id == Model.cycle_id)
        .where(Cycle.id == cycle.previous_cycle_id)
    ).one_or_none()
    return None if row is None else PreviousModel(row.number, row.key, row.scores_key)
