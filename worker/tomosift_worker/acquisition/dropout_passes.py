"""Passes with dropout over the pool, of which only the head has to be gone through again and again."""

import numpy as np
import torch
from torch import Tensor

from tomosift_worker.networks.classifier import VolumeClassifier

DROPOUT_STREAM = 3


class DropoutPasses:
    """`passes` thinned heads of a network, drawn once from the seed and used for every volume.

    Dropout lies between embedding and head, so one pass through the trunk serves all of them. The same masks for all
    volumes make the answers comparable (Kirsch et al., NeurIPS 2019, section 3.3) and independent of the batches.
    Raises ValueError for a network without dropout.
    """

    def __init__(self, network: VolumeClassifier, passes: int, seed: int) -> None:
        if network.dropout_rate <= 0.0:
            raise ValueError("the network was built without dropout, so passes with dropout would all be the same")
        kept = 1.0 - network.dropout_rate
        masks = np.random.default_rng([seed, DROPOUT_STREAM]).random((passes, network.embedding_size)) < kept
        weight, self._bias = network.head.weight.detach(), network.head.bias.detach()
        scaled = torch.from_numpy(masks).to(weight) / kept
        self.weights = scaled[:, None, :] * weight

    @torch.no_grad()
    def entropies(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """`(n, d)` embeddings to the entropy `(n,)` of the mean output, and the mean of the entropies `(n,)`; nats."""
        passes, classes, _ = self.weights.shape
        logits = embeddings.float() @ self.weights.flatten(0, 1).T
        log_p = torch.log_softmax(logits.view(-1, passes, classes) + self._bias, dim=2)
        p = log_p.exp()
        mean = p.mean(dim=1)
        return -torch.special.xlogy(mean, mean).sum(dim=1), -(p * log_p).sum(dim=2).mean(dim=1)
