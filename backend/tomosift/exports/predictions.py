"""What a model says about each particle: the stored outputs of a cycle, or predictions that came with the import."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.exports.pool_facts import JUNK, NOTHING, PoolFacts, code_of
from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable
from tomosift.kit.class_meanings import counts_for
from tomosift.kit.problems import ProblemError, not_found
from tomosift.kit.serving_model import in_force
from tomosift.kit.stored_columns import most_likely, open_columns
from tomosift.tables import Cycle, Model, ParticleClass


@dataclass(frozen=True)
class CycleModel:
    """A cycle that is ready, with its model. `temperature` None: its confidence is not calibrated."""

    number: int
    model_key: str
    model_checksum: str
    classes: Sequence[dict[str, Any]]
    temperature: float | None
    keys: Sequence[str]

    @classmethod
    def of(cls, cycle: Cycle, model: Model) -> "CycleModel":
        """What the rows say."""
        metrics = cycle.metrics or {}
        calibration = metrics.get("calibration")
        keys = [cycle.scores_key, metrics.get("evaluation_key")]
        return cls(
            number=cycle.number,
            model_key=model.key,
            model_checksum=model.checksum,
            classes=model.classes,
            temperature=calibration["temperature"] if calibration else None,
            keys=[str(key) for key in keys if key],
        )


@dataclass(frozen=True)
class Predictions:
    """Class codes `(n,)`, in the order of the facts (NOTHING where there is none), and confidence, NaN without.

    `unlike` `(n,)`, in 0..1, is how unlike all classes each particle is; NaN where the cycle does not say.
    """

    codes: NDArray[np.int16]
    confidence: NDArray[np.float32]
    unlike: NDArray[np.float32]
    model: CycleModel | None


def find_cycle(session: Session, project_id: uuid.UUID, number: int | None) -> CycleModel | None:
    """The cycle of that number, or the one whose model serves the project; None where there is none yet.

    Raises ProblemError 404 for a number that is not there, 409 for a cycle that is not ready or trained no model.
    """
    statement = select(Cycle, Model).outerjoin(Model, Model.cycle_id == Cycle.id).where(Cycle.project_id == project_id)
    if number is None:
        serving = statement.where(Cycle.stage == "ready", Model.id.is_not(None), in_force())
        found = session.execute(serving.order_by(Cycle.number.desc()).limit(1)).one_or_none()
    else:
        found = session.execute(statement.where(Cycle.number == number)).one_or_none()
    if found is None:
        if number is None:
            return None
        raise not_found("cycle")
    cycle, model = found
    if cycle.stage != "ready":
        detail = f"Cycle {number} is {cycle.stage}; choose one that is ready, or none to take the one that serves."
        raise ProblemError(409, "cycle-not-ready", "This cycle has no predictions", detail)
    if model is None:
        detail = f"Cycle {number} trained no model, for want of labels; choose a later one."
        raise ProblemError(409, "cycle-without-model", "This cycle has no predictions", detail)
    return CycleModel.of(cycle, model)


def read_predictions(store: ArtifactStore, facts: PoolFacts, model: CycleModel | None) -> Predictions:
    """The predictions of a cycle's model; without one those that came with the import.

    A prediction of a merged class counts as one of the class it was merged into; one of a retired class is no
    prediction. Confidence is the largest of softmax(z / T) (Guo et al., ICML 2017). A particle the cycle did not score
    has no prediction. Raises ArtifactMissing or ArtifactUnreadable if the outputs are gone.
    """
    if model is None:
        codes = _imported_codes(facts)
        confidence = np.where(codes != NOTHING, facts.imported_confidence, np.nan).astype(np.float32)
        return Predictions(codes, confidence, np.full(len(facts), np.nan, np.float32), None)
    codes = np.full(len(facts), NOTHING, np.int16)
    confidence, unlike = np.full((2, len(facts)), np.nan, np.float32)
    output_codes = _codes_of_outputs(model.classes, facts.classes)
    for key in model.keys:
        for ids, logits, strangeness in _outputs(store, key, len(output_codes)):
            places = facts.places_of(ids)
            winner, share = most_likely(logits, model.temperature or 1.0)
            usable = (places >= 0) & np.isfinite(share)
            codes[places[usable]] = output_codes[winner[usable]]
            confidence[places[usable]] = share[usable]
            unlike[places[usable]] = strangeness[usable]
    return Predictions(codes, confidence, unlike, model)


def _codes_of_outputs(outputs: Sequence[dict[str, Any]], classes: Sequence[ParticleClass]) -> NDArray[np.int16]:
    code = {str(each): number for each, number in _counted_codes(classes).items()}
    return np.array(
        [JUNK if each["kind"] == "junk" else code.get(str(each["id"]), NOTHING) for each in outputs], np.int16
    )


def _imported_codes(facts: PoolFacts) -> NDArray[np.int16]:
    counted = _counted_codes(facts.classes)
    of_code = np.full(1 + max(map(code_of, facts.classes)), NOTHING, np.int16)
    for each in facts.classes:
        of_code[code_of(each)] = counted[each.id]
    return of_code[facts.imported_predictions]


def _counted_codes(classes: Sequence[ParticleClass]) -> dict[uuid.UUID, int]:
    """The code that a prediction of each class counts as."""
    code = {each.id: code_of(each) for each in classes}
    return {each: NOTHING if counted is None else code[counted] for each, counted in counts_for(classes).items()}


def _outputs(
    store: ArtifactStore, key: str, width: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.floating[Any]], NDArray[np.float32]]]:
    """Ids, logits and unlikeness (NaN where it was not stored) of a cycle's outputs, some rows at a time."""
    with open_columns(store, key) as columns:
        if columns.width("logits") != width:
            raise ArtifactUnreadable(f"the outputs in {key!r} do not fit the model's {width} classes")
        names = ["item_ids", "logits", *(["unlike"] if "unlike" in columns else [])]
        for ids, logits, *unlike in columns.parts(*names):
            yield ids, logits, unlike[0] if unlike else np.full(len(ids), np.nan, np.float32)
