"""STOPGAP motive lists: a STAR file with one table, `data_stopgap_motivelist`.

Like .em motive lists, from which they come: shifts are added, positions count from 1, angles are phi, psi, the(ta).
Columns: Wan et al., Acta Cryst. D80, 336 (2024), and STOPGAP's own files.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from tomosift.formats.export_chunk import ExportChunk, ExportContext, OpenFile, chunk_angles
from tomosift.formats.numbered_list import NumberedList, NumberedListWriter, counted_from
from tomosift.formats.orientations import av3_angles, rotation_from_av3
from tomosift.formats.particle_list import JsonBlock, ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_blocks import LoopBlock, read_star_blocks
from tomosift.formats.star_writer import StarTableWriter, block_to_json
from tomosift.formats.tomogram_numbers import read_tomogram_names

COLUMNS = (
    *("motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z"),
    *("score", "x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"),
)
_BLOCK = "stopgap_motivelist"
_NEW_BLOCKS: JsonBlock = {_BLOCK: {"position": 0, "version": None, "particles": True}}


@dataclass(frozen=True)
class StopgapList(NumberedList):
    """A STOPGAP motive list; `blocks["star"]` has the file's other blocks, and the place of this one."""

    format: ClassVar[str] = "stopgap"
    coordinate_columns: ClassVar[tuple[str, str, str]] = ("orig_x", "orig_y", "orig_z")
    shift_columns: ClassVar[tuple[str, str, str]] = ("x_shift", "y_shift", "z_shift")
    angle_columns: ClassVar[tuple[str, str, str]] = ("phi", "psi", "the")
    first_voxel: ClassVar[int] = 1
    name_column: ClassVar[str] = "subtomo_num"

    @staticmethod
    def rotation(angles: ArrayLike) -> Rotation:
        return rotation_from_av3(angles)

    @property
    def tomogram_column(self) -> str:
        return "tomo_num"


def looks_like_stopgap(path: Path, head: bytes) -> bool:
    """Whether the text has the block of STOPGAP's motive lists."""
    return any(line.strip() == b"data_" + _BLOCK.encode() for line in head.split(b"\n"))


def read_stopgap_list(path: Path) -> ParticleList:
    """Read a STOPGAP motive list. Raises FormatProblem that names the row or the missing column."""
    blocks = read_star_blocks(path)
    found = [block for block in blocks if isinstance(block, LoopBlock) and block.name == _BLOCK]
    if not found:
        raise FormatProblem(f"{path.name} has no table data_{_BLOCK}, so it is no STOPGAP motive list")
    missing = [name for name in COLUMNS if name not in found[0].columns and name not in ("halfset", "score")]
    if missing:
        raise FormatProblem(f"the table data_{_BLOCK} of {path.name} lacks the column {missing[0]}")
    if len(found[0].rows) == 0:
        raise FormatProblem(f"the table data_{_BLOCK} of {path.name} has no rows; choose a list with particles")
    kept = {block.name: block_to_json(block, at) for at, block in enumerate(blocks) if block is not found[0]}
    kept[_BLOCK] = {
        "position": next(at for at, block in enumerate(blocks) if block is found[0]),
        "version": found[0].version,
        "particles": True,
    }
    return StopgapList("STOPGAP motive list", found[0].rows, {"star": kept, "tomograms": read_tomogram_names(path)})


class StopgapWriter(NumberedListWriter):
    """Writes one STAR file; the particle's id is its subtomo_num."""

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._is_source = context.source_format == StopgapList.format
        columns = list(context.columns) if self._is_source else list(COLUMNS)
        self._columns = [name for name in columns if name not in context.extra_columns] + list(context.extra_columns)
        blocks = context.source_blocks["star"] if self._is_source else _NEW_BLOCKS
        file = self.open(f"{context.stem}.star")
        self._table = self._files.enter_context(StarTableWriter(file, blocks, self._columns))

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows."""
        columns = self.original_columns(chunk) if self._is_source else self._new_columns(chunk)
        columns |= {name: pa.array(chunk.extra[name], pa.string()) for name in self.context.extra_columns}
        self._table.write(pa.table({name: columns[name].cast(pa.string()) for name in self._columns}))

    def _new_columns(self, chunk: ExportChunk) -> dict[str, pa.Array | pa.ChunkedArray]:
        positions, angles = counted_from(chunk.positions, StopgapList.first_voxel), chunk_angles(chunk, av3_angles)
        zeros = pa.array(np.zeros(len(chunk), np.int64))
        return {
            "motl_idx": pa.array(np.arange(self._table.count + 1, self._table.count + len(chunk) + 1)),
            "tomo_num": self.tomogram_numbers(chunk),
            "object": pa.array(np.ones(len(chunk), np.int64)),
            "subtomo_num": pa.array(chunk.ids),
            "halfset": pa.array(["A", "B"] * (len(chunk) // 2 + 1), pa.string())[: len(chunk)],
            **{name: pa.array(positions[:, at]) for at, name in enumerate(StopgapList.coordinate_columns)},
            "score": zeros,
            **dict.fromkeys(StopgapList.shift_columns, zeros),
            **{name: pa.array(angles[:, at]) for at, name in enumerate(StopgapList.angle_columns)},
            "class": pa.array(chunk.class_numbers),
        }
