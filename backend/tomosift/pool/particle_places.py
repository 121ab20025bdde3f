"""Where a stored particle is: its coordinates count in what its source's frame says, and are turned into Å here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.tables import Source, Subtomogram, Tomogram


@dataclass(frozen=True)
class Scale:
    """How a source's coordinates become Å from the middle of the tomogram's first voxel: `value * factor + offset`."""

    factor: float
    offset: tuple[float, float, float]


def scale_of(frame: Mapping[str, Any], tomogram: Tomogram | None) -> Scale | None:
    """The scale of a source's `frame`; None where a size is missing that only the tomogram could tell."""
    size = frame.get("voxel_size") or (tomogram.voxel_size_angstrom if tomogram is not None else None)
    factor = 1.0 if frame.get("unit") == "angstrom" else size
    if factor is None:
        return None
    if frame.get("origin") != "centre":
        return Scale(float(factor), (0.0, 0.0, 0.0))
    if tomogram is None:
        return None
    depth, height, width = tomogram.shape_zyx
    middle = [each // 2 * tomogram.voxel_size_angstrom for each in (width, height, depth)]
    return Scale(float(factor), (middle[0], middle[1], middle[2]))


def place_in_angstrom(particle: Subtomogram, source: Source, tomogram: Tomogram | None) -> NDArray[np.float64] | None:
    """Å from the middle of the tomogram's first voxel (x, y, z); None where that is not known."""
    scale = scale_of(source.frame, tomogram)
    if scale is None or particle.x is None or particle.y is None or particle.z is None:
        return None
    place: NDArray[np.float64] = np.array([particle.x, particle.y, particle.z]) * scale.factor + np.array(scale.offset)
    return place
