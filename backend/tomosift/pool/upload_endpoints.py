"""HTTP face of uploads with many files: batches of whole files, the listing of what came, unpacking an archive."""

import json
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from tomosift.accounts.repeatable import repeatable
from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool import uploads
from tomosift.pool.job_views import job_out
from tomosift.pool.schemas import BatchReceived, JobOut, UnpackIn
from tomosift.pool.unpack import request_unpack
from tomosift.projects.access import CuratorAccess

router = APIRouter(prefix="/projects/{slug}/uploads/{upload_id}", tags=["pool"], responses=problems(422))

LINES_AT_ONCE = 1000


async def _raw_body(request: Request) -> bytes:
    return await request.body()


_TAR_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_LINES_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One JSON object a line, by path: `{path, size}`.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/files",
    summary="Send many small files at once",
    responses=problems(401, 403, 404, 409, 413, 422, 507),
    openapi_extra=_TAR_BODY,
)
def post_batch(
    upload_id: uuid.UUID, access: CuratorAccess, body: Annotated[bytes, Depends(_raw_body)]
) -> BatchReceived:
    """Whole files in a tar. Each appears complete or not at all; all are on the disk when the answer comes.

    A batch may be repeated: a file of the same size is replaced, one of another size is 409 `another-file`.
    """
    settings = get_settings()
    with transaction() as session:
        upload = uploads.find_upload(session, access.project_id, access.user.id, upload_id)
        uploads.refuse_while_importing(session, upload)
    files, size = uploads.receive_batch(settings, upload.id, body)
    return BatchReceived(files=files, size=size)


@router.get(
    "/files",
    summary="Every file of an upload, as lines",
    response_class=StreamingResponse,
    responses={**_LINES_ANSWER, **problems(401, 403, 404)},
)
def read_files(upload_id: uuid.UUID, access: CuratorAccess) -> StreamingResponse:
    """What a cut-off upload of many files goes on from."""
    with transaction() as session:
        upload = uploads.find_upload(session, access.project_id, access.user.id, upload_id)
    contents = uploads.staging_folder(get_settings(), upload.id).contents()
    return StreamingResponse(_lines(contents), media_type="application/x-ndjson")


@router.post(
    "/unpack", status_code=202, summary="Unpack an uploaded archive", responses=problems(401, 403, 404, 409, 422)
)
@repeatable()
def unpack(upload_id: uuid.UUID, body: UnpackIn, access: CuratorAccess) -> JobOut:
    """Start a job that puts the archive's files into the upload, at their paths in the archive, and then deletes it.

    Import the list inside when the job has succeeded. Unpacking again goes on where it stopped.
    """
    with transaction() as session:
        upload = uploads.find_upload(session, access.project_id, access.user.id, upload_id)
        uploads.refuse_while_importing(session, upload)
        job = request_unpack(session, upload, body.path, get_settings())
    return job_out(job)


def _lines(contents: Iterator[tuple[str, int]]) -> Iterator[str]:
    lines = []
    for path, size in contents:
        lines.append(json.dumps({"path": path, "size": size}) + "\n")
        if len(lines) == LINES_AT_ONCE:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)
