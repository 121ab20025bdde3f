"""self-trained: unlabeled volumes whose class the network is surest of train as if they were labeled (AC3D's baseline).

The paper classifies all unlabeled data in each epoch. Here the training has `pseudo_label_rounds`, evenly spread, each
looks at a random sample of `pseudo_label_sample` volumes, and its pseudo labels replace those of the round before: the
cost does not grow with the pool, and an early mistake does not stay.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.readers import ReadVolumes, UnlabeledVolumes
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, augment_randomly
from tomosift_worker.training.weights import Arrays

_SAMPLE = 8


class SelfTrainer(SupervisedTrainer):
    """Supervised training on the labels and, after the first round, on pseudo labels too."""

    def __init__(
        self,
        network: VolumeClassifier,
        read_volumes: ReadVolumes,
        labels: NDArray[np.int64],
        settings: TrainingSettings,
        seed: int,
        unlabeled: UnlabeledVolumes | None = None,
    ) -> None:
        super().__init__(network, read_volumes, labels, settings, seed, unlabeled)
        if self.unlabeled is None:
            self.notices.append("There are no unlabeled volumes to learn from: the training is supervised.")
        self._own_positions = np.arange(labels.size) if self._trained is None else self._trained
        self._own_labels = labels[self._own_positions]
        self._use_pseudo_labels(np.empty(0, np.int64), np.empty(0, np.int64))

    def advance(self) -> None:
        """Do one step, and before it a round of classifying unlabeled volumes where one is due."""
        if self.unlabeled is not None and self.step > 0 and self.step in self._rounds():
            self._use_pseudo_labels(*self._sure_ones(self.unlabeled))
        super().advance()

    def own_state(self) -> Arrays:
        """The pseudo labels of the last round, with what every training keeps."""
        pseudo = {"pseudo_positions": self._pseudo_positions, "pseudo_labels": self._pseudo_labels}
        return {**super().own_state(), **pseudo}

    def load_own_state(self, state: Arrays) -> None:
        """Go on from `own_state()`."""
        super().load_own_state(state)
        self._use_pseudo_labels(state["pseudo_positions"].astype(np.int64), state["pseudo_labels"].astype(np.int64))

    def figures(self) -> dict[str, float | int | bool | None]:
        """With the number of pseudo labels in use at the end."""
        return {**super().figures(), "pseudo_labels": len(self._pseudo_labels)}

    def _rounds(self) -> set[int]:
        """Steps before which unlabeled volumes are classified."""
        rounds = self.settings.pseudo_label_rounds
        return {self.settings.steps * each // (rounds + 1) for each in range(1, rounds + 1)}

    def _use_pseudo_labels(self, positions: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        self._pseudo_positions, self._pseudo_labels = positions, labels
        together = np.concatenate([self._own_labels, labels])
        self._together = torch.from_numpy(together).to(self._device)
        self._joint_plan = self._plan_over(together)
        if self._class_weights is not None:
            self._class_weights = self._weights_of_classes(together)

    @torch.no_grad()
    def _sure_ones(self, unlabeled: UnlabeledVolumes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        settings, network = self.settings, self.network.eval()
        generator = generator_at(self._seed, _SAMPLE, self.step)
        count = min(settings.pseudo_label_sample, unlabeled.count)
        looked_at = np.sort(generator.choice(unlabeled.count, count, replace=False))
        sure, labels = [], []
        for start in range(0, count, settings.batch_size):
            part = looked_at[start : start + settings.batch_size]
            confidence, predicted = network(unlabeled.read(part, None)).float().softmax(dim=1).max(dim=1)
            above = (confidence >= settings.pseudo_label_threshold).cpu().numpy()
            sure.append(part[above])
            labels.append(predicted.cpu().numpy()[above])
        return np.concatenate(sure), np.concatenate(labels)

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        if len(self._pseudo_labels) == 0:
            return super()._batch(step)
        chosen = self._joint_plan.indices(step)
        own = chosen < len(self._own_labels)
        places = np.concatenate([np.flatnonzero(own), np.flatnonzero(~own)])
        parts = []
        if own.any():
            parts.append(self._read_volumes(self._own_positions[chosen[own]], None))
        if not own.all() and self.unlabeled is not None:
            parts.append(self.unlabeled.read(self._pseudo_positions[chosen[~own] - len(self._own_labels)], None))
        labels = self._together[torch.from_numpy(chosen[places]).to(self._device)]
        return augment_randomly(torch.cat(parts), self.settings, self._seed, step), labels
