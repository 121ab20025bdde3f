"""`tomosift import`: let the service read the list, or send it with its files; then import it, or preview that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from tomosift.client.calls import Json
from tomosift.client.following import follow_job
from tomosift.client.import_preview import show_preview
from tomosift.client.labels import tell_labels
from tomosift.client.problems import ApiProblem
from tomosift.client.sync_client import Tomosift
from tomosift.client.terminal import follow, row_problems, upload_bar
from tomosift.client.tomogram_upload import gather_with_tomograms
from tomosift.client.upload import MOST_NAMED, FilesMissing, ParticleFiles, ResumableUpload, gather
from tomosift.kit.settings import Settings
from tomosift.pool.import_schemas import ImportOptions
from tomosift.pool.list_identity import list_checksum
from tomosift.pool.schemas import JobOut


class ImportFailed(Exception):
    """The list was not imported; the message says why. The bad rows were shown before."""


@dataclass(frozen=True)
class ImportRequest:
    """What the command was asked for. Paths in `options` are of this computer."""

    star: Path
    project: str
    create: bool = False
    classes: Sequence[str] = ()
    options: ImportOptions = field(default_factory=ImportOptions)
    wait: bool = True
    preview: bool = False
    preview_image: Path | None = None


def import_particles(
    client: Tomosift, request: ImportRequest, settings: Settings, console: Console, error_console: Console
) -> None:
    """Do it. Raises ImportFailed, ApiProblem, NoService, FormatProblem."""
    if not request.star.exists():
        raise ImportFailed(f"{request.star} does not exist.")
    if request.create:
        _create_project(client, request, console)
    job = _ask_in_place(client, request) if client.address.is_local else None
    sent = None
    if job is None:
        if not request.preview and _is_there(client, request):
            console.print(
                f"{request.project} holds this list already; nothing was sent or added.",
                highlight=False,
                soft_wrap=True,
            )
            return
        sent = ResumableUpload(
            client, request.project, _gather(request, error_console), settings.home / "cli-uploads.json"
        )
        job = _ask_with_upload(client, request, sent, console)
    if not (request.wait or request.preview):
        console.print(f"The import runs as job {job.id}.", highlight=False)
        return
    done = follow(console, follow_job(client, request.project, job.id), "Waiting for a worker")
    if sent is not None and done.state == "succeeded" and not request.preview:
        sent.forget()
    _refuse_unless_succeeded(done, error_console)
    if request.preview:
        show_preview(client, request.project, str(done.id), request.preview_image, console)
    else:
        result = done.result or {}
        console.print(_outcome(result, request.project), highlight=False, soft_wrap=True)
        if result.get("label_job_id"):
            labels = follow_job(client, request.project, result["label_job_id"])
            tell_labels(follow(console, labels, "Waiting for a worker"), request.project, console)


def _create_project(client: Tomosift, request: ImportRequest, console: Console) -> None:
    """Make the project, unless there is one of that name: so that the command can be repeated."""
    try:
        client.projects.read(request.project)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
    else:
        return
    if not request.classes:
        raise ImportFailed("--create needs --classes: the names to sort particles into, separated by commas.")
    client.projects.create(
        {
            "name": request.project,
            "slug": request.project,
            "classes": [{"name": name} for name in request.classes],
        },
    )
    console.print(f"Project {request.project} made, with {len(request.classes)} classes.", highlight=False)


def _ask(client: Tomosift, request: ImportRequest, body: Json) -> JobOut:
    ask = client.imports.create_preview if request.preview else client.imports.create
    return ask(request.project, body)


def _ask_in_place(client: Tomosift, request: ImportRequest) -> JobOut | None:
    """Ask a service on this computer to read the files itself; None if it may not."""
    body = {**_as_json(request.options), "path": str(request.star.resolve())}
    try:
        return _ask(client, request, body)
    except ApiProblem as problem:
        if problem.kind == "outside-import-folders":
            return None
        raise


def _is_there(client: Tomosift, request: ImportRequest) -> bool:
    """Look before gigabytes are sent; the service looks at every particle."""
    if request.options.replace_volumes:
        return False
    checksum = list_checksum(request.star)
    return any(source.checksum == checksum for source in client.pool.read_sources(request.project))


def _gather(request: ImportRequest, error_console: Console) -> ParticleFiles:
    try:
        if request.options.tomograms is not None:
            return gather_with_tomograms(request.star, request.options)
        return gather(request.star, request.options.format)
    except FilesMissing as missing:
        error_console.print(
            row_problems(
                {"row": row, "column": "image", "reason": f"{name} is not there"} for row, name in missing.rows
            )
        )
        least = "At least " if len(missing.rows) == MOST_NAMED else ""
        raise ImportFailed(
            f"{least}{len(missing.rows)} rows name files that are not there; paths count from the list's folder and "
            "its parents. Nothing was sent."
        ) from missing


def _ask_with_upload(client: Tomosift, request: ImportRequest, upload: ResumableUpload, console: Console) -> JobOut:
    with upload_bar(console, upload.files.total_bytes) as tell:
        upload_id = upload.run(tell)
    options = _as_json(request.options)
    if upload.files.tomograms is not None:
        options["tomograms"] = upload.files.tomograms
    return _ask(client, request, {**options, "upload_id": upload_id, "list": upload.files.list_remote})


def _as_json(options: ImportOptions) -> dict[str, Any]:
    return options.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)


def _refuse_unless_succeeded(job: JobOut, error_console: Console) -> None:
    if job.state == "cancelled":
        raise ImportFailed("The import was cancelled; nothing was imported.")
    if job.state == "failed":
        problem = job.problem or {}
        if problem.get("errors"):
            error_console.print(row_problems(problem["errors"]))
        raise ImportFailed(str(problem.get("detail", "The import failed; the service's log says why.")))


def _outcome(result: Json, slug: str) -> str:
    if result.get("replaced_count"):
        left = f" {result['left_out']} rows of the list are no particles of it." if result["left_out"] else ""
        return f"{result['replaced_count']} subtomograms of {slug} have new volumes; their labels stay.{left}"
    there = result["already_there"]
    if not result["row_count"]:
        return (
            f"Nothing was added: all {there} particles of the list are in {slug} already. Their volumes stay as they "
            "are; --replace-volumes gives them others."
        )
    known = f" {there} particles of the list were there already." if there else ""
    return (
        f"{result['row_count']} subtomograms are in {slug}; {result['evaluation_count']} of them, drawn at random, "
        f"measure accuracy.{known}"
    )
