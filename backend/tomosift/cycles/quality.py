"""What a cycle found out about single subtomograms: labels that are likely wrong."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.cycles.overview import LABEL_ERRORS
from tomosift.cycles.quality_schemas import LabelSaid, LikelyLabelError, LikelyLabelErrors
from tomosift.kit.problems import not_found
from tomosift.tables import CurrentLabel, Cycle, Subtomogram


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
