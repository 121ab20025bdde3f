"""RELION lists out of a project: a list that came as STAR in its own flavour, any other one as RELION 4 has it."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tomosift.formats.export_chunk import ExportChunk, ExportContext, ListWriter, OpenFile, require_positions
from tomosift.formats.star_writer import StarTableWriter, set_column

CLASS_COLUMN = "rlnClassNumber"
_COORDINATES = ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")
_ANGLES = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
_FOREIGN_COLUMNS = ("rlnTomoName", *_COORDINATES, "rlnTomoTiltSeriesPixelSize", *_ANGLES)
_FOREIGN_BLOCKS: dict[str, Any] = {"particles": {"position": 0, "version": "30001", "particles": True}}


class StarListWriter(ListWriter):
    """A STAR list. Its other blocks, the optics groups among them, are repeated whole: RELION (obs_model.cpp) refuses
    particles of a group that is not defined, and minds no group without particles.

    A list from another format gets its coordinates in voxels of the tomogram, their size in
    rlnTomoTiltSeriesPixelSize (0 where it is unknown), and RELION's angles (0 where they are unknown).
    """

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._is_own = context.source_format == "relion"
        columns = [*(context.columns if self._is_own else _FOREIGN_COLUMNS)]
        wanted = [*([CLASS_COLUMN] if context.sets_class or not self._is_own else []), *context.extra_columns]
        columns += [name for name in wanted if name not in columns]
        blocks = context.source_blocks if self._is_own else _FOREIGN_BLOCKS
        self._table = StarTableWriter(self.open(f"{context.stem}.star"), blocks, columns)
        self._files.enter_context(self._table)

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows. Raises FormatProblem for a value no STAR file can hold."""
        rows = pa.Table.from_pandas(chunk.rows, preserve_index=False) if self._is_own else _foreign_rows(chunk)
        if CLASS_COLUMN in self._table.columns and (self.context.sets_class or not self._is_own):
            rows = set_column(rows, CLASS_COLUMN, pa.array(chunk.class_numbers).cast(pa.string()))
        for name in self.context.extra_columns:
            rows = set_column(rows, name, pa.array(chunk.extra[name], pa.string()))
        self._table.write(rows)


def _foreign_rows(chunk: ExportChunk) -> pa.Table:
    require_positions(chunk)
    columns = {"rlnTomoName": pa.array(chunk.tomograms, pa.string())}
    for name, values in zip(_COORDINATES, chunk.positions.T, strict=True):
        columns[name] = _fixed(values, 3)
    columns["rlnTomoTiltSeriesPixelSize"] = _fixed(chunk.voxel_sizes, 6)
    for name, values in zip(_ANGLES, chunk.angles.T, strict=True):
        columns[name] = _fixed(values, 6)
    return pa.table(columns)


def _fixed(values: NDArray[np.float64], digits: int) -> pa.Array:
    return pa.array([f"{value:.{digits}f}" for value in np.nan_to_num(values).tolist()], pa.string())
