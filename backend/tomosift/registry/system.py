"""The state of the service: workers and what they do, queues, disk, database, broker."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

import tomosift
from tomosift.kit.broker import get_celery
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.disk_use import DiskSpace, disk_space, folder_size
from tomosift.kit.health import broker_problem
from tomosift.kit.settings import Settings
from tomosift.kit.store_filesystem import open_store_filesystem
from tomosift.kit.worker_nodes import SEEN_WITHIN
from tomosift.registry.system_schemas import (
    DatabaseOut,
    DiskOut,
    QueueDepth,
    StoredOut,
    SystemOut,
    WorkerOut,
    WorkOut,
)
from tomosift.tables import Job, Lease, OutboxMessage, Project, WorkerNode

FORGOTTEN_AFTER = timedelta(days=1)
"""A worker not heard of for so long was taken away on purpose."""
MOST_WORK = 50
_STARTED_AT = utc_now()


def read_system(settings: Settings) -> SystemOut:
    """Everything an administrator looks at first when something hangs."""
    with transaction() as session:
        workers = _read_workers(session)
        database = _read_database(session)
        database_bytes = session.scalar(select(func.pg_database_size(func.current_database()))) or 0
        work = _read_work(session, workers)
        queues = _read_queues(session)
        unsent = session.scalar(select(func.count()).where(OutboxMessage.sent_at.is_(None))) or 0
        leases = session.scalar(select(func.count()).where(Lease.ended_at.is_(None), Lease.expires_at > func.now()))
    store = _local_store(settings)
    return SystemOut(
        version=tomosift.__version__,
        started_at=_STARTED_AT,
        database=database,
        broker_problem=broker_problem(get_celery()),
        workers=workers,
        queues=queues,
        work=work,
        stored=[*_stored(settings, store), StoredOut(name="database", bytes=database_bytes, is_partial=False)],
        disks=_disks(settings, store),
        unsent_messages=unsent,
        live_leases=leases or 0,
    )


def _read_database(session: Session) -> DatabaseOut:
    version, connections, most = session.execute(
        text(
            "SELECT current_setting('server_version'), (SELECT count(*) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend'), current_setting('max_connections')::int"
        )
    ).one()
    return DatabaseOut(version=str(version).partition(" ")[0], connections=connections, most_connections=most)


def _read_workers(session: Session) -> list[WorkerOut]:
    age = func.extract("epoch", func.clock_timestamp() - WorkerNode.heartbeat_at).label("age")
    rows = session.execute(
        select(WorkerNode, age)
        .where(WorkerNode.heartbeat_at > utc_now() - FORGOTTEN_AFTER)
        .order_by(WorkerNode.queue, WorkerNode.id)
    )
    return [
        WorkerOut(
            id=node.id,
            hostname=node.hostname,
            queue=node.queue,
            device=node.device,
            device_name=node.device_name,
            memory_bytes=node.memory_bytes,
            versions=node.versions,
            started_at=node.started_at,
            heartbeat_age_seconds=round(float(seconds), 1),
            is_alive=float(seconds) < SEEN_WITHIN.total_seconds(),
        )
        for node, seconds in rows
    ]


def _read_queues(session: Session) -> list[QueueDepth]:
    waits = Job.state == "queued"
    rows = session.execute(
        select(
            Job.queue,
            func.count().filter(waits).label("queued"),
            func.count().filter(Job.state == "running").label("running"),
            func.min(case((waits, Job.created_at))).label("waiting_since"),
        )
        .where(Job.state.in_(("queued", "running")))
        .group_by(Job.queue)
        .order_by(Job.queue)
    )
    return [QueueDepth.model_validate(row._asdict()) for row in rows]


def _read_work(session: Session, workers: Sequence[WorkerOut]) -> list[WorkOut]:
    rows = session.execute(
        select(Job, Project.slug, Project.name)
        .outerjoin(Project, Project.id == Job.project_id)
        .where(Job.state.in_(("queued", "running")))
        .order_by(Job.state.desc(), Job.created_at)
        .limit(MOST_WORK)
    )
    return [_work_out(job, slug, name, workers) for job, slug, name in rows]


def _work_out(job: Job, slug: str | None, name: str | None, workers: Sequence[WorkerOut]) -> WorkOut:
    progress: dict[str, Any] = job.progress or {}
    return WorkOut.model_validate(
        {
            "kind": job.kind,
            "queue": job.queue,
            "state": job.state,
            "project_slug": slug,
            "project_name": name,
            "worker": _worker_of(job, workers) if job.state == "running" else None,
            "stage": progress.get("stage"),
            "done": progress.get("done"),
            "total": progress.get("total"),
            "created_at": job.created_at,
            "started_at": job.started_at,
        }
    )


def _worker_of(job: Job, workers: Sequence[WorkerOut]) -> str | None:
    """A job names its worker, or (where several threads share one) its computer and thread."""
    claimed = job.worker or ""
    names = (claimed, claimed.rpartition(":")[0])
    return next((each.id for each in workers if each.queue == job.queue and {each.id, each.hostname} & {*names}), None)


def _local_store(settings: Settings) -> Path | None:
    """The folder with voxels and models; None for a store on a server."""
    opened = open_store_filesystem(settings.effective_store_url)
    return Path(opened.path) if opened.is_folder else None


def _stored(settings: Settings, store: Path | None) -> list[StoredOut]:
    folders: dict[Any, Path] = {"uploads": settings.home / "uploads"}
    if store is not None:
        folders = {"volumes": store / "volumes", "models and results": store / "artifacts", **folders}
    found = {name: folder_size(folder) for name, folder in folders.items()}
    return [StoredOut(name=name, bytes=size.bytes, is_partial=size.is_partial) for name, size in found.items()]


def _disks(settings: Settings, store: Path | None) -> list[DiskOut]:
    """Each file system once, with what lies on it."""
    places = {"the data folder": settings.home} | ({"the store": store} if store is not None else {})
    disks: dict[int, tuple[DiskSpace, list[str]]] = {}
    for name, folder in places.items():
        space = disk_space(folder)
        disks.setdefault(space.device, (space, []))[1].append(name)
    return [
        DiskOut(
            holds=names,
            total_bytes=space.total,
            free_bytes=space.free,
            is_low=space.free < settings.disk_warning_gb * 1e9,
        )
        for space, names in disks.values()
    ]
