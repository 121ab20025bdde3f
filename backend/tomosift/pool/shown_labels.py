"""Whose eyes a label is for: nobody who may still be asked about an item sees what others said of it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, not_, or_, select
from sqlalchemy.orm import Session, aliased

from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, QueueItem, Subtomogram

BLIND_WORK = ("query", "evaluation", "recheck")


@dataclass(frozen=True)
class Reader:
    """Who looks at the pool of which project."""

    project_id: uuid.UUID
    user_id: uuid.UUID
    is_curator: bool


def is_shown_to(reader: Reader) -> ColumnElement[bool]:
    """Whether the label of a `subtomogram` row may be shown: a condition for the join of `current_label`.

    It may to those who have decided the item. To others only while nobody is asked about it, and of the evaluation
    sample to curators alone: figures are believed because its items are decided blind. A skip says nothing of the item.
    """
    undo = aliased(LabelEvent)
    has_decided = exists().where(
        LabelEvent.subtomogram_id == Subtomogram.id,
        LabelEvent.user_id == reader.user_id,
        LabelEvent.kind.not_in(("undo", "comment", "skip")),
        not_(exists().where(undo.undoes_event_id == LabelEvent.id)),
    )
    # Not correlated: read once, because a page may pass over many labeled items before it is full.
    may_hide: ColumnElement[bool] = Subtomogram.id.in_(
        select(QueueItem.subtomogram_id).where(
            QueueItem.project_id == reader.project_id, QueueItem.state == "open", QueueItem.work.in_(BLIND_WORK)
        )
    )
    if not reader.is_curator:
        evaluation = select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == reader.project_id)
        may_hide = or_(may_hide, Subtomogram.id.in_(evaluation))
    return or_(not_(may_hide), CurrentLabel.kind == "skip", has_decided)


def is_evaluation_item() -> ColumnElement[bool]:
    """Whether a `subtomogram` row is in the evaluation sample."""
    return exists().where(EvaluationItem.subtomogram_id == Subtomogram.id)


def shown_label(session: Session, subtomogram_id: int, reader: Reader) -> CurrentLabel | None:
    """The label of one subtomogram, if there is one that this reader may see."""
    return session.scalar(
        select(CurrentLabel)
        .join(Subtomogram, Subtomogram.id == CurrentLabel.subtomogram_id)
        .where(Subtomogram.id == subtomogram_id, is_shown_to(reader))
    )
