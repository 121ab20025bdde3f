"""Asking for an import: the list is found and looked at here, the work is a job."""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.contained_paths import PathOutsideRoots, resolve_inside
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict, invalid
from tomosift.kit.settings import Settings
from tomosift.pool.list_identity import list_checksum, refuse_second_import
from tomosift.pool.uploads import checked_path, staging_folder
from tomosift.tables import Job, Upload

IMPORT_TASK = "tomosift.import_particles"


@dataclass(frozen=True)
class ListLocation:
    """A particle list this server can read, and the one folder its files may lie in."""

    path: Path
    root: Path
    upload_id: uuid.UUID | None = None


def locate_in_import_folders(path: str, settings: Settings) -> ListLocation:
    """A list on the server's own disk. Raises ProblemError 422 unless it is in an import folder and a file."""
    if not os.path.isabs(path):  # noqa: PTH117 - `path` is text from outside
        raise invalid("not-absolute", "The path is not absolute", f"{path[:200]!r} must begin with '/'.")
    try:
        found = resolve_inside(path, settings.import_roots)
    except PathOutsideRoots as error:
        raise invalid("outside-import-folders", "Not in an import folder", str(error)) from error
    roots = [root.resolve() for root in settings.import_roots]
    # The widest folder that is allowed: a nested root must not cut off files the outer one permits.
    root = min((each for each in roots if found.is_relative_to(each)), key=lambda each: len(each.parts))
    return _checked(ListLocation(found, root), path)


def locate_in_upload(upload: Upload, list_path: str, settings: Settings) -> ListLocation:
    """A list that was uploaded. Raises ProblemError 422 unless it is there."""
    files = staging_folder(settings, upload.id).files
    try:
        found = resolve_inside(files / checked_path(list_path), [files])
    except PathOutsideRoots as error:
        raise invalid("bad-path", "Not a path inside the upload", f"{list_path[:200]!r} leads out of it.") from error
    return _checked(ListLocation(found, files.resolve(), upload.id), list_path)


def request_import(
    session: Session,
    project_id: uuid.UUID,
    user_id: uuid.UUID | None,
    location: ListLocation,
    voxel_size_angstrom: float | None = None,
) -> Job:
    """Post an import job. Raises ProblemError 409 if this list is in the project, or on its way there, already."""
    checksum = list_checksum(location.path)
    refuse_second_import(session, project_id, checksum)
    _refuse_while_running(session, project_id, checksum)
    job = Job(
        id=uuid.uuid4(),
        project_id=project_id,
        kind="import",
        task=IMPORT_TASK,
        queue=CPU_QUEUE,
        created_by=user_id,
        payload={
            "list": str(location.path),
            "root": str(location.root),
            "name": location.path.name,
            "checksum": checksum,
            "upload_id": str(location.upload_id) if location.upload_id else None,
            "voxel_size_angstrom": voxel_size_angstrom,
        },
    )
    post_job(session, job)
    session.refresh(job)
    return job


def _refuse_while_running(session: Session, project_id: uuid.UUID, checksum: str) -> None:
    running = session.scalar(
        select(Job.id).where(
            Job.project_id == project_id,
            Job.kind == "import",
            Job.state.in_(("queued", "running")),
            Job.payload["checksum"].as_string() == checksum,
        )
    )
    if running is not None:
        raise conflict(
            "being-imported",
            "This list is being imported already",
            "Wait for that import to end, or cancel it.",
            job_id=str(running),
        )


def _checked(location: ListLocation, shown: str) -> ListLocation:
    if not location.path.is_file():
        raise invalid("list-missing", "There is no such list", f"{shown[:200]!r} is no file this server can read.")
    if not os.access(location.path, os.R_OK):
        raise invalid(
            "list-unreadable", "The list may not be read", f"Give the service the right to read {shown[:200]!r}."
        )
    return location
