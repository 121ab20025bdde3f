"""Analytic densities that a person tells apart at a glance: what the demo project is made of.

Each is a function of the box alone. Coordinates run from −1 to 1 across the box; a shape stays within radius 0.8, so
that it may be turned and moved by some voxels and still lie inside.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# Edges fall off over about this much of half a box, as a density at the resolution of a tomogram does.
_EDGE = 0.04
_SAMPLES_PER_VOXEL = 2

Coordinates = NDArray[np.float64]
DistanceToSurface = Callable[[Coordinates, Coordinates, Coordinates], NDArray[np.float64]]


def phantom_names() -> list[str]:
    """The class names, in a fixed order."""
    return list(_SHAPES)


def phantom_density(name: str, box: int) -> NDArray[np.float32]:
    """The density of phantom `name` in a cube of `box` voxels, `(z, y, x)`: 1 inside, 0 outside, soft at the edge.

    Raises KeyError for a name `phantom_names()` does not list.
    """
    distance = _SHAPES[name]
    fine = box * _SAMPLES_PER_VOXEL
    axis = (np.arange(fine) + 0.5) / fine * 2.0 - 1.0
    # The centre of rotation is voxel box // 2, as in `orientation.place_in_box`.
    axis += (box / 2 - 0.5 - box // 2) / (box / 2)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    inside = 0.5 * (1.0 - np.tanh(distance(x, y, z) / _EDGE))
    coarse = inside.reshape(box, _SAMPLES_PER_VOXEL, box, _SAMPLES_PER_VOXEL, box, _SAMPLES_PER_VOXEL)
    return np.asarray(coarse.mean(axis=(1, 3, 5)), np.float32)


def _barrel(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    """An open tube with a thick wall."""
    wall = np.abs(np.hypot(x, y) - 0.37) - 0.13
    return np.maximum(wall, np.abs(z) - 0.58)


def _double_ring(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    """Two separate rings on one axis."""
    return np.asarray(np.hypot(np.hypot(x, y) - 0.46, np.abs(z) - 0.36) - 0.15, np.float64)


def _hollow_sphere(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    """A shell, like a ferritin cage."""
    return np.abs(_length(x, y, z) - 0.55) - 0.1


def _rod(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    """A straight filament with round ends."""
    return _capsule(x, y, z, (0.0, 0.0, -0.58), (0.0, 0.0, 0.58), 0.16)


def _y_shape(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    """Two arms on a stem, like an antibody."""
    centre = (0.0, 0.0, -0.05)
    ends = ((0.0, 0.0, -0.66), (0.5, 0.0, 0.42), (-0.5, 0.0, 0.42))
    stem, first_arm, second_arm = (_capsule(x, y, z, centre, end, 0.16) for end in ends)
    return np.asarray(np.minimum(stem, np.minimum(first_arm, second_arm)), np.float64)


def _bilobed_blob(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    """A large and a small ball that touch, like the two subunits of a ribosome."""
    large, small = _length(x, y, z + 0.24) - 0.4, _length(x, y, z - 0.4) - 0.28
    return np.asarray(np.minimum(large, small), np.float64)


def _length(x: Coordinates, y: Coordinates, z: Coordinates) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(x**2 + y**2 + z**2), np.float64)


def _capsule(
    x: Coordinates,
    y: Coordinates,
    z: Coordinates,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    radius: float,
) -> NDArray[np.float64]:
    """Distance to a line segment with a round thickness."""
    along = [last - first for first, last in zip(start, end, strict=True)]
    offsets = [values - first for values, first in zip((x, y, z), start, strict=True)]
    projected = sum(offset * step for offset, step in zip(offsets, along, strict=True))
    share = np.clip(projected / sum(step**2 for step in along), 0.0, 1.0)
    nearest = [offset - share * step for offset, step in zip(offsets, along, strict=True)]
    return _length(*nearest) - radius


_SHAPES: dict[str, DistanceToSurface] = {
    "barrel": _barrel,
    "double ring": _double_ring,
    "hollow sphere": _hollow_sphere,
    "rod": _rod,
    "Y shape": _y_shape,
    "bilobed blob": _bilobed_blob,
}
