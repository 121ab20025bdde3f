"""One decision on many subtomograms: a transaction, a key, and an event for each."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.annotation.bulk_schemas import BulkDecisionIn, BulkDecisionOut, BulkUndoOut
from tomosift.annotation.decisions import unknown_class
from tomosift.annotation.label_events import event_with_key, hash_payload, written_once
from tomosift.annotation.queue import Asker
from tomosift.annotation.statements import HOLDERS_OF_ITEMS
from tomosift.kit.job_control import announce
from tomosift.kit.label_jobs import ask_for_model_labels
from tomosift.kit.label_rule import MODEL_RULES, LabelRule, rule_of
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.standing_labels import drop_unspoken_labels, snapshot_lock, store_labels
from tomosift.tables import EvaluationItem, LabelEvent, ParticleClass, Project, Subtomogram

_SNAPSHOT_LOCK = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")

# The open questions about each that a free choice can answer. Locks as everywhere: subtomograms, queue items, leases.
_LOCK_QUESTIONS = text("""
    WITH asked AS MATERIALIZED (
        SELECT id, subtomogram_id, work, slot FROM queue_item
        WHERE project_id = :project AND subtomogram_id = ANY(:ids) AND state = 'open'
        ORDER BY subtomogram_id, id FOR UPDATE
    )
    SELECT id, subtomogram_id FROM asked WHERE work IN ('query', 'recheck') ORDER BY subtomogram_id, slot
""")
# Whoever has an opinion already changes it; they answer no further question about the same thing.
_ANSWERED = text("""
    SELECT DISTINCT e.subtomogram_id FROM label_event e
    WHERE e.subtomogram_id = ANY(:ids) AND e.user_id = :user AND NOT e.late
      AND e.kind NOT IN ('undo', 'comment', 'skip')
      AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
""")
# The first event carries the request's key and answer; no client can send a key like those of the others.
_APPEND = text("""
    INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_id, class_set_version, work,
                             queue_item_id, cycle_id, duration_ms, confidence, comment, decided_at, bulk_id,
                             idempotency_key, payload_hash, response)
    SELECT :project, i.subtomogram_id, :user, :kind, CAST(:class_id AS uuid), :version, 'choice', i.item_id, q.cycle_id,
           CAST(:duration_ms AS int), CAST(:confidence AS smallint), CAST(:comment AS text),
           CAST(:decided_at AS timestamptz), :bulk, :key || CASE WHEN i.place = 1 THEN '' ELSE '/' || i.place END,
           :payload_hash, CASE WHEN i.place = 1 THEN CAST(:response AS jsonb) ELSE '{}' END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:items AS bigint[])) WITH ORDINALITY AS i (subtomogram_id, item_id, place)
    LEFT JOIN queue_item q ON q.id = i.item_id
    ORDER BY i.place
""")
_CLOSE_QUESTIONS = text("""
    WITH ended AS (
        UPDATE lease SET ended_at = now(), outcome = 'decided'
        WHERE queue_item_id = ANY(:items) AND user_id = :user AND ended_at IS NULL
    )
    UPDATE queue_item SET state = 'done', closed_at = now() WHERE id = ANY(:items)
""")
_STANDING_OF_BULK = text("""
    SELECT e.id, e.subtomogram_id FROM label_event e
    WHERE e.bulk_id = :bulk AND e.project_id = :project AND e.user_id = :user AND e.kind <> 'undo'
      AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
    ORDER BY e.subtomogram_id
""")
_APPEND_UNDO = text("""
    INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_set_version, work, queue_item_id,
                             cycle_id, undoes_event_id, bulk_id, idempotency_key, payload_hash, response)
    SELECT :project, e.subtomogram_id, :user, 'undo', :version, e.work, e.queue_item_id, e.cycle_id, e.id, e.bulk_id,
           :key || CASE WHEN i.place = 1 THEN '' ELSE '/' || i.place END, :payload_hash,
           CASE WHEN i.place = 1 THEN CAST(:response AS jsonb) ELSE '{}' END
    FROM unnest(CAST(:events AS bigint[])) WITH ORDINALITY AS i (event_id, place)
    JOIN label_event e ON e.id = i.event_id
    ORDER BY i.place
