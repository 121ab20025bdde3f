"""The Celery application with the tasks that need no torch, on the `cpu` queue. Wiring, no rules.

A task only carries a job's id; the job's life is in Postgres (`kit/job_control.py`).
"""

import os
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from tomosift.consensus.derivation import run_label_derivation
from tomosift.cycles.prediction_rows import run_store_predictions
from tomosift.cycles.project_files import remove_cycle_files
from tomosift.exports.project_files import remove_export_files
from tomosift.exports.requests import EXPORT_TASK
from tomosift.exports.run import run_export, sweep_exports
from tomosift.kit.broker import CPU_QUEUE, get_celery
from tomosift.kit.label_jobs import LABELS_TASK
from tomosift.kit.prediction_jobs import PREDICTIONS_TASK
from tomosift.kit.presence import Presence, computer_memory, write_node
from tomosift.kit.running_job import RunningJob, run_job, stop_running_jobs
from tomosift.kit.settings import get_settings
from tomosift.pool.demo_project import DEMO_TASK, run_demo
from tomosift.pool.import_run import run_import, sweep_leftovers
from tomosift.pool.imports import IMPORT_TASK, PREVIEW_TASK
from tomosift.pool.label_import_run import run_label_import, run_label_import_undo
from tomosift.pool.label_imports import LABEL_IMPORT_TASK, UNDO_TASK
from tomosift.pool.preview_run import run_preview
from tomosift.pool.project_files import remove_pool_files
from tomosift.pool.unpack import UNPACK_TASK, run_unpack
from tomosift.projects.deletion import PURGE_TASK
from tomosift.projects.purge import run_purge

celery_app: Celery = get_celery()
_presences: list[Presence] = []


WORK: dict[str, Callable[[RunningJob], None]] = {
    IMPORT_TASK: run_import,
    PREVIEW_TASK: run_preview,
    DEMO_TASK: run_demo,
    UNPACK_TASK: run_unpack,
    LABEL_IMPORT_TASK: run_label_import,
    UNDO_TASK: run_label_import_undo,
    LABELS_TASK: run_label_derivation,
    PREDICTIONS_TASK: run_store_predictions,
    EXPORT_TASK: run_export,
    PURGE_TASK: partial(run_purge, rooms=(remove_pool_files, remove_export_files, remove_cycle_files)),
}
"""What does the job of each task."""


def _offer(name: str, work: Callable[[RunningJob], None]) -> None:
    @celery_app.task(name=name, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
    def do(job_id: str) -> None:
        run_job(uuid.UUID(job_id), work)


for _name, _work in WORK.items():
    _offer(_name, _work)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _clear_up(sender: Any = None, **_: object) -> None:
    """Be known, and see what a worker that was killed has left behind; only a worker of this queue does."""
    if CPU_QUEUE in sender.app.amqp.queues.consume_from:
        presence = Presence(sender.hostname, _announce)
        _presences.append(presence)
        presence.start()
        sweep_leftovers()
        sweep_exports(get_settings())


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _give_jobs_back(**_: object) -> None:
    stop_running_jobs()
    for presence in _presences:
        presence.stop()


def _announce(node_id: str, _stopping: threading.Event) -> bool:
    cores = os.cpu_count() or 1
    write_node(
        node_id,
        CPU_QUEUE,
        device="cpu",
        device_name=f"CPU, {cores} cores",
        memory_bytes=computer_memory(),
        catalogue={},
    )
    return True
