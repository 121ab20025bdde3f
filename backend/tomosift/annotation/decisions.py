"""Decisions: each is one event, written once however often it is sent, and never dropped."""

from typing import Any, Literal

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.current_labels import ask_for_model, label_values, opinions_about
from tomosift.annotation.label_events import (
    Context,
    event_row,
    hash_payload,
    lock_subtomogram,
    write_event,
    written_once,
)
from tomosift.annotation.questions import OUTSIDE_THE_QUEUE, Question, put_behind, question_of
from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import DecisionIn, DecisionOut, LabelOut
from tomosift.kit.gathered_events import gathered_events
from tomosift.kit.job_control import event_message
from tomosift.kit.label_rule import DerivedLabel, LabelRule, Opinion, derive_label
from tomosift.kit.problems import ProblemError, invalid

UNWRITTEN = 2**62
"""Stands for the id of an event that is about to be written: newer than all others."""
_AS_SAID = {
    "subtomogram_id",
    "kind",
    "class_id",
    "lease_id",
    "duration_ms",
    "confidence",
    "suggestion_shown",
    "decided_at",
}


def record_decision(asker: Asker, body: DecisionIn, key: str) -> tuple[DecisionOut, bool]:
    """Store a decision in a transaction of its own; True when it is new, False when it was stored before.

    Raises ProblemError: 404 unknown subtomogram, 409 `key-reused`, `held-by-another`, `evaluation-only-by-queue`,
    422 unknown class, wrong lease.
    """
    answer, is_new = written_once(lambda session: _record(session, asker, body, key))
    if is_new:
        gathered_events.add(event_message(asker.project_id, "decision"))
    return answer, is_new


def _record(session: Session, asker: Asker, body: DecisionIn, key: str) -> tuple[DecisionOut, bool]:
    payload_hash = hash_payload(_payload(body))
    context = lock_subtomogram(session, asker, key, payload_hash, body.subtomogram_id, body.class_id)
    if context.earlier is not None:
        return DecisionOut(event_id=context.earlier.id, **context.earlier.response), False
    if body.kind == "class" and not context.class_is_known:
        raise unknown_class()
    if body.kind == "comment":
        return _comment(session, asker, body, key, payload_hash, context), True
    question = question_of(session, asker, body, context)
    if body.kind == "skip":
        put_behind(session, asker, question)
    label = _label(session, asker, body, question, context.rule)
    status: Literal["late", "accepted"] = "late" if question.late else "accepted"
    told = _told(body, label)
    response = {"status": status, "label": told and told.model_dump(mode="json")}
    values = {
        **event_row(asker, key, payload_hash, response, **_said(body, question, context)),
        "response": Jsonb(response),
        **label_values(label),
        "label_event_id": None if label.event_id == UNWRITTEN else label.event_id,
        "closes_question": question.is_answered and body.kind != "skip",
    }
    event_id = int(statements.WRITE_DECISION.one(session, values).id)
    ask_for_model(session, asker.project_id, context.rule)
    return DecisionOut(event_id=event_id, status=status, label=told), True


def _comment(
    session: Session, asker: Asker, body: DecisionIn, key: str, payload_hash: bytes, context: Context
) -> DecisionOut:
    """Whoever only comments may not have decided yet, and learns nothing of the label."""
    response = {"status": "accepted", "label": None}
    said = _said(body, OUTSIDE_THE_QUEUE, context)
    event_id = write_event(session, asker, key, payload_hash, response, **said)
    return DecisionOut(event_id=event_id, status="accepted", label=None)


def _told(body: DecisionIn, label: DerivedLabel) -> LabelOut | None:
    """The label as its author may know it: who skips may be asked again, and learns nothing of what others said."""
    if body.kind == "skip" != label.kind:
        return None
    return LabelOut.model_validate({"kind": label.kind, "class_id": label.class_id})


def _label(session: Session, asker: Asker, body: DecisionIn, question: Question, rule: LabelRule) -> DerivedLabel:
    """The label that this decision and all that was said before it make."""
    said = Opinion(
        event_id=UNWRITTEN,
        author=asker.user_id,
        kind=body.kind,
        class_id=body.class_id,
        late=question.late,
        adjudicates=question.work == "adjudication" and body.kind != "skip",
    )
    before = opinions_about(session, asker.project_id, body.subtomogram_id) if question.spoken_of else []
    label = derive_label([*before, said], rule)
    assert label is not None
    return label


def _said(body: DecisionIn, question: Question, context: Context) -> dict[str, Any]:
    return {
        **body.model_dump(include=_AS_SAID),
        "class_set_version": context.class_set_version,
        "work": question.work,
        "queue_item_id": question.item_id,
        "cycle_id": question.cycle_id,
        "late": question.late,
        "comment": body.comment or None,
    }


def _payload(body: DecisionIn) -> str:
    """What the key stands for. What was sent before there was `suggestion_shown` stays the same when it is repeated."""
    return body.model_dump_json(exclude=None if body.suggestion_shown else {"suggestion_shown"})


def unknown_class() -> ProblemError:
    """The class of a decision is not in the project's class set."""
    return invalid("unknown-class", "No such class", "This class is not in the project's class set; reload the page.")
