"""The third stage: one pass over the pool, and every score that comes out of it."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.cod import output_discrepancy
from tomosift_worker.acquisition.entropy import entropy
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.pool_pass import run_pool_pass
from tomosift_worker.acquisition.tie_break import uniform_by_id
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.memory import with_smaller_batches
from tomosift_worker.cycle.model_files import StoredModel
from tomosift_worker.cycle.problems import diverged, empty_pool
from tomosift_worker.cycle.progress import BatchCounter
from tomosift_worker.cycle.reference_outputs import reference_outputs
from tomosift_worker.cycle.snapshot import Items

SUBSET_STREAM = 1


@dataclass(frozen=True)
class Scored:
    """The chosen score of each scored item, `(n,)`, and where all columns were written."""

    item_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    scores_key: str


def score(context: CycleContext, model: StoredModel) -> Scored:
    """Score the pool, or the random subset the settings ask for, and write the columns as one artifact."""
    items = _items_to_score(context)
    function = ACQUISITION_FUNCTIONS[context.settings.acquisition]

    def say(batch_size: int) -> None:
        context.job.log(f"Memory ran out: scoring goes on with batches of {batch_size} volumes.", "warning")

    outputs = with_smaller_batches(
        lambda batch_size: _pass(context, model, items, batch_size), context.settings.scoring.batch_size, 1, say
    )
    scores = function.score(outputs, context.settings.scoring)
    _check_finite(context, scores)
    key = f"{context.prefix}/scores.safetensors"
    context.artifacts.write_tensors(
        key,
        {**_columns(outputs), "score": scores},
        {"acquisition": function.id, "classes": json.dumps(model.classes)},
    )
    context.job.log(f"Scored {len(items)} subtomograms by {function.title.lower()}.")
    return Scored(outputs.item_ids, scores, key)


def _items_to_score(context: CycleContext) -> Items:
    pool, size = context.snapshot.pool, context.settings.subset_size
    if len(pool) == 0:
        raise empty_pool()
    if size is None:
        return pool
    undecided = pool.take(np.flatnonzero(~np.isin(pool.ids, context.snapshot.decided_ids)))
    if len(undecided) == 0:
        return pool
    drawn = np.argsort(uniform_by_id(undecided.ids, context.seed + SUBSET_STREAM))[:size]
    return undecided.take(np.sort(drawn))


def _pass(context: CycleContext, model: StoredModel, items: Items, batch_size: int) -> PoolOutputs:
    settings, function = context.settings.scoring, ACQUISITION_FUNCTIONS[context.settings.acquisition]
    everything = settings.columns == "all"
    return run_pool_pass(
        model.network,
        context.volumes.batches(items, batch_size),
        model.prepare,
        gradient_norms=everything or "gradient_norms" in function.needs,
        reference=reference_outputs(context) if everything or "previous_model" in function.needs else None,
        scratch_bytes=settings.gradient_scratch_megabytes * 2**20,
        seed=context.seed,
        on_batch=BatchCounter(context.job, "score", len(items), "subtomograms"),
    )


def _check_finite(context: CycleContext, scores: NDArray[np.float64]) -> None:
    broken = int((~np.isfinite(scores)).sum())
    if broken == len(scores):
        raise diverged("the network gives no numbers for any subtomogram; try a smaller learning rate")
    if broken:
        context.job.log(f"{broken} subtomograms have no score, because the network gave no number.", "warning")


def _columns(outputs: PoolOutputs) -> dict[str, NDArray[np.generic]]:
    """Every score of the pass, by name; each `(n,)`, `(n, K)` or `(n, d)`."""
    leading = np.sort(outputs.probabilities, axis=1)[:, -2:]
    columns: dict[str, NDArray[np.generic]] = {
        "item_ids": outputs.item_ids,
        "logits": outputs.logits,
        "embeddings": outputs.embeddings,
        "entropy": entropy(outputs.logits),
        "margin": leading[:, 1] - leading[:, 0],
    }
    if outputs.gradnorm_global is not None and outputs.gradnorm_per_tensor is not None:
        columns["gradnorm_global"] = outputs.gradnorm_global
        columns["gradnorm_per_tensor"] = outputs.gradnorm_per_tensor
    if outputs.reference_logits is not None:
        for name, probabilities in (("cod_probabilities", True), ("cod_logits", False)):
            columns[name] = output_discrepancy(outputs.logits, outputs.reference_logits, probabilities=probabilities)
    return columns
