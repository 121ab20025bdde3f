"""The queue: who gets which item next, and for how long.

A lease is a row; at most one is live per item (a unique index holds that), and its id is the fencing token: whoever
holds an older one was given up for gone.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tomosift.annotation import queue_statements as statements
from tomosift.annotation.schemas import LeaseOut, Pick, QueueStatus, SubtomogramBrief, Task, Work
from tomosift.kit.settings import get_settings

CLAIM_TRIES = 8
NO_REASON = "Chosen at random: there is no model yet."
EVERYBODYS_WORK: tuple[Work, ...] = ("query", "evaluation", "recheck", "label-error")
"""What the queue gives to whoever asks for the next item; adjudication only to those who ask for it by name."""
BLIND_WORK = frozenset({"evaluation", "recheck"})
"""Asked without a word of why: any hint would colour the answer."""


@dataclass(frozen=True)
class Asker:
    """Who asks, and in which project."""

    project_id: uuid.UUID
    slug: str
    user_id: uuid.UUID

    def values(self, **more: Any) -> dict[str, Any]:
        """The parameters that the statements share."""
        return {"project": self.project_id, "user": self.user_id, **more}


def lease_seconds() -> float:
    """How long a lease lasts without a heartbeat."""
    return get_settings().lease_minutes * 60


def claim_tasks(
    session: Session, asker: Asker, count: int, *, resume: bool = False, works: Sequence[Work] = EVERYBODYS_WORK
) -> tuple[list[Task], QueueStatus]:
    """Reserve up to `count` items of these kinds of work for the asker, in queue order.

    With `resume` the asker's live leases come first, renewed. Fewer than `count` come back only if there are no more,
    the queue is paused, or the asker holds as many as one may. Each statement may be a transaction of its own.
    """
    leases: list[int] = []
    values = asker.values(works=list(works), seconds=lease_seconds())
    if resume:
        leases += session.scalars(statements.RENEW_OWN, {**values, "count": count}).all()
    limit = get_settings().lease_limit
    for _ in range(CLAIM_TRIES):
        missing = count - len(leases)
        if missing <= 0:
            break
        row = statements.CLAIM.one(session, {**values, "count": missing, "lease_limit": limit})
        leases += row.leases or []
        if row.wanted == len(row.leases or []):
            break
    status = queue_status(session, asker)
    return tasks_of_leases(session, asker, leases, status), status


def lease_item(session: Session, asker: Asker, queue_item_id: int, subtomogram_id: int) -> int | None:
    """Lease one certain item to the asker; None when somebody holds it. The caller holds the item's row lock."""
    end_expired = text(
        "UPDATE lease SET ended_at = now(), outcome = 'expired' WHERE ended_at IS NULL AND expires_at <= now() "
        "AND (queue_item_id = :item OR (user_id = :user AND subtomogram_id = :subtomogram))"
    )
    insert = text(
        "INSERT INTO lease (project_id, queue_item_id, subtomogram_id, user_id, claimed_at, expires_at) "
        "VALUES (:project, :item, :subtomogram, :user, clock_timestamp(), now() + make_interval(secs => :seconds)) "
        "ON CONFLICT DO NOTHING RETURNING id"
    )
    values = asker.values(item=queue_item_id, subtomogram=subtomogram_id)
    session.execute(end_expired, values)
    lease_id: int | None = session.scalar(insert, {**values, "seconds": lease_seconds()})
    return lease_id


def tasks_of_leases(
    session: Session, asker: Asker, lease_ids: list[int], status: QueueStatus | None = None
) -> list[Task]:
    """What the holder of these leases is asked, in queue order.

    `status` saves counting the batch again.
    """
    if not lease_ids:
        return []
    rows = statements.TASKS.all(session, {"project": asker.project_id, "leases": lease_ids})
    sizes = {status.batch_cycle_number or 0: status.batch_total} if status is not None else {}
    for batch in {row.batch for row in rows if row.work == "query"} - set(sizes):
        values = {"project": asker.project_id, "batch": batch}
        sizes[batch] = session.execute(statements.BATCH_SIZE, values).scalar_one()
    return [_task(row, asker.slug, sizes.get(row.batch, 0)) for row in rows]


def queue_status(session: Session, asker: Asker) -> QueueStatus:
    """The queue as the asker sees it."""
    row = statements.STATUS.one(session, asker.values())
    return QueueStatus(
        open_query=row.open_query,
        open_evaluation=row.open_evaluation,
        open_second_look=row.open_second_look,
        waiting_for_others=row.waiting_for_others,
        leased_by_others=row.leased_by_others,
        batch_cycle_number=row.batch or None,
        batch_total=row.batch_total,
        batch_done=row.batch_done,
        is_paused=row.is_paused,
    )


def holders(session: Session, asker: Asker, works: Sequence[Work]) -> Row[Any]:
    """What keeps the asker from the next item of these kinds: how many others hold, the asker holds, are free."""
    values = asker.values(works=list(works), lease_limit=get_settings().lease_limit)
    return session.execute(statements.HOLDERS, values).one()


def _task(row: Row[Any], slug: str, batch_size: int) -> Task:
    return Task(
        lease=LeaseOut(id=row.lease_id, fencing_token=row.lease_id, expires_at=row.expires_at),
        work=row.work,
        subtomogram=SubtomogramBrief(
            id=row.subtomogram_id,
            name=row.name,
            tomogram=row.tomogram,
            source_row=row.source_row,
            box_size=row.box_size,
            voxel_size_angstrom=row.voxel_size_angstrom,
            volume_url=f"/api/v1/projects/{slug}/subtomograms/{row.subtomogram_id}/volume?h={row.content_hash}",
        ),
        pick=None if row.work in BLIND_WORK else _pick(row, batch_size),
    )


def _pick(row: Row[Any], batch_size: int) -> Pick:
    reason = row.reason or {}
    return Pick(
        cycle_number=row.cycle_number,
        acquisition=str(reason.get("acquisition", "random")),
        score=row.score,
        rank=row.rank,
        batch_size=batch_size,
        reason=str(reason.get("text", NO_REASON)),
    )
