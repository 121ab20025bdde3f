"""HTTP face of the audit log of one project."""

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
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit
from tomosift.kit.routing import problems
from tomosift.projects.access import OwnerAccess

router = APIRouter(prefix="/projects/{slug}/audit", tags=["audit"])

Wanted = Annotated[AuditFilter, Depends()]


@router.get("", summary="The project's audit log", responses=problems(401, 403, 404, 422))
def read_project_audit_log(
    access: OwnerAccess, wanted: Wanted, limit: PageLimit = 100, after: PageAfter = None
) -> Page[AuditEventOut]:
    """Who did what in the project, newest first: roles, classes, imports, exports, cycles, settings, deletion."""
    with transaction() as session:
        return read_page(session, wanted, access.project_id, limit, after)


@router.get(
    "/file",
    summary="The project's audit log as a file",
    response_class=StreamingResponse,
    responses={**AUDIT_FILE_ANSWER, **problems(401, 403, 404, 422)},
)
def read_project_audit_file(access: OwnerAccess, wanted: Wanted, format: AuditFile = "ndjson") -> StreamingResponse:
    """Everything the filters let through, oldest first, sent as it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{access.slug}-audit.{format}"'}
    return StreamingResponse(stream(wanted, access.project_id, format), media_type=MEDIA_TYPES[format], headers=headers)
