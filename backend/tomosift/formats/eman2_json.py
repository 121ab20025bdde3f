"""EMAN2's box files (`info/<tomogram>_info.json`): particle positions of one tomogram, with their classes.

`boxes_3d` has rows x, y, z, method, score, class; `class_list` names the classes. Where `apix_unbin` (Å) stands,
positions count in pixels of that size from the tomogram's middle voxel (size // 2), else in voxels from its corner
(e2spt_boxer.py).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.export_chunk import (
    ExportChunk,
    ExportContext,
    ListWriter,
    OpenFile,
    number_texts,
    require_positions,
)
from tomosift.formats.grouped_lines import GroupedLines
from tomosift.formats.json_text import LONGEST_DOCUMENT, dump_json, json_cell, parse_json, plain_json
from tomosift.formats.list_columns import TextRows, column_triples, read_whole_file
from tomosift.formats.list_folder import FileNames, files_inside
from tomosift.formats.particle_list import ImageReference, JsonBlock, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem

_BOX_COLUMNS = ("x", "y", "z", "method", "score", "class")
_TEXT_COLUMN = "method"  # all others hold numbers, and are kept as JSON
_LONGEST_BOX = 64
_FILE_ENDING = "_info.json"
# e2spt_boxer needs a box size for each class; this is the one it starts with.
_BOX_SIZE = 64


@dataclass(frozen=True)
class Eman2Boxes(ParticleList):
    """Boxes of one or many info files. `blocks["files"]` has the rest of each file by its name.

    The columns `file` and `class_name` are ours: the class's name in class_list.
    """

    format: ClassVar[str] = "eman2-json"

    def image_references(self) -> list[ImageReference] | None:
        """None: boxes name no images."""
        return None

    def tomogram_names(self) -> list[str]:
        """The files' names without `_info.json`."""
        return [_tomogram_of(file) for file in texts(self, "file")]

    def particle_names(self) -> list[str]:
        """`tomogram/row`."""
        return [f"{tomogram}/{row}" for row, tomogram in enumerate(self.tomogram_names(), start=1)]

    def positions(self) -> Positions | None:
        """As they stand: from the middle in pixels of `apix_unbin`, or from the corner in voxels."""
        values = column_triples(self, ("x", "y", "z"))
        assert values is not None  # the reader makes these columns
        sizes = {name: _unbinned_size(block) for name, block in self.blocks["files"].items()}
        voxel_sizes = np.array([sizes[file] for file in texts(self, "file")])
        return Positions(values, "voxel", "corner" if np.isnan(voxel_sizes).all() else "centre", voxel_sizes)

    def angles(self) -> NDArray[np.float64] | None:
        """None: boxes have no orientations."""
        return None

    def pixel_sizes(self) -> NDArray[np.float64]:
        """NaN: boxes have no cubes."""
        return np.full(len(self), np.nan)

    @property
    def class_column(self) -> str | None:
        return "class_name"


def looks_like_eman2_json(path: Path, head: bytes) -> bool:
    """Whether a JSON text mentions boxes_3d, or a folder holds info files."""
    if path.is_dir():
        return next(iter(files_inside(path, (_FILE_ENDING,))), None) is not None
    return head.lstrip().startswith(b"{") and (b'"boxes_3d"' in head or path.name.endswith(_FILE_ENDING))


def read_eman2_json(path: Path) -> ParticleList:
    """Read an info file, or all of a folder. Raises FormatProblem that names file and box."""
    rows, files = TextRows(), dict[str, JsonBlock]()
    for file in files_inside(path, (_FILE_ENDING,)) if path.is_dir() else [path]:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        document = parse_json(read_whole_file(file, LONGEST_DOCUMENT), file.name)
        boxes = document.get("boxes_3d", []) if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(boxes, list):
            raise FormatProblem(f"{file.name} is no info file of EMAN2: it has no list boxes_3d")
        files[name] = {key: plain_json(value) for key, value in document.items() if key != "boxes_3d"}
        for cells in _box_cells(boxes, _class_names(document), file.name):
            rows.add({"file": name} | cells)
    if rows.count == 0:
        raise FormatProblem(f"{path.name} has no boxes (boxes_3d is empty or missing); pick particles in EMAN2 first")
    unbinned = {np.isnan(_unbinned_size(block)) for block in files.values()}
    if len(unbinned) == 2:
        raise FormatProblem(
            f"some files of {path.name} have apix_unbin and others do not, so that their boxes count from different "
            "places; import them one by one"
        )
    return Eman2Boxes("EMAN2 boxes", rows.frame(), {"files": files})


