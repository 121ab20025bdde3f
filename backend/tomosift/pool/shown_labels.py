"""Whose eyes a label is for: nobody who may still be asked about an item sees what others said of it."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, not_, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tomosift.projects.access import ProjectAccess, Role
from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, QueueItem, Subtomogram

BLIND_WORK = ("query", "evaluation", "recheck")
Item = ColumnElement[int] | InstrumentedAttribute[int]


@dataclass(frozen=True)
class Reader:
    """Who looks at the pool of which project."""

    project_id: uuid.UUID
    user_id: uuid.UUID
    is_curator: bool


def reader_of(access: ProjectAccess) -> Reader:
    """Who asks."""
    return Reader(access.project_id, access.user.id, access.role.may(Role.CURATOR))


def is_shown_to(reader: Reader, item: Item = Subtomogram.id) -> ColumnElement[bool]:
    """Whether the label of a subtomogram may be shown: a condition for the join of `current_label`.

    It may to those who have decided the item. To others only while nobody is asked about it, and of the evaluation
    sample to curators alone: figures are believed because its items are decided blind. A skip says nothing of the item.
    `item` is the column with the subtomogram's id.
    """
    return or_(not_(item.in_(_may_hide(reader))), CurrentLabel.kind == "skip", _has_decided(reader, item))


def hidden_labels(reader: Reader) -> Select[Any]:
    """The subtomograms with a label that this reader may not see: for them, these are unlabeled."""
    item = CurrentLabel.subtomogram_id
    return (
        select(item)
        .where(
            CurrentLabel.project_id == reader.project_id,
            CurrentLabel.kind != "skip",
            item.in_(_may_hide(reader)),
            not_(_has_decided(reader, item)),
        )
        .correlate(None)
    )


def undecided_sample(reader: Reader) -> Select[Any]:
    """The evaluation items of which this reader is shown no label, and so nothing that a model says either."""
    sample = aliased(EvaluationItem)
    item = sample.subtomogram_id
    shown = (
        exists()
        .where(CurrentLabel.subtomogram_id == item, CurrentLabel.kind != "skip", is_shown_to(reader, item))
        .correlate_except(CurrentLabel)
    )
    return select(item).where(sample.project_id == reader.project_id, not_(shown)).correlate(None)


def _has_decided(reader: Reader, item: Item) -> ColumnElement[bool]:
    undo = aliased(LabelEvent)
    return (
        exists()
        .where(
            LabelEvent.subtomogram_id == item,
            LabelEvent.user_id == reader.user_id,
            LabelEvent.kind.not_in(("undo", "comment", "skip")),
            not_(exists().where(undo.undoes_event_id == LabelEvent.id)),
        )
        .correlate_except(LabelEvent)
    )


def _may_hide(reader: Reader) -> Any:
    """The items whose label is hidden from whoever has not decided them.

    Not correlated: read once, because a page may pass over many labeled items before it is full.
    """
    asked = select(QueueItem.subtomogram_id).where(
        QueueItem.project_id == reader.project_id, QueueItem.state == "open", QueueItem.work.in_(BLIND_WORK)
    )
    sample = select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == reader.project_id)
    if reader.is_curator:
        return asked.correlate(None)
    return union_all(asked.correlate(None), sample.correlate(None))


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
