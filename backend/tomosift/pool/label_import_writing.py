"""Writing imported labels and taking them back, a part at a time: events, the labels they make, and the queue.

Locks in the order that decisions take them: the snapshot lock (shared), subtomograms, queue items.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, column, select, table, text
from sqlalchemy.orm import Session

from tomosift.kit.label_jobs import ask_for_model_labels
from tomosift.kit.label_rule import MODEL_RULES, rule_of
from tomosift.kit.standing_labels import drop_unspoken_labels, snapshot_lock, store_labels
from tomosift.tables import Project

# What an importer said before is not said again; what it says otherwise now is its newer opinion.
_APPEND = text("""
    INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_id, class_set_version, work,
                             idempotency_key, payload_hash, response)
    SELECT :project, t.subtomogram_id, :importer, t.kind, t.class_id, :version, :work, :job || '/' || t.subtomogram_id,
           substring(sha256(convert_to(t.kind || coalesce(t.class_id::text, ''), 'UTF8')) FOR 16), '{}'
    FROM label_target t
    LEFT JOIN LATERAL (
        SELECT e.kind, e.class_id FROM label_event e
        WHERE e.subtomogram_id = t.subtomogram_id AND e.user_id = :importer AND e.kind <> 'undo'
          AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
        ORDER BY e.id DESC LIMIT 1
    ) said ON true
    WHERE t.subtomogram_id BETWEEN :first AND :last
      AND (said.kind, said.class_id) IS DISTINCT FROM (t.kind, t.class_id)
    ORDER BY t.subtomogram_id
""")

# A question somebody has before them stays theirs.
_CLOSE_QUESTIONS = text("""
    UPDATE queue_item q SET state = 'superseded', closed_at = now()
    WHERE q.project_id = :project AND q.state = 'open' AND q.work = :question
      AND q.subtomogram_id BETWEEN :first AND :last
      AND EXISTS (SELECT 1 FROM label_target t WHERE t.subtomogram_id = q.subtomogram_id)
      AND EXISTS (SELECT 1 FROM current_label l WHERE l.subtomogram_id = q.subtomogram_id AND l.kind <> 'skip')
      AND NOT EXISTS (
          SELECT 1 FROM lease l WHERE l.queue_item_id = q.id AND l.ended_at IS NULL AND l.expires_at > now()
      )
""")

_PREDICT = text("""
    UPDATE subtomogram s SET predicted_class_id = t.class_id, predicted_confidence = nullif(t.confidence, 'NaN')
    FROM label_target t
    WHERE s.id = t.subtomogram_id AND t.subtomogram_id BETWEEN :first AND :last
      AND (s.predicted_class_id, s.predicted_confidence)
          IS DISTINCT FROM (t.class_id, nullif(t.confidence, 'NaN'))
""")

_LOCK_PARTICLES = text("""
    SELECT count(*) FROM (
        SELECT s.id FROM subtomogram s JOIN label_target t ON t.subtomogram_id = s.id
        WHERE t.subtomogram_id BETWEEN :first AND :last
        ORDER BY s.id FOR NO KEY UPDATE OF s
    ) locked
""")

_WRITTEN = text("""
    SELECT e.kind, c.name, count(*) FROM label_event e LEFT JOIN particle_class c ON c.id = e.class_id
    WHERE e.project_id = :project AND e.user_id = :importer AND left(e.idempotency_key, 37) = :job || '/'
    GROUP BY e.kind, c.name
""")

# The target of an undo: every event of the import that still stands.
_STAGE_UNDO = text("""
    INSERT INTO label_target (subtomogram_id, event_id)
    SELECT e.subtomogram_id, e.id FROM label_event e
    WHERE e.project_id = :project AND e.user_id = :importer AND left(e.idempotency_key, 37) = :job || '/'
      AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
""")
_APPEND_UNDO = text("""
    INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_set_version, work, undoes_event_id,
                             idempotency_key, payload_hash, response)
    SELECT :project, e.subtomogram_id, e.user_id, 'undo', :version, e.work, e.id, 'undo/' || e.id,
           substring(sha256(convert_to('undo ' || e.id, 'UTF8')) FOR 16), '{}'
    FROM label_target t JOIN label_event e ON e.id = t.event_id
    WHERE t.subtomogram_id BETWEEN :first AND :last
      AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
    ORDER BY e.id
