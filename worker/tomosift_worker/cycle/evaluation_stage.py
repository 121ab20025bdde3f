"""The second stage: the model's numbers, from blind labels of the random evaluation sample that it never saw.

The model's outputs for the whole sample are kept, so that an export can say later, when more of it is labeled, what
fraction of a class is expected to be right. The same pass goes over the labeled items of the training: their embeddings
tell which labels are likely wrong and where the classes lie.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.embedding_space import is_usable
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.pool_pass import run_pool_pass
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.memory import with_smaller_batches
from tomosift_worker.cycle.model_files import StoredModel
from tomosift_worker.cycle.progress import BatchCounter
from tomosift_worker.evaluation.label_errors import LabelErrors, likely_label_errors
from tomosift_worker.evaluation.report import EvaluationSample, evaluation_report
from tomosift_worker.evaluation.unlikeness import ClassShapes, class_shapes
from tomosift_worker.figures import percent

MOST_LABEL_ERRORS = 500


@dataclass(frozen=True)
class Evaluated:
    """The numbers of a model, JSON-able, and what scoring needs of this stage.

    `sample_logits` `(n, K)` are in the order of the snapshot's evaluation sample; `shapes` is None where no training
    label is one of a class.
    """

    metrics: dict[str, Any]
    sample_logits: NDArray[np.float32]
    shapes: ClassShapes | None


def evaluate(context: CycleContext, model: StoredModel) -> Evaluated:
    """Measure the model. Its metrics are those of `evaluation_report` and these:

    `sample`; `evaluation_key`, the artifact with the outputs for the whole sample, columns as those of the pool:
    `item_ids` `(n,)`, `logits` `(n, K)`, `unlike` `(n,)`; `likely_label_errors`, the likeliest first and at most 500,
    and `label_errors`, how many labels were judged and how many of them are expected to be wrong.
    """
    labeled, sample = context.snapshot.evaluation, context.snapshot.sample
    of_sample, of_training = _outputs(context, model)
    of_labeled = of_sample.logits[np.searchsorted(sample.ids, labeled.items.ids)].astype(np.float32)
    metrics = evaluation_report(
        EvaluationSample(of_labeled, labeled.truth, labeled.names, labeled.reports, labeled.weights)
    )
    metrics["sample"] = {"labeled": len(labeled.items), "unsure": labeled.unsure}
    metrics |= _label_errors(context, of_training)
    shapes = _shapes(context, model, of_sample, of_training)
    metrics["evaluation_key"] = f"{context.prefix}/evaluation.safetensors"
    context.artifacts.write_tensors(
        metrics["evaluation_key"],
        {
            "item_ids": of_sample.item_ids,
            "logits": of_sample.logits.astype(np.float32),
            **unlike_columns(shapes, of_sample),
        },
        {"classes": json.dumps(model.classes)},
    )
    context.job.log(describe_metrics(metrics))
    return Evaluated(metrics, of_sample.logits.astype(np.float32), shapes)


def unlike_columns(shapes: ClassShapes | None, outputs: PoolOutputs) -> dict[str, NDArray[np.generic]]:
    """`class_distance` and `unlike` `(n,)` of items (see `ClassShapes`); nothing where there are no shapes."""
    if shapes is None:
        return {}
    distances = shapes.distances(outputs.embeddings)
    return {"class_distance": distances, "unlike": shapes.unlikeness(distances)}


def without_model(context: CycleContext) -> dict[str, Any]:
    """The numbers of a cycle that trains no model: none, and why."""
    reason = "There are too few labels for a model yet: this cycle chose what to label first."
    context.job.log(reason)
    return {"report": None, "calibration": None, "reason": reason}


def describe_metrics(metrics: dict[str, Any]) -> str:
    """The numbers as a line for people."""
    report = metrics["report"]
    if report is None:
        return f"Evaluation: {metrics['reason']}"
    right = sum(row[place] for place, row in enumerate(report["confusion"]["rows"]))
    return (
        f"Evaluation: {right} of {report['n']} right ({percent(report['accuracy'])}, 95 % interval "
        f"{percent(report['low'])} to {percent(report['high'])}); "
        f"{percent(report['balanced_accuracy'])} as the mean over the classes."
    )


def _outputs(context: CycleContext, model: StoredModel) -> tuple[PoolOutputs, PoolOutputs]:
    """The model's outputs for the evaluation sample and for the training's items, each by id."""
    sample, training = context.snapshot.sample, context.snapshot.training.items
    pool = context.snapshot.pool
    items = pool.take(np.flatnonzero(np.isin(pool.ids, np.concatenate([sample.ids, training.ids]))))
    items = items.take(np.argsort(items.ids))

    def work(batch_size: int) -> PoolOutputs:
        counter = BatchCounter(context.job, "evaluate", len(items), "labeled and evaluation items")
        batches = context.volumes.batches(items, batch_size)
        return run_pool_pass(model.network, batches, model.prepare, on_batch=counter)

    def say(batch_size: int) -> None:
        context.job.log(f"Memory ran out: the evaluation goes on with batches of {batch_size} volumes.", "warning")

    outputs = with_smaller_batches(work, context.settings.scoring.batch_size, 1, say)
    in_sample = np.isin(items.ids, sample.ids)
    return _part(outputs, in_sample), _part(outputs, ~in_sample)


def _part(outputs: PoolOutputs, chosen: NDArray[np.bool_]) -> PoolOutputs:
    return PoolOutputs(outputs.item_ids[chosen], outputs.logits[chosen], outputs.embeddings[chosen])


def _label_errors(context: CycleContext, outputs: PoolOutputs) -> dict[str, Any]:
    training, usable = context.snapshot.training, is_usable(outputs)
    ids, labels = outputs.item_ids[usable], training.labels[usable]
    found = likely_label_errors(outputs.embeddings[usable], labels, context.seed)
    return {
        "likely_label_errors": _as_list(found, ids, labels, training.classes),
        "label_errors": {"expected": found.expected, "judged": found.judged, "found": len(found.places)},
    }


def _as_list(
    found: LabelErrors, ids: NDArray[np.int64], labels: NDArray[np.int64], classes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    listed = []
    for rank, place in enumerate(found.places[:MOST_LABEL_ERRORS].tolist()):
        given, suggested = classes[labels[place]], classes[found.suggested[rank]]
        says = f"{suggested['name']} ({percent(found.suggested_probability[rank])})"
        rather = f"{given['name']} ({percent(found.given_probability[rank])})"
        listed.append(
            {
                "subtomogram_id": int(ids[place]),
                "given": {"kind": given["kind"], "class_id": given["id"]},
                "suggested": {"kind": suggested["kind"], "class_id": suggested["id"]},
                "score": float(found.scores[rank]),
                "reason": f"A classifier that did not see this label says {says} rather than {rather}.",
            }
        )
    return listed


def _shapes(
    context: CycleContext, model: StoredModel, of_sample: PoolOutputs, of_training: PoolOutputs
) -> ClassShapes | None:
    """The shapes of the classes, junk left out; the reference is the half of the sample that calibrates."""
    is_class = np.array([each["kind"] == "class" for each in model.classes])
    labels = context.snapshot.training.labels
    chosen = is_usable(of_training) & is_class[labels]
    evaluation = context.snapshot.evaluation
    known = evaluation.truth < len(is_class)
    of_class = known & is_class[np.where(known, evaluation.truth, 0)] & ~evaluation.reports
    places = np.searchsorted(of_sample.item_ids, evaluation.items.ids[of_class])
    reference = of_sample.embeddings[places]
    reference = reference[np.isfinite(reference).all(axis=1)]
    return class_shapes(of_training.embeddings[chosen], labels[chosen], reference, context.seed)
