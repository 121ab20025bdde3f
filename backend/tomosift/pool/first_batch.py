"""What an import adds to the queue: new evaluation items, and a first random batch where nothing is asked yet."""

import uuid
from collections.abc import Sequence

import numpy as np
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tomosift.kit.queue_layout import Batch, Layout, Pick, queue_rows
from tomosift.projects.schemas import ProjectSettings
from tomosift.tables import Cycle, QueueItem

REASON = {
    "acquisition": "random",
    "text": "Chosen at random: no network has been trained yet, so none knows what it would learn most from.",
}


def queue_imported(
    session: Session,
    project_id: uuid.UUID,
    new_ids: Sequence[int],
    evaluation_ids: Sequence[int],
    settings: ProjectSettings,
    seed: int,
) -> int:
    """Queue the new evaluation items, and a random batch of the other new ones if no batch is open.

    A project that has cycles gets its next batch from the next cycle instead. Returns the size of the batch.
    """
    query_ids = [] if _has_batch(session, project_id) else _random_batch(new_ids, evaluation_ids, settings, seed)
    last = session.scalar(
        select(func.max(QueueItem.position)).where(QueueItem.project_id == project_id, QueueItem.state == "open")
    )
    picks = [Pick(each, REASON, rank) for rank, each in enumerate(query_ids, start=1)]
    rows = queue_rows(Batch(project_id, after=last or 0), picks, evaluation_ids, Layout.of(settings.model_dump()))
    if rows:
        session.execute(insert(QueueItem), rows)
    return len(query_ids)


def _has_batch(session: Session, project_id: uuid.UUID) -> bool:
    open_query = select(QueueItem.id).where(
        QueueItem.project_id == project_id, QueueItem.state == "open", QueueItem.work == "query"
    )
    cycle = select(Cycle.id).where(Cycle.project_id == project_id, Cycle.stage.not_in(("failed", "cancelled")))
    return session.scalar(open_query.limit(1)) is not None or session.scalar(cycle.limit(1)) is not None


def _random_batch(
    new_ids: Sequence[int], evaluation_ids: Sequence[int], settings: ProjectSettings, seed: int
) -> list[int]:
    others = np.setdiff1d(np.asarray(new_ids, np.int64), np.asarray(evaluation_ids, np.int64))
    count = min(settings.batch_size, len(others))
    generator = np.random.default_rng(seed)
    return [int(each) for each in generator.choice(others, size=count, replace=False)]
