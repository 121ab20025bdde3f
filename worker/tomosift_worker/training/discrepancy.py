"""tod and mean-model: cross-entropy, and on unlabeled volumes the discrepancy to an average of the weights.

The objective is CE + lambda * mean over unlabeled x of |f(x; w) - f(x; w~)|^2, f the logits (TOD eq. 6-9). w~ is the
exponential moving average of w (tod), or its uniform mean (mean-model; the DAL paper gives its regularizer in words
alone, and this is our reading).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training.readers import ReadVolumes, UnlabeledVolumes
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, augment_randomly


class DiscrepancyTrainer(SupervisedTrainer):
    """Keeps the network near the average of its own past, where it has no labels."""

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
        self._unlabeled = self._unlabeled_batches()
        if self.averaged is None:
            raise ValueError(f"the method {settings.method!r} keeps no average of the weights to compare with")
        self._average = self.averaged.network
        for layer in self._average.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm3d):
                # As in the release, both networks normalise a batch by the batch's own statistics; the running ones
                # are averaged like the weights and are not to be moved by looking.
                layer.momentum = 0.0

    def _objective_of_step(self) -> tuple[Tensor, Tensor]:
        volumes, labels = self._batch(self.step)
        unlabeled = augment_randomly(self._unlabeled.at(self.step), self.settings, self._unlabeled.seed, self.step)
        self._average.train()
        with self._computing():
            objective, loss = self._objective(volumes, labels)
            now = self.network(unlabeled).float()
            with torch.no_grad():
                average = self._average(unlabeled).float()
        self._average.eval()
        discrepancy = (now - average).square().sum(dim=1).mean()
        return objective + self.settings.unlabeled_weight * discrepancy, loss
