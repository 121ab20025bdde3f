"""Small pictures of volumes: a slab or a projection along z, low-passed, resampled, in one scale for all."""

import math
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

View = Literal["central", "sum", "max", "min"]
VIEWS = get_args(View)
SLAB_PART = 1 / 8
"""The part of the box along z that `central` averages: one slice alone is mostly noise."""
RANGE = 4.0
"""Grey 0 is so many standard deviations of a picture's pixels below its mean, grey 255 as many above."""
_SIGMA_PER_CUTOFF = math.sqrt(math.log(2) / (2 * math.pi**2))


def gaussian_sigma(cutoff_angstrom: float, voxel_size_angstrom: float) -> float:
    """Standard deviation in voxels of the Gaussian that halves amplitudes at the cut-off: exp(-2 π² s² f²) = 1/2."""
    return cutoff_angstrom * _SIGMA_PER_CUTOFF / voxel_size_angstrom


def project(volumes: NDArray[np.float32], view: View, sigma: float = 0.0) -> NDArray[np.float32]:
    """Pictures `(n, y, x)` of volumes `(n, z, y, x)`, blurred by a Gaussian of `sigma` voxels, edges mirrored.

    `central`: mean of the middle slices; `sum`: mean of all; `max` and `min`: along z.
    """
    depth, height, width = volumes.shape[1:]
    along_z, along_y, along_x = (blur_matrix(edge, sigma) for edge in (depth, height, width))
    if view in ("max", "min"):
        blurred = volumes if sigma <= 0 else np.einsum("az,nzyx->nayx", along_z, volumes, optimize=True)
        flat = blurred if sigma <= 0 else np.matmul(np.matmul(along_y, blurred), along_x.T)
        return np.asarray(flat.max(axis=1) if view == "max" else flat.min(axis=1), np.float32)
    weights = (_slab_weights(depth) if view == "central" else np.full(depth, 1 / depth, np.float32)) @ along_z
    pictures = np.tensordot(volumes, weights.astype(np.float32), axes=([1], [0]))
    return pictures if sigma <= 0 else np.asarray(np.matmul(np.matmul(along_y, pictures), along_x.T), np.float32)


def resample(pictures: NDArray[np.float32], edge: int) -> NDArray[np.float32]:
    """Pictures `(n, y, x)` as `(n, edge, edge)`: each pixel is the mean of the area it covers."""
    height, width = pictures.shape[1:]
    if (height, width) == (edge, edge):
        return pictures
    return np.asarray(np.matmul(np.matmul(_areas(height, edge), pictures), _areas(width, edge).T), np.float32)


def to_greys(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pictures `(n, y, x)` in bytes: each one's mean is the middle grey, ±RANGE standard deviations the ends."""
    mean = pictures.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    deviation = pictures.std(axis=(1, 2), keepdims=True, dtype=np.float64)
    scaled = (pictures - mean) / np.where(deviation > 0, deviation, 1.0)
    greys: NDArray[np.uint8] = np.clip(np.rint(127.5 + scaled * (127.5 / RANGE)), 0, 255).astype(np.uint8)
    return greys


@lru_cache(maxsize=64)
def blur_matrix(edge: int, sigma: float) -> NDArray[np.float32]:
    """`(edge, edge)`: a line times this is the line blurred, mirrored at its ends (d c b a | a b c d | d c b a)."""
    matrix = np.zeros((edge, edge))
    if sigma <= 0:
        return np.eye(edge, dtype=np.float32)
    offsets = np.arange(-math.ceil(3.5 * sigma), math.ceil(3.5 * sigma) + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    rows = np.arange(edge)
    for offset, weight in zip(offsets, weights, strict=True):
        folded = (rows + offset) % (2 * edge)
        matrix[rows, np.where(folded < edge, folded, 2 * edge - 1 - folded)] += weight
    return matrix.astype(np.float32)


def _slab_weights(depth: int) -> NDArray[np.float32]:
    count = max(1, math.floor(depth * SLAB_PART + 0.5))
    first = (depth - count) // 2
    weights = np.zeros(depth, np.float32)
    weights[first : first + count] = 1 / count
    return weights


@lru_cache(maxsize=64)
def _areas(length: int, edge: int) -> NDArray[np.float32]:
    """`(edge, length)`: the share of each pixel of a line of `length` in each of `edge` pixels over the same line."""
    scale = length / edge
    starts = np.arange(edge)[:, None] * scale
    cells = np.arange(length)[None, :]
    overlap = np.minimum(starts + scale, cells + 1) - np.maximum(starts, cells)
    shares: NDArray[np.float32] = (np.clip(overlap, 0, None) / scale).astype(np.float32)
    return shares
