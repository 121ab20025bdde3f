"""Rotations and shifts of densities. `formats.orientations` turns rotations into angles."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

# Cubic splines: they keep the contrast near the Nyquist frequency that linear interpolation loses.
_SPLINE_ORDER = 3
_PADDING = 4


def random_rotation(random: np.random.Generator) -> Rotation:
    """A rotation drawn uniformly from SO(3); it turns a template into the particle, acting on (x, y, z)."""
    return Rotation.random(rng=random)


def spline_coefficients(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `place_in_box` interpolates: the density `(z, y, x)` with an empty margin, as cubic spline coefficients."""
    padded = np.pad(density, _PADDING)
    coefficients: NDArray[np.float32] = ndimage.spline_filter(padded, _SPLINE_ORDER, output=np.float32)
    return coefficients


def place_in_box(
    coefficients: NDArray[np.float32],
    centre: NDArray[np.float64],
    rotation: Rotation,
    shift: NDArray[np.float64],
    box: int,
) -> NDArray[np.float32]:
    """The density turned about `centre` and put into a cube of `box` voxels, `shift` voxels off its middle voxel.

    `coefficients` come from `spline_coefficients`; `centre` (z, y, x) is in voxels of the density before its margin,
    `shift` is (z, y, x). The middle is voxel box // 2, as in RELION. What turns out of the box is cut off.
    """
    # scipy looks up, for each voxel of the output, where it comes from: the inverse rotation, axes as (z, y, x).
    back = rotation.inv().as_matrix()[::-1, ::-1]
    offset = centre + _PADDING - back @ (box // 2 + shift)
    placed: NDArray[np.float32] = ndimage.affine_transform(
        coefficients,
        back,
        offset=offset,
        output_shape=(box, box, box),
        output=np.float32,
        order=_SPLINE_ORDER,
        mode="constant",
        cval=0.0,
        prefilter=False,
    )
    return placed
