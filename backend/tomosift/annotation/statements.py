"""The queue's SQL, where it is more than a line."""

# ruff: noqa: S608 - what is put together here are constants of this file; values are bound parameters

from sqlalchemy import text

# `q` is a queue item: has this user an opinion on its subtomogram that stands? A skip counts: nobody is asked twice.
_ANSWERED = """
    EXISTS (
        SELECT 1 FROM label_event e
        WHERE e.subtomogram_id = q.subtomogram_id AND e.user_id = :user AND e.kind NOT IN ('undo', 'comment')
          AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
    )
"""

# A question of a batch that a newer one has replaced; it leaves the queue when its last lease ends (kit/lease_ends.py).
_OUTDATED = """
    (q.work = 'query' AND q.batch < (
        SELECT max(b.batch) FROM queue_item b WHERE b.project_id = :project AND b.work = 'query'
    ))
"""

# One statement claims: it locks free items in queue order (SKIP LOCKED: claimers never wait for each other), ends their
# expired leases, and gives new ones. A claimer whose snapshot is older than another's commit may still see an item as
# free; the unique index on live leases then turns its row away (ON CONFLICT), `wanted` says so, and the caller repeats.
# The subquery on `ended` makes the old leases end before the new ones are inserted.
CLAIM = text(f"""
    WITH candidate AS (
        SELECT q.id, q.subtomogram_id
        FROM queue_item q
        WHERE q.project_id = :project AND q.state = 'open'
          AND NOT EXISTS (
              SELECT 1 FROM lease l WHERE l.queue_item_id = q.id AND l.ended_at IS NULL AND l.expires_at > now()
          )
          AND NOT EXISTS (
              SELECT 1 FROM lease l
              WHERE l.subtomogram_id = q.subtomogram_id AND l.user_id = :user
                AND l.ended_at IS NULL AND l.expires_at > now()
          )
          AND NOT {_ANSWERED}
          AND NOT {_OUTDATED}
        ORDER BY q.priority DESC, q.position, q.id
        LIMIT :count
        FOR UPDATE OF q SKIP LOCKED
    ), ended AS (
        UPDATE lease SET ended_at = now(), outcome = 'expired'
        WHERE id IN (
            SELECT l.id FROM lease l JOIN candidate c
              ON l.queue_item_id = c.id OR (l.user_id = :user AND l.subtomogram_id = c.subtomogram_id)
            WHERE l.ended_at IS NULL AND l.expires_at <= now()
            FOR UPDATE OF l SKIP LOCKED
        )
        RETURNING 1
    ), given AS (
        INSERT INTO lease (project_id, queue_item_id, subtomogram_id, user_id, expires_at)
        SELECT :project, c.id, c.subtomogram_id, :user, now() + make_interval(secs => :seconds)
        FROM candidate c
        WHERE (SELECT count(*) FROM ended) >= 0
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT (SELECT count(*) FROM candidate) AS wanted, (SELECT array_agg(id) FROM given) AS leases
""")

# What this user holds and may go on with. Picks a newer batch has replaced are left to run out: a page that opens anew
# shows the new ones.
RENEW_OWN = text(f"""
    UPDATE lease SET expires_at = now() + make_interval(secs => :seconds)
    WHERE id IN (
        SELECT l.id FROM lease l JOIN queue_item q ON q.id = l.queue_item_id
        WHERE l.project_id = :project AND l.user_id = :user AND l.ended_at IS NULL AND l.expires_at > now()
          AND q.state = 'open' AND NOT {_OUTDATED}
        ORDER BY q.priority DESC, q.position, q.id
        LIMIT :count
    )
    RETURNING id
""")

TASKS = text("""
    SELECT l.id AS lease_id, l.expires_at, q.work, q.rank, q.score, q.reason, c.number AS cycle_number,
           s.id AS subtomogram_id, s.name, s.tomogram, s.source_row, s.content_hash,
           o.box_size, o.voxel_size_angstrom,
           (SELECT count(*) FROM queue_item b
             WHERE b.project_id = q.project_id AND b.batch = q.batch AND b.work = 'query') AS batch_size
    FROM lease l
    JOIN queue_item q ON q.id = l.queue_item_id
    JOIN subtomogram s ON s.id = l.subtomogram_id
    JOIN source o ON o.id = s.source_id
    LEFT JOIN cycle c ON c.id = q.cycle_id
    WHERE l.id = ANY(:leases)
    ORDER BY q.priority DESC, q.position, q.id
""")

