"""ac3d and pretrained: learning from unlabeled volumes by reconstructing them (Liu et al., "AC3D").

ac3d (eq. 3, algorithm 1): alpha MSE + beta CE on labeled volumes, MSE on unlabeled ones, in the same step. pretrained
(its cascade baseline): the autoencoder on unlabeled volumes first, then CE on the labels. Both add the L1 penalty on
the code, summed over the code and averaged over the volumes.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training.readers import ReadVolumes, UnlabeledVolumes
from tomosift_worker.training.schedule import learning_rate_at
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, augment_randomly


def reconstruction(network: AC3D, maps: Tensor, volumes: Tensor, code_penalty: float) -> tuple[Tensor, Tensor]:
    """Mean squared error of each volume, `(n,)` (eq. 1), and the weighted penalty on its code, `(n,)`.

    `maps` are the last of `network.encode_in_stages(volumes)`.
    """
    codes = network.encode_maps(maps)
    errors = (network.decode(codes).float() - volumes).square().mean(dim=(1, 2, 3, 4))
    return errors, code_penalty * codes.float().abs().sum(dim=1)


class AutoencodingTrainer(SupervisedTrainer):
    """What both methods share: a network that reconstructs, and unlabeled volumes."""

    network: AC3D

    def __init__(
        self,
        network: VolumeClassifier,
        read_volumes: ReadVolumes,
        labels: NDArray[np.int64],
        settings: TrainingSettings,
        seed: int,
        unlabeled: UnlabeledVolumes | None = None,
    ) -> None:
        if not isinstance(network, AC3D):
            raise ValueError(f"the method {settings.method!r} needs a network that reconstructs: network.kind ac3d")
        super().__init__(network, read_volumes, labels, settings, seed, unlabeled)
        self._unlabeled = self._unlabeled_batches()

    def _unlabeled_volumes(self) -> Tensor:
        return augment_randomly(self._unlabeled.at(self.step), self.settings, self._unlabeled.seed, self.step)

    def _reconstruction(self, maps: Tensor, volumes: Tensor) -> tuple[Tensor, Tensor]:
        return reconstruction(self.network, maps, volumes, self.settings.code_penalty)


class JointTrainer(AutoencodingTrainer):
    """ac3d: reconstructs and classifies in each step; half a batch is labeled, the other half not.

    The classifier's batch norm sees labeled volumes only: unlabeled ones do not influence it (section 3.3).
    """

    def _objective_of_step(self) -> tuple[Tensor, Tensor]:
        volumes, labels = self._batch(self.step)
        everything, n = torch.cat([volumes, self._unlabeled_volumes()]), len(volumes)
        settings, network = self.settings, self.network
        with self._computing():
            stages = network.encode_in_stages(everything)
            errors, penalties = self._reconstruction(stages[-1], everything)
            logits = network.classify(network.embed_maps(stages[-1][:n]))
            objective, loss = self._ranked_objective(logits, [stage[:n] for stage in stages], labels)
        reconstruction = settings.reconstruction_weight * errors[:n].mean() + errors[n:].mean() + penalties.mean()
        return settings.classification_weight * objective + reconstruction, loss


class CascadeTrainer(AutoencodingTrainer):
    """pretrained: first the share of the steps that `pretraining_share` gives reconstructs, the rest classifies.

    The schedule of the learning rate runs once in each of the two. The loss that is shown is the mean squared error
    first, the cross-entropy afterwards.
    """

    def _objective_of_step(self) -> tuple[Tensor, Tensor]:
        if self.step >= self._pretraining_steps:
            return super()._objective_of_step()
        volumes = self._unlabeled_volumes()
        with self._computing():
            errors, penalties = self._reconstruction(self.network.encode_in_stages(volumes)[-1], volumes)
        return errors.mean() + penalties.mean(), errors.mean()

    def _learning_rate(self) -> float:
        first, steps = self._pretraining_steps, self.settings.steps
        phase_start, phase_steps = (0, first) if self.step < first else (first, steps - first)
        return learning_rate_at(self.step - phase_start, self.settings.model_copy(update={"steps": phase_steps}))

    @property
    def _classifies(self) -> bool:
        return self.step > self._pretraining_steps

    @property
    def _pretraining_steps(self) -> int:
        return min(self.settings.steps - 1, round(self.settings.pretraining_share * self.settings.steps))
