"""Cuts boxes around particles out of tomograms, at their own voxel size or resampled to another.

Voxel box // 2 of a box lies on the particle's centre, as RELION has it. Without resampling the box is taken at the
nearest voxel, so that no voxel is changed. With resampling the fractional place is kept: each axis is filtered with a
sinc under a Kaiser window (Kaiser, ICASSP 1980, "On the use of the I0-sinh window for spectrum analysis"), sampled at
the new voxels' exact places. What lies above the new Nyquist frequency is at least 20 dB down; up to two
thirds of it everything is kept within 1 %.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_file import VolumeFile

SAME_VOXEL_SIZE = 0.001
"""Relative: half a voxel at the edge of a box of a thousand."""
LARGEST_SHRINKING, LARGEST_MAGNIFICATION = 16.0, 2.0
# Of the filter: half its length in new voxels, where it is 6 dB down (in new Nyquist frequencies), the window's beta.
_HALF_LENGTH, _CUTOFF, _BETA = 8.0, 0.88, 5.0
_SLAB_BYTES = 64 * 2**20


@dataclass(frozen=True)
class CutSettings:
    """How boxes are cut: `box_size` new voxels of `voxel_size` Å along an edge (None: the tomogram's own).

    `invert` changes the sign; `normalise` zscore then gives each box mean 0 and standard deviation 1.
    """

    box_size: int
    voxel_size: float | None = None
    invert: bool = False
    normalise: Literal["none", "zscore"] = "none"


@dataclass(frozen=True)
class CutBox:
    """A box `(z, y, x)` float32; `padded` is the part of it, 0 … 1, outside the tomogram, filled with the mean."""

    volume: NDArray[np.float32]
    padded: float


def shrinking(tomogram_voxel_size: float, settings: CutSettings) -> float:
    """How many of the tomogram's voxels one of the box spans; exactly 1 where nothing is resampled.

    Raises FormatProblem where the two sizes are too far apart.
    """
    if settings.voxel_size is None or abs(settings.voxel_size / tomogram_voxel_size - 1) <= SAME_VOXEL_SIZE:
        return 1.0
    factor = settings.voxel_size / tomogram_voxel_size
    if not 1 / LARGEST_MAGNIFICATION <= factor <= LARGEST_SHRINKING:
        raise FormatProblem(
            f"boxes of {settings.voxel_size:g} Å a voxel cannot be cut from a tomogram of {tomogram_voxel_size:g} Å: "
            f"at most {LARGEST_SHRINKING:g} of its voxels make one, and none is split into more than "
            f"{LARGEST_MAGNIFICATION:g}; choose another voxel size, or check the tomogram's"
        )
    return factor


def resampling_note(tomogram_voxel_size: float, settings: CutSettings) -> str | None:
    """A warning for the user where boxes get finer than the tomogram is. Raises FormatProblem as `shrinking`."""
    if shrinking(tomogram_voxel_size, settings) >= 1.0:
        return None
    return (
        f"the boxes' voxels of {settings.voxel_size:g} Å are finer than the tomogram's of {tomogram_voxel_size:g} Å: "
        "that adds voxels, but no detail"
    )


def padded_fraction(
    centres_xyz: NDArray[np.float64],
    shapes_xyz: NDArray[np.integer],
    voxel_sizes: NDArray[np.float64],
    settings: CutSettings,
) -> NDArray[np.float64]:
    """The part of each box outside its tomogram, `(n,)`, from headers alone.

    `centres_xyz` `(n, 3)` in voxels of the tomograms, which have `shapes_xyz` `(n, 3)` voxels of `voxel_sizes` Å.
    """
    fractions = np.empty(len(centres_xyz))
    for size in np.unique(voxel_sizes):
        rows = np.flatnonzero(voxel_sizes == size)
        factor = shrinking(float(size), settings)
        inside = np.ones(len(rows))
        for axis in range(3):
            places = _places(centres_xyz[rows, axis], factor, settings.box_size)
            inside *= _is_inside(places, shapes_xyz[rows, axis, None]).mean(axis=1)
        fractions[rows] = 1.0 - inside
    return fractions


def cut_box(
    tomogram: VolumeFile, centre_xyz: NDArray[np.float64], tomogram_voxel_size: float, settings: CutSettings
) -> CutBox:
    """The box around `centre_xyz`, in voxels from the centre of the tomogram's first voxel.

    Memory: the box, and what of the tomogram it needs up to 64 MiB at a time. Raises FormatProblem for a box that lies
    outside altogether, or where the tomogram cannot be read.
    """
    factor = shrinking(tomogram_voxel_size, settings)
    centre_zyx = [float(place) for place in centre_xyz[::-1]]
    places = [_places(np.array([centre]), factor, settings.box_size)[0] for centre in centre_zyx]
    inside = [_is_inside(each, size) for each, size in zip(places, tomogram.shape_zyx, strict=True)]
    if not all(each.any() for each in inside):
        raise _outside(tomogram, centre_xyz)
    cut = _copied if factor == 1.0 else _resampled
    volume = cut(tomogram, centre_zyx, factor, settings.box_size)
    padded = 1.0 - float(np.prod([each.mean() for each in inside]))
    return CutBox(_adjusted(volume, settings), padded)


def _places(centres: NDArray[np.float64], factor: float, box: int) -> NDArray[np.float64]:
    """Where the voxels of boxes lie along one axis, `(n, box)`, in voxels of the tomogram."""
    middle = np.floor(centres + 0.5) if factor == 1.0 else centres
    return np.asarray(middle[:, None] + (np.arange(box) - box // 2) * factor, np.float64)


def _is_inside(places: NDArray[np.float64], size: NDArray[np.integer] | int) -> NDArray[np.bool_]:
    return (places >= -0.5) & (places < size - 0.5)


def _outside(tomogram: VolumeFile, centre_xyz: NDArray[np.float64]) -> FormatProblem:
    x, y, z = (float(place) for place in centre_xyz)
    depth, height, width = tomogram.shape_zyx
    return FormatProblem(
        f"the particle at x, y, z = {x:.1f}, {y:.1f}, {z:.1f} lies outside {tomogram.name}, which has "
        f"{width} × {height} × {depth} voxels; check which voxels its coordinates count in"
    )


def _copied(tomogram: VolumeFile, centre_zyx: list[float], _: float, box: int) -> NDArray[np.float32]:
    first = [int(np.floor(centre + 0.5)) - box // 2 for centre in centre_zyx]
    start = [max(0, each) for each in first]
    stop = [min(each + box, size) for each, size in zip(first, tomogram.shape_zyx, strict=True)]
    shape = [end - begin for begin, end in zip(start, stop, strict=True)]
    part = tomogram.read_box((start[0], start[1], start[2]), (shape[0], shape[1], shape[2]))
    if part.shape == (box, box, box):
        return part
    volume = np.full((box, box, box), part.mean(dtype=np.float64), np.float32)
    z, y, x = (slice(begin - each, end - each) for begin, end, each in zip(start, stop, first, strict=True))
    volume[z, y, x] = part
    return volume


def _resampled(tomogram: VolumeFile, centre_zyx: list[float], factor: float, box: int) -> NDArray[np.float32]:
    """The filter axis by axis, on the part inside alone; the mean is put for what it misses outside."""
    filters = [_filter(centre, factor, box, size) for centre, size in zip(centre_zyx, tomogram.shape_zyx, strict=True)]
    (start_z, along_z), (start_y, along_y), (start_x, along_x) = filters
    depth, height, width = along_z.shape[1], along_y.shape[1], along_x.shape[1]
    volume, total = np.zeros((box, box, box), np.float32), 0.0
    at_once = max(1, _SLAB_BYTES // (height * width * 4))
    for first in range(0, depth, at_once):
        count = min(at_once, depth - first)
        slab = tomogram.read_box((start_z + first, start_y, start_x), (count, height, width))
        total += float(slab.sum(dtype=np.float64))
        # (count, height, width) → (count, height, box) → (count, box, box) → (box, box, box)
        narrowed = along_y @ (slab.reshape(-1, width) @ along_x.T).reshape(count, height, box)
        volume += np.tensordot(along_z[:, first : first + count], narrowed, axes=1)
    mean = total / (depth * height * width)
    weight_z, weight_y, weight_x = (along.sum(axis=1) for along in (along_z, along_y, along_x))
    missing = 1.0 - weight_z[:, None, None] * weight_y[:, None] * weight_x
    volume += np.float32(mean) * missing.astype(np.float32)
    return volume


def _filter(centre: float, factor: float, box: int, size: int) -> tuple[int, NDArray[np.float32]]:
    """The first voxel of the tomogram that counts, and the weights of it and the next `(box, n)` in each new voxel."""
    reach = int(np.ceil(_HALF_LENGTH * max(factor, 1.0))) + 1
    whole = int(np.floor(centre))
    weights, first = _weights(round(centre - whole, 6), factor, box, reach)
    first += whole
    start, stop = max(0, first), min(first + weights.shape[1], size)
    return start, weights[:, start - first : stop - first]


@lru_cache(maxsize=16)
def _weights(fraction: float, factor: float, box: int, reach: int) -> tuple[NDArray[np.float32], int]:
    """Weights `(box, n)` for a centre at `fraction` of a voxel, and where the first of the n voxels lies."""
    places = fraction + (np.arange(box) - box // 2) * factor
    first, last = int(np.floor(places[0])) - reach, int(np.ceil(places[-1])) + reach
    # Magnified boxes are limited by the tomogram's own Nyquist frequency, not by theirs.
    unit = max(factor, 1.0)
    distances = (np.arange(first, last + 1) - places[:, None]) / unit
    window = np.i0(_BETA * np.sqrt(np.clip(1 - (distances / _HALF_LENGTH) ** 2, 0, None)))
    weights = np.sinc(_CUTOFF * distances) * window * (np.abs(distances) <= _HALF_LENGTH)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32), first


def _adjusted(volume: NDArray[np.float32], settings: CutSettings) -> NDArray[np.float32]:
    if settings.invert:
        volume = -volume
    if settings.normalise == "zscore":
        mean, deviation = float(volume.mean(dtype=np.float64)), float(volume.std(dtype=np.float64))
        volume = (volume - np.float32(mean)) / np.float32(deviation if deviation > 0 else 1.0)
    return volume
