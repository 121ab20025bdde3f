"""The Celery face of the worker: the task of the `gpu` queue, and its sign of life. Wiring, no rules, no torch."""

import uuid
from typing import Any

from celery.signals import worker_ready, worker_shutting_down

from tomosift.jobs import celery_app
from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.denoised_files import TASK as MAKE_DENOISED
from tomosift.kit.presence import Presence
from tomosift_worker.cycle.denoising_task import supervise_denoising
from tomosift_worker.cycle.map_files import MAP_TASK
from tomosift_worker.cycle.map_task import supervise_map
from tomosift_worker.cycle.supervision import stop_supervising, supervise_cycle
from tomosift_worker.presence import announce_training_worker

__all__ = ["celery_app", "make_denoised", "make_map", "run_cycle"]

_presences: list[Presence] = []


@celery_app.task(name="tomosift_worker.run_cycle", queue=GPU_QUEUE, bind=True)  # type: ignore[untyped-decorator]
def run_cycle(task: Any, job_id: str) -> None:
    """Run a cycle in a training process."""
    supervise_cycle(uuid.UUID(job_id), str(task.request.hostname))


@celery_app.task(name=MAKE_DENOISED, queue=GPU_QUEUE)  # type: ignore[untyped-decorator]
def make_denoised(cycle_id: str) -> None:
    """Make the denoised volumes that are asked for."""
    supervise_denoising(uuid.UUID(cycle_id))


@celery_app.task(name=MAP_TASK, queue=GPU_QUEUE)  # type: ignore[untyped-decorator]
def make_map(job_id: str) -> None:
    """Lay out the map of a cycle."""
    supervise_map(uuid.UUID(job_id))


@worker_ready.connect  # type: ignore[untyped-decorator]
def _be_known(sender: Any = None, **_: object) -> None:
    if GPU_QUEUE in sender.app.amqp.queues.consume_from:
        presence = Presence(sender.hostname, announce_training_worker)
        _presences.append(presence)
        presence.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: object) -> None:
    stop_supervising()
    for presence in _presences:
        presence.stop()
