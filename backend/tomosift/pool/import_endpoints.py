"""HTTP face of imports: start one, or first see in a preview what it would do."""

import uuid

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from tomosift.accounts.repeatable import repeatable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool import imports, previews, uploads
from tomosift.pool.import_schemas import ImportPath, ImportPreview, ImportUpload
from tomosift.pool.job_views import job_out
from tomosift.pool.schemas import JobOut
from tomosift.pool.volume_answer import IMMUTABLE, VOLUME_ANSWER, VolumeFormat, volume_response
from tomosift.projects.access import CuratorAccess

router = APIRouter(prefix="/projects/{slug}/imports", tags=["imports"], responses=problems(401, 403, 404, 422))


@router.post("", status_code=202, summary="Import a particle list", responses=problems(409))
@repeatable()
def create_import(body: ImportPath | ImportUpload, access: CuratorAccess) -> JobOut:
    """Start a job that checks the list, copies or cuts the voxels and adds the particles, all of them or none.

    Particles that are in the project already are left as they are, so a list that has grown may be imported again.
    """
    with transaction() as session:
        location = _locate(session, body, access)
        job = imports.request_import(session, access.project_id, access.user.id, location, body)
        record(session, access.user, "import.begun", location.path.name, access, job=str(job.id))
    return job_out(job)


@router.post("/preview", status_code=202, summary="Look at a particle list first")
@repeatable()
def create_preview(body: ImportPath | ImportUpload, access: CuratorAccess) -> JobOut:
    """Start a job that finds out what an import would do, with ten sample volumes, and writes nothing to the pool."""
    with transaction() as session:
        location = _locate(session, body, access)
        job = imports.request_preview(session, access.project_id, access.user.id, location, body)
    return job_out(job)


@router.get("/previews/{job_id}", summary="What a preview found")
def read_preview(job_id: uuid.UUID, access: CuratorAccess) -> ImportPreview:
    """The result of a preview job that has succeeded; it is kept for a day."""
    with transaction() as session:
        return previews.find_preview(session, access.project_id, access.slug, job_id)


@router.get(
    "/previews/{job_id}/samples/{number}",
    summary="A sample volume of a preview",
    response_class=Response,
    responses=VOLUME_ANSWER,
)
def read_preview_sample(
    job_id: uuid.UUID, number: int, access: CuratorAccess, format: VolumeFormat = "uint8"
) -> Response:
    """The cube as it would come into the pool, encoded as the pool's volumes are."""
    with transaction() as session:
        previews.find_preview(session, access.project_id, access.slug, job_id)
    return volume_response(previews.read_sample(get_settings(), job_id, number), format, IMMUTABLE)


def _locate(session: Session, body: ImportPath | ImportUpload, access: CuratorAccess) -> imports.ListLocation:
    settings = get_settings()
    if isinstance(body, ImportUpload):
        upload = uploads.find_upload(session, access.project_id, access.user.id, body.upload_id)
        return imports.locate_in_upload(upload, body.list, settings)
    return imports.locate_in_import_folders(body.path, settings)
