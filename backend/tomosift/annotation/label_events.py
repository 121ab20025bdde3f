"""The append-only events: the lock under which they are written, their keys, and the writing itself."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.queue import Asker
from tomosift.kit.database import transaction
from tomosift.kit.label_rule import LabelRule, rule_of
from tomosift.kit.problems import ProblemError, conflict, not_found
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
class Earlier:
    """The event that a key stored before, and what its request was answered."""

    id: int
    payload_hash: bytes
    response: dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What the service knows of a subtomogram when somebody speaks of it; its row is locked."""

    class_set_version: int
    in_evaluation: bool
    class_is_known: bool
    rule: LabelRule
    earlier: Earlier | None


def lock_subtomogram(
    session: Session,
    asker: Asker,
    key: str,
    payload_hash: bytes,
    subtomogram_id: int,
    class_id: uuid.UUID | None = None,
) -> Context:
    """Take the lock under which a subtomogram's events and label change together, and look for the key's event.

    Of two requests with one key at once, the later may see no event of the key although it has the lock; the key's
    constraint refuses its event then, see `written_once`. Raises ProblemError: 404 when it is not there, 409
    `key-reused`.
    """
    values = asker.values(
        subtomogram=subtomogram_id, class_id=class_id, key=key, snapshot_lock=snapshot_lock(asker.project_id)
    )
    row = statements.DECISION_CONTEXT.one_or_none(session, values)
    if row is None:
        raise not_found("subtomogram")
    earlier = None
    if row.earlier_id is not None:
        earlier = Earlier(row.earlier_id, row.earlier_hash, row.earlier_response)
        _check_same(earlier, payload_hash)
    rule = rule_of(row.project_settings)
    return Context(row.class_set_version, row.in_evaluation, row.class_is_known, rule, earlier)


def hash_payload(payload: str) -> bytes:
    """What a key stands for: the same key must come with the same payload."""
    return hashlib.blake2b(payload.encode(), digest_size=16).digest()


def event_with_key(session: Session, asker: Asker, key: str, payload_hash: bytes) -> Earlier | None:
    """The event that this key stored before. 409 when it came with another payload."""
    row = session.execute(_WITH_KEY, asker.values(key=key)).one_or_none()
    if row is None:
        return None
    earlier = Earlier(*row)
    _check_same(earlier, payload_hash)
    return earlier


def _check_same(earlier: Earlier, payload_hash: bytes) -> None:
    if earlier.payload_hash != payload_hash:
        raise conflict(
            "key-reused",
            "This key was used for another action",
            "Nothing was changed. Send every new decision with a fresh Idempotency-Key.",
        )


def written_once(work: Callable[[Session], Answer]) -> Answer:
    """Do `work`, which writes events with a key, in a transaction of its own.

    Of two requests with one key at the same moment the loser may be refused, by the key's constraint or by what the
    winner did. It is done again, and then finds what the winner stored; a true refusal is refused again.
    """
    try:
        with transaction() as session:
            return work(session)
    except ProblemError:
        pass
    except IntegrityError as error:
        if KEY_CONSTRAINT not in str(error.orig):
            raise
    with transaction() as session:
        return work(session)


def write_event(
    session: Session, asker: Asker, key: str, payload_hash: bytes, response: dict[str, Any], **values: Any
) -> int:
    """Append an event and return its id. `response` is what a repetition of the key is answered, without that id."""
    row = event_row(asker, key, payload_hash, response, **values)
    return int(session.execute(statements.APPEND_EVENT, row).scalar_one())


def event_row(asker: Asker, key: str, payload_hash: bytes, response: dict[str, Any], **values: Any) -> dict[str, Any]:
    """All columns of an event; those not among `values` are empty."""
    return {
        **_NOTHING,
        "project_id": asker.project_id,
        "user_id": asker.user_id,
        "idempotency_key": key,
        "payload_hash": payload_hash,
        "response": response,
        **values,
    }
