"""Particle lists as plain tables with a header row: CSV and Parquet, whose columns are known by their common names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tomosift.formats.export_chunk import ExportChunk, ExportContext
from tomosift.formats.list_columns import (
    column_triples,
    loose_numbers,
    parse_image_reference,
    positive_or_nan,
)
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem

# Names in small letters without anything but letters and digits; the first that a table has is taken.
_COMMON_NAMES: dict[str, tuple[str, ...]] = {
    "tomogram": (
        *("tomogram", "tomogramname", "tomo", "tomoname", "tomoid", "tomogramid", "rlntomoname", "rlnmicrographname"),
        *("runname", "run", "experiment", "tiltseries", "tsname", "ts", "micrograph", "micrographname"),
    ),
    "rot": ("rot", "anglerot", "rlnanglerot"),
    "tilt": ("tilt", "angletilt", "rlnangletilt"),
    "psi": ("psi", "anglepsi", "rlnanglepsi"),
    "class": ("class", "classname", "classnumber", "rlnclassnumber", "particletype", "label", "objectname", "object"),
    "image": ("image", "imagename", "rlnimagename", "file", "filename", "path", "subtomogram", "volume"),
    "voxel size": (
        *("voxelsize", "voxelsizeangstrom", "voxelspacing", "pixelsize", "pixelsizeangstrom", "apix", "angpix"),
        *("rlnimagepixelsize", "rlnpixelsize"),
    ),
    "name": ("name", "particlename", "particle", "id", "particleid", "rlntomoparticlename"),
}
_AXIS_NAMES = ("{}", "coord{}", "{}coord", "coordinate{}", "pos{}", "position{}", "center{}", "centre{}", "location{}")
_VOXEL_NAMES = (*_AXIS_NAMES, "{}voxel", "{}voxels", "{}px", "{}pixel", "{}pixels", "rlncoordinate{}")
_ANGSTROM_NAMES = tuple(
    pattern + unit for pattern in ("{}", "coord{}", "position{}", "pos{}") for unit in ("angstrom", "ang", "angst")
)
# The CZII challenge's and copick's own tables count in Å without saying so.
_TOMOGRAM_COLUMNS_OF_ANGSTROM_TABLES = {"experiment", "runname"}


Unit = Literal["voxel", "angstrom"]
_UNITS: tuple[tuple[tuple[str, ...], Unit], ...] = ((_ANGSTROM_NAMES, "angstrom"), (_VOXEL_NAMES, "voxel"))
# In a class column of another name stand names, not numbers.
_NUMBER_COLUMNS = {"class", "classnumber", "rlnclassnumber"}


@dataclass(frozen=True)
class TableList(ParticleList):
    """A list with a header row. Coordinates count in voxels of the tomogram unless their columns say ångström."""

    def column_for(self, meaning: str) -> str | None:
        """The column that holds tomogram, rot, tilt, psi, class, image, voxel size or name."""
        return find_column(self.columns, _COMMON_NAMES[meaning])

    def image_references(self) -> list[ImageReference] | None:
        """The image column: paths, or `3@stack.mrcs`."""
        column = self.column_for("image")
        if column is None:
            return None
        return [parse_image_reference(text, row, column) for row, text in enumerate(texts(self, column), start=1)]

    def tomogram_names(self) -> list[str]:
        """The tomogram column."""
        column = self.column_for("tomogram")
        return texts(self, column) if column else [""] * len(self)

    def particle_names(self) -> list[str]:
        """The name or id column, else the image, else `tomogram/row`."""
        column = self.column_for("name") or self.column_for("image")
        if column:
            return texts(self, column)
        return [f"{tomogram}/{row}" for row, tomogram in enumerate(self.tomogram_names(), start=1)]

    def positions(self) -> Positions | None:
        """x, y, z as they stand; None without those columns, or where all of them are empty."""
        columns, unit = coordinate_columns(self.columns)
        if columns is None or all((self.rows[column] == "").all() for column in columns):
            return None
        values = column_triples(self, columns)
        assert values is not None  # the columns are there
        return Positions(values, unit, "corner", self.pixel_sizes())

    def angles(self) -> NDArray[np.float64] | None:
        """rot, tilt, psi; None unless all three are there and filled."""
        columns = [column for part in ("rot", "tilt", "psi") if (column := self.column_for(part))]
        if len(columns) < 3 or all((self.rows[column] == "").all() for column in columns):
            return None
        return column_triples(self, columns)

    def pixel_sizes(self) -> NDArray[np.float64]:
        """The voxel size column; NaN without it."""
        column = self.column_for("voxel size")
        sizes = loose_numbers(self, column) if column else None
        return np.full(len(self), np.nan) if sizes is None else positive_or_nan(sizes)

    @property
    def class_column(self) -> str | None:
        return self.column_for("class")

    @property
    def pixel_size_origin(self) -> str:
        column = self.column_for("voxel size")
        return f"the column {column}" if column else ""


def find_column(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """The column that bears the first of `names` (small letters and digits only) that any column bears."""
    plain: dict[str, str] = {}
    for column in columns:
        plain.setdefault(_plain(column), column)
    return next((plain[name] for name in names if name in plain), None)


def coordinate_columns(columns: Iterable[str]) -> tuple[list[str] | None, Unit]:
    """The columns of x, y, z and their unit; None unless all three are there."""
    columns = list(columns)
    for patterns, unit in _UNITS:
        found = [find_column(columns, [pattern.format(axis) for pattern in patterns]) for axis in "xyz"]
        if all(found):
            tomogram = find_column(columns, _COMMON_NAMES["tomogram"])
            in_angstrom = tomogram is not None and _plain(tomogram) in _TOMOGRAM_COLUMNS_OF_ANGSTROM_TABLES
            return [column for column in found if column], "angstrom" if in_angstrom else unit
    return None, "voxel"


def is_particle_header(columns: list[str]) -> bool:
    """Whether a header row names what a list needs: x, y, z with a tomogram, or images."""
    has_positions = coordinate_columns(columns)[0] is not None and find_column(columns, _COMMON_NAMES["tomogram"])
    return bool(has_positions) or find_column(columns, _COMMON_NAMES["image"]) is not None


def check_header(columns: list[str], name: str) -> None:
    """Raises FormatProblem that says which columns are missing or stand twice."""
    repeated = {column for column in columns if columns.count(column) > 1}
    if repeated:
        raise FormatProblem(f"the column {min(repeated)[:60]!r} appears twice in {name}; give each its own name")
    if not is_particle_header(columns):
        found = ", ".join(column[:30] for column in columns[:12])
        raise FormatProblem(
            f"{name} needs the columns x, y, z and tomogram, or one that names images (image), in a header row; it "
            f"has: {found}"
        )


def unit_note(columns: list[str]) -> tuple[str, ...]:
    """A sentence that says how the coordinates were understood; none without coordinates."""
    found, unit = coordinate_columns(columns)
    if found is None:
        return ()
    names = ", ".join(found)
    if unit == "angstrom":
        return (f"{names} are taken as Å from the tomogram's corner",)
    return (f"{names} are taken as voxels of the tomogram; name the columns x_angstrom, … if they are Å",)


def export_table(chunk: ExportChunk, context: ExportContext) -> pa.Table:
    """The chunk as one table: of a list of this kind its own columns first, of another list after the common ones.

    A class column that is called so holds numbers; another one (particle_type, say) holds the classes' names.
    """
    numbers, names = pa.array(chunk.class_numbers), pa.array(chunk.class_names, pa.string())
    if context.source_format in ("csv", "parquet"):
        columns = _originals(chunk)
        if context.sets_class:
            column = context.source_class_column or "class"
            columns[column] = numbers if _plain(column) in _NUMBER_COLUMNS else names
            columns.setdefault("class_name", names)
    else:
        columns = _common_columns(chunk) | {"class": numbers, "class_name": names}
        for name, values in _originals(chunk).items():
            columns[f"source_{name}" if name in columns else name] = values
    for name in context.extra_columns:
        columns[name] = pa.array(chunk.extra[name], pa.string())
    return pa.table(columns)


def _common_columns(chunk: ExportChunk) -> dict[str, pa.Array]:
    numbers = {
        **{axis: chunk.positions[:, at] for at, axis in enumerate("xyz")},
        "voxel_size": chunk.voxel_sizes,
        **{part: chunk.angles[:, at] for at, part in enumerate(("rot", "tilt", "psi"))},
    }
    known = {name: pa.array(values, mask=~np.isfinite(values)) for name, values in numbers.items()}
    return {"id": pa.array(chunk.ids), "tomogram": pa.array(chunk.tomograms, pa.string()), **known}


def _originals(chunk: ExportChunk) -> dict[str, pa.ChunkedArray]:
    if len(chunk.rows.columns) == 0:
        return {}
    table = pa.Table.from_pandas(chunk.rows, preserve_index=False)
    return {name: column.cast(pa.string()) for name, column in zip(table.column_names, table.columns, strict=True)}


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())
