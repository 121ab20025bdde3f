"""A small autoencoder that learns from volumes without labels, to show them with less noise.

What it cannot predict from a code of 128 numbers is left out: noise first, but also what is rare.
"""

import numpy as np
import torch

from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.settings import AC3DSettings
from tomosift_worker.training.autoencoding import reconstruction
from tomosift_worker.training.readers import UnlabeledBatches, UnlabeledVolumes
from tomosift_worker.training.schedule import learning_rate_at
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import augment_randomly

NETWORK = AC3DSettings(width=8, hidden_size=8)
TRAINING = TrainingSettings(steps=300, batch_size=24, learning_rate=2e-3)


class DenoiserTrainer:
    """Trains a fresh autoencoder step by step on prepared volumes; the caller decides when to stop."""

    def __init__(self, network: AC3D, volumes: UnlabeledVolumes, seed: int, settings: TrainingSettings = TRAINING):
        self.network, self.settings, self.step, self.loss = network, settings, 0, float("nan")
        self._batches = UnlabeledBatches(volumes, settings.batch_size, settings.steps, seed)
        self._optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate)

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.settings.steps

    def advance(self) -> None:
        """Do one step: mean squared error and the penalty on the code (AC3D eq. 1)."""
        self.network.train()
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self.settings)
        volumes = augment_randomly(self._batches.at(self.step), self.settings, self._batches.seed, self.step)
        maps = self.network.encode_in_stages(volumes)[-1]
        errors, penalties = reconstruction(self.network, maps, volumes, self.settings.code_penalty)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(errors.mean() + penalties.mean())
        self._optimizer.step()
        self.loss = float(errors.detach().mean())
        self.step += 1


@torch.inference_mode()
def denoise(network: AC3D, prepared: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    """Prepared volumes `(n, 1, z, y, x)` to their reconstructions `(n, z, y, x)` as half floats."""
    return network.eval().reconstruct(prepared).squeeze(1).float().cpu().numpy().astype(np.float16)
