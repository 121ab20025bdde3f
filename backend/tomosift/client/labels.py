"""`tomosift labels`: bring labels that exist already, and take a whole import of them back."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tomosift.client.calls import Json
from tomosift.client.following import follow_job
from tomosift.client.problems import ApiProblem
from tomosift.client.sync_client import Tomosift
from tomosift.client.terminal import follow, table, upload_bar
from tomosift.client.upload import ResumableUpload, single_file
from tomosift.kit.settings import Settings
from tomosift.pool.schemas import JobOut

NOTHING = ("", "-")

_LEFT_OUT = {
    "empty": "rows without a value",
    "ignored": "particles whose value is mapped to nothing",
    "no-such-particle": "rows that fit no particle",
    "several-particles": "rows that fit several particles",
    "contradictory": "particles that rows contradict each other about",
    "evaluation-item": "particles of the evaluation sample, which is labeled blind",
    "not-evaluation-item": "particles that are not in the evaluation sample",
    "no-class": "particles that are junk or unsure, which is no prediction",
}


class LabelsFailed(Exception):
    """The labels were not imported, or not taken back; the message says why."""


def parse_map(entries: Sequence[str]) -> dict[str, str | None]:
    """`VALUE=CLASS` texts as a mapping; an empty class or `-` leaves the value out. Raises LabelsFailed."""
    mapping: dict[str, str | None] = {}
    for entry in entries:
        value, equals, target = entry.partition("=")
        if not equals or not value.strip():
            raise LabelsFailed(f"--map takes VALUE=CLASS, such as --map 1=ribosome; {entry!r} is not that.")
        mapping[value.strip()] = None if target.strip() in NOTHING else target.strip()
    return mapping


def import_labels(
    client: Tomosift, slug: str, file: Path | None, body: Json, settings: Settings, console: Console
) -> None:
    """Start the job, follow it, and tell what was written. Raises LabelsFailed, ApiProblem, NoService."""
    if file is not None and not file.is_file():
        raise LabelsFailed(f"{file} does not exist.")
    upload = None
    if file is None:
        job = client.pool.create_label_import(slug, body)
    else:
        in_place = _in_place(client, slug, file, body) if client.address.is_local else None
        if in_place is None:
            upload = ResumableUpload(client, slug, single_file(file), settings.home / "cli-uploads.json")
            job = _uploaded(client, slug, upload, body, console)
        else:
            job = in_place
    done = follow(console, follow_job(client, slug, job.id), "Waiting for a worker")
    if upload is not None and done.state == "succeeded":
        upload.forget()
    tell_labels(done, slug, console)


def undo_labels(client: Tomosift, slug: str, job_id: str, console: Console) -> None:
    """Take a label import back. Raises LabelsFailed, ApiProblem, NoService."""
    job = client.pool.delete_label_import(slug, job_id)
    done = follow(console, follow_job(client, slug, job.id), "Waiting for a worker")
    if done.state != "succeeded":
        raise LabelsFailed(_why(done))
    console.print(f"{(done.result or {})['taken_back']:,} labels taken back.", highlight=False)


def tell_labels(job: JobOut, slug: str, console: Console) -> None:
    """What a label import that is over has done. Raises LabelsFailed if it did not succeed."""
    problem = job.problem or {}
    if problem.get("values"):
        console.print(
            table(None, ["value", "count"], ([each["value"], f"{each['count']:,}"] for each in problem["values"]))
        )
    if job.state != "succeeded":
        raise LabelsFailed(_why(job))
    result = job.result or {}
    written = ", ".join(f"{name} {count:,}" for name, count in result["written"].items()) or "nothing new"
    console.print(f"{result['importer']} ({result['as']}): {written}.", highlight=False, soft_wrap=True)
    if result["said_before"]:
        console.print(f"{result['said_before']:,} were there already.", highlight=False)
    for reason, count in result["skipped"].items():
        console.print(f"Left out: {count:,} {_LEFT_OUT.get(reason, reason)}.", highlight=False, soft_wrap=True)
    if result["unmatched_examples"]:
        shown = ", ".join(result["unmatched_examples"])
        console.print(f"No particle is called {shown}.", highlight=False, markup=False, soft_wrap=True)
    if result["as"] != "predictions":
        undo = f"tomosift labels undo {job.id} --project {slug}"
        console.print(f"To take this back: {undo}", highlight=False, soft_wrap=True)


def _why(job: JobOut) -> str:
    if job.state == "cancelled":
        return "The label import was cancelled; what it had written was taken back."
    return str((job.problem or {}).get("detail", "The job failed; the service's log says why."))


def _in_place(client: Tomosift, slug: str, file: Path, body: Json) -> JobOut | None:
    """Let a service on this computer read the file itself; None if it may not."""
    try:
        return client.pool.create_label_import(slug, {**body, "path": str(file.resolve())})
    except ApiProblem as problem:
        if problem.kind == "outside-import-folders":
            return None
        raise


def _uploaded(client: Tomosift, slug: str, upload: ResumableUpload, body: Json, console: Console) -> JobOut:
    with upload_bar(console, upload.files.total_bytes) as tell:
        upload_id = upload.run(tell)
    sent = {**body, "upload_id": upload_id, "file": upload.files.list_remote}
    return client.pool.create_label_import(slug, sent)
