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
from tomosift_worker.acquisition.picks import Picks
from tomosift_worker.acquisition.plan import Plan
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.scoring_stage import Scored


def refill_queue(session: Session, context: CycleContext, scored: Scored, picks: Picks, plan: Plan) -> int:
    """Replace the open batch by the first picks that are still undecided, the open evaluation items strewn in between.

    Items that people hold just now stay with them. Returns how many were picked: fewer than asked where there are no
    more. The caller holds the job (`job_control.hold`) and commits.
    """
    cycle = context.snapshot.cycle
    # Imports and random batches lock the project too: one after the other changes the queue.
    project = session.get_one(Project, cycle.project_id, with_for_update={"key_share": True})
    _keep_decisions_out(session, project.id)
    _close_open_batch(session, project.id)
    picked_ids = scored.outputs.item_ids[np.array(picks.places, np.intp)]
    still_open = np.flatnonzero(~np.isin(picked_ids, _taken(session, project.id)))
    chosen = still_open[: context.settings.batch_size]
    evaluation = _open_evaluation_items(session, project.id)
    interleave = int(project.settings.get("interleave", DEFAULT_INTERLEAVE))
    places = lay_out(
        [("pick", int(number)) for number in chosen], [("evaluation", each) for each in evaluation], interleave
    )
    positions = dict(places)
    rows: list[dict[str, Any]] = [
        {
            "project_id": cycle.project_id,
            "subtomogram_id": int(picked_ids[number]),
            "work": "query",
            "batch": cycle.number,
            "cycle_id": cycle.id,
            "position": positions["pick", int(number)],
            "rank": rank,
            "score": picks.values[number] if np.isfinite(picks.values[number]) else None,
            "reason": {"acquisition": plan.function.id, "text": picks.reasons[number]},
        }
        for rank, number in enumerate(chosen, start=1)
    ]
    if rows:
        session.execute(insert(QueueItem), rows)
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
