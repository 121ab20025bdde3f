"""`tomosift import`: let the service read the list, or send it with its volumes, and follow the job."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from tomosift.client.rest import ApiProblem, Client, Json
from tomosift.client.terminal import follow, row_problems, upload_bar
from tomosift.client.upload import MOST_NAMED, FilesMissing, ParticleFiles, ResumableUpload, gather
from tomosift.kit.settings import Settings
from tomosift.pool.list_identity import list_checksum


class ImportFailed(Exception):
    """The list was not imported; the message says why. The bad rows were shown before."""


@dataclass(frozen=True)
class ImportRequest:
    """What the command was asked for."""

    star: Path
    project: str
    create: bool
    classes: Sequence[str]
    voxel_size: float | None
    wait: bool


def import_particles(
    client: Client, request: ImportRequest, settings: Settings, console: Console, error_console: Console
) -> None:
    """Do it. Raises ImportFailed, ApiProblem, NoService, FormatProblem."""
    if not request.star.is_file():
        raise ImportFailed(f"{request.star} does not exist.")
    if request.create:
        _create_project(client, request, console)
    job = _import_in_place(client, request) if client.address.is_local else None
    sent = None
    if job is None:
        _refuse_second_import(client, request)
        sent = ResumableUpload(
            client, request.project, _gather(request.star, error_console), settings.home / "cli-uploads.json"
        )
        job = _import_upload(client, request, sent, console)
    if not request.wait:
        console.print(f"The import runs as job {job['id']}.", highlight=False)
        return
    job = follow(console, client.follow_job(request.project, str(job["id"])), "Waiting for a worker")
    if sent is not None and job["state"] == "succeeded":
        sent.forget()
    _tell_outcome(job, request.project, console, error_console)


def _create_project(client: Client, request: ImportRequest, console: Console) -> None:
    """Make the project, unless there is one of that name: so that the command can be repeated."""
    try:
        client.project(request.project)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
    else:
        return
    if not request.classes:
        raise ImportFailed("--create needs --classes: the names to sort particles into, separated by commas.")
    client.post(
        "/projects",
        {
            "name": request.project,
            "slug": request.project,
            "classes": [{"name": name} for name in request.classes],
        },
    )
    console.print(f"Project {request.project} made, with {len(request.classes)} classes.", highlight=False)


def _import_in_place(client: Client, request: ImportRequest) -> Json | None:
    """Ask a service on this computer to read the files itself; None if it may not."""
    body = {"path": str(request.star.resolve()), "voxel_size_angstrom": request.voxel_size}
    try:
        return client.post(f"/projects/{request.project}/imports", body)
    except ApiProblem as problem:
        if problem.kind == "outside-import-folders":
            return None
        raise


def _refuse_second_import(client: Client, request: ImportRequest) -> None:
    """Say so before gigabytes are sent; the service looks again."""
    checksum = list_checksum(request.star)
    for source in client.items(f"/projects/{request.project}/sources"):
        if source["checksum"] == checksum:
            raise ImportFailed(f"{request.project} holds this list already, imported as {source['name']}.")


def _gather(star: Path, error_console: Console) -> ParticleFiles:
    try:
        return gather(star)
    except FilesMissing as missing:
        error_console.print(
            row_problems(
                {"row": row, "column": "rlnImageName", "reason": f"{name} is not there"} for row, name in missing.rows
            )
        )
        least = "At least " if len(missing.rows) == MOST_NAMED else ""
        raise ImportFailed(
            f"{least}{len(missing.rows)} rows name files that are not there; paths count from the list's folder and "
            "its parents. Nothing was sent."
        ) from missing


def _import_upload(client: Client, request: ImportRequest, upload: ResumableUpload, console: Console) -> Json:
    with upload_bar(console, upload.files.total_bytes) as tell:
        upload_id = upload.run(tell)
    body = {"upload_id": upload_id, "list": upload.files.list_remote, "voxel_size_angstrom": request.voxel_size}
    return client.post(f"/projects/{request.project}/imports", body)


def _tell_outcome(job: dict[str, Any], slug: str, console: Console, error_console: Console) -> None:
    if job["state"] == "cancelled":
        raise ImportFailed("The import was cancelled; nothing was imported.")
    if job["state"] == "failed":
        problem = job["problem"] or {}
        if problem.get("errors"):
            error_console.print(row_problems(problem["errors"]))
        raise ImportFailed(str(problem.get("detail", "The import failed; the service's log says why.")))
    result = job["result"]
    console.print(
        f"{result['row_count']} subtomograms are in {slug}; {result['evaluation_count']} of them, drawn at random, "
        "measure accuracy.",
        highlight=False,
        soft_wrap=True,
    )
