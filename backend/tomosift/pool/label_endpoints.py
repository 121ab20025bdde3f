"""HTTP face of label imports."""

import uuid

from fastapi import APIRouter

from tomosift.accounts.repeatable import repeatable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.problems import forbidden
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool import imports, uploads
from tomosift.pool.job_views import job_out
from tomosift.pool.label_imports import request_label_import, request_undo
from tomosift.pool.label_schemas import LabelImport, LabelImportRequest
from tomosift.pool.schemas import JobOut
from tomosift.projects.access import CuratorAccess, ProjectAccess, Role

router = APIRouter(prefix="/projects/{slug}/label-imports", tags=["pool"], responses=problems(422))


@router.post(
    "", status_code=202, summary="Bring labels that exist already", responses=problems(401, 403, 404, 409, 422)
)
@repeatable()
def create_label_import(body: LabelImportRequest, access: CuratorAccess) -> JobOut:
    """Start a job that reads classes from a column and writes them in the importer's name.

    Every value must be a class, or be mapped to one; values that are not are listed in the job's problem with their
    counts, and nothing is written. Repeating an import writes nothing twice. A person's decision always counts more.
    """
    check_may_add_classes(body, access)
    settings = get_settings()
    with transaction() as session:
        location = None
        if body.path is not None:
            location = imports.locate_in_import_folders(body.path, settings)
        elif body.upload_id is not None and body.file is not None:
            upload = uploads.find_upload(session, access.project_id, access.user.id, body.upload_id)
            uploads.refuse_while_importing(session, upload)
            location = imports.locate_in_upload(upload, body.file, settings)
        job = request_label_import(session, access.project_id, access.user.id, body, location)
        record(session, access.user, "label-import.begun", body.importer, access, job=str(job.id), use=body.use)
    return job_out(job)


@router.delete(
    "/{job_id}", status_code=202, summary="Take a whole label import back", responses=problems(401, 403, 404, 409)
)
def delete_label_import(job_id: uuid.UUID, access: CuratorAccess) -> JobOut:
    """Start a job that undoes every label of that import: further events, nothing is erased. What people said stays."""
    with transaction() as session:
        job = request_undo(session, access.project_id, access.user.id, job_id)
        record(session, access.user, "label-import.undone", str(job_id), access, job=str(job.id))
    return job_out(job)


def check_may_add_classes(labels: LabelImport, access: ProjectAccess) -> None:
    """Raise ProblemError 403 where labels would add classes and the user may not."""
    if labels.create_classes and not access.role.may(Role.OWNER):
        raise forbidden("Only an owner of the project adds classes. Map the values to classes that are there.")
