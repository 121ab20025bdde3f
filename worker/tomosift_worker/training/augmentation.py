"""Random changes of training volumes that respect the physics of a tomogram, batched on the device.

The missing wedge of a single-axis tilt series about y is symmetric under a flip of any axis of the box. A half turn
about an axis flips the other two: it keeps both the wedge and the hand of the particle. A single flip keeps the wedge
and turns the hand. A free rotation turns the wedge with the particle, which no microscope does: see
`physical_augmentation`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.training.counter_random import generator_at

_AUGMENTATION = 4


@dataclass(frozen=True)
class Augmentation:
    """For each volume of a batch: whole-voxel shifts `(n, 3)` and flips `(n, 3)`, along z, y, x."""

    shifts: NDArray[np.int64]
    flips: NDArray[np.bool_]


def draw_augmentation(
    seed: int, step: int, count: int, max_shift: int, symmetry: Literal["none", "half-turns", "mirrors"]
) -> Augmentation:
    """The changes of the `count` volumes of a step; they depend on the seed and the step alone."""
    generator = generator_at(seed, _AUGMENTATION, step)
    shifts = generator.integers(-max_shift, max_shift + 1, size=(count, 3))
    flips = generator.integers(0, 2, size=(count, 3)).astype(np.bool_)
    if symmetry == "none":
        flips[:] = False
    elif symmetry == "half-turns":
        # An even number of flips is a rotation: the identity or one of the three half turns, equally likely.
        flips[:, 2] = flips[:, 0] ^ flips[:, 1]
    return Augmentation(shifts, flips)


def augment(volumes: Tensor, augmentation: Augmentation) -> Tensor:
    """Flip, then shift each volume of `(n, 1, z, y, x)`. What leaves at one face comes in at the opposite one,
    so the noise at the border stays noise. Flips are about voxel size // 2, where particles are centred: they stay
    there in boxes of even size too."""
    index = []
    for axis, size in enumerate(volumes.shape[2:]):
        places = np.arange(size)[None, :] - augmentation.shifts[:, axis, None]
        flipped = augmentation.flips[:, axis, None]
        places = np.where(flipped, 2 * (size // 2) - places, places) % size
        index.append(torch.from_numpy(places).to(volumes.device))
    z, y, x = index
    batch = torch.arange(volumes.shape[0], device=volumes.device)
    return volumes[
        batch[:, None, None, None], 0, z[:, :, None, None], y[:, None, :, None], x[:, None, None, :]
    ].unsqueeze(1)
