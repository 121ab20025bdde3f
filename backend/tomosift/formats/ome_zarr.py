"""OME-Zarr images (0.4 in Zarr 2, 0.5 in Zarr 3) and bare Zarr arrays as volume files.

Of a multiscale image the finest level is read. Specification: https://ngff.openmicroscopy.org/0.5/.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_file import (
    LARGEST_AXIS,
    VolumeFile,
    count_cubes,
    one_voxel_size,
    voxel_size_notes,
)
from tomosift.formats.zarr_array import ZarrArray, ZarrFolder

_ANGSTROMS = {
    "angstrom": 1.0,
    "picometer": 0.01,
    "nanometer": 10.0,
    "micrometer": 1e4,
    "millimeter": 1e7,
    "meter": 1e10,
}
_DESCRIPTIONS = ("zarr.json", ".zattrs", ".zarray", ".zgroup")


@dataclass(frozen=True)
class _Image:
    """An array with what its surroundings say: axes as (name, type), Å per voxel along z, y, x where it is told."""

    array: ZarrArray
    axes: tuple[tuple[str, str], ...]
    voxel_sizes_zyx: tuple[float, float, float] | None


def is_zarr(path: Path) -> bool:
    """Whether a folder holds Zarr's descriptions."""
    return path.is_dir() and any((path / name).is_file() for name in _DESCRIPTIONS)


class OmeZarrFile(VolumeFile):
    """A Zarr folder: one volume (z, y, x), or many along one axis before these, as particles.

    A box is read from a folder of one volume only. Raises FormatProblem for what is not safe to read.
    """

    holds_memory = True

    def __init__(self, path: Path) -> None:
        self.name = path.name
        image = _open_image(ZarrFolder(path))
        self._array, shape = image.array, image.array.shape
        if len(shape) < 3:
            raise FormatProblem(f"{self.name} is a 2D image; extract 3D subtomograms and import them")
        if max(shape[-3:]) > LARGEST_AXIS:
            raise FormatProblem(f"{self.name} has {shape} voxels, more than are read along one axis")
        self._stack_axis = self._find_stack_axis(image)
        self._one_shape = (shape[-3], shape[-2], shape[-1])
        count = 1 if self._stack_axis is None else shape[self._stack_axis]
        if self._stack_axis is None:
            self.n_cubes = count_cubes(self._one_shape)
        else:
            self.n_cubes = count if count_cubes(self._one_shape) == 1 and shape[-1] > 1 else None
        self.shape_zyx = (shape[-3] * (count if self.n_cubes else 1), shape[-2], shape[-1])
        self.voxel_size = one_voxel_size(image.voxel_sizes_zyx)
        self.notes = voxel_size_notes(image.voxel_sizes_zyx)

    def read_cube(self, index: int | None) -> NDArray[np.float32]:
        """As VolumeFile."""
        number = self.number_of_cube(index)
        where = f"cube {index} of {self.name}" if index is not None else self.name
        edge = self.shape_zyx[2]
        start = (number * edge, 0, 0) if self._stack_axis is None else (0, 0, 0)
        return self.check_finite(self._read(number, start, (edge, edge, edge)), where)

    def read_box(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        """As VolumeFile."""
        if self._stack_axis is not None:
            raise FormatProblem(f"{self.name} holds many volumes, so it is no tomogram to cut from")
        self.check_box(start_zyx, shape_zyx)
        part = self._read(0, start_zyx, shape_zyx)
        return self.check_finite(part, f"the box at x, y, z = {start_zyx[::-1]} of {self.name}")

    def close(self) -> None:
        """Nothing is open between two reads."""

    def _find_stack_axis(self, image: _Image) -> int | None:
        shape = image.array.shape
        long = [axis for axis in range(len(shape) - 3) if shape[axis] > 1]
        if not long:
            return None
        name, kind = image.axes[long[0]] if image.axes else ("", "")
        if len(long) > 1 or kind in ("channel", "time") or name in ("c", "t"):
            raise FormatProblem(
                f"{self.name} holds several channels or times (its shape is {shape}); write one of them as an image of "
                "its own"
            )
        return long[0]

    def _read(
        self, number: int, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        before = [0] * (len(self._array.shape) - 3)
        if self._stack_axis is not None:
            before[self._stack_axis] = number
        part = self._array.read((*before, *start_zyx), (*[1] * len(before), *shape_zyx))
        return part.reshape(shape_zyx)


def _open_image(folder: ZarrFolder) -> _Image:
    described = folder.read_json("zarr.json")
    attributes: Any = None
    if described is not None:
        if described.get("node_type") == "array":
            return _bare_array(folder)
        attributes = described.get("attributes")
        if isinstance(attributes, dict) and isinstance(attributes.get("ome"), dict):
            attributes = attributes["ome"]
    elif folder.read_json(".zarray") is not None:
        return _bare_array(folder)
    else:
        attributes = folder.read_json(".zattrs")
    images = attributes.get("multiscales") if isinstance(attributes, dict) else None
    if not images:
        raise FormatProblem(
            f"{folder.name} is no OME-Zarr image (it lacks multiscales); name the folder of the image itself"
        )
    try:
        image, level = images[0], images[0]["datasets"][0]
        axes = tuple(
            (axis, "") if isinstance(axis, str) else (str(axis["name"]), str(axis.get("type", "")))
            for axis in image.get("axes", [])
        )
        path = level["path"]
        scale = _scale(image, level)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        raise FormatProblem(f"{folder.name}: its description as an OME-Zarr image is damaged") from None
    if not isinstance(path, str):
        raise FormatProblem(f"{folder.name}: its description as an OME-Zarr image is damaged")
    array = ZarrArray(folder, path)
    if axes and (len(axes) != len(array.shape) or [name.lower() for name, _ in axes[-3:]] != ["z", "y", "x"]):
        raise FormatProblem(
            f"{folder.name} has the axes {', '.join(name[:20] for name, _ in axes[:8])}; z, y, x must be its last three"
        )
    return _Image(array, axes, scale)


def _bare_array(folder: ZarrFolder) -> _Image:
    array = ZarrArray(folder, "")
    size = array.attributes.get("voxel_size")
    known = isinstance(size, int | float) and array.attributes.get("unit") == "angstrom"
    return _Image(array, (), (float(size), float(size), float(size)) if known and size is not None else None)


def _scale(image: dict[str, Any], level: dict[str, Any]) -> tuple[float, float, float] | None:
    """Å per voxel along z, y, x; None where a unit or the scale is missing."""
    units = [axis.get("unit") if isinstance(axis, dict) else None for axis in image.get("axes", [])][-3:]
    scales = [
        [float(number) for number in step["scale"][-3:]]
        for step in (*level.get("coordinateTransformations", []), *image.get("coordinateTransformations", []))
        if step["type"] == "scale"
    ]
    factors = [_ANGSTROMS[unit] for unit in units if isinstance(unit, str) and unit in _ANGSTROMS]
    if not scales or len(factors) != 3:
        return None
    z, y, x = (math.prod(along) * factor for along, factor in zip(zip(*scales, strict=True), factors, strict=True))
    return z, y, x
