"""The SQL of giving questions out and of counting them."""

# ruff: noqa: S608 - what is put together here are constants of this file; values are bound parameters

from sqlalchemy import text

from tomosift.kit.driver_statements import DriverStatement

# `q` is a queue item. A question of a batch that a newer one has replaced leaves the queue when its last lease ends
# (kit/lease_ends.py); a re-check of such an item is of use only when somebody has answered it.
OUTDATED = """
    (q.batch < (SELECT max(b.batch) FROM queue_item b WHERE b.project_id = :project AND b.work = 'query')
     AND (q.work = 'query' OR (q.work = 'recheck' AND q.answered_by = '{}')))
"""
_LIVE = "l.ended_at IS NULL AND l.expires_at > now()"
_NOT_PAUSED = "(SELECT queue_paused_at FROM project WHERE id = :project) IS NULL"
# How much more this user may hold.
_ROOM = f"""
    greatest(0, :lease_limit - (
        SELECT count(*) FROM lease l WHERE l.project_id = :project AND l.user_id = :user AND {_LIVE}))
"""

# One statement claims: it locks free items in queue order (SKIP LOCKED: claimers never wait for each other), ends their
# expired leases, and gives new ones. A claimer whose snapshot is older than another's commit may still see an item as
# free; the unique index on live leases then turns its row away (ON CONFLICT), `wanted` says so, and the caller repeats.
# Whom an item has been answered by is on its own row, so locking it shows the newest state, and nobody is asked twice.
# The subquery on `ended` makes the old leases end before the new ones are inserted. NOT IN reads the live leases once
# and hashes them; as a join, planned while there were few, it would look through all of them for each item.
CLAIM = DriverStatement(f"""
    WITH candidate AS (
        SELECT q.id, q.subtomogram_id
        FROM queue_item q
        WHERE q.project_id = :project AND q.state = 'open' AND q.work = ANY(:works)
          AND q.id NOT IN (SELECT l.queue_item_id FROM lease l WHERE l.project_id = :project AND {_LIVE})
          AND q.subtomogram_id NOT IN (
              SELECT l.subtomogram_id FROM lease l WHERE l.project_id = :project AND l.user_id = :user AND {_LIVE}
          )
          AND NOT :user = ANY(q.answered_by)
          AND NOT {OUTDATED}
          AND {_NOT_PAUSED}
        ORDER BY q.priority DESC, q.position, q.id
        LIMIT least(:count, {_ROOM})
        FOR UPDATE OF q SKIP LOCKED
    ), ended AS (
        UPDATE lease SET ended_at = now(), outcome = 'expired'
        WHERE id IN (
            SELECT l.id FROM lease l
            WHERE l.ended_at IS NULL AND l.expires_at <= now() AND l.id = ANY(ARRAY(
                SELECT i.id FROM candidate c JOIN lease i ON i.queue_item_id = c.id WHERE i.ended_at IS NULL
                UNION ALL
                SELECT i.id FROM candidate c JOIN lease i ON i.subtomogram_id = c.subtomogram_id
                WHERE i.user_id = :user AND i.ended_at IS NULL
            ))
            FOR UPDATE OF l SKIP LOCKED
        )
        RETURNING 1
    ), given AS (
        INSERT INTO lease (project_id, queue_item_id, subtomogram_id, user_id, claimed_at, expires_at)
        SELECT :project, c.id, c.subtomogram_id, :user, clock_timestamp(), now() + make_interval(secs => :seconds)
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
        WHERE l.project_id = :project AND l.user_id = :user AND {_LIVE}
          AND q.state = 'open' AND q.work = ANY(:works) AND NOT {OUTDATED} AND {_NOT_PAUSED}
        ORDER BY q.priority DESC, q.position, q.id
        LIMIT :count
    )
    RETURNING id
""")

TASKS = DriverStatement("""
    SELECT l.id AS lease_id, l.expires_at, q.work, q.batch, q.rank, q.score, q.reason, c.number AS cycle_number,
           s.id AS subtomogram_id, s.name, s.tomogram, s.source_row, s.content_hash, o.box_size, o.voxel_size_angstrom
    FROM lease l
    JOIN queue_item q ON q.id = l.queue_item_id
    JOIN subtomogram s ON s.id = l.subtomogram_id
    JOIN source o ON o.id = s.source_id
    LEFT JOIN cycle c ON c.id = q.cycle_id
    WHERE l.id = ANY(:leases)
    ORDER BY q.priority DESC, q.position, q.id
""")
BATCH_SIZE = text(
    "SELECT count(*) FROM queue_item b WHERE b.project_id = :project AND b.batch = :batch AND b.work = 'query'"
)

