"""Stopping a training when a part of the labels that it does not learn from is no longer classified better."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.data_parallel import agreed
from tomosift_worker.training.readers import ReadVolumes
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.weights import Arrays, load_weights, weights_of, with_prefix

FEWEST = 5
LOOKS = 20
_SPLIT = 7
_BEST = "best/"


def split_for_validation(labels: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.int64], Tensor]:
    """Positions to train on and positions `(m,)` to validate on: a random share, but never the last label of a class.

    The second is empty where fewer than 5 could be kept back: they would say nothing.
    """
    wanted, left = round(share * labels.size), np.bincount(labels)
    kept_back: list[int] = []
    for position in generator_at(seed, _SPLIT).permutation(labels.size):
        if len(kept_back) < wanted and left[labels[position]] > 1:
            left[labels[position]] -= 1
            kept_back.append(int(position))
    if len(kept_back) < FEWEST:
        return np.arange(labels.size), torch.empty(0, dtype=torch.int64)
    chosen = np.sort(np.array(kept_back, np.int64))
    return np.setdiff1d(np.arange(labels.size), chosen), torch.from_numpy(chosen)


class EarlyStopping:
    """Looks at the validation loss 20 times a training; keeps the best weights, and says when to stop."""

    def __init__(self, read: ReadVolumes, positions: Tensor, labels: Tensor, settings: TrainingSettings) -> None:
        self._read, self._positions = read, positions.numpy()
        self._labels = labels[positions.to(labels.device)]
        self._settings = settings
        self.best_loss, self._without_gain, self.stopped = math.inf, 0, False
        self._best: Arrays = {}

    def look(self, network: VolumeClassifier, step: int) -> None:
        """After step `step` (from 1): compare, where a look is due."""
        every = max(1, self._settings.steps // LOOKS)
        if step % every and step < self._settings.steps:
            return
        loss = self._loss(network)
        if loss < self.best_loss:
            self.best_loss, self._without_gain = loss, 0
            self._best = {name: array.copy() for name, array in weights_of(network).items()}
        else:
            self._without_gain += 1
            self.stopped = self._without_gain >= self._settings.patience

    def load_best(self, network: VolumeClassifier) -> None:
        """Give a network the weights that did best."""
        if self._best:
            load_weights(network, self._best)

    def state(self) -> Arrays:
        """What a later process needs to go on."""
        numbers = np.array([self.best_loss, self._without_gain, self.stopped], np.float64)
        return {"stopping": numbers} | {_BEST + name: array for name, array in self._best.items()}

    def load_state(self, state: Arrays) -> None:
        """Go on from `state()`."""
        loss, without_gain, stopped = (float(each) for each in state["stopping"].astype(np.float64))
        self.best_loss, self._without_gain, self.stopped = loss, int(without_gain), bool(stopped)
        self._best = with_prefix(state, _BEST)

    @torch.no_grad()
    def _loss(self, network: VolumeClassifier) -> float:
        before = network.training
        network.eval()
        total, size = 0.0, self._settings.batch_size
        for start in range(0, len(self._positions), size):
            part = self._positions[start : start + size]
            logits = network(self._read(part, None)).float()
            total += float(nn.functional.cross_entropy(logits, self._labels[start : start + size], reduction="sum"))
        network.train(before)
        return agreed(total / len(self._positions))
