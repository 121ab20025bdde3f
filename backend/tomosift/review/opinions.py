"""All that was said about a subtomogram, side by side."""

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from tomosift.annotation.schemas import SubtomogramBrief
from tomosift.kit.class_meanings import counted_class
from tomosift.kit.problems import not_found
from tomosift.pool.subtomograms import volume_url
from tomosift.projects.shown_labels import BLIND_WORK, Item, Reader, has_decided
from tomosift.review.schemas import DerivedLabelOut, OpinionOut, ReviewItem
from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, QueueItem, Source, Subtomogram, User


def list_disputed(session: Session, reader: Reader, limit: int, after_id: int) -> Sequence[int]:
    """Up to `limit + 1` subtomograms with a dispute that this curator may see, by id, after `after_id`.

    Those that people are still asked about blind come when all opinions are there, or when the curator has decided.
    """
    return session.scalars(
        select(CurrentLabel.subtomogram_id)
        .where(
            CurrentLabel.project_id == reader.project_id,
            CurrentLabel.is_disputed,
            CurrentLabel.subtomogram_id > after_id,
            or_(~_is_asked_blind(CurrentLabel.subtomogram_id), has_decided(reader, CurrentLabel.subtomogram_id)),
        )
        .order_by(CurrentLabel.subtomogram_id)
        .limit(limit + 1)
    ).all()


def may_read_opinions(session: Session, reader: Reader, subtomogram_id: int) -> bool:
    """Whether this person has decided it; for curators it is enough that nobody has to decide it blind any more."""
    item = literal(subtomogram_id)
    decided = has_decided(reader, item)
    return bool(session.scalar(select(or_(decided, ~_is_asked_blind(item)) if reader.is_curator else decided)))


def _is_asked_blind(item: Item) -> ColumnElement[bool]:
    """Whether somebody is still to decide it without knowing of others. An adjudicator has to know all of them."""
    question = aliased(QueueItem)
    is_open = exists().where(question.subtomogram_id == item, question.state == "open")
    return and_(is_open.where(question.work.in_(BLIND_WORK)), ~is_open.where(question.work == "adjudication"))


def review_item(session: Session, project_id: uuid.UUID, slug: str, subtomogram_id: int) -> ReviewItem:
    """One subtomogram with everything that was said. Raises ProblemError 404."""
    found = review_items(session, project_id, slug, [subtomogram_id])
    if not found:
        raise not_found("subtomogram")
    return found[0]


def review_items(session: Session, project_id: uuid.UUID, slug: str, ids: Sequence[int]) -> list[ReviewItem]:
    """Subtomograms of the project with everything that was said about them, by id."""
    rows = session.execute(
        select(Subtomogram, Source, CurrentLabel, EvaluationItem.subtomogram_id.is_not(None).label("in_evaluation"))
        .join(Source, Source.id == Subtomogram.source_id)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.project_id == project_id, Subtomogram.id.in_(ids))
        .order_by(Subtomogram.id)
    ).all()
    opinions = _opinions(session, ids)
    return [
        ReviewItem(
            subtomogram=_brief(slug, row[0], row[1]),
            in_evaluation=row[3],
            label=None if row[2] is None else DerivedLabelOut.model_validate(row[2], from_attributes=True),
            opinions=opinions[row[0].id],
        )
        for row in rows
    ]


def _opinions(session: Session, ids: Sequence[int]) -> dict[int, list[OpinionOut]]:
    undo = aliased(LabelEvent)
    rows = session.execute(
        select(LabelEvent, User, counted_class().label("counted_class"))
        .join(User, User.id == LabelEvent.user_id)
        .where(
            LabelEvent.subtomogram_id.in_(ids),
            LabelEvent.kind != "undo",
            ~exists().where(undo.undoes_event_id == LabelEvent.id),
        )
        .order_by(LabelEvent.id)
    )
    found: dict[int, list[OpinionOut]] = defaultdict(list)
    for event, user, class_id in rows:
        found[event.subtomogram_id].append(
            OpinionOut(
                event_id=event.id,
                user=user.name,
                display_name=user.display_name,
                kind=event.kind,
                class_id=class_id,
                confidence=event.confidence,
                comment=event.comment,
                late=event.late,
                imported=user.kind == "importer",
                work=event.work,
                duration_ms=event.duration_ms,
                at=event.created_at,
            )
        )
    return found


def _brief(slug: str, subtomogram: Subtomogram, source: Source) -> SubtomogramBrief:
    return SubtomogramBrief(
        id=subtomogram.id,
        name=subtomogram.name,
        tomogram=subtomogram.tomogram,
        source_row=subtomogram.source_row,
        box_size=source.box_size,
        voxel_size_angstrom=source.voxel_size_angstrom,
        volume_url=volume_url(slug, subtomogram),
    )
