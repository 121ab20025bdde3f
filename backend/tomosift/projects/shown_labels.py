"""Whose eyes a label is for: nobody who may still be asked about an item sees what others said of it."""

import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tomosift.projects.access import ProjectAccess, Role
from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, QueueItem, Subtomogram

BLIND_WORK = ("query", "evaluation", "recheck")
_UNDO = aliased(LabelEvent)
Item = ColumnElement[int] | InstrumentedAttribute[int]


@dataclass(frozen=True)
class Reader:
    """Who looks at the pool of which project."""

    project_id: uuid.UUID
    user_id: uuid.UUID
    is_curator: bool

    def parameters(self) -> dict[str, uuid.UUID]:
        """The values of a statement that was built for a `parametric_reader`."""
        return {"project": self.project_id, "user": self.user_id}


@cache
def parametric_reader(is_curator: bool) -> Reader:
    """Stands for any reader in what is built once: building a condition takes longer than asking it."""
    project, user = bindparam("project", type_=Uuid()), bindparam("user", type_=Uuid())
    return Reader(cast(uuid.UUID, project), cast(uuid.UUID, user), is_curator)


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


def read_hidden(session: Session, reader: Reader) -> frozenset[int]:
    """The items whose label is not for this reader, to whom they are unlabeled: by the rule of `is_shown_to`, from the
    few items it can concern. Lists then read no more than they show, where a condition in their statement would look at
    every label."""
    return frozenset(session.scalar(_hidden(reader.is_curator), reader.parameters()) or ())


def read_undecided(session: Session, reader: Reader) -> frozenset[int]:
    """The evaluation items without a label for this reader: of these nothing is told that a model says either."""
    return frozenset(session.scalar(_undecided(reader.is_curator), reader.parameters()) or ())


@cache
def _hidden(is_curator: bool) -> Select[Any]:
    reader = parametric_reader(is_curator)
    may_hide = _may_hide(reader).subquery()
    item = may_hide.c.subtomogram_id
    return select(func.array_agg(item.distinct())).where(_is_labeled(item), not_(has_decided(reader, item)))


@cache
def _undecided(is_curator: bool) -> Select[Any]:
    reader = parametric_reader(is_curator)
    item = EvaluationItem.subtomogram_id
    is_hidden = not_(has_decided(reader, item))
    if is_curator:
        is_hidden = and_(item.in_(_asked(reader).correlate(None)), is_hidden)
    of_project = EvaluationItem.project_id == reader.project_id
    return select(func.array_agg(item)).where(of_project, or_(not_(_is_labeled(item)), is_hidden))


def _is_labeled(item: Item) -> ColumnElement[bool]:
    label = select(CurrentLabel.subtomogram_id).where(CurrentLabel.subtomogram_id == item, CurrentLabel.kind != "skip")
    return _is_found(label.correlate_except(CurrentLabel))


def _decided_by(reader: Reader) -> tuple[ColumnElement[bool], ...]:
    return (
        LabelEvent.user_id == reader.user_id,
        LabelEvent.kind.not_in(("undo", "comment", "skip")),
        not_(exists().where(_UNDO.undoes_event_id == LabelEvent.id)),
    )


def has_decided(reader: Reader, item: Item) -> ColumnElement[bool]:
    """Whether an opinion of this person about the item stands."""
    opinion = select(LabelEvent.id).where(LabelEvent.subtomogram_id == item, *_decided_by(reader))
    return _is_found(opinion.correlate_except(LabelEvent))


def _is_found(rows: Select[Any]) -> ColumnElement[bool]:
    """Whether there is one, looked up for each item that gets so far. Of an EXISTS or a join Postgres may read all
    labels, or all that the person ever said, because it does not know how few items are looked at."""
    return rows.limit(1).scalar_subquery().is_not(None)


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
