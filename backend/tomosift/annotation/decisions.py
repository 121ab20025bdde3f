"""Decisions: each is one event, written once however often it is sent, and never dropped."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.current_labels import Opinion, label_of, opinions_about, store_label
from tomosift.annotation.queue import Asker, queue_status
from tomosift.annotation.schemas import DecisionIn, DecisionOut
from tomosift.kit.database import transaction
from tomosift.kit.job_control import announce
from tomosift.kit.problems import conflict, invalid, not_found
from tomosift.kit.standing_labels import snapshot_lock
from tomosift.tables import LabelEvent, Lease, QueueItem

UNWRITTEN = 2**62
"""Stands for the id of an event that is about to be written: newer than all others."""
KEY_CONSTRAINT = "uq_label_event_project_id_user_id_idempotency_key"


@dataclass(frozen=True)
class Context:
    """What the service knows of a subtomogram when somebody speaks of it; its row is locked."""

    class_set_version: int
    in_evaluation: bool
    class_is_known: bool


@dataclass(frozen=True)
class Question:
    """The queue item that a decision answers, locked; none for a free choice of an item outside the queue."""

    item: QueueItem | None
    late: bool


def record_decision(asker: Asker, body: DecisionIn, key: str) -> tuple[DecisionOut, bool]:
    """Store a decision in a transaction of its own; True when it is new, False when it was stored before.

    Raises ProblemError: 404 unknown subtomogram, 409 `key-reused`, `held-by-another`, `evaluation-only-by-queue`,
    422 unknown class, wrong lease.
    """
    try:
        with transaction() as session:
            return _record(session, asker, body, key)
    except IntegrityError as error:
        # Two requests with one key and different subtomograms at the same moment; the loser now finds the winner's.
        if KEY_CONSTRAINT not in str(error.orig):
            raise
    with transaction() as session:
        return _record(session, asker, body, key)


def _record(session: Session, asker: Asker, body: DecisionIn, key: str) -> tuple[DecisionOut, bool]:
    context = lock_subtomogram(session, asker, body.subtomogram_id, body.class_id)
    payload_hash = hash_payload(body.model_dump_json())
    earlier = event_with_key(session, asker, key, payload_hash)
    if earlier is not None:
        return DecisionOut(event_id=earlier.id, **earlier.response), False
    if body.kind == "class" and not context.class_is_known:
        raise invalid(
            "unknown-class", "No such class", "This class is not in the project's class set; reload the page."
        )
    question = _question(session, asker, body, context)
    _close_question(session, asker, question, skipped=body.kind == "skip")
    opinions = opinions_about(session, asker.project_id, body.subtomogram_id)
    label = label_of([*opinions, Opinion(UNWRITTEN, body.kind, body.class_id, question.late)])
    status: Literal["late", "accepted"] = "late" if question.late else "accepted"
    queue = queue_status(session, asker, being_decided=body.subtomogram_id)
    response = {
        "status": status,
        "label": label.model_dump(mode="json") if label else None,
        "queue": queue.model_dump(mode="json"),
    }
    event_id = write_event(
        session,
        asker,
        key,
        payload_hash,
        response,
        subtomogram_id=body.subtomogram_id,
        kind=body.kind,
        class_id=body.class_id,
        class_set_version=context.class_set_version,
        work=question.item.work if question.item and body.lease_id is not None else "choice",
        queue_item_id=question.item.id if question.item else None,
        cycle_id=question.item.cycle_id if question.item else None,
        lease_id=body.lease_id,
        late=question.late,
        duration_ms=body.duration_ms,
        comment=body.comment or None,
        decided_at=body.decided_at,
    )
    opinions.append(Opinion(event_id, body.kind, body.class_id, question.late))
    store_label(session, asker.project_id, body.subtomogram_id, opinions)
    announce(session, asker.project_id, "decision")
    return DecisionOut(event_id=event_id, status=status, label=label, queue=queue), True


def lock_subtomogram(session: Session, asker: Asker, subtomogram_id: int, class_id: uuid.UUID | None = None) -> Context:
    """Take the lock under which a subtomogram's events and label change together. 404 when it is not there."""
    row = session.execute(
        statements.DECISION_CONTEXT,
        {
            "project": asker.project_id,
            "subtomogram": subtomogram_id,
            "class_id": class_id,
            "snapshot_lock": snapshot_lock(asker.project_id),
        },
    ).one_or_none()
    if row is None:
        raise not_found("subtomogram")
    return Context(row.class_set_version, row.in_evaluation, row.class_is_known)


