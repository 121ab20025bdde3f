"""Keeping and giving back what one holds; who holds what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from tomosift.annotation.queue import Asker, lease_seconds
from tomosift.kit.lease_ends import give_back_lease
from tomosift.kit.problems import ProblemError, not_found
from tomosift.tables import Lease

_RENEW = text("""
    UPDATE lease SET expires_at = now() + make_interval(secs => :seconds)
    WHERE id = ANY(:leases) AND project_id = :project AND user_id = :user AND ended_at IS NULL
    RETURNING id, expires_at
""")
_HELD = text("""
    SELECT l.id, u.id AS user_id, u.name AS user_name, s.id AS subtomogram_id, s.name AS subtomogram_name, q.work,
           l.claimed_at, l.expires_at
    FROM lease l
    JOIN queue_item q ON q.id = l.queue_item_id
    JOIN subtomogram s ON s.id = l.subtomogram_id
    JOIN user_account u ON u.id = l.user_id
    WHERE l.project_id = :project AND l.ended_at IS NULL AND l.expires_at > now() AND l.id > :after
    ORDER BY l.id
    LIMIT :limit
""")


def renew_lease(session: Session, asker: Asker, lease_id: int) -> datetime:
    """Give a live lease its full time again. 410 when it is over."""
    renewed = renew_leases(session, asker, [lease_id]).get(lease_id)
    if renewed is None:
        _check_own(session, asker, lease_id)
        raise ProblemError(
            410,
            "lease-ended",
            "This item is no longer reserved for you",
            "It was decided, given back, or its time ran out. What you decide about it is kept all the same.",
        )
    return renewed


def renew_leases(session: Session, asker: Asker, lease_ids: Sequence[int]) -> dict[int, datetime]:
    """Give the asker's live leases among these their full time again; until when, by id. The others are over."""
    values = asker.values(leases=sorted(set(lease_ids)), seconds=lease_seconds())
    return {row.id: row.expires_at for row in session.execute(_RENEW, values)}


def release_lease(session: Session, asker: Asker, lease_id: int, *, anybodys: bool = False) -> None:
    """Give an item back; with `anybodys` also one that somebody else holds.

    Nothing happens when the lease is over already; 404 when it is not the asker's.
    """
    if not give_back_lease(session, asker.project_id, lease_id, None if anybodys else asker.user_id):
        _check_own(session, asker, lease_id, anybodys=anybodys)


def list_leases(session: Session, asker: Asker, limit: int, after: int) -> Sequence[Row[Any]]:
    """Up to `limit` live leases of the project with an id above `after`, with their holders and items."""
    return session.execute(_HELD, {"project": asker.project_id, "limit": limit, "after": after}).all()


def _check_own(session: Session, asker: Asker, lease_id: int, *, anybodys: bool = False) -> None:
    own = select(Lease.id).where(Lease.id == lease_id, Lease.project_id == asker.project_id)
    if not anybodys:
        own = own.where(Lease.user_id == asker.user_id)
    if session.scalar(own) is None:
        raise not_found("lease")
