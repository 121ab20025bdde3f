"""Dynamo tables (.tbl): rows of numbers without a header, whose columns are known by their place.

Columns: Dynamo's wiki, "Table convention"; named as `dynamotable` names them. Dynamo *adds* its shifts: a particle is
at (x, y, z) + (dx, dy, dz), and its coordinates go to other programs as they are (dynamo2m does the same).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from tomosift.formats.delimited_text import delimited_lines, read_blank_separated
from tomosift.formats.export_chunk import ExportChunk, ExportContext, OpenFile, chunk_angles
from tomosift.formats.list_columns import decode_text, loose_numbers, positive_or_nan, read_whole_file
from tomosift.formats.numbered_list import NumberedList, NumberedListWriter, counted_from
from tomosift.formats.orientations import dynamo_angles, rotation_from_dynamo
from tomosift.formats.particle_list import ImageReference, ParticleList, texts
from tomosift.formats.problem import FormatProblem
from tomosift.formats.tomogram_numbers import read_tomogram_names

COLUMNS = (
    *("tag", "aligned_value", "averaged_value", "dx", "dy", "dz", "tdrot", "tilt", "narot", "cc", "cc2", "cpu"),
    *("ftype", "ymintilt", "ymaxtilt", "xmintilt", "xmaxtilt", "fs1", "fs2", "tomo", "reg", "class", "annotation"),
    *("x", "y", "z", "dshift", "daxis", "dnarot", "dcc", "otag", "npar", "undefined1", "ref", "sref", "apix", "def"),
    *("undefined2", "undefined3", "undefined4", "eig1", "eig2"),
)
_FEWEST_COLUMNS, _MOST_COLUMNS = 20, 100
_WRITTEN_COLUMNS = COLUMNS[: COLUMNS.index("apix") + 1]
# How Dynamo names the particles of a data folder, beside which it keeps their table.
_PARTICLE_FILES = ("particle_{:06d}.em", "particle_{:05d}.em", "particle_{:06d}.mrc")


@dataclass(frozen=True)
class DynamoTable(NumberedList):
    """A Dynamo table. `blocks["images"]` holds the pattern of the particle files, where those lie beside it."""

    format: ClassVar[str] = "dynamo"
    coordinate_columns: ClassVar[tuple[str, str, str]] = ("x", "y", "z")
    shift_columns: ClassVar[tuple[str, str, str]] = ("dx", "dy", "dz")
    angle_columns: ClassVar[tuple[str, str, str]] = ("tdrot", "tilt", "narot")
    first_voxel: ClassVar[int] = 0
    name_column: ClassVar[str] = "tag"

    @staticmethod
    def rotation(angles: ArrayLike) -> Rotation:
        return rotation_from_dynamo(angles)

    @property
    def tomogram_column(self) -> str:
        return "tomo"

    def image_references(self) -> list[ImageReference] | None:
        """`particle_000001.em` and so on by tag, where the table lies in Dynamo's data folder."""
        pattern = self.blocks.get("images", {}).get("pattern")
        if pattern is None:
            return None
        return [ImageReference(pattern.format(_tag(text, row)), None) for row, text in enumerate(texts(self, "tag"), 1)]

    def pixel_sizes(self) -> NDArray[np.float64]:
        """Column 36; NaN where it is 0 or not there."""
        sizes = loose_numbers(self, "apix")
        return np.full(len(self), np.nan) if sizes is None else positive_or_nan(sizes)

    @property
    def pixel_size_origin(self) -> str:
        return "" if np.isnan(self.pixel_sizes()).all() else "column 36 of the Dynamo table"


def looks_like_dynamo(path: Path, head: bytes) -> bool:
    """Whether the first line holds nothing but numbers, and as many as a Dynamo table has."""
    values = head.split(b"\n", 1)[0].split()
    return _FEWEST_COLUMNS <= len(values) <= _MOST_COLUMNS and all(map(_is_number, values))


def read_dynamo_table(path: Path) -> ParticleList:
    """Read a Dynamo table. Raises FormatProblem that names the row."""
    content = read_whole_file(path)
    decode_text(content, path.name)
    width = len(content.lstrip().split(b"\n", 1)[0].split())
    if not _FEWEST_COLUMNS <= width <= _MOST_COLUMNS:
        raise FormatProblem(
            f"{path.name} has {width} values in its first line; a Dynamo table has {_FEWEST_COLUMNS} or more numbers, "
            "without a header row"
        )
    names = list(COLUMNS[:width]) + [f"column_{number}" for number in range(len(COLUMNS) + 1, width + 1)]
    rows = read_blank_separated(content, names, path.name)
    table = DynamoTable("Dynamo table", rows.to_pandas(), {"tomograms": read_tomogram_names(path)})
    if (pattern := _particle_files(path.parent, table)) is not None:
        table.blocks["images"] = {"pattern": pattern}
    return table


class DynamoWriter(NumberedListWriter):
    """Writes a table of 36 columns, or the original's columns; the particle's id is its tag."""

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._file = self.open(f"{context.stem}.tbl")

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows."""
        if self.context.source_format == DynamoTable.format:
            columns = self.original_columns(chunk)
        else:
            columns = self._columns(chunk)
        self._file.write(delimited_lines(list(columns.values()), " ", quotes=False))

    def _columns(self, chunk: ExportChunk) -> dict[str, pa.Array]:
        zeros = np.zeros(len(chunk), np.int64)
        columns = dict.fromkeys(_WRITTEN_COLUMNS, pa.array(zeros))
        for name in ("aligned_value", "averaged_value"):
            columns[name] = pa.array(zeros + 1)
        for at, name in enumerate(DynamoTable.angle_columns):
            columns[name] = pa.array(chunk_angles(chunk, dynamo_angles)[:, at])
        for at, name in enumerate(DynamoTable.coordinate_columns):
            columns[name] = pa.array(counted_from(chunk.positions, DynamoTable.first_voxel)[:, at])
        return columns | {
            "tag": pa.array(chunk.ids),
            "tomo": self.tomogram_numbers(chunk),
            "class": pa.array(chunk.class_numbers),
            "apix": pa.array(np.nan_to_num(chunk.voxel_sizes)),
        }


def _is_number(text: bytes) -> bool:
    try:
        complex(text.decode("ascii").replace("i", "j")) if text[-1:] == b"i" else float(text)
    except ValueError:
        return False
    return True


def _particle_files(folder: Path, table: DynamoTable) -> str | None:
    """The pattern by which the folder holds the first particle, if it does."""
    try:
        first = _tag(str(table.rows["tag"].iloc[0]), 1)
    except FormatProblem:
        return None
    return next((pattern for pattern in _PARTICLE_FILES if (folder / pattern.format(first)).is_file()), None)


def _tag(text: str, row: int) -> int:
    try:
        value = float(text)
        if 0 <= value < 1e15 and value == int(value):
            return int(value)
    except ValueError:
        pass
    raise FormatProblem(f"{text[:60]!r} is no particle number", row=row, column="tag")
