"""What a model said of labeled subtomograms before it could learn from their labels."""

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.label_rule import Value
from tomosift.kit.standing_labels import NO_OPINION
from tomosift.kit.stored_columns import open_columns
from tomosift.tables import Cycle, EvaluationItem, LabelEvent, Model

LEAST = 1e-3
"""Probability of what the model does not know: little, but it may be true all the same."""


def read_earlier_outputs(
    session: Session,
    store: ArtifactStore,
    project_id: uuid.UUID,
    ids: Sequence[int],
    values: Sequence[Value],
    *,
    up_to_event_id: int,
    before_cycle: int | None,
) -> NDArray[np.float64]:
    """Probabilities `(n, K)` of the values by the newest model launched before the first opinion on the item.

    Rows are NaN where there is none, and for the evaluation sample: no model has a say in what it is measured by.
    Cycles from `before_cycle` on and events after `up_to_event_id` are not looked at. Outputs are calibrated by the
    model's temperature, where it has one.
    """
    found = np.full((len(ids), len(values)), np.nan)
    first = _first_events(session, project_id, ids, up_to_event_id)
    for cycle, model in _cycles(session, project_id, before_cycle):
        missing = np.isnan(found[:, 0]) & (first > cycle.label_snapshot_event_id)
        if missing.any():
            _fill(found, missing, np.array(ids, np.int64), values, store, cycle, model)
    return found


def _first_events(session: Session, project_id: uuid.UUID, ids: Sequence[int], last: int) -> NDArray[np.int64]:
    """The first opinion on each; 0, before every model, for the evaluation sample."""
    sample = select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == project_id)
    statement = (
        select(LabelEvent.subtomogram_id, func.min(LabelEvent.id))
        .where(
            LabelEvent.project_id == project_id,
            LabelEvent.id <= last,
            LabelEvent.kind.not_in(NO_OPINION),
            LabelEvent.subtomogram_id.not_in(sample),
        )
        .group_by(LabelEvent.subtomogram_id)
    )
    first = {row[0]: row[1] for row in session.execute(statement)}
    return np.array([first.get(each, 0) for each in ids], np.int64)


def _cycles(session: Session, project_id: uuid.UUID, before: int | None) -> list[tuple[Cycle, Model]]:
    """Cycles with a model, the newest first."""
    statement = (
        select(Cycle, Model)
        .join(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", Cycle.scores_key.is_not(None))
        .order_by(Cycle.number.desc())
    )
    if before is not None:
        statement = statement.where(Cycle.number < before)
    return [(row[0], row[1]) for row in session.execute(statement)]


def _fill(
    found: NDArray[np.float64],
    missing: NDArray[np.bool_],
    ids: NDArray[np.int64],
    values: Sequence[Value],
    store: ArtifactStore,
    cycle: Cycle,
    model: Model,
) -> None:
    calibration: dict[str, Any] = (cycle.metrics or {}).get("calibration") or {}
    temperature = float(calibration.get("temperature") or 1.0)
    wanted = np.flatnonzero(missing)
    order = wanted[np.argsort(ids[wanted])]
    sorted_ids = ids[order]
    try:
        with open_columns(store, str(cycle.scores_key)) as columns:
            columns_of = _columns_of(model.classes, values)
            for item_ids, logits in columns.parts("item_ids", "logits"):
                places = np.minimum(np.searchsorted(sorted_ids, item_ids), len(sorted_ids) - 1)
                hits = np.flatnonzero(sorted_ids[places] == item_ids)
                found[order[places[hits]]] = _probabilities(logits[hits], temperature, columns_of)
    except (ArtifactMissing, ArtifactUnreadable):
        return  # its files were removed; an older model may serve


def _columns_of(classes: Sequence[dict[str, Any]], values: Sequence[Value]) -> list[int | None]:
    """Which output of the model means each value; None for what it does not know."""
    outputs = {
        (each["kind"], None if each["id"] is None else str(each["id"])): place for place, each in enumerate(classes)
    }
    return [outputs.get((kind, None if class_id is None else str(class_id))) for kind, class_id in values]


def _probabilities(
    logits: NDArray[np.floating[Any]], temperature: float, columns_of: Sequence[int | None]
) -> NDArray[np.float64]:
    scaled = logits.astype(np.float64) / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    chosen = np.stack([np.zeros(len(shares)) if column is None else shares[:, column] for column in columns_of], axis=1)
    chosen = np.maximum(chosen, LEAST)
    return np.asarray(chosen / chosen.sum(axis=1, keepdims=True))
