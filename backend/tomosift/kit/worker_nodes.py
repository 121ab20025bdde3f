"""What the workers have announced: who is there, and what they can do. The API has no torch, so it learns it here."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.tables import WorkerNode

SEEN_WITHIN = timedelta(seconds=30)
"""A worker renews its row every ten seconds; after three misses it counts as gone."""
TRAINING_QUEUE = "gpu"
NO_WORKER = (
    "No worker that can train has announced itself. The cycle waits until one is there: start `tomosift up` where the "
    "package is installed with the extra `worker`."
)


def newest_catalogue(session: Session) -> dict[str, Any] | None:
    """The catalogue of the training worker seen last, also if it is gone by now; None if there never was one.

    Keys: `acquisition` (list), `presets` (list), `settings_schema` (JSON schema), `default_preset` (id).
    """
    return session.scalar(
        select(WorkerNode.catalogue)
        .where(WorkerNode.queue == TRAINING_QUEUE)
        .order_by(WorkerNode.heartbeat_at.desc())
        .limit(1)
    )


def training_workers_seen(session: Session) -> int:
    """How many training workers gave a sign of life just now."""
    alive = select(func.count()).where(
        WorkerNode.queue == TRAINING_QUEUE, WorkerNode.heartbeat_at > utc_now() - SEEN_WITHIN
    )
    return session.scalar(alive) or 0
