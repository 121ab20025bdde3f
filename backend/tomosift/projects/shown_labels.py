"""Whose eyes a label is for: nobody who may still be asked about an item sees what others said of it."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    bindparam,
    exists,
    not_,
    or_,
    select,
    union_all,
)
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
    """Whether the label of a subtomogram may be shown, for statements that join `current_label`. A page of them asks it
    as a column: as a condition of an outer join it makes Postgres read all labels.

    It may to those who have decided the item. To others only while nobody is asked about it, and of the evaluation
    sample to curators alone: figures are believed because its items are decided blind. A skip says nothing of the item.
    `item` is the column with the subtomogram's id.
    """
    return or_(not_(item.in_(_may_hide(reader))), CurrentLabel.kind == "skip", has_decided(reader, item))


@dataclass(frozen=True)
class Blindfold:
    """What a reader must not know now: `hidden` have a label that is not for them, to whom these are unlabeled; of
    `undecided`, evaluation items without a label for them, nothing is told that a model says either."""

    hidden: frozenset[int]
    undecided: frozenset[int]


def read_blindfold(session: Session, reader: Reader) -> Blindfold:
    """Look it up, by the rule of `is_shown_to`, from the few items it can concern: lists then read no more than they
    show, where a condition in their statement would look at every label."""
    asked, sampled = (set(session.scalars(each)) for each in (_asked(reader), _sample(reader)))
    may_hide = asked if reader.is_curator else asked | sampled
    labeled = _among(session, asked | sampled, CurrentLabel.subtomogram_id, CurrentLabel.kind != "skip")
    at_stake = labeled & may_hide
    decided = _among(session, at_stake, LabelEvent.subtomogram_id, *_decided_by(reader))
    hidden = at_stake - decided
    return Blindfold(frozenset(hidden), frozenset(sampled - (labeled - hidden)))


def _among(session: Session, ids: Collection[int], column: Any, *conditions: ColumnElement[bool]) -> set[int]:
    if not ids:
        return set()
    given = bindparam("given", sorted(ids), ARRAY(BigInteger))
    return set(session.scalars(select(column).where(column == any_(given), *conditions)))


def _decided_by(reader: Reader) -> tuple[ColumnElement[bool], ...]:
    undo = aliased(LabelEvent)
    return (
        LabelEvent.user_id == reader.user_id,
        LabelEvent.kind.not_in(("undo", "comment", "skip")),
        not_(exists().where(undo.undoes_event_id == LabelEvent.id)),
    )


def has_decided(reader: Reader, item: Item) -> ColumnElement[bool]:
    """Whether an opinion of this person about the item stands."""
    return exists().where(LabelEvent.subtomogram_id == item, *_decided_by(reader)).correlate_except(LabelEvent)


def _may_hide(reader: Reader) -> Any:
    """The items whose label is hidden from whoever has not decided them.

    Not correlated: read once, because a page may pass over many labeled items before it is full.
    """
    if reader.is_curator:
        return _asked(reader).correlate(None)
    return union_all(_asked(reader).correlate(None), _sample(reader).correlate(None))


def _asked(reader: Reader) -> Select[Any]:
    return select(QueueItem.subtomogram_id).where(
        QueueItem.project_id == reader.project_id, QueueItem.state == "open", QueueItem.work.in_(BLIND_WORK)
    )


def _sample(reader: Reader) -> Select[Any]:
    return select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == reader.project_id)


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
