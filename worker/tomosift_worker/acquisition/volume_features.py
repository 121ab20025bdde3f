"""Embeddings before there is a network: principal components of smoothed, shrunken volumes."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.pool_pass import PoolBatch

COMPONENTS = 64
SIDE = 12


class VolumeFeatures:
    """Principal components of volumes shrunken to 12 voxels a side, cheap and the same whenever they are made.

    They see size, mass and where the density lies; not, as a network does, the same shape turned otherwise. Where
    labels allow, a network's embeddings serve better. `fit` before `embed`.
    """

    def __init__(self, prepare: Callable[[Tensor], Tensor]) -> None:
        self._prepare = prepare
        self._mean = torch.zeros(0)
        self._axes = torch.zeros(0)

    @torch.inference_mode()
    def fit(self, volumes: NDArray[np.float32]) -> None:
        """Find the components of volumes `(m, z, y, x)`: a sample of the pool. At least 2."""
        shrunken = self._shrink(volumes).double()
        self._mean = shrunken.mean(dim=0)
        _, _, axes = torch.linalg.svd(shrunken - self._mean, full_matrices=False)
        axes = axes[:COMPONENTS]
        # The sign of a component is arbitrary; the largest entry shall be positive.
        largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
        self._axes = axes * torch.sign(largest)

    @torch.inference_mode()
    def embed(self, volumes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Volumes `(n, z, y, x)` to `(n, d)`, d = 64 or fewer where the sample was smaller."""
        centred = self._shrink(volumes).double() - self._mean
        found: NDArray[np.float32] = (centred @ self._axes.T).float().numpy()
        return found

    def _shrink(self, volumes: NDArray[np.float32]) -> Tensor:
        prepared = self._prepare(torch.from_numpy(np.ascontiguousarray(volumes)).unsqueeze(1))
        return functional.adaptive_avg_pool3d(prepared, min(SIDE, *prepared.shape[2:])).flatten(1)


def outputs_without_network(
    features: VolumeFeatures, batches: Iterable[PoolBatch], seed: int, on_batch: Callable[[int], None]
) -> PoolOutputs:
    """The pool's outputs before there is a network: embeddings, and logits `(n, 0)`. Raises ValueError if empty."""
    ids, embeddings = [], []
    for batch in batches:
        ids.append(batch.item_ids)
        embeddings.append(features.embed(batch.volumes).astype(np.float16))
        on_batch(len(batch.item_ids))
    if not ids:
        raise ValueError("the pool is empty: there is nothing to score")
    item_ids = np.concatenate(ids)
    return PoolOutputs(item_ids, np.empty((len(item_ids), 0), np.float32), np.concatenate(embeddings), seed=seed)
