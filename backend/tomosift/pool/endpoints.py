"""HTTP face of the pool room: uploads, jobs, sources, subtomograms and their voxels."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from tomosift.accounts.repeatable import repeatable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, decode_time_cursor, page_of
from tomosift.kit.problems import not_found
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool import job_views, subtomograms, uploads
from tomosift.pool.schemas import (
    JobDetail,
    JobLogEntry,
    JobOut,
    LabelOut,
    PredictionOut,
    SourceOut,
    SubtomogramDetail,
    SubtomogramSummary,
    UploadContents,
    UploadedFile,
    UploadOut,
)
from tomosift.pool.volume_answer import IMMUTABLE, VOLUME_ANSWER, VolumeFormat, volume_response
from tomosift.projects.access import CuratorAccess, ViewerAccess
from tomosift.projects.shown_labels import reader_of, shown_label
from tomosift.tables import CurrentLabel, Job, Source, Subtomogram

router = APIRouter(prefix="/projects/{slug}", tags=["pool"], responses=problems(422))


async def _raw_body(request: Request) -> bytes:
    return await request.body()


_BINARY_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
}


@router.post("/uploads", status_code=201, summary="Begin an upload", responses=problems(401, 403, 404))
@repeatable()
def create_upload(access: CuratorAccess) -> UploadOut:
    """A place for a particle list and its volumes. Send the files in chunks, then import the list."""
    with transaction() as session:
        uploads.remove_dead_uploads(session, get_settings())
        upload = uploads.begin_upload(session, access.project_id, access.user.id, get_settings())
    return UploadOut(id=upload.id, expires_at=upload.expires_at)


@router.put(
    "/uploads/{upload_id}/files/{path:path}",
    summary="Send the next chunk of a file",
    responses=problems(401, 403, 404, 409, 413, 422, 507),
    openapi_extra=_BINARY_BODY,
)
def put_chunk(
    upload_id: uuid.UUID,
    path: str,
    access: CuratorAccess,
    body: Annotated[bytes, Depends(_raw_body)],
    offset: Annotated[int, Query(ge=0, description="Bytes of this file sent so far.")] = 0,
) -> UploadedFile:
    """Add raw bytes at the end of a file. A wrong offset answers 409 with the `size` to go on from."""
    settings = get_settings()
    with transaction() as session:
        upload = uploads.find_upload(session, access.project_id, access.user.id, upload_id)
        uploads.refuse_while_importing(session, upload)
    return UploadedFile(path=path, size=uploads.append_chunk(settings, upload.id, path, offset, body))


@router.get("/uploads/{upload_id}", summary="What an upload holds", responses=problems(401, 403, 404))
def read_upload(upload_id: uuid.UUID, access: CuratorAccess) -> UploadContents:
    """Every file with the bytes received so far: what a cut-off upload goes on from."""
    with transaction() as session:
        upload = uploads.find_upload(session, access.project_id, access.user.id, upload_id)
    files = uploads.staging_folder(get_settings(), upload.id).contents()
    return UploadContents(files=[UploadedFile(path=path, size=size) for path, size in files])


@router.delete(
    "/uploads/{upload_id}", status_code=204, summary="Discard an upload", responses=problems(401, 403, 404, 409)
)
def delete_upload(upload_id: uuid.UUID, access: CuratorAccess) -> None:
    """Delete an upload and its files. What was imported from it stays."""
    with transaction() as session:
        upload = uploads.find_upload(session, access.project_id, access.user.id, upload_id)
        uploads.refuse_while_importing(session, upload)
        uploads.discard_upload(session, upload, get_settings())


@router.get("/sources", summary="Imported lists", responses=problems(401, 404))
def read_sources(access: ViewerAccess, limit: PageLimit = 100, after: PageAfter = None) -> Page[SourceOut]:
    """The particle lists in the pool, in the order of their import."""
    cursor = decode_time_cursor(after)
    query = select(Source).where(Source.project_id == access.project_id).order_by(Source.created_at, Source.id)
    if cursor is not None:
        query = query.where(tuple_(Source.created_at, Source.id) > cursor)
    with transaction() as session:
        rows = session.scalars(query.limit(limit + 1)).all()
    return page_of(rows, limit, SourceOut.model_validate, lambda row: (row.created_at.isoformat(), str(row.id)))


@router.get("/jobs", summary="Long work of the project", responses=problems(401, 404, 422))
def read_jobs(access: ViewerAccess, limit: PageLimit = 50, after: PageAfter = None) -> Page[JobOut]:
    """Imports and cycles, newest first."""
    with transaction() as session:
        rows = job_views.list_jobs(session, access.project_id, limit + 1, decode_time_cursor(after))
    return page_of(rows, limit, job_views.job_out, lambda job: (job.created_at.isoformat(), str(job.id)))


@router.get("/jobs/{job_id}", summary="One job", responses=problems(401, 404))
def read_job(job_id: uuid.UUID, access: ViewerAccess) -> JobDetail:
    """A job with its progress, its problem if it failed, and the last lines of its log."""
    with transaction() as session:
        return _detail(job_views.find_job(session, access.project_id, job_id), session)


@router.post("/jobs/{job_id}/cancel", summary="Stop a job", responses=problems(401, 403, 404, 409))
def cancel_job(job_id: uuid.UUID, access: CuratorAccess) -> JobDetail:
    """Ask a job to stop. A queued one ends at once, a running one within seconds; nothing of it stays."""
    with transaction() as session:
        job = job_views.cancel_job(session, access.project_id, job_id)
        record(session, access.user, f"{job.kind}.cancelled", str(job.id), access)
        return _detail(job, session)


@router.get("/subtomograms", summary="The pool", responses=problems(401, 404, 422))
def read_subtomograms(
    access: ViewerAccess,
    limit: PageLimit = 100,
    after: PageAfter = None,
    label: Annotated[
        str | None, Query(max_length=50, description="`unlabeled`, `class:<id>`, `junk` or `unsure`.")
    ] = None,
    tomogram: Annotated[str | None, Query(max_length=500, description="Only those of this tomogram.")] = None,
    predicted: Annotated[
        uuid.UUID | None, Query(description="Only those that imported predictions give this class.")
    ] = None,
) -> Page[SubtomogramSummary]:
    """Subtomograms in the order they came, optionally only those with a certain label or of one tomogram.

    A label that would tell you what others said of an item that you may still be asked about is not shown.
    """
    cursor = decode_cursor(after, int)
    with transaction() as session:
        rows = subtomograms.list_subtomograms(
            session,
            access.project_id,
            reader_of(access),
            limit=limit + 1,
            after_id=None if cursor is None else int(str(cursor[0])),
            label=subtomograms.parse_label_filter(label),
            tomogram=tomogram,
            predicted=predicted,
        )
        hints = subtomograms.shown_predictions(session, [row for row, _ in rows])
    return page_of(
        rows,
        limit,
        lambda row: SubtomogramSummary(**_summary_fields(access.slug, *row, hints.get(row[0].id))),
        lambda row: (row[0].id,),
    )


@router.get("/subtomograms/{subtomogram_id}", summary="One subtomogram", responses=problems(401, 404))
def read_subtomogram(subtomogram_id: int, access: ViewerAccess) -> SubtomogramDetail:
    """A subtomogram with every column of the list it came from."""
    with transaction() as session:
        row, source, _ = subtomograms.find_subtomogram(session, access.project_id, subtomogram_id)
        label = shown_label(session, subtomogram_id, reader_of(access))
        hint = subtomograms.shown_predictions(session, [row]).get(row.id)
    return SubtomogramDetail(
        **_summary_fields(access.slug, row, label, hint),
        rot=row.rot,
        tilt=row.tilt,
        psi=row.psi,
        box_size=source.box_size,
        voxel_size_angstrom=source.voxel_size_angstrom,
        columns=subtomograms.read_columns(source, row.source_row),
    )


@router.get(
    "/subtomograms/{subtomogram_id}/volume",
    summary="Voxels for the viewer",
    response_class=Response,
    responses={**VOLUME_ANSWER, **problems(401, 404)},
)
def read_volume(
    subtomogram_id: int,
    access: ViewerAccess,
    h: Annotated[str | None, Query(max_length=64, description="The content's hash, from `volume_url`.")] = None,
    format: VolumeFormat = "uint8",
) -> Response:
    """The cube, in few bytes. With the right hash the answer may be kept for ever; a wrong hash is 404."""
    with transaction() as session:
        row, source, _ = subtomograms.find_subtomogram(session, access.project_id, subtomogram_id)
    if h is not None and h != row.content_hash:
        raise not_found("volume")
    volume = subtomograms.read_volume(source.volumes_key, row.source_row)
    return volume_response(volume, format, IMMUTABLE if h is not None else "private, no-cache")


def _summary_fields(
    slug: str, row: Subtomogram, label: CurrentLabel | None, prediction: subtomograms.Prediction | None
) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "source_id": row.source_id,
        "source_row": row.source_row,
        "tomogram": row.tomogram,
        "x": row.x,
        "y": row.y,
        "z": row.z,
        "volume_url": subtomograms.volume_url(slug, row),
        "label": LabelOut.model_validate({"kind": label.kind, "class_id": label.class_id}) if label else None,
        "prediction": PredictionOut.model_validate(prediction) if prediction else None,
    }


def _detail(job: Job, session: Session) -> JobDetail:
    log = [JobLogEntry.model_validate(line) for line in job_views.log_lines(session, job.id)]
    return job_views.job_detail(job, log)
