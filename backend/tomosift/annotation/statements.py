"""The SQL of decisions and of what they add up to, where it is more than a line."""

# ruff: noqa: S608 - what is put together here are constants of this file; values are bound parameters

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from tomosift.annotation.queue_statements import OUTDATED
from tomosift.kit.driver_statements import DriverStatement

PROGRESS_EVALUATION = text("""
    SELECT e.half, count(*) AS size, count(l.subtomogram_id) FILTER (WHERE l.kind <> 'skip') AS labeled
    FROM evaluation_item e LEFT JOIN current_label l ON l.subtomogram_id = e.subtomogram_id
    WHERE e.project_id = :project
    GROUP BY e.half
""")

# The item a decision is about, and the event that its key stored before. Locks in this order everywhere: subtomogram,
# all its open queue items (its author is noted on each), lease. A claim holds an item when it asks whether its user has
# a lease on the subtomogram; were that lease ended before the items are locked, each would wait for the other.
DECISION_CONTEXT = DriverStatement("""
    SELECT p.class_set_version, p.settings AS project_settings, e.subtomogram_id IS NOT NULL AS in_evaluation,
           c.id IS NOT NULL AS class_is_known,
           k.id AS earlier_id, k.payload_hash AS earlier_hash, k.response AS earlier_response,
           pg_advisory_xact_lock_shared(hashtextextended(:snapshot_lock, 0))::text AS snapshot_lock
    FROM subtomogram s
    JOIN project p ON p.id = s.project_id
    LEFT JOIN evaluation_item e ON e.subtomogram_id = s.id
    LEFT JOIN particle_class c ON c.id = :class_id AND c.project_id = s.project_id AND c.retired_in_version IS NULL
    LEFT JOIN label_event k ON k.project_id = :project AND k.user_id = :user AND k.idempotency_key = :key
    WHERE s.id = :subtomogram AND s.project_id = :project
    FOR NO KEY UPDATE OF s
""")

# Has this user answered a question about the subtomogram before, in time? Then another one wants somebody else's word.
_ANSWERED_BEFORE = """
    EXISTS (
        SELECT 1 FROM label_event e
        WHERE e.subtomogram_id = q.subtomogram_id AND e.user_id = :user AND NOT e.late
          AND e.kind NOT IN ('undo', 'comment', 'skip')
          AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
          AND NOT EXISTS (
              SELECT 1 FROM particle_class c WHERE c.id = e.class_id AND e.class_set_version < c.asked_anew_in_version
          )
    )
"""

# The item behind the asker's lease, and the lease as it is now: both locked, so both are shown as they are. Events
# about a subtomogram are written under its lock, so whether there are any is sharp too.
LOCK_LEASED_ITEM = DriverStatement(f"""
    WITH asked AS MATERIALIZED (
        SELECT id FROM queue_item WHERE subtomogram_id = :subtomogram AND state = 'open' ORDER BY id FOR UPDATE
    )
    SELECT q.id, q.state, q.work, q.cycle_id, l.ended_at IS NULL AS lease_is_live,
           EXISTS (SELECT 1 FROM label_event e WHERE e.subtomogram_id = q.subtomogram_id) AS spoken_of,
           q.work NOT IN ('label-error', 'adjudication') AND {_ANSWERED_BEFORE} AS answered_before
    FROM lease l JOIN queue_item q ON q.id = l.queue_item_id
    WHERE (SELECT count(*) FROM asked) >= 0
      AND l.id = :lease AND l.project_id = :project AND l.user_id = :user AND l.subtomogram_id = :subtomogram
    FOR UPDATE OF q, l
""")

# The open questions about a subtomogram that a free choice can answer, and (in a statement of its own, after the locks)
# those that somebody holds.
LOCK_OPEN_ITEMS = text(f"""
    WITH asked AS MATERIALIZED (
        SELECT id, cycle_id, work, slot, subtomogram_id FROM queue_item
        WHERE project_id = :project AND subtomogram_id = :subtomogram AND state = 'open'
        ORDER BY id FOR UPDATE
    )
    SELECT q.id, q.cycle_id, {_ANSWERED_BEFORE} AS answered_before
    FROM asked q WHERE q.work IN ('query', 'recheck') ORDER BY q.slot
""")
HOLDERS_OF_ITEMS = text("""
    SELECT l.queue_item_id, l.user_id = :user AS is_own FROM lease l
    WHERE l.queue_item_id = ANY(:items) AND l.ended_at IS NULL AND l.expires_at > now()
""")

