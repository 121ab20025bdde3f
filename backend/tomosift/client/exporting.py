"""`tomosift export`: ask for an export, follow it, fetch its files and check every one of them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console

from tomosift.client.following import follow_job
from tomosift.client.sync_client import Tomosift
from tomosift.client.terminal import download_bar, follow, table
from tomosift.exports.schemas import ExportDetail

MANIFEST = "manifest.json"


class ExportFailed(Exception):
    """The export was not made or not fetched whole; the message says why."""


@dataclass(frozen=True)
class ExportRequest:
    """What the command was asked for: the body of a new export, or the id of one that was made before."""

    project: str
    out: Path
    body: dict[str, Any]
    export_id: str | None


def export_particles(client: Tomosift, request: ExportRequest, console: Console) -> None:
    """Do it. Raises ExportFailed, ApiProblem, NoService."""
    _check_folder(request)
    export_id = request.export_id
    if export_id is None:
        export_id = str(client.exports.create(request.project, request.body).id)
        job = follow(console, follow_job(client, request.project, export_id), "Waiting for a worker")
        if job.state != "succeeded":
            detail = (job.problem or {}).get("detail", "Nothing was written.")
            raise ExportFailed(f"The export was {job.state}. {detail}")
    exported = client.exports.read(request.project, export_id)
    if not exported.available:
        raise ExportFailed(f"The files of export {export_id} cannot be fetched: it is {exported.state}, or too old.")
    with download_bar(console, exported.bytes or 0) as tell:
        fetch_export(client, request.project, exported, request.out, tell)
    console.print(_counts(exported))
    if missing := json.loads((request.out / MANIFEST).read_bytes())["particles"].get("without_position"):
        console.print(f"{missing:,} particles have no known position in their tomogram; README.txt says what to do.")
    console.print(
        f"{exported.particles:,} particles in {exported.file_count:,} files are in {request.out}; every checksum "
        f"agrees. What is what: {request.out / 'README.txt'}",
        highlight=False,
        soft_wrap=True,
    )


def _check_folder(request: ExportRequest) -> None:
    if request.out.exists() and not request.out.is_dir():
        raise ExportFailed(f"{request.out} is no folder.")
    # A transfer that was cut goes on in its folder; a new export never mixes with what is there.
    if request.export_id is None and request.out.is_dir() and any(request.out.iterdir()):
        raise ExportFailed(f"{request.out} is not empty. Name a new folder.")


def fetch_export(
    client: Tomosift,
    slug: str,
    exported: ExportDetail,
    out: Path,
    tell: Callable[[int], None] = lambda _: None,
) -> None:
    """Fetch every file of an export into the folder `out` and check it; `tell` hears how many bytes are there.

    A transfer that was cut goes on where it was. Raises ExportFailed, ApiProblem, NoService.
    """
    address = f"/projects/{slug}/exports/{exported.id}"
    done = _fetch(client, address, out, MANIFEST, str(exported.manifest_sha256))
    for each in json.loads((out / MANIFEST).read_bytes())["files"]:
        done += _fetch(client, address, out, str(each["path"]), str(each["sha256"]))
        tell(done)


def _fetch(client: Tomosift, address: str, out: Path, path: str, sha256: str) -> int:
    """Fetch a file unless it is there already, and return its size. Raises ExportFailed if its checksum is wrong."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise ExportFailed(f"The service named a file {path!r} outside of the folder; nothing was written there.")
    target = out.joinpath(*parts)
    if target.is_file() and _checksum(target) == sha256:
        return target.stat().st_size
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    client.download(f"{address}/files/{path}", partial)
    if _checksum(partial) != sha256:
        partial.unlink()
        raise ExportFailed(f"{path} did not come over whole: its checksum is wrong. Repeat with --id to go on.")
    partial.replace(target)
    return target.stat().st_size


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _counts(exported: ExportDetail) -> Any:
    rows = ([each.name, each.count, each.note] for each in exported.classes if each.count)
    return table(None, ["class", "particles", ""], rows)
