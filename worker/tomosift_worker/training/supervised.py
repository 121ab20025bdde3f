"""Supervised training: cross-entropy on the labels, in class-balanced, shifted and turned batches."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomosift_worker.figures import percent
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training import loss_ranking
from tomosift_worker.training.augmentation import augment, draw_augmentation
from tomosift_worker.training.averaging import AveragedWeights
from tomosift_worker.training.batches import BatchPlan
from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.data_parallel import (
    agreed,
    average_gradients,
    own_seed,
    own_share,
    share_statistics,
)
from tomosift_worker.training.early_stopping import EarlyStopping, split_for_validation
from tomosift_worker.training.physical_augmentation import change_physically
from tomosift_worker.training.readers import ReadVolumes, UnlabeledBatches, UnlabeledVolumes, in_memory
from tomosift_worker.training.schedule import learning_rate_at
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.weights import Arrays, load_weights, weights_of

__all__ = ["ReadVolumes", "SupervisedTrainer", "TrainingDiverged", "augment_randomly", "in_memory"]

LOSS_CHECK_EVERY = 20
DROPOUT_STREAM = 2


class TrainingDiverged(RuntimeError):
    """The loss is not a number any more."""


class SupervisedTrainer:
    """Trains `network` on prepared volumes step by step; the caller decides when to look, save or stop.

    `read_volumes` gives the volumes, prepared (`preprocessing.prepare`); `labels` are their class numbers. Methods that
    learn from unlabeled volumes too are subclasses and read `unlabeled`; where there are none, they take the labeled
    ones as such. What a step does depends on the weights, the optimizer's state, the seed and the step's number only
    (and what the method keeps): load the state of step t and the rest is bit for bit what an uninterrupted run does
    (on a CPU, with the same number of threads).

    `notices` are sentences for people on what could not be done as the settings say.
    """

    def __init__(
        self,
        network: VolumeClassifier,
        read_volumes: ReadVolumes,
        labels: NDArray[np.int64],
        settings: TrainingSettings,
        seed: int,
        unlabeled: UnlabeledVolumes | None = None,
    ) -> None:
        if np.unique(labels).size < 2:
            raise ValueError("training needs labels of at least two classes")
        self.notices: list[str] = []
        self._device = next(network.parameters()).device
        self._labels = torch.from_numpy(np.ascontiguousarray(labels)).to(self._device)
        self._read_volumes, self._seed = read_volumes, seed
        # Positions to train on; None where they are all.
        self._trained: NDArray[np.int64] | None
        self._trained, validated = self._keep_back(labels, settings.validation_share)
        kept = labels if self._trained is None else labels[self._trained]
        self.network, self.settings, self.step = network, _in_steps(settings, kept.size), 0
        self.stopping = (
            None if validated is None else EarlyStopping(read_volumes, validated, self._labels, self.settings)
        )
        self.unlabeled = unlabeled if unlabeled is not None and unlabeled.count else None
        self._plan = self._plan_over(kept)
        self._drawn: dict[int, NDArray[np.int64]] = {}
        self._losses = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing, reduction="none")
        self._class_weights = self._weights_of_classes(kept) if settings.balance == "weights" else None
        share_statistics(network)
        self.averaged = AveragedWeights(network, settings) if settings.averaging != "none" else None
        self.optimizer = _build_optimizer(network, settings)
        # bfloat16 needs no loss scaling; without it, or on a CPU, everything stays in float32.
        self._mixed = self._device.type == "cuda" and torch.cuda.is_bf16_supported()
        self._loss_now = torch.tensor(math.nan)
        self.last_loss = math.nan

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or the training was stopped early."""
        return self.step >= self.settings.steps or (self.stopping is not None and self.stopping.stopped)

    def advance(self) -> None:
        """Do one step.

        Every 20 steps and at the end `last_loss` is brought up to date (which waits for the device), and
        TrainingDiverged raised if it is no number. After the last step the network has its final weights.
        """
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        objective, loss = self._objective_of_step()
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(objective * own_share(self.settings.batch_size))
        average_gradients(self.network)
        self.optimizer.step()
        self._loss_now = loss.detach()
        self.step += 1
        if self.averaged is not None:
            self.averaged.update(self.step)
        if self.stopping is not None and self._classifies:
            self.stopping.look(self._final_network(), self.step)
        if self.step % LOSS_CHECK_EVERY == 0 or self.finished:
            self._look_at_loss()
        if self.finished:
            self._settle_weights()

    def own_state(self) -> Arrays:
        """What the method keeps besides weights, averages and the optimizer's state, as named arrays."""
        return {} if self.stopping is None else self.stopping.state()

    def load_own_state(self, state: Arrays) -> None:
        """Go on from `own_state()`."""
        if self.stopping is not None:
            self.stopping.load_state(state)

    def figures(self) -> dict[str, float | int | bool | None]:
        """Numbers about the training that belong to its method; JSON."""
        if self.stopping is None:
            return {}
        loss = self.stopping.best_loss
        return {"stopped_early": self.stopping.stopped, "validation_loss": loss if math.isfinite(loss) else None}

    @property
    def _classifies(self) -> bool:
        """Whether the steps up to now have begun to learn the classes, so that the validation loss means something."""
        return self.step > 0

    def _learning_rate(self) -> float:
        return learning_rate_at(self.step, self.settings)

    def _objective_of_step(self) -> tuple[Tensor, Tensor]:
        """What this step descends, and the loss that is shown."""
        volumes, labels = self._batch(self.step)
        with self._computing():
            return self._objective(volumes, labels)

    def _objective(self, volumes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """What is descended on a labeled batch, and the classification loss in it."""
        network = self.network
        if network.loss_module is None:
            loss = self._mean_loss(self._losses(network(volumes).float(), labels), labels)
            return loss, loss
        embeddings, stages = network.embed_in_stages(volumes)
        return self._ranked_objective(network.classify(embeddings), stages, labels)

    def _ranked_objective(self, logits: Tensor, stages: list[Tensor], labels: Tensor) -> tuple[Tensor, Tensor]:
        """The classification loss, and with it the ranking loss of the module that predicts losses, if there is one."""
        losses = self._losses(logits.float(), labels)
        loss = self._mean_loss(losses, labels)
        if self.network.loss_module is None:
            return loss, loss
        if self.step >= loss_ranking.DETACHED_AFTER * self.settings.steps:
            stages = [stage.detach() for stage in stages]
        ranking = loss_ranking.ranking_loss(self.network.loss_module(stages).float(), losses)
        return loss + loss_ranking.WEIGHT * ranking, loss

    def _mean_loss(self, losses: Tensor, labels: Tensor) -> Tensor:
        if self._class_weights is None:
            return losses.mean()
        weights = self._class_weights[labels]
        return (weights * losses).sum() / weights.sum()

    def _weights_of_classes(self, labels: NDArray[np.int64]) -> Tensor:
        """Inverse to each class's share, 1 for classes of average size; `(classes,)`."""
        counts = np.bincount(labels, minlength=int(self._labels.max()) + 1)
        weights = labels.size / (np.count_nonzero(counts) * np.maximum(1, counts))
        return torch.from_numpy(weights).float().to(self._device)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Mixed precision where it gains, and the step's own dropout."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._mixed), self._dropout_of_step():
            yield

    @contextmanager
    def _dropout_of_step(self) -> Iterator[None]:
        """torch's generators as this step's number seeds them, and as they were afterwards."""
        if self.network.dropout_rate == 0.0:
            yield
            return
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(int(generator_at(own_seed(self._seed), DROPOUT_STREAM, self.step).integers(2**63)))
            yield

    def _look_at_loss(self) -> None:
        self.last_loss = agreed(float(self._loss_now))
        if not math.isfinite(self.last_loss):
            raise TrainingDiverged(
                f"the loss is {self.last_loss} after {self.step} steps; try a learning rate below "
                f"{self.settings.learning_rate:g}"
            )

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        chosen, upcoming = self._positions(step)
        labels = self._labels[torch.from_numpy(chosen).to(self._device)]
        return augment_randomly(self._read_volumes(chosen, upcoming), self.settings, self._seed, step), labels

    def _unlabeled_batches(self) -> UnlabeledBatches:
        """The unlabeled volumes, or the labeled ones in their place."""
        if self.unlabeled is None:
            self.notices.append("There are no unlabeled volumes to learn from: the labeled ones take their place.")
            self.unlabeled = UnlabeledVolumes(self._read_volumes, len(self._labels))
        return UnlabeledBatches(self.unlabeled, self.settings.batch_size, self.settings.steps, self._seed)

    def _positions(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """Those of this step and of the next; each step is drawn once."""
        chosen = self._drawn[step] if step in self._drawn else self._indices(step)
        upcoming = self._indices(step + 1) if step + 1 < self.settings.steps else None
        self._drawn = {} if upcoming is None else {step + 1: upcoming}
        return chosen, upcoming

    def _indices(self, step: int) -> NDArray[np.int64]:
        indices = self._plan.indices(step)
        return indices if self._trained is None else self._trained[indices]

    def _plan_over(self, labels: NDArray[np.int64]) -> BatchPlan:
        balance: Literal["classes", "none"] = "classes" if self.settings.balance == "classes" else "none"
        return BatchPlan(labels, self.settings.batch_size, balance, self._seed)

    def _keep_back(
        self, labels: NDArray[np.int64], share: float
    ) -> tuple[NDArray[np.int64], Tensor] | tuple[None, None]:
        """Positions to train on and to validate on, where a share is to be kept back and is large enough."""
        if share == 0.0:
            return None, None
        trained, validated = split_for_validation(labels, share, self._seed)
        if len(validated) == 0:
            self.notices.append(f"No early stopping: {percent(share)} of {labels.size} labels are too few to judge by.")
            return None, None
        return trained, validated

    def _final_network(self) -> VolumeClassifier:
        """The one whose weights will be the model's."""
        if self.averaged is not None and self.settings.final_weights == "average":
            return self.averaged.network
        return self.network

    def _settle_weights(self) -> None:
        """Give `network` the final weights; where they are the average, `averaged` gets the last ones instead."""
        if self.averaged is not None and self.settings.final_weights == "average":
            last = {name: array.copy() for name, array in weights_of(self.network).items()}
            load_weights(self.network, weights_of(self.averaged.network))
            load_weights(self.averaged.network, last)
        if self.stopping is not None:
            self.stopping.load_best(self.network)


def augment_randomly(volumes: Tensor, settings: TrainingSettings, seed: int, step: int) -> Tensor:
    """The volumes `(n, 1, z, y, x)` of a step with all random changes that the settings ask for."""
    own = own_seed(seed)
    changes = draw_augmentation(own, step, len(volumes), settings.max_shift_voxels, settings.symmetry)
    return change_physically(augment(volumes, changes), settings, own, step)


def _in_steps(settings: TrainingSettings, labels: int) -> TrainingSettings:
    """Settings with the number of steps, where they give epochs."""
    if settings.epochs is None:
        return settings
    return settings.model_copy(update={"steps": settings.epochs * math.ceil(labels / settings.batch_size)})


def _build_optimizer(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    if settings.optimizer != "sgd":
        kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
        return kind(
            network.parameters(),
            lr=settings.learning_rate,
            betas=(0.9, settings.second_moment_decay),
            weight_decay=settings.weight_decay,
            foreach=True,
        )
    return torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        foreach=True,
    )
