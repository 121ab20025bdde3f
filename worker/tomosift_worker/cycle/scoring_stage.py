"""The third stage: one pass over the pool, and every score that comes out of it."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.cod import output_discrepancy
from tomosift_worker.acquisition.embedding_space import is_usable
from tomosift_worker.acquisition.entropy import entropy
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.pool_pass import run_pool_pass
from tomosift_worker.acquisition.tie_break import uniform_by_id
from tomosift_worker.acquisition.volume_features import outputs_without_network
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.evaluation_stage import unlike_columns
from tomosift_worker.cycle.memory import with_smaller_batches
from tomosift_worker.cycle.model_files import StoredModel
from tomosift_worker.cycle.problems import diverged, empty_pool
from tomosift_worker.cycle.progress import BatchCounter
from tomosift_worker.cycle.reference_outputs import reference_outputs
from tomosift_worker.cycle.snapshot import Items
from tomosift_worker.evaluation.unlikeness import ClassShapes
from tomosift_worker.training.preprocessing import prepare

SUBSET_STREAM = 1


@dataclass(frozen=True)
class Scored:
    """Outputs for the scored items, the chosen score `(n,)` (None for a strategy), and where all columns are.

    `unlike` `(n,)` is how unlike all classes each is, None where that is not known.
    """

    outputs: PoolOutputs
    scores: NDArray[np.float64] | None
    scores_key: str
    unlike: NDArray[np.float32] | None


def score(
    context: CycleContext, model: StoredModel | None, function: AcquisitionFunction, shapes: ClassShapes | None
) -> Scored:
    """Score the pool, or the random subset the settings ask for, and write the columns as one artifact.

    Without a model the volumes themselves are embedded. `shapes` are those of the classes in the model's embeddings.
    """
    items, settings = _items_to_score(context, function), context.settings.scoring

    def say(batch_size: int) -> None:
        context.job.log(f"Memory ran out: scoring goes on with batches of {batch_size} volumes.", "warning")

    outputs = with_smaller_batches(
        lambda batch_size: _pass(context, model, function, items, batch_size), settings.batch_size, 1, say
    )
    scores = None if function.score is None else function.score(outputs, settings)
    unlike = unlike_columns(shapes, outputs)
    columns = _columns(outputs) | unlike
    if scores is not None:
        columns["score"] = scores
    _check_finite(context, is_usable(outputs) if scores is None else np.isfinite(scores))
    key = f"{context.prefix}/scores.safetensors"
    classes = [] if model is None else model.classes
    context.artifacts.write_tensors(key, columns, {"acquisition": function.id, "classes": json.dumps(classes)})
    context.job.log(f"Scored {len(items)} subtomograms by {function.title}.")
    return Scored(outputs, scores, key, unlike["unlike"].astype(np.float32) if unlike else None)


def _items_to_score(context: CycleContext, function: AcquisitionFunction) -> Items:
    pool, size = context.snapshot.pool, context.settings.subset_size
    if len(pool) == 0:
        raise empty_pool()
    if size is None:
        return pool
    undecided = pool.take(np.flatnonzero(~np.isin(pool.ids, context.snapshot.decided_ids)))
    if len(undecided) == 0:
        return pool
    drawn = np.argsort(uniform_by_id(undecided.ids, context.seed + SUBSET_STREAM))[:size]
    chosen = undecided.ids[drawn]
    if function.select is not None:
        # A strategy keeps its picks apart from what is labeled.
        chosen = np.union1d(chosen, context.snapshot.training.items.ids)
    return pool.take(np.flatnonzero(np.isin(pool.ids, chosen)))


def _pass(
    context: CycleContext, model: StoredModel | None, function: AcquisitionFunction, items: Items, batch_size: int
) -> PoolOutputs:
    settings = context.settings.scoring
    counter = BatchCounter(context.job, "score", len(items), "subtomograms")
    if model is None:
        preprocessing = context.settings.preprocessing
        return outputs_without_network(
            lambda volumes: prepare(volumes, preprocessing),
            context.volumes.batches(items, batch_size),
            context.seed,
            counter,
            context.device,
        )
    everything = settings.columns == "all"
    with_dropout = "dropout" in function.needs or (everything and model.network.dropout_rate > 0)
    with_average = everything or function.needs & {"moving_average", "mean_weights"}
    return run_pool_pass(
        model.network,
        context.volumes.batches(items, batch_size),
        model.prepare,
        gradient_norms=everything or "gradient_norms" in function.needs,
        reference=reference_outputs(context) if everything or "previous_model" in function.needs else None,
        averaged=model.averaged if with_average else None,
        dropout_passes=settings.dropout_passes if with_dropout else 0,
        scratch_bytes=settings.gradient_scratch_megabytes * 2**20,
        seed=context.seed,
        on_batch=counter,
    )


def _check_finite(context: CycleContext, is_finite: NDArray[np.bool_]) -> None:
    broken = int((~is_finite).sum())
    if broken == len(is_finite):
        raise diverged("the network gives no numbers for any subtomogram; try a smaller learning rate")
    if broken:
        context.job.log(f"Left out, because what comes of their voxels is no number: {broken} subtomograms.", "warning")


def _columns(outputs: PoolOutputs) -> dict[str, NDArray[np.generic]]:
    """Every score of the pass, by name; each `(n,)`, `(n, K)` or `(n, d)`."""
    if outputs.logits.shape[1] == 0:
        return {"item_ids": outputs.item_ids, "embeddings": outputs.embeddings}
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
    if outputs.averaged_logits is not None:
        columns["averaged_discrepancy"] = output_discrepancy(
            outputs.logits, outputs.averaged_logits, probabilities=True
        )
    for name in ("dropout_entropy", "dropout_expected_entropy", "predicted_loss"):
        column = getattr(outputs, name)
        if column is not None:
            columns[name] = column
    return columns
