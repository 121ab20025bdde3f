"""A stack of cubes as a list by itself: an .mrcs pile, an EMAN2 .hdf, an OME-Zarr `(n, z, y, x)`."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.list_columns import text_frame
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import open_volume_file


@dataclass(frozen=True)
class StackList(ParticleList):
    """The cubes of one file; `blocks["stack"]` has its name and its voxel size (Å; null: unknown)."""

    format: ClassVar[str] = "stack"

    def image_references(self) -> list[ImageReference] | None:
        """Cube 1 to n of the file, whose name counts from its folder."""
        name = self.blocks["stack"]["name"]
        return [ImageReference(name, int(number)) for number in texts(self, "number")]

    def tomogram_names(self) -> list[str]:
        """Empty texts: a stack names no tomograms."""
        return [""] * len(self)

    def particle_names(self) -> list[str]:
        """`number@file`."""
        return [f"{number}@{self.blocks['stack']['name']}" for number in texts(self, "number")]

    def positions(self) -> Positions | None:
        """None: a stack has no positions."""
        return None

    def angles(self) -> NDArray[np.float64] | None:
        """None: a stack has no orientations."""
        return None

    def pixel_sizes(self) -> NDArray[np.float64]:
        """The file's voxel size."""
        size = self.blocks["stack"]["voxel_size"]
        return np.full(len(self), np.nan if size is None else size)

    @property
    def pixel_size_origin(self) -> str:
        return f"the header of {self.blocks['stack']['name']}" if self.blocks["stack"]["voxel_size"] else ""


def looks_like_stack(path: Path, head: bytes) -> bool:
    """Whether it is a file (or Zarr folder) of voxels that holds more than one cube."""
    try:
        with open_volume_file(path) as volume:
            return (volume.n_cubes or 0) > 1
    except FormatProblem:
        return False


def read_stack_list(path: Path) -> ParticleList:
    """Number the cubes of a stack. Raises FormatProblem for what is none."""
    with open_volume_file(path) as volume:
        count, size, notes = volume.n_cubes, volume.voxel_size, volume.notes
    if not count:
        raise FormatProblem(f"{path.name} is no stack of cubes; if it is a tomogram, give the list of its particles")
    return StackList(
        flavour="stack of volumes",
        rows=text_frame({"number": [str(number) for number in range(1, count + 1)]}),
        blocks={"stack": {"name": path.name, "voxel_size": size}},
        notes=notes,
    )
