"""What the model that serves the project says about one subtomogram."""

import uuid
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.cycles.quality_schemas import Chance, ModelView
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.class_meanings import counts_for
from tomosift.kit.problems import conflict
from tomosift.kit.serving_model import in_force
from tomosift.kit.stored_columns import open_columns
from tomosift.projects.classes import all_classes
from tomosift.tables import Cycle, Model


def model_view(session: Session, store: ArtifactStore, project_id: uuid.UUID, subtomogram_id: int) -> ModelView:
    """What the serving model says about a subtomogram of the project.

    Raises ProblemError 409 where there is no model, or where it did not score this one.
    """
    serving = session.execute(
        select(Cycle, Model)
        .join(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", Cycle.scores_key.is_not(None), in_force())
        .order_by(Cycle.number.desc())
        .limit(1)
    ).one_or_none()
    if serving is None:
        raise conflict("no-model", "There is no model yet", "Launch a cycle: it trains one and scores the pool.")
    counted = {str(each): meant for each, meant in counts_for(all_classes(session, project_id)).items()}
    try:
        return _read_view(store, serving.Cycle, serving.Model, counted, subtomogram_id)
    except (ArtifactMissing, ArtifactUnreadable) as error:
        detail = "The outputs of the model are gone from the store. Launch a cycle to have them again."
        raise conflict("store-incomplete", "The store is incomplete", detail) from error


def _read_view(
    store: ArtifactStore, cycle: Cycle, model: Model, counted: dict[str, uuid.UUID | None], subtomogram_id: int
) -> ModelView:
    with open_columns(store, str(cycle.scores_key)) as columns:
        places = np.flatnonzero(columns.read("item_ids") == subtomogram_id)
        if len(places) == 0:
            raise _not_scored(cycle)
        place = int(places[0])
        logits = columns.read("logits", place, 1)[0]
        unlike = float(columns.read("unlike", place, 1)[0]) if "unlike" in columns else None
    calibration = (cycle.metrics or {}).get("calibration")
    shares = _softmax(logits.astype(np.float64) / (calibration["temperature"] if calibration else 1.0))
    choices = _choices(model.classes, shares, counted)
    if not choices or not np.isfinite(shares).all():
        raise _not_scored(cycle)
    return ModelView(
        cycle=cycle.number,
        prediction=choices[0],
        confidence=choices[0].probability,
        choices=choices,
        unlike=unlike,
    )


def _choices(
    outputs: list[dict[str, Any]], shares: NDArray[np.float64], counted: dict[str, uuid.UUID | None]
) -> list[Chance]:
    """What each output `{kind, id}` counts for today, with its share; the most probable first."""
    sums: dict[uuid.UUID | None, float] = defaultdict(float)
    for output, share in zip(outputs, shares.tolist(), strict=True):
        meant = counted.get(str(output["id"])) if output["kind"] == "class" else None
        if output["kind"] == "junk" or meant is not None:
            sums[meant] += share
    chances = [
        Chance(kind="junk" if each is None else "class", class_id=each, probability=share)
        for each, share in sums.items()
    ]
    return sorted(chances, key=lambda each: -each.probability)


def _softmax(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", over="ignore"):
        grown = np.exp(scaled - scaled.max())
        shares: NDArray[np.float64] = grown / grown.sum()
    return shares


def _not_scored(cycle: Cycle) -> Exception:
    detail = f"Cycle {cycle.number} scored a part of the pool, and this subtomogram is not in it."
    return conflict("not-scored", "The newest model did not look at it", detail)
