"""What every volume file tells, whatever program wrote it: the one interface between readers and imports."""

import math
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem

LARGEST_AXIS = 65_535
"""Voxels along an axis; a larger number in a header is damage."""
LARGEST_CUBE = 1024
_LARGEST_VOLUME_BYTES = 4 * 2**30
_SAME_SIZE = 0.01


class VolumeFile(ABC):
    """An open file of voxels: one volume `(z, y, x)`, or `n_cubes` equal cubes. Safe to use from several threads.

    `notes` are sentences for the user about what was found odd. Nothing is allocated before the file is found long
    enough. Use it as a context, or `close` it.
    """

    name: str
    shape_zyx: tuple[int, int, int]
    """Of everything in the file: cubes count as piled along z, so a cube has `shape_zyx[2]` voxels along an edge."""
    voxel_size: float | None
    """Å per voxel; None where the file does not say."""
    n_cubes: int | None
    """How many cubes it holds (1 for a plain cube); None where the data cannot be cubes (a tomogram)."""
    notes: tuple[str, ...]
    holds_memory: bool = False
    """Whether it keeps voxels in memory while it is open, so that only one such file should be open at a time."""

    @abstractmethod
    def read_cube(self, index: int | None) -> NDArray[np.float32]:
        """Cube `index` (from 1), or the only one, `(z, y, x)`. Raises FormatProblem, also for NaN in it."""

    @abstractmethod
    def read_box(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        """A part of the volume that lies wholly inside it, read without the rest. Raises FormatProblem.

        Memory is that of the box and at most one stored block (a row run of 1 MiB, a chunk). Raises ValueError for a
        box that does not lie inside.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def read_volume(self) -> NDArray[np.float32]:
        """Everything in the file as one volume `(z, y, x)`. Raises FormatProblem, also for more than 4 GiB."""
        if 4 * math.prod(self.shape_zyx) > _LARGEST_VOLUME_BYTES:
            raise FormatProblem(f"{self.name} is too large to be read at once ({self.shape_zyx} voxels, z, y, x)")
        return self.read_box((0, 0, 0), self.shape_zyx)

    def number_of_cube(self, index: int | None) -> int:
        """Which cube, from 0, a particle list means by `index`. Raises FormatProblem where there is no such cube."""
        sections, rows, columns = self.shape_zyx
        if sections == 1:
            raise FormatProblem(
                f"{self.name} is a 2D image ({columns} × {rows}); extract 3D subtomograms and import them"
            )
        if self.n_cubes is None:
            raise FormatProblem(
                f"{self.name} has {columns} × {rows} × {sections} voxels (x, y, z), which is neither a cube nor a pile "
                "of cubes; extract with a cubic box"
            )
        if columns > LARGEST_CUBE:
            raise FormatProblem(
                f"{self.name} holds cubes of {columns} voxels along an edge, more than {LARGEST_CUBE}; cut smaller ones"
            )
        if index is None:
            if self.n_cubes > 1:
                raise FormatProblem(
                    f"{self.name} holds {self.n_cubes} cubes of {columns} voxels, so the list must say which: "
                    f"rlnImageName 000001@{self.name} is the first"
                )
            return 0
        if not 1 <= index <= self.n_cubes:
            raise FormatProblem(f"{self.name} holds the cubes 1 to {self.n_cubes}, so there is no cube {index}")
        return index - 1

    def check_box(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> None:
        """Raise ValueError unless the box lies inside the volume and is not empty."""
        for start, size, whole in zip(start_zyx, shape_zyx, self.shape_zyx, strict=True):
            if not (start >= 0 and size > 0 and start + size <= whole):
                raise ValueError(f"a box of {shape_zyx} at {start_zyx} does not lie in a volume of {self.shape_zyx}")

    def check_finite(self, voxels: NDArray[np.float32], what: str) -> NDArray[np.float32]:
        """The voxels, if all are numbers. Raises FormatProblem that counts the others."""
        finite = np.isfinite(voxels)
        if not finite.all():
            bad = voxels.size - int(finite.sum())
            raise FormatProblem(
                f"{what} holds {bad} voxels that are NaN or infinite, of {voxels.size}; extract it again or leave it "
                "out"
            )
        return voxels


def count_cubes(shape_zyx: tuple[int, int, int]) -> int | None:
    """How many cubes lie piled along z (1 for a plain cube); None where the data cannot be cubes."""
    depth, height, width = shape_zyx
    return depth // width if height == width and depth % width == 0 else None


def one_voxel_size(sizes_zyx: tuple[float, float, float] | None) -> float | None:
    """Å per voxel; None where it is not known (0 and exactly 1 are what programs write that do not know) or not cubic.

    Programs round the sizes differently along the three axes, so a hundredth is no difference.
    """
    if sizes_zyx is None or not all(np.isfinite(size) and size > 0 for size in sizes_zyx):
        return None
    if all(size == 1.0 for size in sizes_zyx):
        return None
    mean = sum(sizes_zyx) / 3
    is_cubic = all(abs(size - mean) <= _SAME_SIZE * mean for size in sizes_zyx)
    return float(mean) if is_cubic else None


def voxel_size_notes(sizes_zyx: tuple[float, float, float] | None) -> tuple[str, ...]:
    """A note for voxels that are no cubes, as no single size can be told."""
    known = sizes_zyx is not None and all(np.isfinite(size) and size > 0 for size in sizes_zyx)
    if not known or one_voxel_size(sizes_zyx) is not None or sizes_zyx == (1.0, 1.0, 1.0):
        return ()
    assert sizes_zyx is not None
    z, y, x = sizes_zyx
    return (f"its voxels are no cubes ({x:g} × {y:g} × {z:g} Å along x, y, z)",)
