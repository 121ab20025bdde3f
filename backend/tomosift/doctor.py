"""`tomosift doctor`: does everything run? Also the health check of a worker's container."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta

import httpx
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tomosift.client import Tomosift, find_service
from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.database import utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import WorkerNode

FRESH = timedelta(seconds=60)


class NotWell(Exception):
    """Something does not run; the message says what and what to do."""


def check_service(settings: Settings) -> Iterator[str]:
    """Check the service of this computer; yields a line for each thing that is well. Raises NotWell, NoService."""
    address = find_service(settings, None, None)
    try:
        answer = httpx.get(f"{address.url}/readyz", timeout=10, trust_env=False)
        body = answer.json()
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        raise NotWell(f"{address.url} does not answer. Start it with `tomosift up`.") from error
    if answer.status_code != 200:
        raise NotWell(str(body.get("detail", f"{address.url} answers {answer.status_code}")))
    yield f"The service answers at {address.url} (version {body['version']}); database and message broker are there."
    with Tomosift(address) as client:
        system = client.registry.read_system()
    for disk in system.disks:
        free, total = disk.free_bytes / 1e9, disk.total_bytes / 1e9
        yield f"Disk of {_listed(disk.holds)}: {free:,.0f} GB of {total:,.0f} GB free."
        if disk.is_low:
            raise NotWell(
                f"The disk of {_listed(disk.holds)} is nearly full. Delete old exports, or give it more room."
            )
    workers = [worker for worker in system.workers if worker.queue == GPU_QUEUE and worker.is_alive]
    if not workers:
        raise NotWell("No training worker has announced itself: labeling works, cycles wait. See logs/worker-gpu.log.")
    for worker in workers:
        yield f"Training worker on {worker.hostname}: {worker.device_name}."


def check_worker(settings: Settings) -> Iterator[str]:
    """Check that a training worker of this computer told the database so within a minute. Raises NotWell."""
    if settings.database_url is None:
        raise NotWell(
            "TOMOSIFT_DATABASE_URL is not set; without it only `tomosift doctor` can check, on the API's host."
        )
    engine = create_engine(settings.database_url, poolclass=NullPool)
    try:
        with Session(engine) as session:
            node = session.scalars(
                select(WorkerNode)
                .where(
                    WorkerNode.queue == GPU_QUEUE,
                    WorkerNode.hostname == socket.gethostname(),
                    WorkerNode.heartbeat_at > utc_now() - FRESH,
                )
                .limit(1)
            ).one_or_none()
    except SQLAlchemyError as error:
        raise NotWell("The database cannot be reached.") from error
    if node is None:
        raise NotWell("No training worker of this computer has been heard of in the last minute. See its log.")
    yield f"The training worker runs on {node.device_name}."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