# `:decided` is a subtomogram this user is deciding just now (0: none): its event is not written yet.
STATUS = text(f"""
    WITH newest AS (
        SELECT max(batch) AS batch FROM queue_item WHERE project_id = :project AND work = 'query'
    ), mine AS (
        SELECT q.work FROM queue_item q
        WHERE q.project_id = :project AND q.state = 'open' AND q.subtomogram_id <> :decided
          AND NOT {_ANSWERED} AND NOT {_OUTDATED}
    )
    SELECT (SELECT count(*) FROM mine WHERE work <> 'evaluation') AS open_query,
           (SELECT count(*) FROM mine WHERE work = 'evaluation') AS open_evaluation,
           (SELECT count(*) FROM lease l
             WHERE l.project_id = :project AND l.user_id <> :user AND l.ended_at IS NULL AND l.expires_at > now()
           ) AS leased_by_others,
           (SELECT batch FROM newest) AS batch,
           (SELECT count(*) FROM queue_item q
             WHERE q.project_id = :project AND q.batch = (SELECT batch FROM newest)
               AND q.work = 'query' AND q.state <> 'superseded') AS batch_total,
           (SELECT count(*) FROM queue_item q
             WHERE q.project_id = :project AND q.batch = (SELECT batch FROM newest)
               AND q.work = 'query' AND q.state = 'done') AS batch_done
""")

# What stands between this user and the next item: items others hold, items the user holds, items free for the user.
HOLDERS = text(f"""
    SELECT count(*) FILTER (WHERE l.user_id <> :user) AS others,
           count(*) FILTER (WHERE l.user_id = :user) AS own,
           count(*) FILTER (WHERE l.id IS NULL) AS free,
           extract(epoch FROM min(l.expires_at) - now()) AS seconds_to_first
    FROM queue_item q
    LEFT JOIN lease l ON l.queue_item_id = q.id AND l.ended_at IS NULL AND l.expires_at > now()
    WHERE q.project_id = :project AND q.state = 'open' AND NOT {_ANSWERED} AND NOT {_OUTDATED}
""")

# Nobody has said anything that stands, no open question, not in the evaluation sample.
_UNTOUCHED = """
    s.project_id = :project
    AND NOT EXISTS (SELECT 1 FROM current_label l WHERE l.subtomogram_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = s.id)
    AND NOT EXISTS (
        SELECT 1 FROM queue_item q WHERE q.project_id = :project AND q.subtomogram_id = s.id AND q.state = 'open'
    )
"""
ANY_UNTOUCHED = text(f"SELECT EXISTS (SELECT 1 FROM subtomogram s WHERE {_UNTOUCHED})")
RANDOM_UNTOUCHED = text(f"SELECT s.id FROM subtomogram s WHERE {_UNTOUCHED} ORDER BY random() LIMIT :count")

PROGRESS_LABELS = text("""
    SELECT l.kind, l.class_id, count(*) AS labels
    FROM current_label l
    WHERE l.project_id = :project
      AND NOT EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = l.subtomogram_id)
    GROUP BY l.kind, l.class_id
""")

PROGRESS_EVALUATION = text("""
    SELECT e.half, count(*) AS size, count(l.subtomogram_id) FILTER (WHERE l.kind <> 'skip') AS labeled
    FROM evaluation_item e LEFT JOIN current_label l ON l.subtomogram_id = e.subtomogram_id
    WHERE e.project_id = :project
    GROUP BY e.half
""")

