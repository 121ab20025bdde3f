"""Point annotations of the CZ cryoET data portal (.ndjson): one JSON object a line.

`{"type": "orientedPoint", "location": {"x": 1, "y": 2, "z": 3}, "xyz_rotation_matrix": [[…], […], […]]}`; `point` has
no matrix, `instancePoint` an `instance_id`. Locations are voxels of the tomogram (as copick's reader of the portal and
ArtiaX take them). The file names no tomogram: it is the run's folder in the portal's own layout
(`<run>/Reconstructions/…`), the first sub-folder in a folder of such files, else the file's own name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tomosift.formats.export_chunk import (
    ExportChunk,
    ExportContext,
    ListWriter,
    OpenFile,
    number_texts,
    require_positions,
)
from tomosift.formats.grouped_lines import GroupedLines
from tomosift.formats.json_text import dump_json, parse_json
from tomosift.formats.list_columns import TextRows, check_file
from tomosift.formats.list_folder import FileNames, files_inside
from tomosift.formats.orientations import known_angles, rotation_from_relion
from tomosift.formats.particle_list import ParticleList, Positions
from tomosift.formats.point_list import LOCATION_COLUMNS, PointList, point_cells, points_of
from tomosift.formats.problem import FormatProblem

TYPES = ("point", "orientedPoint", "instancePoint")
_LONGEST_LINE = 1 << 20
_FILE_ENDING = re.compile(r"(-[0-9.]+)?[-_](point|orientedpoint|instancepoint)$", re.IGNORECASE)
_OWN_COLUMNS = ("file", "tomogram", "object", *LOCATION_COLUMNS)


@dataclass(frozen=True)
class NdjsonList(PointList):
    """Points of one or many .ndjson files.

    `blocks["points"]["texts"]` names the columns that hold plain strings; the points' other columns hold JSON.
    """

    format: ClassVar[str] = "ndjson"
    matrix_column: ClassVar[str] = "xyz_rotation_matrix"
    matrix_size: ClassVar[int] = 3
    tomogram_column: ClassVar[str] = "tomogram"

    @property
    def class_column(self) -> str | None:
        """The key `class` that exports add; else the object, which the file's name tells."""
        return "class" if "class" in self.columns else "object"

    def positions(self) -> Positions | None:
        """Locations in voxels of the tomogram."""
        return Positions(self.locations(), "voxel", "corner", np.full(len(self), np.nan))


def looks_like_ndjson(path: Path, head: bytes) -> bool:
    """Whether the first line is a point, or a folder holds such files."""
    if path.is_dir():
        return next(iter(files_inside(path, (".ndjson",))), None) is not None
    line = head.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0]
    try:
        point = parse_json(line, path.name) if line.startswith(b"{") else None
    except FormatProblem:
        return False
    return isinstance(point, dict) and "location" in point and point.get("type") in TYPES


def read_ndjson_list(path: Path) -> ParticleList:
    """Read a file of points, or every such file of a folder. Raises FormatProblem with the file and its line."""
    rows, string_keys = TextRows(), dict[str, bool]()
    for file in files_inside(path, (".ndjson",)) if path.is_dir() else [path]:
        fixed = {
            "file": file.relative_to(path).as_posix() if path.is_dir() else file.name,
            "tomogram": _tomogram_of(file, path),
            "object": _FILE_ENDING.sub("", file.stem),
        }
        for line, point in _points(file):
            rows.add(fixed | point_cells(point, file.name, line, _OWN_COLUMNS, string_keys))
    if rows.count == 0:
        raise FormatProblem(f"{path.name} holds no points")
    frame = rows.frame()
    tomogram = str(frame["tomogram"].iloc[0])
    return NdjsonList(
        flavour="CZ cryoET data portal",
        rows=frame,
        blocks={"points": {"texts": [key for key, is_string in string_keys.items() if is_string]}},
        notes=(f"these files name no tomogram; unless you name one it is {tomogram[:60]}, from the path",),
    )


