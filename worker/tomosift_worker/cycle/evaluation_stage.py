"""The second stage: the model's numbers, from blind labels of the random evaluation sample that it never saw."""

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
    """`{report, calibration, reason, sample}` of the model: JSON-able."""
    labeled = context.snapshot.evaluation
    logits = _logits(context, model) if len(labeled.items) else np.empty((0, len(model.classes)), np.float32)
    sample = EvaluationSample(logits, labeled.truth, labeled.names, labeled.reports, labeled.weights)
    metrics = evaluation_report(sample)
    metrics["sample"] = {"labeled": len(labeled.items), "unsure": labeled.unsure}
    context.job.log(describe_metrics(metrics))
    return metrics


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
    items = context.snapshot.evaluation.items

    def work(batch_size: int) -> NDArray[np.float32]:
        counter = BatchCounter(context.job, "evaluate", len(items), "evaluation items")
        batches = context.volumes.batches(items, batch_size)
        return run_pool_pass(model.network, batches, model.prepare, on_batch=counter).logits.astype(np.float32)

    def say(batch_size: int) -> None:
        context.job.log(f"Memory ran out: the evaluation goes on with batches of {batch_size} volumes.", "warning")

    return with_smaller_batches(work, context.settings.scoring.batch_size, 1, say)
