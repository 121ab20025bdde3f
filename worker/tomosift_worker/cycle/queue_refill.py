"""The best of the pool become the queue: a new batch replaces what is open of the one before."""

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select, text, union, update
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.kit.queue_layout import DEFAULT_INTERLEAVE, lay_out
from tomosift.kit.standing_labels import snapshot_lock
from tomosift.tables import CurrentLabel, EvaluationItem, Lease, Project, QueueItem
from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.selection import select_top
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.scoring_stage import Scored


def refill_queue(session: Session, context: CycleContext, scored: Scored) -> int:
    """Replace the open batch by the best-scored undecided items, with the open evaluation items strewn in between.

    Items that people hold just now stay with them. Returns how many were picked: fewer than asked where the pool has no
    more. The caller holds the job (`job_control.hold`) and commits.
    """
    cycle = context.snapshot.cycle
    # Imports and random batches lock the project too: one after the other changes the queue.
    project = session.get_one(Project, cycle.project_id, with_for_update={"key_share": True})
    _keep_decisions_out(session, project.id)
    _close_open_batch(session, project.id)
    candidates = ~np.isin(scored.item_ids, _taken(session, project.id))
    chosen = select_top(
        scored.scores, context.settings.batch_size, scored.item_ids, seed=context.seed, candidates=candidates
    )
    evaluation = _open_evaluation_items(session, project.id)
    interleave = int(project.settings.get("interleave", DEFAULT_INTERLEAVE))
    places = lay_out(
        [("pick", int(place)) for place in chosen], [("evaluation", each) for each in evaluation], interleave
    )
    positions = dict(places)
    _insert_picks(session, context, scored, chosen, positions)
    moved = [{"id": each, "position": positions["evaluation", each]} for each in evaluation]
    if moved:
        session.execute(update(QueueItem), moved)
    return len(chosen)


def _keep_decisions_out(session: Session, project_id: uuid.UUID) -> None:
    """Whoever decides waits until this transaction ends, so nothing is queued that was decided a moment ago."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    session.execute(lock, {"name": snapshot_lock(project_id)})


def _close_open_batch(session: Session, project_id: uuid.UUID) -> None:
    """Open picks of earlier batches leave the queue, but for those that somebody holds."""
    open_picks = (QueueItem.project_id == project_id, QueueItem.state == "open", QueueItem.work == "query")
    # Two statements: locking waits for claims under way, and only a statement that begins afterwards sees their leases.
    session.execute(select(QueueItem.id).where(*open_picks).order_by(QueueItem.id).with_for_update()).all()
    held = select(Lease.id).where(
        Lease.queue_item_id == QueueItem.id, Lease.ended_at.is_(None), Lease.expires_at > utc_now()
    )
    session.execute(
        update(QueueItem)
        .where(*open_picks, ~held.exists())
        .values(state="superseded", closed_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _taken(session: Session, project_id: uuid.UUID) -> NDArray[np.int64]:
    """Items nobody needs to be asked about: decided, in the evaluation sample, or in the queue already."""
    taken = union(
        select(CurrentLabel.subtomogram_id).where(CurrentLabel.project_id == project_id),
        select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == project_id),
        select(QueueItem.subtomogram_id).where(QueueItem.project_id == project_id, QueueItem.state == "open"),
    )
    return np.fromiter(session.execute(taken).scalars(), np.int64)


def _open_evaluation_items(session: Session, project_id: uuid.UUID) -> list[int]:
    """Queue items of the evaluation sample that still wait, in the order they are asked in, locked."""
    statement = (
        select(QueueItem.id)
        .where(QueueItem.project_id == project_id, QueueItem.state == "open", QueueItem.work == "evaluation")
        .order_by(QueueItem.priority.desc(), QueueItem.position, QueueItem.id)
        .with_for_update()
    )
    return list(session.scalars(statement))


def _insert_picks(
    session: Session,
    context: CycleContext,
    scored: Scored,
    chosen: NDArray[np.intp],
    positions: dict[tuple[str, int], int],
) -> None:
    cycle, function = context.snapshot.cycle, ACQUISITION_FUNCTIONS[context.settings.acquisition]
    rows: list[dict[str, Any]] = [
        {
            "project_id": cycle.project_id,
            "subtomogram_id": int(scored.item_ids[place]),
            "work": "query",
            "batch": cycle.number,
            "cycle_id": cycle.id,
            "position": positions["pick", int(place)],
            "rank": rank,
            "score": float(scored.scores[place]) if np.isfinite(scored.scores[place]) else None,
            "reason": {"acquisition": function.id, "text": function.reason},
        }
        for rank, place in enumerate(chosen, start=1)
    ]
    if rows:
        session.execute(insert(QueueItem), rows)