""")
# The import had closed these questions; they are asked again where nobody has answered meanwhile.
_REOPEN_QUESTIONS = text("""
    UPDATE queue_item q SET state = 'open', closed_at = NULL
    WHERE q.id IN (
        SELECT max(c.id) FROM queue_item c JOIN label_target t ON t.subtomogram_id = c.subtomogram_id
        WHERE c.project_id = :project AND c.state = 'superseded' AND t.subtomogram_id BETWEEN :first AND :last
          AND (c.work = 'evaluation' OR c.batch = (
              SELECT max(b.batch) FROM queue_item b WHERE b.project_id = :project AND b.work = 'query'))
          AND NOT EXISTS (SELECT 1 FROM current_label l WHERE l.subtomogram_id = c.subtomogram_id)
          AND NOT EXISTS (SELECT 1 FROM queue_item o WHERE o.project_id = c.project_id AND o.state = 'open'
                            AND o.subtomogram_id = c.subtomogram_id)
        GROUP BY c.subtomogram_id, c.slot
    )
""")


@dataclass(frozen=True)
class Importer:
    """In whose name events are written, by which job, for which work."""

    project_id: uuid.UUID
    user_id: uuid.UUID
    job_id: uuid.UUID
    work: str

    @property
    def question(self) -> str:
        """The kind of question that these labels answer."""
        return "evaluation" if self.work == "evaluation" else "query"


def write_labels(session: Session, importer: Importer, first: int, last: int) -> None:
    """Write the targets with ids from `first` to `last` as events; derive the labels; close answered questions."""
    _lock(session, importer, first, last)
    project = session.get_one(Project, importer.project_id)
    values = {**_values(importer, first, last), "version": project.class_set_version, "work": importer.work}
    if not session.execute(_APPEND, values).rowcount:  # type: ignore[attr-defined]  # of an INSERT
        return
    _derive(session, project, first, last)
    session.execute(
        _CLOSE_QUESTIONS,
        {"project": importer.project_id, "question": importer.question, "first": first, "last": last},
    )


def write_predictions(session: Session, first: int, last: int) -> None:
    """Store the targets with ids from `first` to `last` as predictions."""
    session.execute(_PREDICT, {"first": first, "last": last})


def written_counts(session: Session, importer: Importer) -> dict[str, int]:
    """How many events the job has written, by the class's name, `junk` or `unsure`."""
    rows = session.execute(
        _WRITTEN,
        {"project": importer.project_id, "importer": importer.user_id, "job": str(importer.job_id)},
    )
    return {str(name or kind): int(count) for kind, name, count in rows}


def stage_undo(session: Session, importer: Importer) -> None:
    """Make the targets those whose event of the importer's job stands."""
    session.execute(text("ALTER TABLE label_target ADD COLUMN event_id bigint"))
    session.execute(
        _STAGE_UNDO, {"project": importer.project_id, "importer": importer.user_id, "job": str(importer.job_id)}
    )
    session.execute(text("ANALYZE label_target"))


def take_back(session: Session, importer: Importer, first: int, last: int) -> int:
    """Append the undo events of a part, derive the labels anew, ask again; returns how many were taken back."""
    _lock(session, importer, first, last)
    project = session.get_one(Project, importer.project_id)
    done = session.execute(
        _APPEND_UNDO, {"project": project.id, "version": project.class_set_version, "first": first, "last": last}
    )
    _derive(session, project, first, last)
    drop_unspoken_labels(session, _targets(first, last))
    session.execute(_REOPEN_QUESTIONS, {"project": importer.project_id, "first": first, "last": last})
    return int(done.rowcount)  # type: ignore[attr-defined]  # of an INSERT


def _derive(session: Session, project: Project, first: int, last: int) -> None:
    rule = rule_of(project.settings)
    store_labels(session, project.id, _targets(first, last), rule)
    if rule in MODEL_RULES:
        ask_for_model_labels(session, project.id)


def _lock(session: Session, importer: Importer, first: int, last: int) -> None:
    # Statistics are old while a table grows by a million rows: a table that was small would be read whole, again and
    # again.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    session.execute(
        text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))"),
        {"name": snapshot_lock(importer.project_id)},
    )
    session.execute(_LOCK_PARTICLES, {"first": first, "last": last})


def _targets(first: int, last: int) -> "Select[tuple[int]]":
    targets = table("label_target", column("subtomogram_id"))
    return select(targets.c.subtomogram_id).where(
        targets.c.subtomogram_id.between(bindparam(None, first), bindparam(None, last))
    )


def _values(importer: Importer, first: int, last: int) -> dict[str, object]:
    return {
        "project": importer.project_id,
        "importer": importer.user_id,
        "job": str(importer.job_id),
        "first": first,
        "last": last,
    }
