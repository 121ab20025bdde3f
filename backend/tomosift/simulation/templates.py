"""The densities a simulation is made of: density maps from files, or the built-in phantoms."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import open_volume_file, read_volume
from tomosift.simulation.orientation import spline_coefficients
from tomosift.simulation.phantoms import phantom_density, phantom_names

_MAP_ENDINGS = (".mrc", ".map", ".mrc.gz", ".map.gz")
PHANTOM_VOXEL_SIZE = 10.0


@dataclass(frozen=True)
class Template:
    """One class: its name, its density `(z, y, x)` with protein positive, Å per voxel, and the point it turns about."""

    name: str
    density: NDArray[np.float32]
    voxel_size: float
    centre: NDArray[np.float64]

    @cached_property
    def coefficients(self) -> NDArray[np.float32]:
        """The density, ready to be turned."""
        return spline_coefficients(self.density)

    @cached_property
    def radius(self) -> float:
        """How far from its centre the density reaches, in voxels; less than a hundredth of its maximum is nothing."""
        reached = np.argwhere(np.abs(self.density) > 0.01 * np.abs(self.density).max())
        return float(np.sqrt(((reached - self.centre) ** 2).sum(axis=1).max()))


def phantom_templates(box: int, voxel_size: float | None) -> list[Template]:
    """The built-in phantoms, drawn for a cube of `box` voxels (at 10 Å a voxel unless told)."""
    centre = np.full(3, box // 2, np.float64)
    size = voxel_size or PHANTOM_VOXEL_SIZE
    return [Template(name, phantom_density(name, box), size, centre) for name in phantom_names()]


def load_templates(folder: Path, voxel_size: float | None = None) -> list[Template]:
    """Every density map in `folder` (.mrc, .map, also with .gz), sorted by name; a class is called as its file.

    Maps of another voxel size than `voxel_size` (default: that of the first map) are resampled to it. They may differ
    in size: what a box cannot hold is cut off when a particle is placed in it. Each turns about its centre of mass.
    Raises FormatProblem for a folder without maps, and for a map that is empty or tells no voxel size.
    """
    paths = sorted(path for path in folder.iterdir() if path.name.lower().endswith(_MAP_ENDINGS))
    if not paths:
        raise FormatProblem(f"{folder.name} holds no density maps ({', '.join(_MAP_ENDINGS)})")
    names = [_class_name(path) for path in paths]
    if len(set(names)) < len(names):
        raise FormatProblem(f"{folder.name} holds two maps of one name: {max(names, key=names.count)}")
    target = voxel_size or _voxel_size_of(paths[0])
    return [_load(path, name, target) for path, name in zip(paths, names, strict=True)]


def resample(density: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """`density` on voxels that are `factor` times as large.

    Coarser voxels are preceded by a Gaussian, whose width makes an edge of one voxel one new voxel wide, so that
    fine detail does not come back as a false pattern.
    """
    sigma = 0.5 * np.sqrt(max(factor**2 - 1.0, 0.0))
    smooth = ndimage.gaussian_filter(density, sigma) if sigma > 0 else density
    shape = tuple(max(1, round(size / factor)) for size in density.shape)
    # The centres of the old and the new grid coincide.
    offset = [(old - 1) / 2 - factor * (new - 1) / 2 for old, new in zip(density.shape, shape, strict=True)]
    resampled: NDArray[np.float32] = ndimage.affine_transform(
        smooth, np.full(3, factor), offset=offset, output_shape=shape, output=np.float32, order=3, mode="constant"
    )
    return resampled


def check_same_voxel_size(templates: Sequence[Template]) -> float:
    """The templates' common voxel size in Å. Raises ValueError for templates that differ or are none."""
    sizes = {template.voxel_size for template in templates}
    if len(sizes) != 1:
        raise ValueError(f"the templates must have one voxel size, not {sorted(sizes)}")
    return sizes.pop()


def _load(path: Path, name: str, target: float) -> Template:
    density, own = read_volume(path), _voxel_size_of(path)
    if abs(own / target - 1.0) > 1e-3:
        density = resample(density, target / own)
    mass = np.clip(density, 0.0, None)
    if not mass.any():
        raise FormatProblem(f"{path.name} has no positive voxels; a template's protein is positive, on zero")
    centre = np.array(ndimage.center_of_mass(mass), np.float64)
    return Template(name, density, target, centre)


def _voxel_size_of(path: Path) -> float:
    with open_volume_file(path) as file:
        size = file.voxel_size
    if size is None:
        raise FormatProblem(f"the header of {path.name} tells no voxel size; set it (in Å) and try again")
    return size


def _class_name(path: Path) -> str:
    return path.name[: -len(next(end for end in _MAP_ENDINGS if path.name.lower().endswith(end)))]
