"""What runs: the API, the workers, and the environment that tells them where everything is."""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tomosift.kit.settings import Settings
from tomosift.supervisor.children import ChildPlan

PYTHON = (sys.executable, "-P")  # -P: a file named celery.py in the current folder must not shadow the library
ALWAYS_TOLD = frozenset({"home", "host", "port", "database_url", "redis_url"})


@dataclass(frozen=True)
class WorkerPlan:
    """A Celery worker: the application, its queue, how many tasks at once, and a module it needs to be installed."""

    name: str
    title: str
    celery_app: str
    queue: str
    concurrency: int
    needs: str | None = None

    @property
    def can_run(self) -> bool:
        """Whether what it needs is installed. Looked up, not imported: torch takes seconds."""
        return self.needs is None or find_spec(self.needs) is not None


@dataclass(frozen=True)
class Program:
    """The parts of the program that are not embedded services."""

    api_factory: str
    workers: Sequence[WorkerPlan]


TOMOSIFT = Program(
    api_factory="tomosift.app:create_app",
    workers=(
        WorkerPlan("worker-cpu", "CPU worker", "tomosift.jobs:celery_app", "cpu", 2),
        # One at a time: the task starts a training process of its own, which uses the whole device.
        WorkerPlan("worker-gpu", "Training worker", "tomosift_worker.tasks:celery_app", "gpu", 1, needs="torch"),
    ),
)


def api_processes(settings: Settings) -> int:
    """How many API processes there shall be. One answers some fifty people; a small computer has other things to do."""
    return settings.api_processes or (2 if (os.cpu_count() or 1) >= 4 else 1)


def api_plan(
    program: Program, listen_fd: int, log: Path | None, environment: Mapping[str, str], name: str = "api"
) -> ChildPlan:
    """An API process, serving on an open socket that others may share."""
    return ChildPlan(
        name=name,
        title="The service",
        command=[
            *(*PYTHON, "-m", "tomosift.api_process"),
            *("--app", program.api_factory),
            *("--listen-fd", str(listen_fd)),
        ],
        log=log,
        env=environment,
        pass_fds=(listen_fd,),
    )


def worker_plan(worker: WorkerPlan, log: Path | None, environment: Mapping[str, str]) -> ChildPlan:
    """A Celery worker. Threads, not forked processes: torch does not survive a fork, and a task only waits."""
    return ChildPlan(
        name=worker.name,
        title=worker.title,
        command=[
            *(*PYTHON, "-m", "tomosift.worker_process"),
            *("-A", worker.celery_app, "worker"),
            *("--queues", worker.queue),
            *("--pool", "threads", "--concurrency", str(worker.concurrency)),
            *("--hostname", f"{worker.queue}@%h"),
            "--without-gossip",
            "--without-mingle",
        ],
        log=log,
        env=environment,
        # Celery's warm shutdown: running tasks are told and may finish; the supervisor bounds how long.
        stop_signal=signal.SIGTERM,
    )


def settings_environment(settings: Settings) -> dict[str, str]:
    """The settings as TOMOSIFT_* variables, so that child processes have the same ones."""
    environment = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if value is None or name not in settings.model_fields_set | ALWAYS_TOLD:
            continue
        if isinstance(value, list):
            value = (os.pathsep if name == "import_roots" else ",").join(map(str, value))
        if isinstance(value, dict):
            value = json.dumps(value)
        environment[f"TOMOSIFT_{name.upper()}"] = str(value)
    return environment
