"""Embeddings before there is a network: radial profiles of density and power, the same however a particle is turned."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.pool_pass import PoolBatch

HIGHEST_FREQUENCY = 1.0 / 3.0
FAINTEST_POWER = 1e-6


def radial_features(volumes: Tensor) -> Tensor:
    """Volumes `(n, 1, z, y, x)`, cubic with b voxels a side, to `(n, b // 2 + 1 + b // 3 + 1)`.

    First the mean density of each shell of one voxel about the centre, up to radius b/2; then the logarithm of the mean
    power of each shell of Fourier space, up to 1/3 cycle a voxel. A rotation about the centre changes neither, but for
    the missing wedge; a shift leaves the power as it is.
    """
    cubes = volumes.squeeze(1)
    box = cubes.shape[-1]
    from_centre = torch.arange(box, device=cubes.device) - (box - 1) / 2
    density = _shell_means(cubes, _radii(from_centre), box // 2)
    frequency = torch.fft.fftfreq(box, d=1.0 / box, device=cubes.device)
    power = torch.fft.fftn(cubes, dim=(1, 2, 3)).abs().square() / box**3
    of_shells = _shell_means(power, _radii(frequency), int(HIGHEST_FREQUENCY * box))
    return torch.cat([density, torch.log(of_shells + FAINTEST_POWER)], dim=1)


def outputs_without_network(
    prepare: Callable[[Tensor], Tensor],
    batches: Iterable[PoolBatch],
    seed: int,
    on_batch: Callable[[int], None],
    device: torch.device,
) -> PoolOutputs:
    """The pool's outputs before there is a network: logits `(n, 0)`, and as embeddings the radial features.

    Each feature has mean 0 and standard deviation 1 over the pool. Raises ValueError for an empty pool.
    """
    ids, found = [], []
    for batch in batches:
        raw = torch.from_numpy(np.ascontiguousarray(batch.volumes)).unsqueeze(1).to(device)
        with torch.inference_mode():
            found.append(radial_features(prepare(raw)).cpu().numpy())
        ids.append(batch.item_ids)
        on_batch(len(batch.item_ids))
    if not ids:
        raise ValueError("the pool is empty: there is nothing to score")
    item_ids, features = np.concatenate(ids), _standardised(np.concatenate(found))
    return PoolOutputs(item_ids, np.empty((len(item_ids), 0), np.float32), features.astype(np.float16), seed=seed)


def _radii(axis: Tensor) -> Tensor:
    """`(b³,)`: the rounded distance of each voxel from the origin, whose coordinates are `axis` `(b,)` thrice."""
    squares = axis.double().square()
    return (squares[:, None, None] + squares[None, :, None] + squares[None, None, :]).sqrt().round().long().flatten()


def _shell_means(cubes: Tensor, radii: Tensor, largest: int) -> Tensor:
    """`(n, largest + 1)`: the mean over each shell; what lies farther out is left out."""
    inside = radii <= largest
    shells = torch.nn.functional.one_hot(radii[inside], largest + 1).to(cubes)
    return cubes.flatten(1)[:, inside] @ (shells / shells.sum(dim=0).clamp_min(1.0))


def _standardised(features: NDArray[np.float32]) -> NDArray[np.float32]:
    # A damaged volume has features that are no numbers; it shall not spoil the others.
    known = features[np.isfinite(features).all(axis=1)]
    if not len(known):
        return features
    deviation = known.std(axis=0)
    centred: NDArray[np.float32] = (features - known.mean(axis=0)) / np.where(deviation > 0.0, deviation, 1.0)
    return centred
