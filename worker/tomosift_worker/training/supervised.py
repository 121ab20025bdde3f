"""Supervised training: cross-entropy on the labels, in class-balanced, shifted and turned batches."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomosift_worker.networks.classifier import VolumeClassifier, check_volume_batch
from tomosift_worker.training.augmentation import augment, draw_augmentation
from tomosift_worker.training.batches import BatchPlan
from tomosift_worker.training.schedule import learning_rate_at
from tomosift_worker.training.settings import TrainingSettings

LOSS_CHECK_EVERY = 20


class TrainingDiverged(RuntimeError):
    """The loss is not a number any more."""


class SupervisedTrainer:
    """Trains `network` on prepared volumes step by step; the caller decides when to look, save or stop.

    `volumes` are prepared (`preprocessing.prepare`) volumes `(n, 1, z, y, x)`, `labels` their class numbers `(n,)`;
    both are kept in memory on the network's device. What a step does depends on the weights, the optimizer's state,
    the seed and the step's number only: load the state of step t and the rest is bit for bit what an uninterrupted
    run does (CPU, same number of threads).
    """

    def __init__(
        self,
        network: VolumeClassifier,
        volumes: Tensor,
        labels: NDArray[np.int64],
        settings: TrainingSettings,
        seed: int,
    ) -> None:
        check_volume_batch(volumes)
        if len(volumes) != len(labels):
            raise ValueError(f"{len(volumes)} volumes but {len(labels)} labels")
        if np.unique(labels).size < 2:
            raise ValueError("training needs labels of at least two classes")
        self.network, self.settings, self.step = network, settings, 0
        self._device = next(network.parameters()).device
        self._volumes = volumes.to(self._device)
        self._labels = torch.from_numpy(np.ascontiguousarray(labels)).to(self._device)
        self._seed = seed
        self._plan = BatchPlan(labels, settings.batch_size, settings.balance, seed)
        self._loss = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
        self.optimizer = _build_optimizer(network, settings)
        # bfloat16 needs no loss scaling; without it, or on a CPU, everything stays in float32.
        self._mixed = self._device.type == "cuda" and torch.cuda.is_bf16_supported()
        self._last_loss = torch.tensor(math.nan)

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.settings.steps

    @property
    def last_loss(self) -> float:
        """The loss of the last step (reading it waits for the device)."""
        return float(self._last_loss)

    def advance(self) -> None:
        """Do one step. Raises TrainingDiverged when the loss is no number (looked at every 20 steps and at the end)."""
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self.settings)
        volumes, labels = self._batch(self.step)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._mixed):
            loss = self._loss(self.network(volumes).float(), labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self._last_loss = loss.detach()
        self.step += 1
        if (self.step % LOSS_CHECK_EVERY == 0 or self.finished) and not math.isfinite(self.last_loss):
            raise TrainingDiverged(
                f"the loss is {self.last_loss} after {self.step} steps; try a learning rate below "
                f"{self.settings.learning_rate:g}"
            )

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        chosen = torch.from_numpy(self._plan.indices(step)).to(self._device)
        settings = self.settings
        changes = draw_augmentation(self._seed, step, settings.batch_size, settings.max_shift_voxels, settings.symmetry)
        return augment(self._volumes[chosen], changes), self._labels[chosen]


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
