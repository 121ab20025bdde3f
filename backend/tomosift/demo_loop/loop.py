"""The demo: two projects on the same simulated particles, one picks by a score, the other at random."""

import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tomosift.client import ServiceAddress, Tomosift
from tomosift.client.following import OVER
from tomosift.client.importing import ImportRequest, import_particles
from tomosift.client.terminal import STAGES
from tomosift.cycles.schemas import CycleOut
from tomosift.demo_loop.annotator import JUNK, SimulatedAnnotator, read_truth
from tomosift.demo_loop.own_service import own_service
from tomosift.demo_loop.report import BASELINE, Point, draw_curves, result_table, verdict, write_json
from tomosift.kit.settings import Settings
from tomosift.simulation.dataset import demo_dataset

FIRST_CHOICE = "auto"
# One recipe for every cycle, so that a curve shows labels and nothing else.
DEMO_PRESET = "cpu-quick"
PAUSE_SECONDS = 0.3
WORKER_SECONDS = 120.0


class DemoFailed(Exception):
    """The demo could not go on; the message says why."""


@dataclass(frozen=True)
class DemoOptions:
    """What to run. Without `service` the demo starts one of its own and removes it afterwards."""

    acquisition: str = FIRST_CHOICE
    cycles: int = 4
    batch_size: int = 40
    evaluation_size: int = 160
    seed: int = 1
    out: Path = Path("demo-output")
    service: ServiceAddress | None = None
    cycle_settings: Mapping[str, Any] = field(default_factory=dict)
    simulate: Callable[[Path, int], object] = demo_dataset


def run_demo(options: DemoOptions, settings: Settings, console: Console) -> dict[str, list[Point]]:
    """Run both arms, print the table, write `curve.png` and `result.json`; returns the curves by arm.

    Raises DemoFailed, ServiceFailed, ApiProblem, NoService.
    """
    began = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_stopped_in_order())
        folder = Path(stack.enter_context(_temporary_folder()))
        console.print(f"Simulating particles (seed {options.seed}) …", highlight=False)
        options.simulate(folder / "particles", options.seed)
        address = options.service
        if address is None:
            console.print("Starting a service of the demo's own …", highlight=False)
            address = stack.enter_context(own_service(folder / "home", folder / "particles"))
        client = stack.enter_context(Tomosift(address))
        _wait_for_worker(client)
        truth = read_truth(folder / "particles" / "truth.csv")
        curves = _run_arms(client, options, folder / "particles" / "particles.star", truth, settings, console)
    conditions = {
        "seed": options.seed,
        "particles": len(truth),
        "cycles": options.cycles,
        "batch_size": options.batch_size,
        "settings": dict(options.cycle_settings),
        "seconds": round(time.monotonic() - began, 1),
    }
    _tell(curves, conditions, options.out, console)
    return curves


def _run_arms(
    client: Tomosift, options: DemoOptions, star: Path, truth: Mapping[str, str], settings: Settings, console: Console
) -> dict[str, list[Point]]:
    curves: dict[str, list[Point]] = {}
    first_batches = []
    for arm in dict.fromkeys((options.acquisition, BASELINE)):
        slug = _make_project(client, arm, sorted(set(truth.values()) - {JUNK}), options)
        import_particles(client, ImportRequest(star, slug), settings, console, console)
        with _bar(console, arm) as bar:
            run = _Arm(client, slug, SimulatedAnnotator(client, slug, dict(truth)), options, arm, bar)
            curves[arm] = [run.turn(number) for number in range(1, options.cycles + 1)]
        first_batches.append(run.first_batch)
    if any(batch != first_batches[0] for batch in first_batches):
        raise DemoFailed("The arms began with different items; they cannot be compared. This is an error of Tomosift.")
    return curves


