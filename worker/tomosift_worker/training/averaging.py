"""Averages of the weights along a training: an exponential moving average (TOD eq. 8-9) or the uniform mean."""

import copy

import torch

from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training.settings import TrainingSettings


class AveragedWeights:
    """The averaged twin of a network in training, in `network`; call `update` after each step.

    `ema`: w~ <- a w~ + (1 - a) w with a = min(1 - 1/(t + 1), decay) at step t = 1, 2, ..., as in TOD's release, so that
    the start is soon forgotten. `mean`: the uniform mean of the weights after each step. Running statistics of batch
    norms are averaged alike.
    """

    def __init__(self, network: VolumeClassifier, settings: TrainingSettings) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._of, self._settings = network, settings

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take the weights after step `step` (from 1) in."""
        keep = 1.0 - 1.0 / (step if self._settings.averaging == "mean" else step + 1)
        if self._settings.averaging == "ema":
            keep = min(keep, self._settings.average_decay)
        new = self._of.state_dict()
        for name, average in self.network.state_dict().items():
            if average.is_floating_point():
                average.lerp_(new[name], 1.0 - keep)
            else:
                average.copy_(new[name])
