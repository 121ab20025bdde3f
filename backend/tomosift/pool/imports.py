"""Asking for an import or a preview of one: list and tomograms are found and looked at here, the work is a job."""

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.formats.catalogue import format_by_key
from tomosift.formats.problem import FormatProblem
from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.contained_paths import PathOutsideRoots, resolve_inside
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict, invalid
from tomosift.kit.settings import Settings
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_schemas import ImportOptions, TomogramsIn
from tomosift.pool.list_identity import list_checksum
from tomosift.pool.upload_paths import checked_path
from tomosift.pool.uploads import staging_folder
from tomosift.tables import Job, Upload

IMPORT_TASK = "tomosift.import_particles"
PREVIEW_TASK = "tomosift.preview_import"


@dataclass(frozen=True)
class ListLocation:
    """A particle list this server can read, the one folder its images may lie in, and those for its tomograms."""

    path: Path
    root: Path
    upload_id: uuid.UUID | None = None
    tomogram_roots: Sequence[Path] = ()


def locate_in_import_folders(path: str, settings: Settings) -> ListLocation:
    """A list on the server's own disk. Raises ProblemError 422 unless it is in an import folder and there."""
    if not os.path.isabs(path):  # noqa: PTH117 - `path` is text from outside
        raise invalid("not-absolute", "The path is not absolute", f"{path[:200]!r} must begin with '/'.")
    found = _inside(path, settings.import_roots)
    roots = [root.resolve() for root in settings.import_roots]
    # The widest folder that is allowed: a nested root must not cut off files the outer one permits.
    root = min((each for each in roots if found.is_relative_to(each)), key=lambda each: len(each.parts))
    return _checked(ListLocation(found, root, tomogram_roots=roots), path)


def locate_in_upload(upload: Upload, list_path: str, settings: Settings) -> ListLocation:
    """A list that was uploaded. Raises ProblemError 422 unless it is there."""
    files = staging_folder(settings, upload.id).files
    found = _inside_upload(list_path, files)
    return _checked(ListLocation(found, files.resolve(), upload.id, [files.resolve()]), list_path)


def request_import(
    session: Session,
    project_id: uuid.UUID,
    user_id: uuid.UUID | None,
    location: ListLocation,
    options: ImportOptions | None = None,
) -> Job:
    """Post an import job. Raises ProblemError 409 if this list is on its way into the project already, 422 for
    options that cannot be followed."""
    order = _order(location, options or ImportOptions())
    _refuse_while_running(session, project_id, order.checksum)
    return _post(session, project_id, user_id, "import", IMPORT_TASK, order)


def request_preview(
    session: Session, project_id: uuid.UUID, user_id: uuid.UUID | None, location: ListLocation, options: ImportOptions
) -> Job:
    """Post a job that finds out what an import would do. Raises ProblemError 422."""
    return _post(session, project_id, user_id, "preview", PREVIEW_TASK, _order(location, options))


def _order(location: ListLocation, options: ImportOptions) -> ImportOrder:
    if options.format is not None:
        try:
            format_by_key(options.format)
        except FormatProblem as problem:
            raise invalid("unknown-format", "Not a list format", f"{problem.message}.") from problem
    if options.tomograms is not None:
        options = options.model_copy(update={"tomograms": _locate_tomograms(options.tomograms, location)})
    return ImportOrder(
        list_path=location.path,
        root=location.root,
        name=location.path.name if location.path != location.root else "upload",
        checksum=list_checksum(location.path),
        upload_id=location.upload_id,
        tomogram_roots=tuple(location.tomogram_roots or [location.root]),
        options=ImportOptions.model_validate(options.model_dump(exclude={"path", "list", "upload_id"}, by_alias=True)),
    )


def _post(
    session: Session, project_id: uuid.UUID, user_id: uuid.UUID | None, kind: str, task: str, order: ImportOrder
) -> Job:
    job = Job(
        id=uuid.uuid4(),
        project_id=project_id,
        kind=kind,
        task=task,
        queue=CPU_QUEUE,
        created_by=user_id,
        payload=order.as_payload(),
    )
    post_job(session, job)
    session.refresh(job)
    return job


def _locate_tomograms(tomograms: TomogramsIn, location: ListLocation) -> TomogramsIn:
    """The same with absolute paths, each inside what this import may read. Raises ProblemError 422."""
    found = {}
    for name in ("folder", "list", "tomograms_star", "copick"):
        given = getattr(tomograms, name)
        if given is None:
            continue
        if location.upload_id is not None:
            path = _inside_upload(given, location.root)
        else:
            path = _inside(location.path.parent / given, location.tomogram_roots or [location.root])
        if not path.exists():
            raise invalid("tomograms-missing", "The tomograms are not there", f"{given[:200]!r} does not exist.")
        found[name] = str(path)
    return tomograms.model_copy(update=found)


def _inside(path: str | Path, roots: Sequence[Path]) -> Path:
    try:
        return resolve_inside(path, roots)
    except PathOutsideRoots as error:
        raise invalid("outside-import-folders", "Not in an import folder", str(error)) from error


def _inside_upload(path: str, files: Path) -> Path:
    try:
        return resolve_inside(files if path == "." else files / checked_path(path), [files])
    except PathOutsideRoots as error:
        raise invalid("bad-path", "Not a path inside the upload", f"{path[:200]!r} leads out of it.") from error


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
    if not (location.path.is_file() or location.path.is_dir()):
        raise invalid("list-missing", "There is no such list", f"{shown[:200]!r} is no file this server can read.")
    if not os.access(location.path, os.R_OK):
        raise invalid(
            "list-unreadable", "The list may not be read", f"Give the service the right to read {shown[:200]!r}."
        )
    return location
