"""HTTP face of the annotation room: tasks, leases, decisions, progress."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.empty_queue import explain_empty_queue
from tomosift.annotation.history import event_out, list_events
from tomosift.annotation.more_tasks import add_fallback_tasks, add_random_tasks
from tomosift.annotation.progress import project_progress
from tomosift.annotation.queue import EVERYBODYS_WORK, Asker, claim_tasks
from tomosift.annotation.schemas import (
    ClaimRequest,
    ClaimResponse,
    DecisionEventOut,
    DecisionIn,
    DecisionOut,
    IdempotencyKey,
    MoreTasksOut,
    ProgressOut,
    UndoOut,
    Work,
)
from tomosift.annotation.undo import undo_decision
from tomosift.kit.database import single_statements, transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.problems import forbidden
from tomosift.kit.routing import answered, problems
from tomosift.projects.access import AnnotatorAccess, ProjectAccess, Role, ViewerAccess
from tomosift.projects.lifecycle import project_settings
from tomosift.tables import Project

router = APIRouter(prefix="/projects/{slug}", tags=["annotation"])

EventId = Annotated[int, Path(ge=1, lt=2**63)]
Key = Annotated[IdempotencyKey, Header(alias="Idempotency-Key")]


def _asker(access: ProjectAccess) -> Asker:
    return Asker(access.project_id, access.slug, access.user.id)


@router.post(
    "/tasks/claim",
    response_model=ClaimResponse,
    summary="Reserve the next items to label",
    responses=problems(401, 403, 404, 422),
)
def claim_next_tasks(body: ClaimRequest, access: AnnotatorAccess) -> Response:
    """Reserve up to `count` items for yourself, in the queue's order.

    Nobody else is given them until you decide, give them back, or their time runs out. You never get an item that you
    hold or have decided (but for a second look at a likely label error). With nothing to give, `empty` says why and
    what to do.
    """
    works = _works_of(body, access)
    asker = _asker(access)
    with single_statements() as session:
        tasks, status = claim_tasks(session, asker, body.count, resume=body.resume, works=works)
    if tasks:
        return answered(ClaimResponse(tasks=tasks, empty=None, queue=status))
    with transaction() as session:
        if add_fallback_tasks(session, asker, body.count, works):
            tasks, status = claim_tasks(session, asker, body.count, works=works)
        may_launch = access.role.may(Role.CURATOR)
        empty = None if tasks else explain_empty_queue(session, asker, works, may_launch=may_launch)
        answer = ClaimResponse(tasks=tasks, empty=empty, queue=status)
    return answered(answer)


@router.post("/tasks/more", summary="Queue further random items", responses=problems(401, 403, 404, 422))
def add_tasks(access: AnnotatorAccess) -> MoreTasksOut:
    """Queue as many random undecided items as a batch has, when there is nothing left in the queue for you."""
    asker = _asker(access)
    with transaction() as session:
        count = project_settings(session.get_one(Project, access.project_id)).batch_size
        return add_random_tasks(session, asker, count)


def _works_of(body: ClaimRequest, access: ProjectAccess) -> Sequence[Work]:
    if body.work is not None and "adjudication" in body.work and not access.role.may(Role.CURATOR):
        raise forbidden("Adjudication is for curators. An owner of the project can change your role.")
    return body.work or EVERYBODYS_WORK


@router.post(
    "/decisions",
    status_code=201,
    response_model=DecisionOut,
    summary="Decide one subtomogram",
    responses={
        200: {"model": DecisionOut, "description": "This key stored the decision before; the same answer again"},
        **problems(401, 403, 404, 409, 422),
    },
)
def create_decision(body: DecisionIn, key: Key, access: AnnotatorAccess) -> Response:
    """Store a decision; it is durable when this answers.

    Repeat it with the same key as often as needed: it is stored once. A decision that comes after somebody else got
    the item is kept as a further opinion (`late`). Without a lease it is a free choice, possible for items that nobody
    holds and that are not in the evaluation sample.
    """
    answer, is_new = record_decision(_asker(access), body, key)
    return answered(answer, 201 if is_new else 200)


@router.post(
    "/decisions/{event_id}/undo",
    status_code=201,
    summary="Take back your own decision",
    responses={
        200: {"model": UndoOut, "description": "This key undid it before; the same answer again"},
        **problems(401, 403, 404, 409, 422),
    },
)
def take_back_decision(event_id: EventId, key: Key, access: AnnotatorAccess, response: Response) -> UndoOut:
    """Record that the decision no longer counts. The item becomes yours again if nobody else has it."""
    answer, is_new = undo_decision(_asker(access), event_id, key)
    response.status_code = 201 if is_new else 200
    return answer


@router.get("/decisions", summary="The history of decisions", responses=problems(401, 403, 404, 422))
def read_decisions(
    access: ViewerAccess,
    limit: PageLimit = 50,
    after: PageAfter = None,
    mine: Annotated[bool, Query(description="Your own only. Everybody's needs the role curator.")] = True,
) -> Page[DecisionEventOut]:
    """Decisions and undos, newest first. Others' are for curators: annotators decide without seeing them."""
    if not mine and not access.role.may(Role.CURATOR):
        raise forbidden("Annotators see their own decisions only, so that they decide unbiased. Use `mine=true`.")
    cursor = decode_cursor(after, int)
    before_id = cursor[0] if cursor else None
    with transaction() as session:
        rows = list_events(session, _asker(access), limit, int(before_id) if before_id else None, mine=mine)
    return page_of(rows, limit, event_out, lambda row: (row.LabelEvent.id,))


@router.get("/progress", summary="How far the project is", responses=problems(401, 403, 404, 422))
def read_progress(access: ViewerAccess) -> ProgressOut:
    """Pool, labels, evaluation sample, queue, and the next step in one sentence."""
    with transaction() as session:
        return project_progress(session, _asker(access))
