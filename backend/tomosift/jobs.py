"""The Celery application with the tasks that need no torch, on the `cpu` queue. Wiring, no rules.

A task only carries a job's id; the job's life is in Postgres (`kit/job_control.py`).
"""

import uuid
from functools import partial
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from tomosift.cycles.project_files import remove_cycle_files
from tomosift.exports.project_files import remove_export_files
from tomosift.consensus.derivation import run_label_derivation
from tomosift.exports.requests import EXPORT_TASK
from tomosift.exports.run import run_export, sweep_exports
from tomosift.kit.broker import CPU_QUEUE, get_celery
from tomosift.kit.label_jobs import LABELS_TASK
from tomosift.kit.running_job import run_job, stop_running_jobs
from tomosift.kit.settings import get_settings
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


@celery_app.task(name=IMPORT_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def import_particles(job_id: str) -> None:
    """Import a particle list."""
    run_job(uuid.UUID(job_id), run_import)


@celery_app.task(name=EXPORT_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def export_particles(job_id: str) -> None:
    """Write labels and predictions as files."""
    run_job(uuid.UUID(job_id), run_export)


@celery_app.task(name=PREVIEW_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def preview_import(job_id: str) -> None:
    """Find out what an import would do."""
    run_job(uuid.UUID(job_id), run_preview)


@celery_app.task(name=LABEL_IMPORT_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def import_labels(job_id: str) -> None:
    """Bring labels that exist already."""
    run_job(uuid.UUID(job_id), run_label_import)


@celery_app.task(name=UNDO_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def undo_label_import(job_id: str) -> None:
    """Take a label import back."""
    run_job(uuid.UUID(job_id), run_label_import_undo)


@celery_app.task(name=UNPACK_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def unpack_upload(job_id: str) -> None:
    """Unpack an uploaded archive."""
    run_job(uuid.UUID(job_id), run_unpack)


@celery_app.task(name=PURGE_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def purge_project(job_id: str) -> None:
    """Delete everything of a project whose time has passed."""
    run_job(uuid.UUID(job_id), partial(run_purge, rooms=(remove_pool_files, remove_export_files, remove_cycle_files)))


@celery_app.task(name=LABELS_TASK, queue=CPU_QUEUE)  # type: ignore[untyped-decorator]
def derive_labels(job_id: str) -> None:
    """Derive all labels of a project anew."""
    run_job(uuid.UUID(job_id), run_label_derivation)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _clear_up(sender: Any = None, **_: object) -> None:
    """What a worker that was killed has left behind; only a worker of this queue looks."""
    if CPU_QUEUE in sender.app.amqp.queues.consume_from:
        sweep_leftovers()
        sweep_exports(get_settings())


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _give_jobs_back(**_: object) -> None:
    stop_running_jobs()
