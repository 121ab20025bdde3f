"""The first stage: train the network on the snapshot's labels, from a checkpoint where an earlier attempt left one."""

import dataclasses
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from tomosift.kit.running_job import Stopping
from tomosift_worker.cycle.checkpoints import Checkpoints
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.labeled_volumes import LabeledVolumes, labeled_volumes, unlabeled_volumes
from tomosift_worker.cycle.memory import with_smaller_batches
from tomosift_worker.cycle.model_files import StoredModel
from tomosift_worker.cycle.problems import too_few_classes
from tomosift_worker.cycle.replicas import replicas, share_state
from tomosift_worker.cycle.starting_point import starting_point
from tomosift_worker.device import place
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.readers import UnlabeledVolumes
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer

SMALLEST_BATCH = 2


@dataclass(frozen=True)
class Trained:
    """The trained model with the figures of its training."""

    model: StoredModel
    figures: dict[str, Any]


def train(context: CycleContext) -> Trained:
    """Train and return the model. Raises TrainingDiverged, and what `context.job.check` raises, after a checkpoint."""
    labeled, job = context.snapshot.training, context.job
    if len(labeled.classes) < 2:
        raise too_few_classes([each["name"] for each in labeled.classes])
    job.report("train", 0, context.settings.training.steps, f"reading {len(labeled.items)} labeled volumes")
    volumes = labeled_volumes(context)
    seen = np.unique(volumes.labels)
    if len(seen) < 2:
        raise too_few_classes([labeled.classes[number]["name"] for number in seen])
    method = TRAINING_METHODS[context.settings.training.method]
    unlabeled = unlabeled_volumes(context) if method.uses_unlabeled else None
    checkpoints = Checkpoints(context)

    def say(batch_size: int) -> None:
        job.log(f"Memory ran out: training goes on with batches of {batch_size} volumes.", "warning")

    def work(batch_size: int) -> Trained:
        with replicas(context, batch_size):
            return _train(context, checkpoints, volumes, unlabeled, batch_size)

    smallest = max(SMALLEST_BATCH, context.settings.training.processes)
    return with_smaller_batches(work, checkpoints.batch_size, smallest, say)


def _train(
    context: CycleContext,
    checkpoints: Checkpoints,
    volumes: LabeledVolumes,
    unlabeled: UnlabeledVolumes | None,
    batch_size: int,
) -> Trained:
    start = starting_point(context)
    settings = context.settings.training.model_copy(update={"batch_size": batch_size})
    if start.weights_of is not None:
        settings = settings.from_warm_start()
    trainer = TRAINING_METHODS[settings.method].trainer(
        place(start.model.network, context.device), volumes.read, volumes.labels, settings, context.seed, unlabeled
    )
    seconds_before = checkpoints.resume(trainer)
    share_state(trainer)
    first_step, started = trainer.step, time.monotonic()
    if first_step == 0:
        context.job.log(start.origin)
        _say_how(context, trainer)

    def seconds() -> float:
        return seconds_before + time.monotonic() - started

    try:
        while not trainer.finished:
            _report(context, trainer)
            trainer.advance()
            checkpoints.write_if_due(trainer, seconds())
    except Stopping:
        checkpoints.write(trainer, seconds())
        raise
    total = seconds()
    checkpoints.write(trainer, total)
    if trainer.step < trainer.settings.steps:
        context.job.log(f"Training stopped after {trainer.step} steps: the labels kept back were no better known.")
    _report(context, trainer)
    samples = (trainer.step - first_step) * batch_size
    averaged = None if trainer.averaged is None else trainer.averaged.network
    model = dataclasses.replace(start.model, averaged=averaged)
    figures = _figures(trainer, settings, total, samples / max(1e-3, total - seconds_before))
    return Trained(model, {**figures, "began_with_weights_of": start.weights_of})


def _figures(
    trainer: SupervisedTrainer, settings: TrainingSettings, seconds: float, samples_per_second: float
) -> dict[str, Any]:
    return {
        "final_loss": trainer.last_loss,
        "method": settings.method,
        "steps": trainer.step,
        "batch_size": settings.batch_size,
        "seconds": round(seconds, 2),
        # An attempt that found the training done has no rate of its own.
        "samples_per_second": round(samples_per_second, 1) if samples_per_second > 0 else None,
        **trainer.figures(),
    }


def _say_how(context: CycleContext, trainer: SupervisedTrainer) -> None:
    method = TRAINING_METHODS[trainer.settings.method]
    if method.uses_unlabeled and trainer.unlabeled is not None:
        context.job.log(
            f"{method.title}: it also learns from {trainer.unlabeled.count:,} subtomograms without a label."
        )
    for notice in trainer.notices:
        context.job.log(notice, "warning")


def _report(context: CycleContext, trainer: SupervisedTrainer) -> None:
    steps = trainer.settings.steps
    loss = "" if math.isnan(trainer.last_loss) else f", loss {trainer.last_loss:.3f}"
    context.job.report("train", trainer.step, steps, f"step {trainer.step} of {steps}{loss}")
