"""Supervised training: cross-entropy on the labels, in class-balanced, shifted and turned batches."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training import loss_ranking
from tomosift_worker.training.augmentation import augment, draw_augmentation
from tomosift_worker.training.averaging import AveragedWeights
from tomosift_worker.training.batches import BatchPlan
from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.schedule import learning_rate_at
from tomosift_worker.training.settings import TrainingSettings

LOSS_CHECK_EVERY = 20
DROPOUT_STREAM = 2

ReadVolumes = Callable[[NDArray[np.int64], NDArray[np.int64] | None], Tensor]
"""Gives the prepared volumes `(n, 1, z, y, x)` at n positions of the labeled set, on the network's device. It also
hears the positions of the next step (None after the last), so that it can read ahead."""


def in_memory(volumes: Tensor) -> ReadVolumes:
    """A reader of prepared volumes `(n, 1, z, y, x)` that are all in the device's memory."""
    return lambda positions, _: volumes[torch.from_numpy(positions).to(volumes.device)]


class TrainingDiverged(RuntimeError):
    """The loss is not a number any more."""


class SupervisedTrainer:
    """Trains `network` on prepared volumes step by step; the caller decides when to look, save or stop.

    `read_volumes` gives the volumes, prepared (`preprocessing.prepare`); `labels` are their class numbers. What a step
    does depends on the weights, the optimizer's state, the seed and the step's number only: load the state of step t
    and the rest is bit for bit what an uninterrupted run does (on a CPU, with the same number of threads).
    """

    def __init__(
        self,
        network: VolumeClassifier,
        read_volumes: ReadVolumes,
        labels: NDArray[np.int64],
        settings: TrainingSettings,
        seed: int,
    ) -> None:
        if np.unique(labels).size < 2:
            raise ValueError("training needs labels of at least two classes")
        self.network, self.settings, self.step = network, settings, 0
        self._device = next(network.parameters()).device
        self._read_volumes = read_volumes
        self._labels = torch.from_numpy(np.ascontiguousarray(labels)).to(self._device)
        self._seed = seed
        self._plan = BatchPlan(labels, settings.batch_size, settings.balance, seed)
        self._drawn: dict[int, NDArray[np.int64]] = {}
        self._losses = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing, reduction="none")
        self.averaged = AveragedWeights(network, settings) if settings.average != "none" else None
        self.optimizer = _build_optimizer(network, settings)
        # bfloat16 needs no loss scaling; without it, or on a CPU, everything stays in float32.
        self._mixed = self._device.type == "cuda" and torch.cuda.is_bf16_supported()
        self._loss_now = torch.tensor(math.nan)
        self.last_loss = math.nan

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.settings.steps

    def advance(self) -> None:
        """Do one step.

        Every 20 steps and at the end `last_loss` is brought up to date (which waits for the device), and
        TrainingDiverged raised if it is no number.
        """
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self.settings)
        volumes, labels = self._batch(self.step)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._mixed), self._dropout_of_step():
            objective, loss = self._objective(volumes, labels)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(objective)
        self.optimizer.step()
        self._loss_now = loss.detach()
        self.step += 1
        if self.averaged is not None:
            self.averaged.update(self.step)
        if self.step % LOSS_CHECK_EVERY == 0 or self.finished:
            self._look_at_loss()

    def _objective(self, volumes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """What is descended, and the classification loss in it."""
        network = self.network
        if network.loss_module is None:
            loss = self._losses(network(volumes).float(), labels).mean()
            return loss, loss
        embeddings, stages = network.embed_in_stages(volumes)
        losses = self._losses(network.classify(embeddings).float(), labels)
        if self.step >= loss_ranking.DETACHED_AFTER * self.settings.steps:
            stages = [stage.detach() for stage in stages]
        ranking = loss_ranking.ranking_loss(network.loss_module(stages).float(), losses)
        return losses.mean() + loss_ranking.WEIGHT * ranking, losses.mean()

    @contextmanager
    def _dropout_of_step(self) -> Iterator[None]:
        """torch's generators as this step's number seeds them, and as they were afterwards."""
        if self.network.dropout_rate == 0.0:
            yield
            return
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(int(generator_at(self._seed, DROPOUT_STREAM, self.step).integers(2**63)))
            yield

    def _look_at_loss(self) -> None:
        self.last_loss = float(self._loss_now)
        if not math.isfinite(self.last_loss):
            raise TrainingDiverged(
                f"the loss is {self.last_loss} after {self.step} steps; try a learning rate below "
                f"{self.settings.learning_rate:g}"
            )

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        settings = self.settings
        chosen, upcoming = self._positions(step)
        changes = draw_augmentation(self._seed, step, settings.batch_size, settings.max_shift_voxels, settings.symmetry)
        labels = self._labels[torch.from_numpy(chosen).to(self._device)]
        return augment(self._read_volumes(chosen, upcoming), changes), labels

    def _positions(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """Those of this step and of the next; each step is drawn once."""
        chosen = self._drawn[step] if step in self._drawn else self._plan.indices(step)
        upcoming = self._plan.indices(step + 1) if step + 1 < self.settings.steps else None
        self._drawn = {} if upcoming is None else {step + 1: upcoming}
        return chosen, upcoming


def _build_optimizer(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, foreach=True
        )
    return torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        foreach=True,
    )
