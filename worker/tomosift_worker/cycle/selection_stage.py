"""The fourth stage: the batch. Done before the queue is touched, so that nobody who labels waits for it."""

import uuid

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, or_, select, union

from tomosift.kit.database import transaction
from tomosift.tables import CurrentLabel, EvaluationItem, Lease, QueueItem
from tomosift_worker.acquisition.picks import Picks
from tomosift_worker.acquisition.plan import Plan
from tomosift_worker.acquisition.selection import BatchRequest, pick_batch
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.scoring_stage import Scored
from tomosift_worker.figures import percent

SPARE = 32
"""More than the batch: they step in where somebody decides about a pick before it is in the queue."""
TELL_UNLIKE_FROM = 0.95


def select_batch(context: CycleContext, scored: Scored, plan: Plan) -> Picks:
    """The batch and a few more, best first; places are those of the scored items."""
    ids = scored.outputs.item_ids
    pool = context.snapshot.pool
    order = np.argsort(pool.ids)
    request = BatchRequest(
        count=context.settings.batch_size,
        candidates=~np.isin(ids, _not_to_be_asked(context.snapshot.cycle.project_id)),
        labeled=np.isin(ids, context.snapshot.training.items.ids),
        tomograms=pool.tomograms[order[np.searchsorted(pool.ids, ids, sorter=order)]],
        spare=SPARE,
    )
    picks = pick_batch(plan.function, scored.outputs, scored.scores, context.settings.scoring, plan.selection, request)
    if len(picks) < context.settings.batch_size < request.candidates.sum():
        context.job.log(
            f"Only {len(picks)} could be picked with at most {plan.selection.tomogram_cap} from one tomogram.",
            "warning",
        )
    if plan.is_automatic:
        picks.reasons = [f"{reason} {plan.why}" for reason in picks.reasons]
    if scored.unlike is not None:
        picks.reasons = [
            reason + _unlike(scored.unlike[place]) for reason, place in zip(picks.reasons, picks.places, strict=True)
        ]
    return picks


def _unlike(share: np.floating) -> str:
    """A sentence more for a pick that may be no particle of any class."""
    if not share >= TELL_UNLIKE_FROM:
        return ""
    as_far = percent(1 - float(share))
    return f" It is unlike every class: of the labeled particles at most {as_far} lie so far from theirs."


def _not_to_be_asked(project_id: uuid.UUID) -> NDArray[np.int64]:
    """Decided items, the evaluation sample, and what somebody holds just now.

    A re-check of an item nobody has decided leaves the queue with its pick, so it does not stand in the way.
    """
    held = select(Lease.id).where(
        Lease.queue_item_id == QueueItem.id, Lease.ended_at.is_(None), Lease.expires_at > func.now()
    )
    statement = union(
        select(CurrentLabel.subtomogram_id).where(CurrentLabel.project_id == project_id),
        select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == project_id),
        select(QueueItem.subtomogram_id).where(
            QueueItem.project_id == project_id,
            QueueItem.state == "open",
            or_(QueueItem.work.not_in(("query", "recheck")), held.exists()),
        ),
    )
    with transaction() as session:
        return np.fromiter(session.execute(statement).scalars(), np.int64)
