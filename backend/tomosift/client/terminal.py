"""What the command line shows: progress bars, tables, and one line for an error."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

STAGES = {
    "read": "Reading the list",
    "check": "Checking every file",
    "tomograms": "Checking every tomogram",
    "copy": "Copying voxels",
    "overview": "Making small copies of tomograms",
    "samples": "Reading samples",
    "publish": "Adding to the pool",
    "match": "Finding the particles",
    "labels": "Writing labels",
    "unpack": "Unpacking",
    "collect": "Collecting labels and predictions",
    "write": "Writing particles",
    "finish": "Writing the manifest",
    "train": "Training",
    "evaluate": "Measuring accuracy",
    "score": "Scoring the pool",
    "select": "Choosing the next batch",
}


class Job(Protocol):
    """What has a progress: a job, or a cycle's work."""

    @property
    def progress(self) -> BaseModel | dict[str, Any] | None:
        """`{stage, done, total, rate, eta_seconds, message}`, as far as known."""


Followed = TypeVar("Followed", bound=Job)


def progress_of(job: Job) -> dict[str, Any]:
    """A job's progress, empty before there is any."""
    return job.progress.model_dump() if isinstance(job.progress, BaseModel) else job.progress or {}


class _Rate(ProgressColumn):
    """Items a second, as the service measured it."""

    def render(self, task: Any) -> Text:
        rate = task.fields.get("rate")
        return Text(f"{rate:,.0f}/s" if rate else "", style="progress.data.speed")


class _TimeLeft(ProgressColumn):
    """Remaining time, as the service estimated it."""

    def render(self, task: Any) -> Text:
        eta = task.fields.get("eta")
        return Text("" if eta is None else f"{int(eta) // 60}:{int(eta) % 60:02d} left", style="progress.remaining")


@contextmanager
def upload_bar(console: Console, total_bytes: int) -> Iterator[Any]:
    """A bar of bytes with rate and remaining time; gives a function that takes the bytes sent so far."""
    with _byte_bar(console, "Sending files", total_bytes) as tell:
        yield tell


@contextmanager
def download_bar(console: Console, total_bytes: int) -> Iterator[Any]:
    """The same for bytes that come."""
    with _byte_bar(console, "Fetching files", total_bytes) as tell:
        yield tell


@contextmanager
def _byte_bar(console: Console, title: str, total_bytes: int) -> Iterator[Any]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=total_bytes)
        yield lambda moved: progress.update(task, completed=moved)


def follow(console: Console, jobs: Iterable[Followed], waiting: str) -> Followed:
    """Show a job's progress until it is over and return its last state. `jobs` gives one at least."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        _Rate(),
        _TimeLeft(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(waiting, total=None, rate=None, eta=None)
        for job in jobs:
            now = progress_of(job)
            if now:
                progress.update(
                    task,
                    description=STAGES.get(now.get("stage", ""), now.get("stage", waiting)),
                    completed=now.get("done"),
                    total=now.get("total"),
                    rate=now.get("rate"),
                    eta=now.get("eta_seconds"),
                )
    return job


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A plain table."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    for number, column in enumerate(columns):
        # The first column is what people copy: it is never cut.
        width = max((len(row[number]) for row in cells), default=0) if number == 0 else None
        made.add_column(column, min_width=width, overflow="fold")
    for row in cells:
        made.add_row(*row)
    return made


def row_problems(errors: Iterable[dict[str, Any]]) -> Table:
    """The bad rows of an import."""
    return table(None, ["row", "column", "reason"], ([each["row"], each["column"], each["reason"]] for each in errors))
