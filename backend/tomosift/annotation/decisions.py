"""Decisions: each is one event, written once however often it is sent, and never dropped."""

from dataclasses import replace
from typing import Literal

from sqlalchemy.orm import Session

from tomosift.annotation.current_labels import label_of, opinions_about, store_label
from tomosift.annotation.label_events import event_with_key, hash_payload, lock_subtomogram, write_event, written_once
from tomosift.annotation.questions import OUTSIDE_THE_QUEUE, close_question, question_of
from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import DecisionIn, DecisionOut
from tomosift.kit.job_control import announce
from tomosift.kit.label_rule import Opinion
from tomosift.kit.problems import ProblemError, invalid

UNWRITTEN = 2**62
"""Stands for the id of an event that is about to be written: newer than all others."""


def record_decision(asker: Asker, body: DecisionIn, key: str) -> tuple[DecisionOut, bool]:
    """Store a decision in a transaction of its own; True when it is new, False when it was stored before.

    Raises ProblemError: 404 unknown subtomogram, 409 `key-reused`, `held-by-another`, `evaluation-only-by-queue`,
    422 unknown class, wrong lease.
    """
    return written_once(lambda session: _record(session, asker, body, key))


def _record(session: Session, asker: Asker, body: DecisionIn, key: str) -> tuple[DecisionOut, bool]:
    context = lock_subtomogram(session, asker, body.subtomogram_id, body.class_id)
    payload_hash = hash_payload(_payload(body))
    earlier = event_with_key(session, asker, key, payload_hash)
    if earlier is not None:
        return DecisionOut(event_id=earlier.id, **earlier.response), False
    if body.kind == "class" and not context.class_is_known:
        raise unknown_class()
    if body.kind == "comment":
        question, opinions = OUTSIDE_THE_QUEUE, []
    else:
        question = question_of(session, asker, body, context)
        close_question(session, asker, question, skipped=body.kind == "skip")
        opinions = opinions_about(session, asker.project_id, body.subtomogram_id)
    said = Opinion(
        event_id=UNWRITTEN,
        author=asker.user_id,
        kind=body.kind,
        class_id=body.class_id,
        late=question.late,
        adjudicates=question.work == "adjudication" and body.kind != "skip",
    )
    # Whoever only comments may not have decided yet, and learns nothing of the label.
    label = None if body.kind == "comment" else label_of([*opinions, said], context.rule)
    status: Literal["late", "accepted"] = "late" if question.late else "accepted"
    response = {"status": status, "label": label.model_dump(mode="json") if label else None}
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
        work=question.work,
        queue_item_id=question.item_id,
        cycle_id=question.cycle_id,
        lease_id=body.lease_id,
        late=question.late,
        duration_ms=body.duration_ms,
        confidence=body.confidence,
        suggestion_shown=body.suggestion_shown,
        comment=body.comment or None,
        decided_at=body.decided_at,
    )
    if body.kind != "comment":
        opinions.append(replace(said, event_id=event_id))
        store_label(session, asker.project_id, body.subtomogram_id, opinions, context.rule)
    announce(session, asker.project_id, "decision")
    return DecisionOut(event_id=event_id, status=status, label=label), True


def _payload(body: DecisionIn) -> str:
    """What the key stands for. What was sent before there was `suggestion_shown` stays the same when it is repeated."""
    return body.model_dump_json(exclude=None if body.suggestion_shown else {"suggestion_shown"})


def unknown_class() -> ProblemError:
    """The class of a decision is not in the project's class set."""
    return invalid("unknown-class", "No such class", "This class is not in the project's class set; reload the page.")