""")
# Their questions are asked again, unless the same question is open in another row.
_REOPEN_QUESTIONS = text("""
    UPDATE queue_item q SET state = 'open', closed_at = NULL
    WHERE q.id IN (SELECT e.queue_item_id FROM label_event e WHERE e.id = ANY(:events)) AND q.state = 'done'
      AND NOT EXISTS (
          SELECT 1 FROM queue_item o WHERE o.project_id = q.project_id AND o.subtomogram_id = q.subtomogram_id
             AND o.slot = q.slot AND o.state = 'open'
      )
""")


@dataclass(frozen=True)
class _Answered:
    """Subtomograms to write an event about, each with the question it answers, if any; and those to leave out."""

    ids: list[int]
    items: list[int | None]
    held: list[int]


def record_bulk_decision(asker: Asker, body: BulkDecisionIn, key: str) -> tuple[BulkDecisionOut, bool]:
    """Store one decision on many subtomograms, all or none of it; True when new, False when this key did it before.

    What others hold is left out and listed: one open item elsewhere spoils no selection. Raises ProblemError: 404 for
    subtomograms that are not there, 409 `key-reused`, `evaluation-only-by-queue`, 422 unknown class.
    """
    return written_once(lambda session: _record(session, asker, body, key))


def undo_bulk_decision(asker: Asker, bulk_id: uuid.UUID, key: str) -> tuple[BulkUndoOut, bool]:
    """Take back what still stands of the asker's bulk decision; True when new, False when this key did it before.

    Raises ProblemError: 404 not the asker's, 409 `already-undone`, `key-reused`.
    """
    return written_once(lambda session: _undo(session, asker, bulk_id, key))


def _record(session: Session, asker: Asker, body: BulkDecisionIn, key: str) -> tuple[BulkDecisionOut, bool]:
    ids = sorted(body.subtomogram_ids)
    project = _lock(session, asker, ids)
    payload_hash = hash_payload(body.model_dump_json())
    earlier = event_with_key(session, asker, key, payload_hash)
    if earlier is not None:
        return BulkDecisionOut.model_validate(earlier.response), False
    _check(session, asker, body)
    answered = _questions(session, asker, ids)
    answer = BulkDecisionOut(bulk_id=uuid.uuid4(), decided=len(answered.ids), held_by_others=answered.held)
    if not answered.ids:
        return answer, True
    session.execute(
        _APPEND,
        asker.values(
            **body.model_dump(include={"kind", "class_id", "confidence", "decided_at"}),
            version=project.class_set_version,
            duration_ms=None if body.duration_ms is None else body.duration_ms // len(ids),
            comment=body.comment or None,
            bulk=answer.bulk_id,
            key=key,
            payload_hash=payload_hash,
            response=answer.model_dump_json(),
            ids=answered.ids,
            items=answered.items,
        ),
    )
    session.execute(_CLOSE_QUESTIONS, asker.values(items=[each for each in answered.items if each is not None]))
    _derive(session, asker, answered.ids, rule_of(project.settings))
    return answer, True


def _undo(session: Session, asker: Asker, bulk_id: uuid.UUID, key: str) -> tuple[BulkUndoOut, bool]:
    about = select(LabelEvent.subtomogram_id).where(
        LabelEvent.bulk_id == bulk_id, LabelEvent.project_id == asker.project_id, LabelEvent.user_id == asker.user_id
    )
    ids = sorted(set(session.scalars(about)))
    if not ids:
        raise not_found("bulk decision of yours")
    project = _lock(session, asker, ids)
    payload_hash = hash_payload(f"undo {bulk_id}")
    earlier = event_with_key(session, asker, key, payload_hash)
    if earlier is not None:
        return BulkUndoOut.model_validate(earlier.response), False
    standing = session.execute(_STANDING_OF_BULK, asker.values(bulk=bulk_id)).all()
    if not standing:
        raise conflict("already-undone", "Undone already", "These decisions were taken back before; nothing changed.")
    answer = BulkUndoOut(undone=len(standing))
    events = [row.id for row in standing]
    session.execute(
        _APPEND_UNDO,
        asker.values(
            version=project.class_set_version,
            key=key,
            payload_hash=payload_hash,
            response=answer.model_dump_json(),
            events=events,
        ),
    )
    session.execute(_REOPEN_QUESTIONS, {"events": events})
    _derive(session, asker, [row.subtomogram_id for row in standing], rule_of(project.settings))
    return answer, True


def _lock(session: Session, asker: Asker, ids: Sequence[int]) -> Project:
    """Take the locks under which events and labels change together; 404 where one is not in the project."""
    session.execute(_SNAPSHOT_LOCK, {"name": snapshot_lock(asker.project_id)})
    locked = session.scalars(
        select(Subtomogram.id)
        .where(Subtomogram.project_id == asker.project_id, Subtomogram.id.in_(ids))
        .order_by(Subtomogram.id)
        .with_for_update(key_share=True)
    ).all()
    if len(locked) < len(ids):
        raise not_found("subtomogram" if len(ids) == 1 else f"subtomogram for {len(ids) - len(locked)} of the ids")
    return session.get_one(Project, asker.project_id)


def _check(session: Session, asker: Asker, body: BulkDecisionIn) -> None:
    sample = session.scalars(
        select(EvaluationItem.subtomogram_id).where(EvaluationItem.subtomogram_id.in_(body.subtomogram_ids))
    ).all()
    if sample:
        count = f"{len(sample)} of these belong" if len(sample) > 1 else "One of these belongs"
        raise conflict(
            "evaluation-only-by-queue",
            f"{count} to the evaluation sample",
            "Nothing was stored. They are decided blind, one at a time, when the queue asks for them; leave them out.",
            evaluation_items=len(sample),
            subtomogram_ids=sorted(sample),
        )
    known = select(ParticleClass.id).where(
        ParticleClass.id == body.class_id,
        ParticleClass.project_id == asker.project_id,
        ParticleClass.retired_in_version.is_(None),
    )
    if body.class_id is not None and session.scalar(known) is None:
        raise unknown_class()


def _questions(session: Session, asker: Asker, ids: list[int]) -> _Answered:
    """Which open question each decision answers: the asker's own, or the first that nobody holds."""
    rows = session.execute(_LOCK_QUESTIONS, asker.values(ids=ids)).all()
    holders = session.execute(HOLDERS_OF_ITEMS, {"user": asker.user_id, "items": [row.id for row in rows]})
    is_own = {row.queue_item_id: row.is_own for row in holders}
    free: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: not is_own.get(row.id)):
        if is_own.get(row.id, True):
            free.setdefault(row.subtomogram_id, row.id)
    answered = set(session.scalars(_ANSWERED, asker.values(ids=ids)))
    held = {row.subtomogram_id for row in rows} - set(free) - answered
    kept = [each for each in ids if each not in held]
    return _Answered(kept, [None if each in answered else free.get(each) for each in kept], sorted(held))


def _derive(session: Session, asker: Asker, ids: list[int], rule: LabelRule) -> None:
    chosen = select(Subtomogram.id).where(Subtomogram.id.in_(ids))
    store_labels(session, asker.project_id, chosen, rule)
    drop_unspoken_labels(session, chosen)
    if rule in MODEL_RULES:
        ask_for_model_labels(session, asker.project_id)
    announce(session, asker.project_id, "decision")
