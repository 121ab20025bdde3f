"""What the models of two cycles say differently: how many particles went from which class to which."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.cycles.model_schemas import ChangedParticles, ClassChanges, ClassMove
from tomosift.cycles.quality_schemas import LabelSaid
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.class_meanings import counts_for
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.stored_columns import most_likely, open_columns
from tomosift.projects.classes import all_classes
from tomosift.tables import Cycle, EvaluationItem, Model

JUNK = "junk"
MOST_IDS = 5000
NOTHING = -1


@dataclass(frozen=True)
class ScoredCycle:
    """A cycle's outputs: `codes` are those of the network's outputs, NOTHING for a class that was retired since."""

    number: int
    scores_key: str
    temperature: float
    codes: NDArray[np.int16]


@dataclass(frozen=True)
class Comparison:
    """Two cycles and what their outputs mean; `classes` are by code, None for junk."""

    before: ScoredCycle
    after: ScoredCycle
    classes: Sequence[uuid.UUID | None]
    blind_ids: NDArray[np.int64]

    def code_of(self, said: str) -> int:
        """The code of a class's id or of `junk`. Raises ProblemError 404."""
        for code, each in enumerate(self.classes):
            if said == (JUNK if each is None else str(each)):
                return code
        raise not_found("class")

    def said(self, code: int) -> LabelSaid:
        """What a code means."""
        each = self.classes[code]
        return LabelSaid(kind="junk" if each is None else "class", class_id=each)


def begin_comparison(session: Session, project_id: uuid.UUID, before: int, after: int) -> Comparison:
    """What a comparison needs of the tables.

    Merged classes count as those they were merged into. Raises ProblemError: 404 for no such cycle, 409 for one without
    a model.
    """
    meaning = counts_for(all_classes(session, project_id))
    classes: list[uuid.UUID | None] = [*dict.fromkeys(each for each in meaning.values() if each is not None), None]
    code = {each: classes.index(now) for each, now in meaning.items() if now is not None}
    sample = session.scalars(select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == project_id))
    return Comparison(
        before=_scored(session, project_id, before, code, len(classes) - 1),
        after=_scored(session, project_id, after, code, len(classes) - 1),
        classes=classes,
        blind_ids=np.fromiter(sample, np.int64),
    )


def class_changes(store: ArtifactStore, comparison: Comparison) -> ClassChanges:
    """The moves between classes. Raises ProblemError 409 where the outputs are gone."""
    _, was, now, _ = _both(store, comparison)
    size = len(comparison.classes)
    counts = np.bincount(was * size + now, minlength=size * size).reshape(size, size)
    moves = [
        ClassMove(was=comparison.said(one), now=comparison.said(other), count=int(counts[one, other]))
        for one in range(size)
        for other in range(size)
        if one != other and counts[one, other]
    ]
    return ClassChanges(
        before=comparison.before.number,
        after=comparison.after.number,
        compared=len(was),
        changed=sum(move.count for move in moves),
        moves=sorted(moves, key=lambda move: -move.count),
    )


def changed_particles(store: ArtifactStore, comparison: Comparison, was: str, now: str) -> ChangedParticles:
    """The particles that went from the class `was` to `now`. Raises ProblemError 404 for no such class, 409."""
    codes = comparison.code_of(was), comparison.code_of(now)
    ids, before, after, confidence = _both(store, comparison)
    places = np.flatnonzero((before == codes[0]) & (after == codes[1]))
    surest = places[np.argsort(-confidence[places], kind="stable")][:MOST_IDS]
    return ChangedParticles(count=len(places), subtomogram_ids=ids[surest].tolist())


def _scored(session: Session, project_id: uuid.UUID, number: int, code: dict[uuid.UUID, int], junk: int) -> ScoredCycle:
    row = session.execute(
        select(Cycle, Model.classes)
        .outerjoin(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.number == number)
    ).one_or_none()
    if row is None:
        raise not_found("cycle")
    cycle: Cycle = row.Cycle
    if cycle.stage != "ready" or row.classes is None or cycle.scores_key is None:
        raise conflict(
            "cycle-without-model",
            "This cycle has no model",
            f"Cycle {number} says nothing of the particles. Compare cycles that are ready and have a model.",
        )
    calibration = (cycle.metrics or {}).get("calibration")
    outputs = [junk if each["kind"] == JUNK else code.get(uuid.UUID(each["id"]), NOTHING) for each in row.classes]
    return ScoredCycle(
        number, cycle.scores_key, calibration["temperature"] if calibration else 1.0, np.array(outputs, np.int16)
    )


def _both(
    store: ArtifactStore, comparison: Comparison
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Ids `(n,)` of what both have scored, the codes of both, and how sure the later one is."""
    before_ids, before, _ = _outputs(store, comparison.before)
    after_ids, after, confidence = _outputs(store, comparison.after)
    ids, of_before, of_after = np.intersect1d(before_ids, after_ids, assume_unique=True, return_indices=True)
    was, now, sure = before[of_before], after[of_after], confidence[of_after]
    kept = (was != NOTHING) & (now != NOTHING) & ~np.isin(ids, comparison.blind_ids)
    return ids[kept], was[kept].astype(np.intp), now[kept].astype(np.intp), sure[kept]


def _outputs(
    store: ArtifactStore, cycle: ScoredCycle
) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.float32]]:
    """Ids, codes and confidence of what a cycle scored, those without numbers left out."""
    ids, codes, confidence = [], [], []
    try:
        with open_columns(store, cycle.scores_key) as columns:
            if columns.width("logits") != len(cycle.codes):
                raise ArtifactUnreadable("the outputs do not fit the model's classes")
            for item_ids, logits in columns.parts("item_ids", "logits"):
                winner, share = most_likely(logits, cycle.temperature)
                usable = np.isfinite(share)
                ids.append(item_ids[usable])
                codes.append(cycle.codes[winner[usable]])
                confidence.append(share[usable].astype(np.float32))
    except (ArtifactMissing, ArtifactUnreadable) as error:
        detail = f"What cycle {cycle.number} stored cannot be read. Compare others, or launch a cycle."
        raise conflict("store-incomplete", "The store is incomplete", detail) from error
    return (
        np.concatenate([np.empty(0, np.int64), *ids]),
        np.concatenate([np.empty(0, np.int16), *codes]),
        np.concatenate([np.empty(0, np.float32), *confidence]),
    )
