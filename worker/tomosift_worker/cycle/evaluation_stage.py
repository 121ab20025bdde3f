"""The second stage: the model's numbers, from blind labels of the random evaluation sample that it never saw.

The model's outputs for the whole sample are kept, so that an export can say later, when more of it is labeled, what
fraction of a class is expected to be right.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.pool_pass import run_pool_pass
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.memory import with_smaller_batches
from tomosift_worker.cycle.model_files import StoredModel
from tomosift_worker.cycle.progress import BatchCounter
from tomosift_worker.evaluation.report import EvaluationSample, evaluation_report


def evaluate(context: CycleContext, model: StoredModel) -> dict[str, Any]:
    """`{report, calibration, reason, sample, evaluation_key}` of the model: JSON-able.

    `evaluation_key` is the artifact with the outputs for the whole sample: `item_ids` `(n,)`, `logits` `(n, K)`.
    """
    labeled, sample = context.snapshot.evaluation, context.snapshot.sample
    logits = _logits(context, model) if len(sample) else np.empty((0, len(model.classes)), np.float32)
    of_labeled = logits[np.searchsorted(sample.ids, labeled.items.ids)]
    metrics = evaluation_report(
        EvaluationSample(of_labeled, labeled.truth, labeled.names, labeled.reports, labeled.weights)
    )
    metrics["sample"] = {"labeled": len(labeled.items), "unsure": labeled.unsure}
    metrics["evaluation_key"] = f"{context.prefix}/evaluation.safetensors"
    context.artifacts.write_tensors(
        metrics["evaluation_key"],
        {"item_ids": sample.ids, "logits": logits},
        {"classes": json.dumps(model.classes)},
    )
    context.job.log(describe_metrics(metrics))
    return metrics


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
        f"Evaluation: {right} of {report['n']} right ({report['accuracy']:.0%}, 95 % interval "
        f"{report['low']:.0%} to {report['high']:.0%}); {report['balanced_accuracy']:.0%} as the mean over the classes."
    )


def _logits(context: CycleContext, model: StoredModel) -> NDArray[np.float32]:
    items = context.snapshot.sample

    def work(batch_size: int) -> NDArray[np.float32]:
        counter = BatchCounter(context.job, "evaluate", len(items), "evaluation items")
        batches = context.volumes.batches(items, batch_size)
        return run_pool_pass(model.network, batches, model.prepare, on_batch=counter).logits.astype(np.float32)

    def say(batch_size: int) -> None:
        context.job.log(f"Memory ran out: the evaluation goes on with batches of {batch_size} volumes.", "warning")

    return with_smaller_batches(work, context.settings.scoring.batch_size, 1, say)
