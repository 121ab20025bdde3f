"""HTTP face of the exports room: what can be written, what it would hold, exports and their files."""

import uuid
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse

from tomosift.accounts.repeatable import repeatable
from tomosift.exports import fetching
from tomosift.exports.attempt_files import MANIFEST
from tomosift.exports.preview import Known, KnownPools, preview, see_one_moment
from tomosift.exports.purity import purity
from tomosift.exports.requests import request_export
from tomosift.exports.schemas import Choice, ExportDetail, ExportIn, ExportOut, ExportPreview, Purity, WritableFormat
from tomosift.formats.list_writer import LIST_WRITERS
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_time_cursor, page_of
from tomosift.kit.problems import conflict
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.projects.access import CuratorAccess, ProjectAccess
from tomosift.tables import Job

router = APIRouter(prefix="/projects/{slug}/exports", tags=["exports"], responses=problems(422))

AnyCycle = Annotated[int | None, Query(ge=1, lt=2**31, description="Default: the one whose model serves.")]

_pools = KnownPools()

_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes.", "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
}
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"description": "All files as one ZIP.", "content": {"application/zip": {"schema": {"type": "string"}}}}
}


@router.get("/formats", summary="Formats a list can be written in", responses=problems(401, 403, 404))
def read_export_formats(access: CuratorAccess) -> list[WritableFormat]:
    """`source` first: each list as it came, every column in its place."""
    own = WritableFormat(key="source", title="As imported")
    return [own, *(WritableFormat(key=each.key, title=each.title) for each in LIST_WRITERS)]


@router.post("/preview", summary="What an export would hold", responses=problems(401, 403, 404, 409, 422))
def preview_export(body: Choice, access: CuratorAccess) -> ExportPreview:
    """Particles by class, who decided, and what fraction is expected to be right; nothing is written."""
    return preview(_known(access, body.cycle), body)


@router.get("/purity", summary="Expected purity by confidence", responses=problems(401, 403, 404, 409, 422))
def read_purity(access: CuratorAccess, cycle: AnyCycle = None) -> Purity:
    """For each class of a cycle's model, at each least confidence: how many particles pass, and what share is right."""
    return purity(_known(access, cycle))


@router.post("", status_code=202, summary="Export particles", responses=problems(401, 403, 404, 409, 422))
@repeatable()
def create_export(body: ExportIn, access: CuratorAccess) -> ExportOut:
    """Start a job that writes lists, and volumes if asked, of the labels and predictions as they are when it starts."""
    with transaction() as session:
        job = request_export(session, access.project_id, access.user.id, body)
        record(session, access.user, "export.begun", body.format, access, job=str(job.id))
        made_by = fetching.makers(session, [job])
    return fetching.export_out(job, get_settings().export_days, made_by.get(job.created_by))


@router.get("", summary="Exports", responses=problems(401, 403, 404, 422))
def read_exports(access: CuratorAccess, limit: PageLimit = 50, after: PageAfter = None) -> Page[ExportOut]:
    """The project's exports, newest first."""
    keep_days = get_settings().export_days
    with transaction() as session:
        jobs = fetching.list_exports(session, access.project_id, limit + 1, decode_time_cursor(after))
        made_by = fetching.makers(session, jobs)
    return page_of(
        jobs,
        limit,
        lambda job: fetching.export_out(job, keep_days, made_by.get(job.created_by)),
        lambda job: (job.created_at.isoformat(), str(job.id)),
    )


@router.get("/{job_id}", summary="One export", responses=problems(401, 403, 404))
def read_export(job_id: uuid.UUID, access: CuratorAccess) -> ExportDetail:
    """An export with its files and what fraction of each class is expected to be right."""
    keep_days = get_settings().export_days
    with transaction() as session:
        job = fetching.find_export(session, access.project_id, job_id)
        made_by = fetching.makers(session, [job]).get(job.created_by)
    files = fetching.ExportFiles(_store(), job, keep_days).listed() if fetching.is_available(job, keep_days) else []
    return fetching.export_detail(job, keep_days, made_by, files)


@router.get(
    "/{job_id}/files/{path:path}",
    summary="A file of an export",
    response_class=Response,
    responses={**_FILE, **problems(401, 403, 404, 409, 410)},
)
def read_export_file(job_id: uuid.UUID, path: str, access: CuratorAccess) -> Response:
    """The file's bytes; parts of it with a Range header, where the store is a folder."""
    store = _store()
    files = fetching.ExportFiles(store, _find(job_id, access), get_settings().export_days)
    key, name = files.key_of(path), path.rpartition("/")[2]
    local = store.local_path(key)
    kind = "application/json" if path == MANIFEST else "application/octet-stream"
    if local is not None:
        return FileResponse(local, media_type=kind, filename=name)
    headers = {"Content-Disposition": _attachment(name), "Content-Length": str(store.size(key))}
    return StreamingResponse(files.pieces(path), media_type=kind, headers=headers)


@router.get(
    "/{job_id}/archive",
    summary="An export as one archive",
    response_class=Response,
    responses={**_ARCHIVE, **problems(401, 403, 404, 409, 410)},
)
def read_export_archive(job_id: uuid.UUID, access: CuratorAccess) -> Response:
    """All files as one ZIP (ZIP64 where it is long), stored without compression and sent as it is made."""
    job = _find(job_id, access)
    files = fetching.ExportFiles(_store(), job, get_settings().export_days)
    name = f"{access.slug}-{job.created_at:%Y%m%d-%H%M}.zip"
    headers = {"Content-Disposition": _attachment(name)}
    return StreamingResponse(files.archive(files.listed()), media_type="application/zip", headers=headers)


def _known(access: ProjectAccess, cycle: int | None) -> Known:
    with transaction() as session:
        see_one_moment(session)
        try:
            return _pools.read(session, access.project_id, cycle, _store())
        except (ArtifactMissing, ArtifactUnreadable) as error:
            detail = "The outputs of this cycle's model are gone from the store. Choose another cycle."
            raise conflict("store-incomplete", "The store is incomplete", detail) from error


def _store() -> ArtifactStore:
    return ArtifactStore(get_settings().effective_store_url)


def _find(job_id: uuid.UUID, access: ProjectAccess) -> Job:
    with transaction() as session:
        return fetching.find_export(session, access.project_id, job_id)


def _attachment(name: str) -> str:
    return f"attachment; filename*=utf-8''{quote(name, safe='')}"
