"""How far the model agrees with those of the cycles before, what it gained on them, and the advice that follows."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift.kit.database import transaction
from tomosift.kit.stored_columns import open_columns
from tomosift.tables import Cycle, Model
from tomosift_worker.acquisition.embedding_space import is_usable
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.evaluation_stage import Evaluated
from tomosift_worker.cycle.model_files import class_keys
from tomosift_worker.cycle.scoring_stage import Scored
from tomosift_worker.evaluation.agreement import Agreement, model_agreement
from tomosift_worker.evaluation.stopping import Gain, paired_gain, stopping_advice

LOOKED_BACK = 2


@dataclass(frozen=True)
class EarlierCycle:
    """A cycle before this one, whose model has the same classes. `labels` is how many it learned from."""

    number: int
    labels: int
    scores_key: str
    evaluation_key: str
    agreement: Agreement | None


def stability(context: CycleContext, evaluated: Evaluated, scored: Scored) -> dict[str, Any]:
    """`{agreement, stopping}`, JSON-able, for a cycle with a model.

    `agreement` is that with the model before, over the items both have scored, with its `previous_cycle`; None where
    there is none with the same classes. `stopping` is the advice.
    """
    earlier = _earlier_cycles(context)
    try:
        agreement = _agreement(context, scored, earlier[0]) if earlier else None
        gain = _gain(context, evaluated, earlier) if earlier else None
    except (ArtifactMissing, ArtifactUnreadable) as error:
        context.job.log(f"The model is not compared with those before: {error}.", "warning")
        earlier, agreement, gain = [], None, None
    agreements = [each for each in (agreement, earlier[0].agreement if earlier else None) if each is not None]
    advice = stopping_advice(agreements, gain, context.settings.batch_size)
    context.job.log(advice.text)
    compared = None if agreement is None else {"previous_cycle": earlier[0].number, **asdict(agreement)}
    return {"agreement": compared, "stopping": asdict(advice)}


def _earlier_cycles(context: CycleContext) -> list[EarlierCycle]:
    """The cycle before and the one before that, as far as their models have the classes of today."""
    found: list[EarlierCycle] = []
    today = class_keys(context.snapshot.training.classes)
    previous_id = context.snapshot.cycle.previous_cycle_id
    with transaction() as session:
        while previous_id is not None and len(found) < LOOKED_BACK:
            row = session.execute(
                select(Cycle, Model.classes).join(Model, Model.cycle_id == Cycle.id).where(Cycle.id == previous_id)
            ).one_or_none()
            if row is None or class_keys(row.classes) != today:
                break
            cycle: Cycle = row.Cycle
            metrics = cycle.metrics or {}
            if cycle.scores_key is None or "evaluation_key" not in metrics:
                break
            stored = metrics.get("agreement")
            agreement = stored and Agreement(stored["n"], stored["changed"], stored["kappa"])
            labels = cycle.training_label_count or 0
            found.append(EarlierCycle(cycle.number, labels, cycle.scores_key, metrics["evaluation_key"], agreement))
            previous_id = cycle.previous_cycle_id
    return found


def _agreement(context: CycleContext, scored: Scored, earlier: EarlierCycle) -> Agreement | None:
    usable = is_usable(scored.outputs)
    now = _winners(scored.outputs.item_ids[usable], scored.outputs.logits[usable])
    before = _stored_winners(context, earlier.scores_key)
    _, of_before, of_now = np.intersect1d(before[0], now[0], assume_unique=True, return_indices=True)
    return model_agreement(before[1][of_before], now[1][of_now])


def _gain(context: CycleContext, evaluated: Evaluated, earlier: list[EarlierCycle]) -> Gain | None:
    """Over the cycles looked back, on the reporting half of the sample as it is labeled today."""
    first, labeled = earlier[-1], context.snapshot.evaluation
    before = _stored_winners(context, first.evaluation_key)
    now = _winners(context.snapshot.sample.ids, evaluated.sample_logits)
    ids = np.intersect1d(labeled.items.ids[labeled.reports], before[0], assume_unique=True)
    place = np.searchsorted(labeled.items.ids, ids)
    right_before, right_now = (
        classes[np.searchsorted(sample, ids)] == labeled.truth[place] for sample, classes in (before, now)
    )
    labels = len(context.snapshot.training.items) - first.labels
    return paired_gain(right_before, right_now, labeled.weights[place], cycles=len(earlier), labels=labels)


def _stored_winners(context: CycleContext, key: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Item ids, ascending, and the class number a cycle's stored outputs give each; embeddings stay unread."""
    with open_columns(context.artifacts, key) as columns:
        return _winners(columns.read("item_ids"), columns.read("logits"))


def _winners(ids: NDArray[np.int64], logits: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    finite = np.isfinite(logits).all(axis=1)
    order = np.argsort(ids[finite])
    return ids[finite][order], logits[finite][order].argmax(axis=1).astype(np.int64)
