"""The queue: who gets which item next, and for how long.

A lease is a row; at most one is live per item (a unique index holds that), and its id is the fencing token: whoever
holds an older one was given up for gone.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.schemas import LeaseOut, Pick, QueueStatus, SubtomogramBrief, Task
from tomosift.kit.lease_ends import give_back_leases
from tomosift.kit.problems import ProblemError, not_found
from tomosift.kit.settings import get_settings
from tomosift.tables import Lease

CLAIM_TRIES = 8
NO_REASON = "Chosen at random: there is no model yet."


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


def claim_tasks(session: Session, asker: Asker, count: int, *, resume: bool = False) -> list[Task]:
    """Reserve up to `count` items for the asker, in queue order.

    With `resume` the asker's live leases come first, renewed. Fewer than `count` come back only if there are no more.
    """
    leases: list[int] = []
    if resume:
        leases += session.scalars(statements.RENEW_OWN, asker.values(count=count, seconds=lease_seconds())).all()
    for _ in range(CLAIM_TRIES):
        missing = count - len(leases)
        if missing <= 0:
            break
        row = session.execute(statements.CLAIM, asker.values(count=missing, seconds=lease_seconds())).one()
        leases += row.leases or []
        if row.wanted == len(row.leases or []):
            break
    return tasks_of_leases(session, asker, leases)


def lease_item(session: Session, asker: Asker, queue_item_id: int, subtomogram_id: int) -> int | None:
    """Lease one certain item to the asker; None when somebody holds it. The caller holds the item's row lock."""
    end_expired = text(
        "UPDATE lease SET ended_at = now(), outcome = 'expired' WHERE ended_at IS NULL AND expires_at <= now() "
        "AND (queue_item_id = :item OR (user_id = :user AND subtomogram_id = :subtomogram))"
    )
    insert = text(
        "INSERT INTO lease (project_id, queue_item_id, subtomogram_id, user_id, expires_at) "
        "VALUES (:project, :item, :subtomogram, :user, now() + make_interval(secs => :seconds)) "
        "ON CONFLICT DO NOTHING RETURNING id"
    )
    values = asker.values(item=queue_item_id, subtomogram=subtomogram_id)
    session.execute(end_expired, values)
    lease_id: int | None = session.scalar(insert, {**values, "seconds": lease_seconds()})
    return lease_id


def tasks_of_leases(session: Session, asker: Asker, lease_ids: list[int]) -> list[Task]:
    """What the holder of these leases is asked, in queue order."""
    if not lease_ids:
        return []
    return [_task(row, asker.slug) for row in session.execute(statements.TASKS, {"leases": lease_ids})]


def renew_lease(session: Session, asker: Asker, lease_id: int) -> datetime:
    """Give a live lease its full time again. 410 when it is over."""
    renewed: datetime | None = session.scalar(
        text(
            "UPDATE lease SET expires_at = now() + make_interval(secs => :seconds) "
            "WHERE id = :lease AND project_id = :project AND user_id = :user AND ended_at IS NULL RETURNING expires_at"
        ),
        asker.values(lease=lease_id, seconds=lease_seconds()),
    )
    if renewed is None:
        _own_lease(session, asker, lease_id)
        raise ProblemError(
            410,
            "lease-ended",
            "This item is no longer reserved for you",
            "It was decided, given back, or its time ran out. What you decide about it is kept all the same.",
        )
    return renewed


def release_lease(session: Session, asker: Asker, lease_id: int) -> None:
    """Give an item back. Nothing happens when the lease is over already; 404 when it is not the asker's."""
    if not give_back_leases(session, asker.project_id, asker.user_id, [lease_id]):
        _own_lease(session, asker, lease_id)


def queue_status(session: Session, asker: Asker, *, being_decided: int = 0) -> QueueStatus:
    """The queue as the asker sees it. `being_decided`: a subtomogram to leave out of the open ones."""
    row = session.execute(statements.STATUS, asker.values(decided=being_decided)).one()
    return QueueStatus(
        open_query=row.open_query,
        open_evaluation=row.open_evaluation,
        leased_by_others=row.leased_by_others,
        batch_cycle_number=row.batch or None,
        batch_total=row.batch_total,
        batch_done=row.batch_done,
    )


def _own_lease(session: Session, asker: Asker, lease_id: int) -> None:
    own = select(Lease.id).where(
        Lease.id == lease_id, Lease.project_id == asker.project_id, Lease.user_id == asker.user_id
    )
    if session.scalar(own) is None:
        raise not_found("lease")


def _task(row: Row[Any], slug: str) -> Task:
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
        pick=_pick(row) if row.work == "query" else None,
    )


def _pick(row: Row[Any]) -> Pick:
    reason = row.reason or {}
    return Pick(
        cycle_number=row.cycle_number,
        acquisition=str(reason.get("acquisition", "random")),
        score=row.score,
        rank=row.rank,
        batch_size=row.batch_size,
        reason=str(reason.get("text", NO_REASON)),
    )
