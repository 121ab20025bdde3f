"""The best of the pool become the queue: a new batch replaces what is open of the one before."""

import uuid

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select, text, union, update
from sqlalchemy.orm import Session

from tomosift.kit.open_picks import take_out_open_picks
from tomosift.kit.queue_layout import Batch, Layout, Pick, lay_out, queue_rows
from tomosift.kit.standing_labels import snapshot_lock
from tomosift.tables import CurrentLabel, EvaluationItem, Project, QueueItem
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
    take_out_open_picks(session, project.id)
    picked_ids = scored.outputs.item_ids[np.array(picks.places, np.intp)]
    still_open = np.flatnonzero(~np.isin(picked_ids, _taken(session, project.id)))
    chosen = still_open[: context.settings.batch_size]
    queued = [
        Pick(
            int(picked_ids[number]),
            {"acquisition": plan.function.id, "text": picks.reasons[number]},
            rank,
            picks.values[number] if np.isfinite(picks.values[number]) else None,
        )
        for rank, number in enumerate(chosen, start=1)
    ]
    _strew_in(session, project, Batch(project.id, cycle.number, cycle.id), queued)
    return len(chosen)


def _strew_in(session: Session, project: Project, batch: Batch, picks: list[Pick]) -> None:
    """Queue the picks, and move what is open of the evaluation sample in between."""
    layout = Layout.of(project.settings)
    waiting = _open_evaluation_items(session, project.id)
    places = dict(lay_out([("pick", each.subtomogram_id) for each in picks], [*waiting], layout.interleave))
    rows = [{**row, "position": places["pick", row["subtomogram_id"]]} for row in queue_rows(batch, picks, [], layout)]
    if rows:
        session.execute(insert(QueueItem), rows)
    moved = [{"id": each, "position": places[key]} for key, ids in waiting.items() for each in ids]
    if moved:
        session.execute(update(QueueItem), moved)


def _keep_decisions_out(session: Session, project_id: uuid.UUID) -> None:
    """Whoever decides waits until this transaction ends, so nothing is queued that was decided a moment ago."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    session.execute(lock, {"name": snapshot_lock(project_id)})


def _taken(session: Session, project_id: uuid.UUID) -> NDArray[np.int64]:
    """Items nobody needs to be asked about: decided, in the evaluation sample, or in the queue already."""
    taken = union(
        select(CurrentLabel.subtomogram_id).where(CurrentLabel.project_id == project_id),
        select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == project_id),
        select(QueueItem.subtomogram_id).where(QueueItem.project_id == project_id, QueueItem.state == "open"),
    )
    return np.fromiter(session.execute(taken).scalars(), np.int64)


def _open_evaluation_items(session: Session, project_id: uuid.UUID) -> dict[tuple[str, int], list[int]]:
    """Queue items of the evaluation sample that still wait, by subtomogram, in the order they are asked in, locked."""
    statement = (
        select(QueueItem.id, QueueItem.subtomogram_id)
        .where(QueueItem.project_id == project_id, QueueItem.state == "open", QueueItem.work == "evaluation")
        .order_by(QueueItem.priority.desc(), QueueItem.position, QueueItem.id)
        .with_for_update()
    )
    waiting: dict[tuple[str, int], list[int]] = {}
    for item_id, subtomogram_id in session.execute(statement):
        waiting.setdefault(("evaluation", subtomogram_id), []).append(item_id)
    return waiting
