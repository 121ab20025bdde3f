"""What a cycle found out about single subtomograms: labels that are likely wrong, and what its model says of one."""

import uuid
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.cycles.overview import LABEL_ERRORS
from tomosift.cycles.quality_schemas import LabelSaid, LikelyLabelError, LikelyLabelErrors, ModelView
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.stored_columns import most_likely, open_columns
from tomosift.tables import CurrentLabel, Cycle, EvaluationItem, Model, Subtomogram


def likely_label_errors(session: Session, project_id: uuid.UUID, slug: str, number: int) -> LikelyLabelErrors:
    """The cycle's list. Raises ProblemError 404 for no such cycle."""
    cycle = session.scalars(select(Cycle).where(Cycle.project_id == project_id, Cycle.number == number)).one_or_none()
    if cycle is None:
        raise not_found("cycle")
    metrics = cycle.metrics or {}
    listed: list[dict[str, Any]] = metrics.get(LABEL_ERRORS, [])
    ids = [each["subtomogram_id"] for each in listed]
    found = {
        particle.id: (particle, label)
        for particle, label in session.execute(
            select(Subtomogram, CurrentLabel)
            .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
            .where(Subtomogram.project_id == project_id, Subtomogram.id.in_(ids))
        )
    }
    counts = metrics.get("label_errors") or {"expected": 0, "judged": 0}
    return LikelyLabelErrors(
        items=[
            _error(slug, each, *found[each["subtomogram_id"]]) for each in listed if each["subtomogram_id"] in found
        ],
        expected=counts["expected"],
        judged=counts["judged"],
    )


def _error(slug: str, listed: dict[str, Any], particle: Subtomogram, label: CurrentLabel | None) -> LikelyLabelError:
    given = LabelSaid.model_validate(listed["given"])
    return LikelyLabelError(
        subtomogram_id=particle.id,
        name=particle.name,
        volume_url=f"/api/v1/projects/{slug}/subtomograms/{particle.id}/volume?h={particle.content_hash}",
        given=given,
        suggested=LabelSaid.model_validate(listed["suggested"]),
        score=listed["score"],
        reason=listed["reason"],
        still_stands=label is not None and (label.kind, label.class_id) == (given.kind, given.class_id),
    )


def model_view(session: Session, store: ArtifactStore, project_id: uuid.UUID, subtomogram_id: int) -> ModelView:
    """What the newest model says about a subtomogram outside the evaluation sample, which is decided blind.

    Raises ProblemError 404 for no such subtomogram, 409 for one of the sample, where there is no model, or where it did
    not score this one.
    """
    known = session.execute(
        select(Subtomogram.id, EvaluationItem.subtomogram_id.label("sampled"))
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.project_id == project_id, Subtomogram.id == subtomogram_id)
    ).one_or_none()
    if known is None:
        raise not_found("subtomogram")
    if known.sampled is not None:
        detail = "It measures accuracy and is decided blind, so nobody is shown what the model says. Choose another."
        raise conflict("blind", "This subtomogram is of the evaluation sample", detail)
    newest = session.execute(
        select(Cycle, Model)
        .join(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", Cycle.scores_key.is_not(None))
        .order_by(Cycle.number.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        raise conflict("no-model", "There is no model yet", "Launch a cycle: it trains one and scores the pool.")
    try:
        return _read_view(store, newest.Cycle, newest.Model, subtomogram_id)
    except (ArtifactMissing, ArtifactUnreadable) as error:
        detail = "The outputs of the newest model are gone from the store. Launch a cycle to have them again."
        raise conflict("store-incomplete", "The store is incomplete", detail) from error


def _read_view(store: ArtifactStore, cycle: Cycle, model: Model, subtomogram_id: int) -> ModelView:
    with open_columns(store, str(cycle.scores_key)) as columns:
        places = np.flatnonzero(columns.read("item_ids") == subtomogram_id)
        if len(places) == 0:
            detail = f"Cycle {cycle.number} scored a part of the pool, and this subtomogram is not in it."
            raise conflict("not-scored", "The newest model did not look at it", detail)
        place = int(places[0])
        logits = columns.read("logits", place, 1)
        unlike = float(columns.read("unlike", place, 1)[0]) if "unlike" in columns else None
    calibration = (cycle.metrics or {}).get("calibration")
    winner, share = most_likely(logits, calibration["temperature"] if calibration else 1.0)
    said = model.classes[int(winner[0])]
    return ModelView(
        cycle=cycle.number,
        prediction=LabelSaid(kind=said["kind"], class_id=said["id"]),
        confidence=float(share[0]),
        unlike=unlike,
    )
