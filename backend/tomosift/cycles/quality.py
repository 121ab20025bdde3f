"""What a cycle found out about single subtomograms: labels that are likely wrong.

Classes that were merged since are told as those they were merged into.
"""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.cycles.overview import LABEL_ERRORS, expected_label_errors
from tomosift.cycles.quality_schemas import LabelSaid, LikelyLabelError, LikelyLabelErrors
from tomosift.kit.class_meanings import counts_for
from tomosift.kit.problems import not_found
from tomosift.projects.classes import all_classes
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
    meaning = counts_for(all_classes(session, project_id))
    errors = (_error(slug, meaning, each, found.get(each["subtomogram_id"])) for each in listed)
    return LikelyLabelErrors(
        items=[each for each in errors if each is not None],
        expected=expected_label_errors(metrics),
        judged=(metrics.get("label_errors") or {"judged": 0})["judged"],
    )


Meaning = dict[uuid.UUID, uuid.UUID | None]
"""What each class counts for today; None for nothing."""


def _today(said: dict[str, Any], meaning: Meaning) -> LabelSaid | None:
    """What was said then in the classes of today; None where its class was retired since."""
    then = LabelSaid.model_validate(said)
    if then.class_id is None:
        return then
    now = meaning.get(then.class_id)
    return None if now is None else LabelSaid(kind="class", class_id=now)


def _error(
    slug: str, meaning: Meaning, listed: dict[str, Any], found: tuple[Subtomogram, CurrentLabel | None] | None
) -> LikelyLabelError | None:
    """An entry of the list; None where its particle or a class is gone, or both classes are one today."""
    given, suggested = _today(listed["given"], meaning), _today(listed["suggested"], meaning)
    if found is None or given is None or suggested is None or given == suggested:
        return None
    particle, label = found
    return LikelyLabelError(
        subtomogram_id=particle.id,
        name=particle.name,
        volume_url=f"/api/v1/projects/{slug}/subtomograms/{particle.id}/volume?h={particle.content_hash}",
        given=given,
        suggested=suggested,
        score=listed["score"],
        reason=listed["reason"],
        still_stands=label is not None and (label.kind, label.class_id) == (given.kind, given.class_id),
    )
