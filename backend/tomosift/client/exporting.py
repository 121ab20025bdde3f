"""`tomosift export`: ask for an export, follow it, fetch its files and check every one of them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console

from tomosift.client.rest import Client, Json
from tomosift.client.terminal import download_bar, follow, table

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


def export_particles(client: Client, request: ExportRequest, console: Console) -> None:
    """Do it. Raises ExportFailed, ApiProblem, NoService."""
    _check_folder(request)
    address = f"/projects/{request.project}/exports"
    export_id = request.export_id
    if export_id is None:
        export_id = str(client.post(address, request.body)["id"])
        job = follow(console, client.follow_job(request.project, export_id), "Waiting for a worker")
        if job["state"] != "succeeded":
            detail = (job["problem"] or {}).get("detail", "Nothing was written.")
            raise ExportFailed(f"The export was {job['state']}. {detail}")
    detail = client.get(f"{address}/{export_id}")
    if not detail["available"]:
        raise ExportFailed(f"The files of export {export_id} cannot be fetched: it is {detail['state']}, or too old.")
    _fetch_all(client, f"{address}/{export_id}", detail, request.out, console)
    console.print(_counts(detail))
    if missing := json.loads((request.out / MANIFEST).read_bytes())["particles"].get("without_position"):
        console.print(f"{missing:,} particles have no known position in their tomogram; README.txt says what to do.")
    console.print(
        f"{detail['particles']:,} particles in {detail['file_count']:,} files are in {request.out}; every checksum "
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


def _fetch_all(client: Client, address: str, detail: Json, out: Path, console: Console) -> None:
    wanted = {MANIFEST: str(detail["manifest_sha256"])}
    with download_bar(console, int(detail["bytes"])) as tell:
        done = _fetch(client, address, out, MANIFEST, wanted[MANIFEST])
        for each in json.loads((out / MANIFEST).read_bytes())["files"]:
            done += _fetch(client, address, out, str(each["path"]), str(each["sha256"]))
            tell(done)


def _fetch(client: Client, address: str, out: Path, path: str, sha256: str) -> int:
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


def _counts(detail: Json) -> Any:
    rows = ([each["name"], each["count"], each["note"]] for each in detail["classes"] if each["count"])
    return table(None, ["class", "particles", ""], rows)
