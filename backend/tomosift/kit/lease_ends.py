"""How leases end that no decision ended: they run out, or their holder gives them back.

When a newer batch has replaced the item's batch meanwhile, the item leaves the queue with its lease ("superseded").
Locks are always taken in the order queue item, then lease.
"""

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from tomosift.kit.job_control import announce

# :which is one of the two conditions below. `SKIP LOCKED` in the sweep leaves items alone that a decision is about.
_END = """
WITH ending AS (
    SELECT l.id, l.queue_item_id, l.project_id,
           ((q.work = 'query' OR (q.work = 'recheck' AND q.answered_by = '{{}}')) AND q.batch < (
               SELECT max(b.batch) FROM queue_item b WHERE b.project_id = q.project_id AND b.work = 'query'
           )) AS outdated
    FROM lease l JOIN queue_item q ON q.id = l.queue_item_id
    WHERE l.ended_at IS NULL AND {which}
    FOR UPDATE OF q, l {wait}
), ended AS (
    UPDATE lease SET ended_at = now(),
                     outcome = CASE WHEN ending.outdated THEN 'superseded' ELSE :outcome END
    FROM ending WHERE lease.id = ending.id
), closed AS (
    UPDATE queue_item SET state = 'superseded', closed_at = now()
    FROM ending WHERE queue_item.id = ending.queue_item_id AND ending.outdated AND queue_item.state = 'open'
)
SELECT DISTINCT project_id FROM ending
"""
_RUN_OUT = text(_END.format(which="l.expires_at <= now()", wait="SKIP LOCKED"))
_GIVEN_BACK = text(
    _END.format(
        which="l.id = :lease AND l.project_id = :project AND (CAST(:user AS uuid) IS NULL OR l.user_id = :user)",
        wait="",
    )
)


def end_expired_leases(session: Session) -> int:
    """End every lease whose time has passed; tell the browsers of those projects, and return how many projects."""
    projects = session.execute(_RUN_OUT, {"outcome": "expired"}).scalars().all()
    for project_id in projects:
        announce(session, project_id, "queue", reason="leases-ended")
    return len(projects)


def give_back_lease(session: Session, project_id: uuid.UUID, lease_id: int, user_id: uuid.UUID | None) -> bool:
    """End a live lease, so that others may have the item. True when it was live.

    Only one of this user's; with no user, whoever holds it.
    """
    values = {"outcome": "released", "project": project_id, "user": user_id, "lease": lease_id}
    ended = session.execute(_GIVEN_BACK, values).scalars().all()
    if ended:
        announce(session, project_id, "queue", reason="leases-ended")
    return bool(ended)
