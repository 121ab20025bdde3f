"""EMAN2's lists of particles (.lst): lines of image number, file, and further values as JSON.

`0<tab>particles3d/tomo1__ribosome.hdf<tab>{"score": -0.1, "xform.align3d": {"matrix": "[…]"}}`. Image numbers count
from 0. `xform.align3d` takes the particle onto the reference (EMAN2.py, LSXFile; EMAN2jsondb.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.eman2_transform import angles_of_transforms
from tomosift.formats.json_text import json_cell, parse_json
from tomosift.formats.list_columns import TextRows, decode_text, read_whole_file
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem

_FIRST_LINES = (b"#LSX", b"#LST")
_OWN_COLUMNS = ("number", "file")
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class Eman2List(ParticleList):
    """A .lst file: each particle is an image of an .hdf stack (or another file), which the importer looks for."""

    format: ClassVar[str] = "eman2-lst"

    def image_references(self) -> list[ImageReference] | None:
        """Images counted from 1, as everywhere here."""
        numbers, files = texts(self, "number"), texts(self, "file")
        return [ImageReference(file, int(number) + 1) for number, file in zip(numbers, files, strict=True)]

    def tomogram_names(self) -> list[str]:
        """The stacks' names before `__`: e2spt_extract names them `<tomogram>__<label>.hdf`."""
        return [tomogram_of_stack(file) for file in texts(self, "file")]

    def particle_names(self) -> list[str]:
        """`number@file`."""
        numbers, files = texts(self, "number"), texts(self, "file")
        return [f"{number}@{file}" for number, file in zip(numbers, files, strict=True)]

    def positions(self) -> Positions | None:
        """None: positions stand in the stacks that the list names."""
        return None

    def angles(self) -> NDArray[np.float64] | None:
        """The inverse of xform.align3d."""
        if "xform.align3d" not in self.columns:
            return None
        return angles_of_transforms(texts(self, "xform.align3d"), "xform.align3d")

    def pixel_sizes(self) -> NDArray[np.float64]:
        """NaN: voxel sizes stand in the stacks that the list names."""
        return np.full(len(self), np.nan)

    @property
    def class_column(self) -> str | None:
        return "class" if "class" in self.columns else None


def tomogram_of_stack(file: str) -> str:
    """`tomo1` of `particles3d/tomo1__ribosome_bin2.hdf`; empty where the name has no `__`."""
    name, separator, _ = PurePosixPath(file).name.partition("__")
    return name if separator else ""


def looks_like_eman2_lst(path: Path, head: bytes) -> bool:
    """Whether the first line is EMAN2's mark."""
    return head.split(b"\n", 1)[0].strip() in _FIRST_LINES


def read_eman2_lst(path: Path) -> ParticleList:
    """Read a .lst file, fast (#LSX) or plain (#LST). Raises FormatProblem with the row."""
    text = decode_text(read_whole_file(path), path.name)
    if text.split("\n", 1)[0].strip().encode() not in _FIRST_LINES:
        raise FormatProblem(f"{path.name} does not begin with #LSX or #LST, so it is no .lst file of EMAN2")
    rows = TextRows()
    lines = (line for line in re.split(r"\r?\n", text) if line.strip() and not line.startswith("#"))
    for row, line in enumerate(lines, start=1):
        rows.add(dict(_cells(line.rstrip(), path.name, row)))
    if rows.count == 0:
        raise FormatProblem(f"{path.name} names no particles")
    return Eman2List("EMAN2 list", rows.frame(), {})


def _cells(line: str, name: str, row: int) -> Iterator[tuple[str, str]]:
    number, _, rest = line.partition("\t")
    file, _, values = rest.partition("\t")
    number, file = number.strip(), file.strip()
    if not _NUMBER.fullmatch(number) or not file:
        raise FormatProblem(f"{line[:60]!r} should read: image number, tab, file", row=row)
    yield from zip(_OWN_COLUMNS, (number, file), strict=True)
    values = values.strip()
    further: Any = parse_json(values, name, row) if values else {}
    if not isinstance(further, dict):
        raise FormatProblem(f"{values[:60]!r} should be a JSON object", row=row)
    for key, value in further.items():
        yield f"list.{key}" if key in _OWN_COLUMNS else key, json_cell(value)