# A skipped item goes behind all others, unless its batch has been replaced.
SKIP_ITEM = text(f"""
    UPDATE queue_item q
    SET position = (
            SELECT max(o.position) + 1 FROM queue_item o WHERE o.project_id = :project AND o.state = 'open'
        ),
        state = CASE WHEN {OUTDATED} THEN 'superseded' ELSE 'open' END,
        closed_at = CASE WHEN {OUTDATED} THEN now() END
    WHERE q.id = :item
""")

_END_OWN_LEASE = """
    UPDATE lease SET ended_at = now(), outcome = 'decided'
    WHERE queue_item_id = :queue_item_id AND user_id = :user_id AND ended_at IS NULL
"""
END_OWN_LEASE = text(_END_OWN_LEASE)

_EVENT_COLUMNS = (
    "project_id",
    "subtomogram_id",
    "user_id",
    "kind",
    "class_id",
    "class_set_version",
    "work",
    "queue_item_id",
    "lease_id",
    "cycle_id",
    "undoes_event_id",
    "late",
    "duration_ms",
    "comment",
    "confidence",
    "suggestion_shown",
    "bulk_id",
    "idempotency_key",
    "payload_hash",
    "response",
    "decided_at",
)
_APPEND_EVENT = f"""
    INSERT INTO label_event ({", ".join(_EVENT_COLUMNS)})
    VALUES ({", ".join(f":{name}" for name in _EVENT_COLUMNS)})
    RETURNING id
"""
APPEND_EVENT = text(_APPEND_EVENT).bindparams(bindparam("response", type_=JSONB))

# One row a subtomogram: what counts now.
_STORE_LABEL = """
    INSERT INTO current_label AS l (
        subtomogram_id, project_id, kind, class_id, rule, event_id, opinion_count, agreement, is_disputed
    )
    SELECT :subtomogram_id, :project_id, :label_kind, CAST(:label_class_id AS uuid), :label_rule, {event_id},
           :label_opinion_count, CAST(:label_agreement AS real), :label_is_disputed
    {source}
    ON CONFLICT (subtomogram_id) DO UPDATE
    SET kind = excluded.kind, class_id = excluded.class_id, rule = excluded.rule, event_id = excluded.event_id,
        opinion_count = excluded.opinion_count, agreement = excluded.agreement, confidence = NULL,
        is_disputed = excluded.is_disputed, updated_at = now()
"""
_OF_THIS_EVENT = _STORE_LABEL.format(
    event_id="coalesce(CAST(:label_event_id AS bigint), event.id)", source="FROM event"
)
STORE_LABEL = text(_STORE_LABEL.format(event_id=":label_event_id", source=""))

# A decision writes all it has to write in one go: its event, the end of the lease, its question, the label (which rests
# on this event unless it names another one).
WRITE_DECISION = DriverStatement(f"""
    WITH event AS ({_APPEND_EVENT}),
    ended AS ({_END_OWN_LEASE}),
    closed AS (
        UPDATE queue_item SET state = 'done', closed_at = now() WHERE id = :queue_item_id AND :closes_question
    ),
    stored AS ({_OF_THIS_EVENT})
    SELECT id FROM event
""")

# An undone decision asks its question again, unless the same question is open in another row.
REOPEN_ITEM = text("""
    UPDATE queue_item q SET state = 'open', closed_at = NULL
    WHERE q.id = :item AND q.state <> 'open' AND NOT EXISTS (
        SELECT 1 FROM queue_item o
        WHERE o.project_id = q.project_id AND o.subtomogram_id = q.subtomogram_id AND o.slot = q.slot
          AND o.state = 'open'
    )
""")
