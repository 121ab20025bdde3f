"""HTTP face of decisions on many items at once."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Response

from tomosift.annotation.bulk_decisions import record_bulk_decision, undo_bulk_decision
from tomosift.annotation.bulk_schemas import BulkDecisionIn, BulkDecisionOut, BulkUndoOut
from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import IdempotencyKey
from tomosift.kit.routing import problems
from tomosift.projects.access import AnnotatorAccess

router = APIRouter(prefix="/projects/{slug}/decisions/bulk", tags=["annotation"])

Key = Annotated[IdempotencyKey, Header(alias="Idempotency-Key")]


@router.post(
    "",
    status_code=201,
    summary="Decide many subtomograms at once",
    responses={
        200: {"model": BulkDecisionOut, "description": "This key stored them before; the same answer again"},
        **problems(401, 403, 404, 409, 422),
    },
)
def create_bulk_decision(
    body: BulkDecisionIn, key: Key, access: AnnotatorAccess, response: Response
) -> BulkDecisionOut:
    """Store one decision on up to 1,000 subtomograms, all or none of it; each becomes an event of its own.

    What somebody else is looking at just now is left out and listed. Items of the evaluation sample are refused with
    409: they are decided one at a time.
    """
    asker = Asker(access.project_id, access.slug, access.user.id)
    answer, is_new = record_bulk_decision(asker, body, key)
    response.status_code = 201 if is_new else 200
    return answer


@router.post(
    "/{bulk_id}/undo",
    status_code=201,
    summary="Take a bulk decision back",
    responses={
        200: {"model": BulkUndoOut, "description": "This key undid it before; the same answer again"},
        **problems(401, 403, 404, 409, 422),
    },
)
def take_back_bulk_decision(bulk_id: uuid.UUID, key: Key, access: AnnotatorAccess, response: Response) -> BulkUndoOut:
    """Record that none of these decisions counts any longer. Questions they had answered are asked again."""
    asker = Asker(access.project_id, access.slug, access.user.id)
    answer, is_new = undo_bulk_decision(asker, bulk_id, key)
    response.status_code = 201 if is_new else 200
    return answer