def hash_payload(payload: str) -> bytes:
    """What a key stands for: the same key must come with the same payload."""
    return hashlib.blake2b(payload.encode(), digest_size=16).digest()


def event_with_key(session: Session, asker: Asker, key: str, payload_hash: bytes) -> LabelEvent | None:
    """The event this key stored before. 409 when it came with another payload."""
    earlier = session.scalars(
        select(LabelEvent).where(
            LabelEvent.project_id == asker.project_id,
            LabelEvent.user_id == asker.user_id,
            LabelEvent.idempotency_key == key,
        )
    ).one_or_none()
    if earlier is not None and earlier.payload_hash != payload_hash:
        raise conflict(
            "key-reused",
            "This key was used for another action",
            "Nothing was changed. Send every new decision with a fresh Idempotency-Key.",
        )
    return earlier


def write_event(
    session: Session, asker: Asker, key: str, payload_hash: bytes, response: dict[str, Any], **values: Any
) -> int:
    """Append an event and return its id. `response` is what a repetition of the key is answered, without that id."""
    statement = insert(LabelEvent).values(
        project_id=asker.project_id,
        user_id=asker.user_id,
        idempotency_key=key,
        payload_hash=payload_hash,
        response=response,
        **values,
    )
    return session.execute(statement.returning(LabelEvent.id)).scalar_one()


def _question(session: Session, asker: Asker, body: DecisionIn, context: Context) -> Question:
    if body.lease_id is None:
        return _chosen(session, asker, body, context)
    return _leased(session, body, _own_item_id(session, asker, body))


def _own_item_id(session: Session, asker: Asker, body: DecisionIn) -> int:
    item_id = session.scalar(
        select(Lease.queue_item_id).where(
            Lease.id == body.lease_id,
            Lease.project_id == asker.project_id,
            Lease.user_id == asker.user_id,
            Lease.subtomogram_id == body.subtomogram_id,
        )
    )
    if item_id is None:
        raise invalid(
            "wrong-lease",
            "This lease is not yours or is for another subtomogram",
            "Claim the item again, or decide it without a lease.",
        )
    return item_id


def _leased(session: Session, body: DecisionIn, item_id: int) -> Question:
    item = session.execute(select(QueueItem).where(QueueItem.id == item_id).with_for_update()).scalar_one()
    lease = session.execute(statements.LEASE_STANDING, {"lease": body.lease_id}).one()
    # A lease that ran out still counts while the question is open and nobody else has taken it.
    in_time = lease.is_live or (item.state == "open" and not lease.held_by_another)
    return Question(item, late=not in_time)


def _chosen(session: Session, asker: Asker, body: DecisionIn, context: Context) -> Question:
    if context.in_evaluation:
        raise conflict(
            "evaluation-only-by-queue",
            "This subtomogram belongs to the evaluation sample",
            "It is decided blind, when the queue asks for it; otherwise the model's numbers could not be believed.",
        )
    if body.kind == "skip":
        raise invalid("nothing-to-skip", "Nothing to skip", "Only an item that the queue gave you can be skipped.")
    held_by_another = (
        select(Lease.id)
        .where(
            Lease.queue_item_id == QueueItem.id,
            Lease.ended_at.is_(None),
            Lease.expires_at > func.now(),
            Lease.user_id != asker.user_id,
        )
        .exists()
    )
    is_open = and_(
        QueueItem.project_id == asker.project_id,
        QueueItem.subtomogram_id == body.subtomogram_id,
        QueueItem.state == "open",
    )
    items = session.scalars(select(QueueItem).where(is_open).order_by(QueueItem.slot).with_for_update()).all()
    if items and session.scalar(select(exists().where(is_open, held_by_another))):
        raise conflict(
            "held-by-another",
            "Somebody is looking at this subtomogram",
            "It is reserved for another annotator just now. Try again later, or choose another one.",
        )
    return Question(items[0] if items else None, late=False)


def _close_question(session: Session, asker: Asker, question: Question, *, skipped: bool) -> None:
    """End the asker's lease; close the item, or put it behind all others when it was skipped."""
    if question.item is None:
        return
    values = asker.values(item=question.item.id)
    if not question.late and question.item.state == "open":
        session.execute(statements.SKIP_ITEM if skipped else statements.CLOSE_ITEM, values)
    session.execute(statements.END_OWN_LEASE, values)
