"""HTTP face of running the queue: leases of everybody, second looks, priorities, pause."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from sqlalchemy import Row

from tomosift.annotation import asking
from tomosift.annotation.leases import list_leases, release_lease, renew_lease, renew_leases
from tomosift.annotation.queue import Asker
from tomosift.annotation.queue_schemas import (
    CancelIn,
    ChangedOut,
    HeartbeatsIn,
    HeartbeatsOut,
    HeldItem,
    PriorityIn,
    QuestionsIn,
    QuestionsOut,
    QueueOut,
    RenewedLease,
)
from tomosift.annotation.schemas import HeartbeatOut
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.routing import problems
from tomosift.projects.access import AnnotatorAccess, CuratorAccess, ProjectAccess, Role

router = APIRouter(prefix="/projects/{slug}", tags=["annotation"])

LeaseId = Annotated[int, Path(ge=1, lt=2**63)]


def _asker(access: ProjectAccess) -> Asker:
    return Asker(access.project_id, access.slug, access.user.id)


@router.post("/leases/heartbeat", summary="Keep several items reserved", responses=problems(401, 403, 404, 422))
def keep_leases(body: HeartbeatsIn, access: AnnotatorAccess) -> HeartbeatsOut:
    """Give your leases their full time again. Send it every minute while items are open or prefetched."""
    with transaction() as session:
        renewed = renew_leases(session, _asker(access), body.lease_ids)
    return HeartbeatsOut(
        renewed=[RenewedLease(id=each, expires_at=until) for each, until in sorted(renewed.items())],
        ended_ids=sorted(set(body.lease_ids) - set(renewed)),
    )


@router.post(
    "/leases/{lease_id}/heartbeat",
    summary="Keep an item reserved",
    responses=problems(401, 403, 404, 410, 422),
)
def keep_lease(lease_id: LeaseId, access: AnnotatorAccess) -> HeartbeatOut:
    """Give the lease its full time again. Send it every minute while the item is open."""
    with transaction() as session:
        return HeartbeatOut(expires_at=renew_lease(session, _asker(access), lease_id))


@router.delete(
    "/leases/{lease_id}", status_code=204, summary="Give an item back", responses=problems(401, 403, 404, 422)
)
def give_back_lease(lease_id: LeaseId, access: AnnotatorAccess) -> None:
    """Let others have the item; curators may do so with what somebody else holds.

    Giving back a lease that is over already changes nothing.
    """
    with transaction() as session:
        release_lease(session, _asker(access), lease_id, anybodys=access.role.may(Role.CURATOR))


@router.get("/leases", summary="Who holds what", responses=problems(401, 403, 404, 422))
def read_leases(access: CuratorAccess, limit: PageLimit = 100, after: PageAfter = None) -> Page[HeldItem]:
    """The items people have before them now, the longest held first."""
    cursor = decode_cursor(after, int)
    after_id = cursor[0] if cursor else None
    with transaction() as session:
        rows = list_leases(session, _asker(access), limit + 1, int(after_id) if after_id else 0)
    return page_of(rows, limit, _held_item, lambda row: (row.id,))


@router.get("/queue", summary="The queue as a whole", responses=problems(401, 403, 404, 422))
def read_queue(access: CuratorAccess) -> QueueOut:
    """How much is open of each kind of work, in the order it is handed out, and whether the queue is paused."""
    with transaction() as session:
        return asking.read_queue(session, access.project_id)


@router.post("/queue/pause", status_code=204, summary="Pause the queue", responses=problems(401, 403, 404, 422))
def pause_queue(access: CuratorAccess) -> None:
    """Hand nothing out until it is resumed. What people have before them can still be decided."""
    with transaction() as session:
        asking.pause_queue(session, access.project_id, is_paused=True)


@router.post("/queue/resume", status_code=204, summary="Resume the queue", responses=problems(401, 403, 404, 422))
def resume_queue(access: CuratorAccess) -> None:
    """Hand out items again."""
    with transaction() as session:
        asking.pause_queue(session, access.project_id, is_paused=False)


@router.post("/queue/questions", summary="Ask about items again", responses=problems(401, 403, 404, 422))
def ask_again(body: QuestionsIn, access: CuratorAccess) -> QuestionsOut:
    """Queue re-checks (of certain items, or of a random share of the labeled), likely label errors, or adjudications.

    A re-check goes to somebody who has not decided the item; the others may go to whoever decided it, for a new
    opinion. What is asked already or cannot be asked is left out and counted.
    """
    with transaction() as session:
        return asking.ask_again(session, access.project_id, body)


@router.post("/queue/priority", summary="Change what comes first", responses=problems(401, 403, 404, 422))
def set_priority(body: PriorityIn, access: CuratorAccess) -> ChangedOut:
    """Give the open questions of one kind of work, or about certain items, a priority."""
    with transaction() as session:
        changed = asking.set_priority(
            session, access.project_id, body.priority, work=body.work, ids=body.subtomogram_ids
        )
    return ChangedOut(changed=changed)


@router.post("/queue/cancel", summary="Take questions out of the queue", responses=problems(401, 403, 404, 422))
def cancel_questions(body: CancelIn, access: CuratorAccess) -> ChangedOut:
    """Take the open questions of one kind out, but for those that people have before them. Nothing decided changes."""
    with transaction() as session:
        return ChangedOut(changed=asking.cancel_questions(session, access.project_id, body.work))


def _held_item(row: Row[Any]) -> HeldItem:
    return HeldItem(
        lease_id=row.id,
        user_id=row.user_id,
        user=row.user_name,
        subtomogram_id=row.subtomogram_id,
        subtomogram=row.subtomogram_name,
        work=row.work,
        since=row.claimed_at,
        until=row.expires_at,
    )
