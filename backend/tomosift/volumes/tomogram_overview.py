"""A tomogram made small enough to keep, and pictures of a particle's surroundings cut from that."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tomosift.formats.volume_file import VolumeFile

PICTURE_SIZE = 256
"""Pixels along an edge of a picture of surroundings."""
LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.5
_BRICK_BYTES = 32 * 2**20
# Thick enough that a chunk of a compressed tomogram is unpacked about twice, and not once for each section.
_BRICK_SECTIONS = 128
_SAMPLED_SECTIONS = 9


@dataclass(frozen=True)
class Overview:
    """A binned tomogram as bytes `(z, y, x)`: voxel i is the mean of `binning` voxels from i · `binning` on.

    0 stands for the grey value `low` or less, 255 for `high` or more.
    """

    volume: NDArray[np.uint8]
    binning: int
    low: float
    high: float


@dataclass(frozen=True)
class Surroundings:
    """A square PNG of a tomogram's xy section. Voxel x of the tomogram is at pixel (x − left) / voxels_per_pixel.

    Pixels are counted from the picture's edge, so the particle is at half of `size`; likewise y from `top`.
    """

    png: bytes
    size: int
    left: float
    top: float
    voxels_per_pixel: float


def make_overview(tomogram: VolumeFile, longest: int = 512) -> Overview:
    """Bin a tomogram so that no edge has more than `longest` voxels; the grey range leaves out 0.5 % at each end.

    The range is that of nine sections. Memory: the overview, and about 70 MB. Raises FormatProblem.
    """
    binning = max(1, math.ceil(max(tomogram.shape_zyx) / longest))
    low, high = _grey_range(tomogram, binning)
    depth, height, width = (math.ceil(size / binning) for size in tomogram.shape_zyx)
    volume = np.empty((depth, height, width), np.uint8)
    for start_z, start_y, brick in _binned_bricks(tomogram, binning):
        grey = (brick - low) * (255.0 / (high - low))
        np.clip(np.rint(grey, out=grey), 0, 255, out=grey)
        volume[start_z : start_z + len(brick), start_y : start_y + brick.shape[1]] = grey
    return Overview(volume, binning, low, high)


def surroundings_png(
    overview: Overview, centre_xyz_voxels: NDArray[np.float64], box_voxels: float, width_voxels: float
) -> Surroundings:
    """The section through a particle, the mean over the depth of its box; `width_voxels` of the tomogram across.

    `centre_xyz_voxels` and both sizes are in voxels of the tomogram. What lies outside it is black.
    """
    x, y, z = (float(place) for place in centre_xyz_voxels)
    first, last = (_bin_of(z + side * box_voxels / 2, overview, 0) for side in (-1, 1))
    left, top = x - width_voxels / 2, y - width_voxels / 2
    # Only what the picture shows is touched, as the overview may be a memory map.
    rows, columns = (
        slice(_bin_of(start, overview, axis), _bin_of(start + width_voxels, overview, axis) + 1)
        for axis, start in ((1, top), (2, left))
    )
    section = overview.volume[first : last + 1, rows, columns].mean(axis=0, dtype=np.float32)
    # Pillow counts from the edge of the first pixel, which is half a voxel before its centre.
    corner_x, corner_y = ((start + 0.5) / overview.binning for start in (left, top))
    side = width_voxels / overview.binning
    extent = (
        corner_x - columns.start,
        corner_y - rows.start,
        corner_x - columns.start + side,
        corner_y - rows.start + side,
    )
    size = (PICTURE_SIZE, PICTURE_SIZE)
    picture = Image.fromarray(np.rint(section).astype(np.uint8)).transform(
        size, Image.Transform.EXTENT, extent, Image.Resampling.BILINEAR
    )
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Surroundings(buffer.getvalue(), PICTURE_SIZE, left, top, width_voxels / PICTURE_SIZE)


def _grey_range(tomogram: VolumeFile, binning: int) -> tuple[float, float]:
    depth, height, width = tomogram.shape_zyx
    sections = np.unique(np.linspace(0, (depth - 1) // binning, _SAMPLED_SECTIONS).round().astype(int))
    at_once = _rows_at_once(min(binning, depth), width, binning)
    values = []
    for section in sections.tolist():
        start = section * binning
        count = min(binning, depth - start)
        for row in range(0, height, at_once):
            voxels = tomogram.read_box((start, row, 0), (count, min(at_once, height - row), width))
            values.append(_binned(voxels, binning).ravel())
    low, high = (float(bound) for bound in np.percentile(np.concatenate(values), (LOW_PERCENTILE, HIGH_PERCENTILE)))
    return (low, high) if high > low else (low, low + 1.0)


def _binned_bricks(tomogram: VolumeFile, binning: int) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """The whole tomogram in bricks: the first section and row of each, in bins, and its bins."""
    depth, height, width = tomogram.shape_zyx
    sections = math.ceil(min(depth, _BRICK_SECTIONS) / binning) * binning
    rows = _rows_at_once(sections, width, binning)
    if rows == binning:
        # So wide that not even the thinnest brick of that depth is small.
        sections = max(1, _BRICK_BYTES // (binning * width * 4 * binning)) * binning
    for z in range(0, depth, sections):
        for y in range(0, height, rows):
            shape = (min(sections, depth - z), min(rows, height - y), width)
            yield z // binning, y // binning, _binned(tomogram.read_box((z, y, 0), shape), binning)


def _rows_at_once(sections: int, width: int, binning: int) -> int:
    return max(1, _BRICK_BYTES // (sections * width * 4 * binning)) * binning


def _binned(voxels: NDArray[np.float32], binning: int) -> NDArray[np.float32]:
    if binning == 1:
        return voxels
    for axis in range(3):
        along = np.moveaxis(voxels, axis, 0)
        bins = along[::binning].copy()
        for place in range(1, binning):
            part = along[place::binning]
            bins[: len(part)] += part
        counts = np.minimum(binning, len(along) - np.arange(0, len(along), binning))
        bins /= counts.astype(np.float32)[:, None, None]
        voxels = np.moveaxis(bins, 0, axis)
    return voxels


def _bin_of(place: float, overview: Overview, axis: int) -> int:
    """The bin of a place in voxels along an axis, the nearest one for a place outside."""
    last = overview.volume.shape[axis] - 1
    return min(max(math.floor((place + 0.5) / overview.binning), 0), int(last))