class Eman2JsonWriter(ListWriter):
    """Writes `<stem>/<tomogram>_info.json`: positions in voxels from the corner, which EMAN2 takes without apix_unbin.

    Boxes that came from EMAN2 keep what their files had, but for classes that are set.
    """

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._is_own = context.source_format == Eman2Boxes.format
        self._lines = self._files.enter_context(GroupedLines())
        self._groups: dict[str, int] = {}
        self._names = FileNames()

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's boxes."""
        if self._is_own:
            files, boxes = chunk.rows["file"].tolist(), self._original_boxes(chunk)
        else:
            files = [f"{self._names.of(tomogram)}{_FILE_ENDING}" for tomogram in chunk.tomograms]
            boxes = _new_boxes(chunk)
        groups = [self._groups.setdefault(file, len(self._groups)) for file in files]
        self._lines.add(groups, [box.encode() for box in boxes])

    def finish(self) -> None:
        """Write the files, one after another."""
        files = list(self._groups)
        for group, boxes in self._lines.lines_by_group():
            rest = dict(self.context.source_blocks["files"][files[group]]) if self._is_own else {}
            if self.context.sets_class or not self._is_own:
                rest["class_list"] = self._class_list(rest)
            with self._open_file(f"{self.context.stem}/{files[group]}") as file:
                file.write(b'{"boxes_3d": [')
                for number, box in enumerate(boxes):
                    file.write((b",\n" if number else b"\n") + box)
                file.write(b"\n]" + "".join(f",\n{dump_json(key)}: {dump_json(rest[key])}" for key in rest).encode())
                file.write(b"}\n")

    def _class_list(self, rest: JsonBlock) -> JsonBlock:
        known = [each.get("boxsize") for each in (rest.get("class_list") or {}).values() if isinstance(each, dict)]
        size = next((each for each in known if each), _BOX_SIZE)
        names = ["unclassified", *self.context.class_names]
        return {str(number): {"name": name, "boxsize": size} for number, name in enumerate(names)}

    def _original_boxes(self, chunk: ExportChunk) -> Iterator[str]:
        rows = chunk.rows
        names = [name for name in rows.columns if name not in ("file", "class_name")]
        columns = [rows[name].tolist() for name in names]
        at_class = _BOX_COLUMNS.index("class")
        for at, cells in enumerate(zip(*columns, strict=True)):
            box = [
                dump_json(cell) if name == _TEXT_COLUMN else cell
                for name, cell in zip(names, cells, strict=True)
                if cell
            ]
            if self.context.sets_class:
                before = (box + ["0"] * at_class)[:at_class]
                box = [*before, str(chunk.class_numbers[at]), *box[at_class + 1 :]]
            yield "[" + ", ".join(box) + "]"


def _new_boxes(chunk: ExportChunk) -> Iterator[str]:
    require_positions(chunk)
    x, y, z = (number_texts(chunk.positions[:, axis]) for axis in range(3))
    for at, number in enumerate(chunk.class_numbers.tolist()):
        yield f'[{x[at]}, {y[at]}, {z[at]}, "manual", 0, {number}]'


def _box_cells(boxes: list[Any], names: dict[str, str], file: str) -> Iterator[dict[str, str]]:
    for row, box in enumerate(boxes, start=1):
        if not isinstance(box, list) or not 3 <= len(box) <= _LONGEST_BOX:
            raise FormatProblem(f"a box of {file} should be a row of x, y, z and a few more values", row=row)
        cells = {}
        for at, value in enumerate(box):
            column = _BOX_COLUMNS[at] if at < len(_BOX_COLUMNS) else f"column_{at + 1}"
            cells[column] = json_cell(value) if column == _TEXT_COLUMN else dump_json(value)
        number = cells.get("class", "")
        yield cells | {"class_name": names.get(number.removesuffix(".0"), number)}


def _class_names(document: dict[str, Any]) -> dict[str, str]:
    listed = document.get("class_list")
    entries = listed.items() if isinstance(listed, dict) else ()
    return {
        number: json_cell(entry["name"]) for number, entry in entries if isinstance(entry, dict) and "name" in entry
    }


def _unbinned_size(block: JsonBlock) -> float:
    """apix_unbin in Å; NaN where it does not stand."""
    size = block.get("apix_unbin")
    return float(size) if isinstance(size, int | float) and 0 < size < math.inf else math.nan


def _tomogram_of(file: str) -> str:
    return PurePosixPath(file).name.removesuffix(_FILE_ENDING).removesuffix(".json")
