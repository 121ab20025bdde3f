"""The history of decisions, newest first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import Session, aliased

from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import DecisionEventOut
from tomosift.tables import LabelEvent, Subtomogram, User


def list_events(session: Session, asker: Asker, limit: int, before_id: int | None, *, mine: bool) -> Sequence[Any]:
    """Up to `limit + 1` events with an id below `before_id`, the asker's own or everybody's."""
    undo = aliased(LabelEvent)
    query = (
        select(
            LabelEvent,
            Subtomogram.name.label("subtomogram_name"),
            User.name.label("user_name"),
            exists().where(undo.undoes_event_id == LabelEvent.id).label("undone"),
        )
        .join(Subtomogram, Subtomogram.id == LabelEvent.subtomogram_id)
        .join(User, User.id == LabelEvent.user_id)
        .where(LabelEvent.project_id == asker.project_id)
        .order_by(LabelEvent.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        query = query.where(LabelEvent.id < before_id)
    if mine:
        query = query.where(LabelEvent.user_id == asker.user_id)
    return session.execute(query).all()


def event_out(row: Row[Any]) -> DecisionEventOut:
    """The wire form of one entry."""
    event: LabelEvent = row.LabelEvent
    return DecisionEventOut.model_validate(
        {
            "event_id": event.id,
            "subtomogram_id": event.subtomogram_id,
            "subtomogram_name": row.subtomogram_name,
            "user": row.user_name,
            "kind": event.kind,
            "class_id": event.class_id,
            "work": event.work,
            "late": event.late,
            "undone": row.undone,
            "undoes_event_id": event.undoes_event_id,
            "bulk_id": event.bulk_id,
            "duration_ms": event.duration_ms,
            "confidence": event.confidence,
            "suggestion_shown": event.suggestion_shown,
            "comment": event.comment,
            "decided_at": event.decided_at,
            "created_at": event.created_at,
        }
    )