class NdjsonWriter(ListWriter):
    """Writes one file for each tomogram and class: `<tomogram>/<class>_orientedpoint.ndjson` (or `_point`).

    Points that came from such files go back into files of the same names, with the class as one more key.
    """

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._lines = self._files.enter_context(GroupedLines())
        self._folders, self._names = FileNames(), FileNames()
        self._paths: dict[str, int] = {}

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's points."""
        if self.context.source_format == NdjsonList.format:
            paths, points = list(chunk.rows["file"]), self._original_points(chunk)
        else:
            paths, points = self._new_paths(chunk), _new_points(chunk, self.context.extra_columns)
        groups = [self._paths.setdefault(path, len(self._paths)) for path in paths]
        self._lines.add(groups, [point.encode() + b"\n" for point in points])

    def finish(self) -> None:
        """Write the files, one after another."""
        paths = list(self._paths)
        for group, lines in self._lines.lines_by_group():
            with self._open_file(f"{self.context.stem}/{paths[group]}") as file:
                file.writelines(lines)

    def _new_paths(self, chunk: ExportChunk) -> list[str]:
        oriented = np.where(known_angles(chunk.angles), "orientedpoint", "point")
        return [
            f"{self._folders.of(tomogram)}/{self._names.of(name or 'unclassified')}_{kind}.ndjson"
            for tomogram, name, kind in zip(chunk.tomograms, chunk.class_names, oriented, strict=True)
        ]

    def _original_points(self, chunk: ExportChunk) -> Iterator[str]:
        strings = self.context.source_blocks["points"]["texts"]
        for at, point in enumerate(points_of(chunk.rows, _OWN_COLUMNS, strings)):
            point |= {"class": chunk.class_names[at]} if self.context.sets_class else {}
            yield dump_json(point | {name: chunk.extra[name][at] for name in self.context.extra_columns})


def _new_points(chunk: ExportChunk, extra_columns: Sequence[str]) -> Iterator[str]:
    require_positions(chunk)
    known = known_angles(chunk.angles)
    matrices = np.zeros((len(chunk), 3, 3))
    if known.any():
        matrices[known] = rotation_from_relion(chunk.angles[known]).as_matrix().round(12)
    x, y, z = (number_texts(chunk.positions[:, axis]) for axis in range(3))
    cells = np.asarray(number_texts(matrices.ravel()), object).reshape(-1, 9)
    for at in range(len(chunk)):
        extra = "".join(f", {dump_json(name)}: {dump_json(chunk.extra[name][at])}" for name in extra_columns)
        location = f'"location": {{"x": {x[at]}, "y": {y[at]}, "z": {z[at]}}}'
        if known[at]:
            a, b, c, d, e, f, g, h, i = cells[at]
            matrix = f"[[{a}, {b}, {c}], [{d}, {e}, {f}], [{g}, {h}, {i}]]"
            yield f'{{"type": "orientedPoint", {location}, "xyz_rotation_matrix": {matrix}{extra}}}'
        else:
            yield f'{{"type": "point", {location}{extra}}}'


def _points(file: Path) -> Iterator[tuple[int, Any]]:
    """Line number and point of every line that is not empty."""
    check_file(file)
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(_LONGEST_LINE + 1), b""), start=1):
                if len(line) > _LONGEST_LINE:
                    raise FormatProblem(f"line {number} of {file.name} is too long for a point", row=number)
                text = line.removeprefix(b"\xef\xbb\xbf").strip()
                if text:
                    yield number, parse_json(text, file.name, number)
    except OSError:
        raise FormatProblem(f"{file.name} cannot be read by this program; check its permissions") from None


def _tomogram_of(file: Path, root: Path) -> str:
    parts = file.parts
    if "Reconstructions" in parts[1:-1]:
        return parts[parts.index("Reconstructions") - 1]
    if file != root and len(inside := file.relative_to(root).parts) > 1:
        return inside[0]
    return _FILE_ENDING.sub("", file.stem)
