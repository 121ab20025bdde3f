"""`tomosift cycle`: launch, follow, list and stop cycles over REST."""

import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from tomosift.client.following import OVER
from tomosift.client.sync_client import Tomosift
from tomosift.client.terminal import follow, table
from tomosift.cycles.schemas import CycleJob, CycleOut
from tomosift.kit.figures import percent

PAUSE_SECONDS = 0.5


class CycleFailed(Exception):
    """The cycle did not become ready, or there is none; the message says why."""


def launch(client: Tomosift, slug: str, settings: dict[str, Any], console: Console) -> CycleOut:
    """Launch a cycle with the settings that are given. Raises ApiProblem with what is missing."""
    given = {name: value for name, value in settings.items() if value is not None}
    cycle = client.cycles.create(slug, {"settings": given})
    console.print(f"Cycle {cycle.number} of {slug} is {cycle.stage}.", highlight=False)
    if cycle.warning:
        console.print(cycle.warning, style="yellow", highlight=False, soft_wrap=True)
    return cycle


def follow_cycle(client: Tomosift, slug: str, number: int, console: Console) -> None:
    """Show progress until the cycle is over, then its accuracy. Raises CycleFailed."""
    follow(console, _jobs(client, slug, number), "Waiting for a worker")
    cycle = client.cycles.read(slug, number)
    if cycle.stage != "ready":
        problem = cycle.job.problem or {}
        raise CycleFailed(f"Cycle {number} was {cycle.stage}. {problem.get('detail', '')}".strip())
    console.print(f"Cycle {number} is ready. {_accuracy(cycle)}", highlight=False)


def cycle_table(client: Tomosift, slug: str) -> Table:
    """All cycles, oldest first."""
    cycles = sorted(client.cycles.all(slug), key=lambda cycle: cycle.number)
    return table(
        None,
        ["cycle", "stage", "acquisition", "training labels", "accuracy"],
        (
            [
                cycle.number,
                cycle.stage,
                cycle.settings.get("acquisition"),
                cycle.training_label_count,
                _accuracy(cycle),
            ]
            for cycle in cycles
        ),
    )


def cancel(client: Tomosift, slug: str, number: int | None) -> int:
    """Stop the cycle of that number, or the one that runs; returns its number. Raises CycleFailed if none does."""
    if number is None:
        running = (cycle for cycle in client.cycles.all(slug) if cycle.stage not in OVER)
        cycle = next(running, None)
        if cycle is None:
            raise CycleFailed(f"No cycle of {slug} is running.")
        number = cycle.number
    client.cycles.cancel(slug, number)
    return number


def _jobs(client: Tomosift, slug: str, number: int) -> Iterator[CycleJob]:
    """The cycle's job, again and again until it is over."""
    while True:
        cycle = client.cycles.read(slug, number)
        yield cycle.job
        if cycle.stage in OVER:
            return
        time.sleep(PAUSE_SECONDS)


def _accuracy(cycle: CycleOut) -> str:
    report = cycle.metrics.report if cycle.metrics else None
    if report is None:
        return ""
    return f"{percent(report.accuracy)} ({percent(report.low)} to {percent(report.high)}, n = {report.n})"