def _make_project(client: Tomosift, arm: str, classes: list[str], options: DemoOptions) -> str:
    slug = f"demo-{arm}-{int(time.time()):x}"
    evaluation = {
        "evaluation_minimum": options.evaluation_size,
        "evaluation_maximum": options.evaluation_size,
        "evaluation_fraction": 0.0,
    }
    body = {
        "name": f"Demo: {arm}",
        "slug": slug,
        "description": "Made by `tomosift demo`; a simulated annotator answers.",
        "classes": [{"name": name} for name in classes],
        "settings": {"batch_size": options.batch_size, **evaluation},
    }
    client.projects.create(body)
    return slug


class _Bar:
    """The progress line of one arm."""

    def __init__(self, progress: Progress, task: TaskID, arm: str) -> None:
        self._progress, self._task, self._arm = progress, task, arm

    def show(self, text: str, done: float | None, total: float | None) -> None:
        self._progress.update(self._task, description=f"{self._arm}: {text}", completed=done or 0, total=total)


@contextmanager
def _bar(console: Console, arm: str) -> Iterator[_Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, progress.add_task(arm, total=None), arm)


@dataclass
class _Arm:
    """One project going round the loop."""

    client: Tomosift
    slug: str
    annotator: SimulatedAnnotator
    options: DemoOptions
    arm: str
    bar: _Bar
    first_batch: list[str] = field(default_factory=list)

    def turn(self, number: int) -> Point:
        """Answer what is asked, launch a cycle, wait for it, and read its accuracy."""
        queue = self.client.annotation.read_progress(self.slug).queue
        total = queue.open_query + queue.open_evaluation
        asked = self.annotator.answer_all(
            lambda done: self.bar.show(f"cycle {number}, the annotator answers", done, total)
        )
        if number == 1:
            self.first_batch = asked
        cycle = self._launch()
        while cycle.stage not in OVER:
            now = cycle.job.progress
            doing = STAGES.get(now.get("stage", ""), "waits for a worker")
            self.bar.show(f"cycle {number}, {doing.lower()}", now.get("done"), now.get("total"))
            time.sleep(PAUSE_SECONDS)
            cycle = self.client.cycles.read(self.slug, cycle.number)
        return self._point(number, cycle)

    def _launch(self) -> CycleOut:
        settings = {
            "acquisition": self.arm,
            "batch_size": self.options.batch_size,
            "seed": self.options.seed,
            "preset": DEMO_PRESET,
            **self.options.cycle_settings,
        }
        return self.client.cycles.create(self.slug, {"settings": settings})

    def _point(self, number: int, cycle: CycleOut) -> Point:
        problem = cycle.job.problem or {}
        if cycle.stage != "ready":
            raise DemoFailed(f"Cycle {number} of {self.arm} was {cycle.stage}. {problem.get('detail', '')}".strip())
        report = cycle.metrics.report if cycle.metrics else None
        if report is None:
            reason = cycle.metrics.reason if cycle.metrics else None
            raise DemoFailed(f"Cycle {number} of {self.arm} could not be measured. {reason or ''}".strip())
        return Point(
            cycle=number,
            training_labels=cycle.training_label_count or 0,
            evaluation_labels=cycle.evaluation_label_count or 0,
            n=report.n,
            accuracy=report.accuracy,
            low=report.low,
            high=report.high,
            balanced_accuracy=report.balanced_accuracy,
        )


def _wait_for_worker(client: Tomosift) -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    while client.registry.read_catalogue().workers_seen == 0:
        if time.monotonic() > deadline:
            raise DemoFailed(
                "No worker that can train announced itself. Install the package with the extra `worker`, and see the "
                "log of the gpu worker."
            )
        time.sleep(PAUSE_SECONDS)


def _tell(curves: Mapping[str, list[Point]], conditions: Mapping[str, Any], out: Path, console: Console) -> None:
    console.print(result_table(curves))
    if len(curves) > 1:
        console.print(verdict(curves), highlight=False)
    write_json(out / "result.json", curves, conditions)
    written = [out / "result.json"]
    if draw_curves(out / "curve.png", curves, conditions):
        written.insert(0, out / "curve.png")
    console.print(f"{conditions['seconds']:.0f} s. Written: {', '.join(map(str, written))}", highlight=False)


@contextmanager
def _temporary_folder() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="tomosift-demo-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: stop the service and remove its files. Only the main thread can promise that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
