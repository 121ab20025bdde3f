"""Taking a batch out of the queue, because another one comes in its place."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.tables import QueueItem

# ruff: noqa: S608 - what is put together here are constants of this file

_HELD = "EXISTS (SELECT 1 FROM lease l WHERE l.queue_item_id = q.id AND l.ended_at IS NULL AND l.expires_at > now())"
_TAKE_OUT = text(f"""
    UPDATE queue_item q SET state = 'superseded', closed_at = now()
    WHERE q.project_id = :project AND q.state = 'open' AND q.work = 'query'
      AND NOT {_HELD}
    RETURNING q.subtomogram_id, q.batch, q.position
""")
# A further opinion is of no use where there will be no first one.
_TAKE_OUT_RECHECKS = text(f"""
    UPDATE queue_item q SET state = 'superseded', closed_at = now()
    WHERE q.project_id = :project AND q.state = 'open' AND q.work = 'recheck' AND q.answered_by = '{{}}'
      AND NOT {_HELD}
      AND NOT EXISTS (
          SELECT 1 FROM queue_item p
          WHERE p.subtomogram_id = q.subtomogram_id AND p.state = 'open' AND p.work = 'query'
      )
""")


@dataclass(frozen=True)
class TakenOut:
    """A pick that nobody came to."""

    subtomogram_id: int
    batch: int
    position: int


def take_out_open_picks(session: Session, project_id: uuid.UUID) -> list[TakenOut]:
    """Supersede the open picks that nobody holds, with the re-checks that wait for them; returns them in order."""
    open_picks = (QueueItem.project_id == project_id, QueueItem.state == "open", QueueItem.work == "query")
    # Two statements: locking waits for claims under way, and only a statement that begins afterwards sees their leases.
    session.execute(select(QueueItem.id).where(*open_picks).order_by(QueueItem.id).with_for_update()).all()
    taken = [TakenOut(*row) for row in session.execute(_TAKE_OUT, {"project": project_id})]
    session.execute(_TAKE_OUT_RECHECKS, {"project": project_id})
    return sorted(taken, key=lambda each: each.position)
