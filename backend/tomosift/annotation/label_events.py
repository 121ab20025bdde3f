"""The append-only events: the lock under which they are written, their keys, and the writing itself."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import Row, Table, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.queue import Asker
from tomosift.kit.database import transaction
from tomosift.kit.label_rule import LabelRule, rule_of
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.standing_labels import snapshot_lock
from tomosift.tables import LabelEvent

Answer = TypeVar("Answer")

KEY_CONSTRAINT = "uq_label_event_project_id_user_id_idempotency_key"

# Built once: putting a statement together costs more than sending it.
_WITH_KEY = select(LabelEvent.id, LabelEvent.payload_hash, LabelEvent.response).where(
    LabelEvent.project_id == bindparam("project"),
    LabelEvent.user_id == bindparam("user"),
    LabelEvent.idempotency_key == bindparam("key"),
)
_TABLE = cast(Table, LabelEvent.__table__)
_APPEND = insert(_TABLE).returning(_TABLE.c.id)
_NOTHING = {
    "class_id": None,
    "queue_item_id": None,
    "cycle_id": None,
    "lease_id": None,
    "undoes_event_id": None,
    "late": False,
    "duration_ms": None,
    "comment": None,
    "confidence": None,
    "suggestion_shown": False,
    "bulk_id": None,
    "decided_at": None,
}


@dataclass(frozen=True)
class Context:
    """What the service knows of a subtomogram when somebody speaks of it; its row is locked."""

    class_set_version: int
    in_evaluation: bool
    class_is_known: bool
    rule: LabelRule


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
    return Context(row.class_set_version, row.in_evaluation, row.class_is_known, rule_of(row.project_settings))


def hash_payload(payload: str) -> bytes:
    """What a key stands for: the same key must come with the same payload."""
    return hashlib.blake2b(payload.encode(), digest_size=16).digest()


def event_with_key(
    session: Session, asker: Asker, key: str, payload_hash: bytes
) -> "Row[int, bytes, dict[str, Any]] | None":
    """Id and response of the event that this key stored before. 409 when it came with another payload."""
    earlier = session.execute(_WITH_KEY, asker.values(key=key)).one_or_none()
    if earlier is not None and earlier.payload_hash != payload_hash:
        raise conflict(
            "key-reused",
            "This key was used for another action",
            "Nothing was changed. Send every new decision with a fresh Idempotency-Key.",
        )
    return earlier


def written_once(work: Callable[[Session], Answer]) -> Answer:
    """Do `work`, which writes events with a key, in a transaction of its own.

    Of two requests with one key at the same moment the loser does it again, and then finds what the winner stored.
    """
    try:
        with transaction() as session:
            return work(session)
    except IntegrityError as error:
        if KEY_CONSTRAINT not in str(error.orig):
            raise
    with transaction() as session:
        return work(session)


def write_event(
    session: Session, asker: Asker, key: str, payload_hash: bytes, response: dict[str, Any], **values: Any
) -> int:
    """Append an event and return its id. `response` is what a repetition of the key is answered, without that id."""
    row = {
        **_NOTHING,
        "project_id": asker.project_id,
        "user_id": asker.user_id,
        "idempotency_key": key,
        "payload_hash": payload_hash,
        "response": response,
        **values,
    }
    return int(session.execute(_APPEND, row).scalar_one())