# The item a decision is about. Locks in this order everywhere: subtomogram, queue item, lease.
DECISION_CONTEXT = text("""
    SELECT p.class_set_version, p.settings AS project_settings, e.subtomogram_id IS NOT NULL AS in_evaluation,
           c.id IS NOT NULL AS class_is_known,
           pg_advisory_xact_lock_shared(hashtextextended(:snapshot_lock, 0))::text AS snapshot_lock
    FROM subtomogram s
    JOIN project p ON p.id = s.project_id
    LEFT JOIN evaluation_item e ON e.subtomogram_id = s.id
    LEFT JOIN particle_class c ON c.id = :class_id AND c.project_id = s.project_id AND c.retired_in_version IS NULL
    WHERE s.id = :subtomogram AND s.project_id = :project
    FOR NO KEY UPDATE OF s
""")

# What has become of the asker's lease on a locked item, and whether somebody else has the item now.
LEASE_STANDING = text("""
    SELECT l.ended_at IS NULL AS is_live,
           EXISTS (
               SELECT 1 FROM lease o
               WHERE o.queue_item_id = l.queue_item_id AND o.user_id <> l.user_id
                 AND o.ended_at IS NULL AND o.expires_at > now()
           ) AS held_by_another
    FROM lease l WHERE l.id = :lease
""")

# The item behind the asker's lease, whatever has become of the lease.
LOCK_LEASED_ITEM = text("""
    SELECT q.id, q.state, q.work, q.cycle_id
    FROM lease l JOIN queue_item q ON q.id = l.queue_item_id
    WHERE l.id = :lease AND l.project_id = :project AND l.user_id = :user AND l.subtomogram_id = :subtomogram
    FOR UPDATE OF q
""")

# The open questions about a subtomogram, and (in a statement of its own, after the locks) whether one is taken.
LOCK_OPEN_ITEM = text("""
    SELECT q.id, q.cycle_id FROM queue_item q
    WHERE q.project_id = :project AND q.subtomogram_id = :subtomogram AND q.state = 'open'
    ORDER BY q.slot
    FOR UPDATE
""")
HELD_BY_ANOTHER = text("""
    SELECT EXISTS (
        SELECT 1 FROM queue_item q JOIN lease l ON l.queue_item_id = q.id
        WHERE q.project_id = :project AND q.subtomogram_id = :subtomogram AND q.state = 'open'
          AND l.ended_at IS NULL AND l.expires_at > now() AND l.user_id <> :user
    )
""")

# A skipped item goes behind all others, unless its batch has been replaced.
SKIP_ITEM = text(f"""
    UPDATE queue_item q
    SET position = (
            SELECT max(o.position) + 1 FROM queue_item o WHERE o.project_id = :project AND o.state = 'open'
        ),
        state = CASE WHEN {_OUTDATED} THEN 'superseded' ELSE 'open' END,
        closed_at = CASE WHEN {_OUTDATED} THEN now() END
    WHERE q.id = :item
""")

END_OWN_LEASE = text("""
    WITH ended AS (
        UPDATE lease SET ended_at = now(), outcome = 'decided'
        WHERE queue_item_id = :item AND user_id = :user AND ended_at IS NULL
    )
    UPDATE queue_item SET state = 'done', closed_at = now() WHERE id = :item AND :close
""")

# One row a subtomogram: what counts now.
STORE_LABEL = text("""
    INSERT INTO current_label AS l (
        subtomogram_id, project_id, kind, class_id, rule, event_id, opinion_count, agreement, is_disputed
    ) VALUES (
        :subtomogram, :project, :kind, :class_id, :rule, :event_id, :opinion_count, :agreement, :is_disputed
    )
    ON CONFLICT (subtomogram_id) DO UPDATE
    SET kind = excluded.kind, class_id = excluded.class_id, rule = excluded.rule, event_id = excluded.event_id,
        opinion_count = excluded.opinion_count, agreement = excluded.agreement, confidence = NULL,
        is_disputed = excluded.is_disputed, updated_at = now()
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

END_OF_QUEUE = text("""
    SELECT coalesce(max(batch) FILTER (WHERE work = 'query'), 0) AS batch,
           coalesce(max(position) FILTER (WHERE state = 'open'), 0) AS position
    FROM queue_item WHERE project_id = :project
""")
