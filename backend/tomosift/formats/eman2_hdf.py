"""EMAN2's particle stacks (.hdf) as lists by themselves: each image with the attributes that say where it came from.

`EMAN.ptcl_source_coord` counts in voxels of `EMAN.apix_x` from the tomogram's middle voxel, `EMAN.ptcl_source_image` is
the tomogram, `EMAN.xform.align3d` takes the particle onto the reference; the particle lies where its inverse moves to
(e2spt_extract.py, libEM/io/hdfio2.cpp).
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.eman2_lst import tomogram_of_stack
from tomosift.formats.eman2_transform import angles_of_transforms, shifts_of_transforms
from tomosift.formats.hdf_volumes import SIGNATURE, SafeHdf
from tomosift.formats.list_columns import TextRows, column_triples, loose_numbers, positive_or_nan
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem

_IMAGES = "MDF/images"
_TRANSFORM = "xform.align3d"
_TEXTS = ("ptcl_source_image", "class_ptcl_src")
_NUMBERS = ("apix_x", "model_id", "score", "class_id")
_COORDINATES = ("ptcl_source_coord.x", "ptcl_source_coord.y", "ptcl_source_coord.z")


@dataclass(frozen=True)
class Eman2Stack(ParticleList):
    """The images of an .hdf stack; `blocks["stack"]["name"]` is its file's name. Columns are EMAN2's attributes."""

    format: ClassVar[str] = "eman2-hdf"

    def image_references(self) -> list[ImageReference] | None:
        """Images of the stack, counted from 1."""
        name = self.blocks["stack"]["name"]
        return [ImageReference(name, int(number) + 1) for number in texts(self, "number")]

    def tomogram_names(self) -> list[str]:
        """The name of ptcl_source_image, without folder, ending and what follows `__`; else that of the stack."""
        own = tomogram_of_stack(self.blocks["stack"]["name"])
        sources = texts(self, "ptcl_source_image")
        return [PurePosixPath(source).stem.partition("__")[0] or own for source in sources]

    def particle_names(self) -> list[str]:
        """`number@file`, counted from 0 as EMAN2 does."""
        return [f"{number}@{self.blocks['stack']['name']}" for number in texts(self, "number")]

    def positions(self) -> Positions | None:
        """From the tomogram's middle, with what align3d moves by; None unless every image tells."""
        if (self.rows[_COORDINATES[0]] == "").any():
            return None
        values = column_triples(self, _COORDINATES)
        assert values is not None  # the reader makes these columns
        return Positions(
            values + shifts_of_transforms(texts(self, _TRANSFORM), _TRANSFORM), "voxel", "centre", self.pixel_sizes()
        )

    def angles(self) -> NDArray[np.float64] | None:
        """The inverse of xform.align3d."""
        return angles_of_transforms(texts(self, _TRANSFORM), _TRANSFORM)

    def pixel_sizes(self) -> NDArray[np.float64]:
        """EMAN.apix_x."""
        sizes = loose_numbers(self, "apix_x")
        assert sizes is not None  # the reader makes this column
        return positive_or_nan(sizes)

    @property
    def class_column(self) -> str | None:
        return "class_id" if (self.rows["class_id"] != "").any() else None

    @property
    def pixel_size_origin(self) -> str:
        return "" if np.isnan(self.pixel_sizes()).all() else "EMAN.apix_x of the images"


def looks_like_eman2_hdf(path: Path, head: bytes) -> bool:
    """Whether an HDF5 file holds more than one of EMAN2's images."""
    if not head.startswith(SIGNATURE):
        return False
    try:
        hdf = SafeHdf(path)
    except FormatProblem:
        return False
    try:
        return len(hdf.names(_IMAGES)) > 1
    except FormatProblem:
        return False
    finally:
        hdf.close()


def read_eman2_hdf(path: Path) -> ParticleList:
    """Read the attributes of a stack's images. Raises FormatProblem."""
    hdf = SafeHdf(path)
    try:
        numbers = sorted(int(name) for name in hdf.names(_IMAGES) if name.isdecimal() and name.isascii())
        rows = TextRows()
        for number in numbers:
            rows.add({"number": str(number)} | _cells(hdf, f"{_IMAGES}/{number}"))
    finally:
        hdf.close()
    if rows.count == 0:
        raise FormatProblem(f"{path.name} holds no images of EMAN2 ({_IMAGES})")
    return Eman2Stack("EMAN2 stack", rows.frame(), {"stack": {"name": path.name}})


def _cells(hdf: SafeHdf, image: str) -> dict[str, str]:
    cells = {}
    for name in _TEXTS:
        text = hdf.attribute(image, f"EMAN.{name}")
        cells[name] = text.replace("\0", "") if isinstance(text, str) else ""
    for name in _NUMBERS:
        cells[name] = _joined(hdf.numbers(image, f"EMAN.{name}"), 1)
    coordinate = _joined(hdf.numbers(image, "EMAN.ptcl_source_coord"), 3).split(", ")
    cells |= dict(zip(_COORDINATES, coordinate if len(coordinate) == 3 else ("", "", ""), strict=True))
    matrix = _joined(hdf.numbers(image, f"EMAN.{_TRANSFORM}"), 12)
    return cells | {_TRANSFORM: f"[{matrix}]" if matrix else ""}


def _joined(numbers: list[float] | None, count: int) -> str:
    """The numbers as text, if they are as many as they should be."""
    return ", ".join(f"{number:.9g}" for number in numbers) if numbers and len(numbers) == count else ""