# What is closed of the newest batch was asked; what is open of it is counted with the rest.
STATUS = DriverStatement(f"""
    WITH newest AS (
        SELECT max(batch) AS batch FROM queue_item WHERE project_id = :project AND work = 'query'
    ), open AS (
        SELECT q.work, :user = ANY(q.answered_by) AS is_answered,
               q.work = 'query' AND q.batch = (SELECT batch FROM newest) AS is_of_batch
        FROM queue_item q
        WHERE q.project_id = :project AND q.state = 'open' AND q.work <> 'adjudication' AND NOT {OUTDATED}
    ), counted AS (
        SELECT count(*) FILTER (WHERE work = 'query' AND NOT is_answered) AS open_query,
               count(*) FILTER (WHERE work = 'evaluation' AND NOT is_answered) AS open_evaluation,
               count(*) FILTER (WHERE work IN ('recheck', 'label-error') AND NOT is_answered) AS open_second_look,
               count(*) FILTER (WHERE is_answered) AS waiting_for_others,
               count(*) FILTER (WHERE is_of_batch) AS batch_open
        FROM open
    ), done AS (
        SELECT count(*) AS items FROM queue_item q
        WHERE q.project_id = :project AND q.batch = (SELECT batch FROM newest)
          AND q.work = 'query' AND q.state = 'done'
    )
    SELECT counted.*,
           (SELECT count(*) FROM lease l
             WHERE l.project_id = :project AND l.user_id <> :user AND {_LIVE}) AS leased_by_others,
           (SELECT batch FROM newest) AS batch,
           counted.batch_open + done.items AS batch_total,
           done.items AS batch_done,
           NOT {_NOT_PAUSED} AS is_paused
    FROM counted, done
""")

# What stands between this user and the next item: items others hold, items the user holds, items free for the user.
HOLDERS = text(f"""
    SELECT count(*) FILTER (WHERE l.user_id <> :user) AS others,
           count(*) FILTER (WHERE l.user_id = :user) AS own,
           count(*) FILTER (WHERE l.id IS NULL) AS free,
           {_ROOM} = 0 AS holds_most,
           extract(epoch FROM min(l.expires_at) - now()) AS seconds_to_first
    FROM queue_item q
    LEFT JOIN lease l ON l.queue_item_id = q.id AND {_LIVE}
    WHERE q.project_id = :project AND q.state = 'open' AND q.work = ANY(:works)
      AND NOT :user = ANY(q.answered_by) AND NOT {OUTDATED}
""")

# Nobody has said anything that stands, no open question, not in the evaluation sample.
_UNTOUCHED = """
    s.project_id = :project
    AND NOT EXISTS (SELECT 1 FROM current_label l WHERE l.subtomogram_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM queue_item q WHERE q.subtomogram_id = s.id AND q.state = 'open')
"""
# A draw by ids thrown at random: every untouched item is as likely as any other, and the pool is not read. It finds
# fewer than asked where little of the pool is untouched; then the whole pool is drawn from.
THROWN_UNTOUCHED = text(f"""
    WITH span AS (
        SELECT min(id) AS first, max(id) AS last FROM subtomogram WHERE project_id = :project
    ), thrown AS (
        SELECT DISTINCT first + floor(random() * (last - first + 1))::bigint AS id
        FROM span, generate_series(1, 4 * :count + 64)
    )
    SELECT s.id FROM thrown t JOIN subtomogram s ON s.id = t.id
    WHERE {_UNTOUCHED}
    ORDER BY random() LIMIT :count
""")
ALL_UNTOUCHED = text(f"SELECT s.id FROM subtomogram s WHERE {_UNTOUCHED} ORDER BY random() LIMIT :count")

END_OF_QUEUE = text("""
    SELECT (SELECT coalesce(max(batch), 0) FROM queue_item WHERE project_id = :project AND work = 'query') AS batch,
           (SELECT coalesce(max(position), 0) FROM queue_item
             WHERE project_id = :project AND state = 'open') AS position
""")
