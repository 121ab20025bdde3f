"""A tomogram with its measures, as an import knows it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TomogramFile:
    """A tomogram that boxes are cut from: `shape_zyx` in voxels of `voxel_size` Å, which may have been told elsewhere.

    `centre_angstrom` is where centred coordinates count from (x, y, z).
    """

    name: str
    path: Path
    shape_zyx: tuple[int, int, int]
    voxel_size: float
    centre_angstrom: tuple[float, float, float]
