"""HTTP face of the audit log of the whole service."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from tomosift.accounts.audit_log import (
    AUDIT_FILE_ANSWER,
    MEDIA_TYPES,
    AuditFile,
    AuditFilter,
    read_page,
    stream,
)
from tomosift.accounts.audit_schemas import AuditEventOut
from tomosift.accounts.authentication import AdminUser
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit
from tomosift.kit.routing import problems

router = APIRouter(prefix="/audit", tags=["audit"])

Wanted = Annotated[AuditFilter, Depends()]


@router.get("", summary="The audit log", responses=problems(401, 403, 422))
def read_audit_log(
    admin: AdminUser, wanted: Wanted, limit: PageLimit = 100, after: PageAfter = None
) -> Page[AuditEventOut]:
    """Who did what in the whole service, newest first (administrators)."""
    with transaction() as session:
        return read_page(session, wanted, None, limit, after)


@router.get(
    "/file",
    summary="The audit log as a file",
    response_class=StreamingResponse,
    responses={**AUDIT_FILE_ANSWER, **problems(401, 403, 422)},
)
def read_audit_file(admin: AdminUser, wanted: Wanted, format: AuditFile = "ndjson") -> StreamingResponse:
    """Everything the filters let through, oldest first, sent as it is read (administrators)."""
    headers = {"Content-Disposition": f'attachment; filename="audit.{format}"'}
    return StreamingResponse(stream(wanted, None, format), media_type=MEDIA_TYPES[format], headers=headers)
