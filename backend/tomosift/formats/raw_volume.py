"""Volumes whose voxels lie one after the other in a file, as in MRC and EM: any part is read by itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.byte_source import ByteSource
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_file import VolumeFile, count_cubes, one_voxel_size, voxel_size_notes

# Rows up to this long are read with what lies between them: a system call costs more than the bytes.
_SHORT_ROW_BYTES = 16 * 1024
_RUN_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class VoxelLayout:
    """Where the voxels are: from byte `offset` on, sections of rows of columns, as many as `stored_shape` tells."""

    offset: int
    stored_shape: tuple[int, int, int]
    """Sections, rows, columns as they lie in the file."""
    axis_order: tuple[int, int, int]
    """The file's (section, row, column) axes as indices into (z, y, x)."""
    voxel_type: np.dtype[Any]
    is_four_bit: bool = False
    """Two voxels a byte, the lower half first; a row begins with a new byte."""

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """The data once its axes are permuted to z, y, x."""
        shape = [0, 0, 0]
        for size, axis in zip(self.stored_shape, self.axis_order, strict=True):
            shape[axis] = size
        return shape[0], shape[1], shape[2]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        columns = self.stored_shape[2]
        return (columns + 1) // 2 if self.is_four_bit else columns * self.voxel_type.itemsize

    @property
    def end(self) -> int:
        """The byte behind the last voxel."""
        sections, rows, _ = self.stored_shape
        return self.offset + sections * rows * self.row_bytes


class RawVolumeFile(VolumeFile):
    """An open file of raw voxels. Raises FormatProblem for a file that is shorter than its layout."""

    def __init__(
        self,
        source: ByteSource,
        layout: VoxelLayout,
        voxel_sizes_zyx: tuple[float, float, float] | None,
        notes: tuple[str, ...],
    ) -> None:
        source.require(layout.end)
        self.name = source.name
        self.shape_zyx = layout.shape_zyx
        self.n_cubes = count_cubes(layout.shape_zyx)
        self.voxel_size = one_voxel_size(voxel_sizes_zyx)
        self.notes = notes + voxel_size_notes(voxel_sizes_zyx)
        self.holds_memory = source.holds_memory
        self._source, self._layout = source, layout
        self._is_plain_float = layout.voxel_type == np.dtype("<f4") and np.little_endian

    def read_cube(self, index: int | None) -> NDArray[np.float32]:
        """As VolumeFile; only the cube is read."""
        number = self.number_of_cube(index)
        if self.n_cubes != 1 and self._layout.axis_order != (0, 1, 2):
            raise FormatProblem(f"{self.name} is a pile of cubes whose axes are permuted; write it again as x, y, z")
        edge = self.shape_zyx[2]
        where = f"cube {index} of {self.name}" if index is not None else self.name
        return self.check_finite(self._read((number * edge, 0, 0), (edge, edge, edge)), where)

    def read_box(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        """As VolumeFile."""
        self.check_box(start_zyx, shape_zyx)
        is_whole = shape_zyx == self.shape_zyx
        where = self.name if is_whole else f"the box at x, y, z = {start_zyx[::-1]} of {self.name}"
        return self.check_finite(self._read(start_zyx, shape_zyx), where)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def _read(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        order = self._layout.axis_order
        starts, sizes = [start_zyx[axis] for axis in order], [shape_zyx[axis] for axis in order]
        stored = np.empty(sizes, np.float32)
        _, rows, columns = self._layout.stored_shape
        if sizes[2] == columns and sizes[1] == rows:
            self._read_rows(starts[0] * rows, stored.reshape(-1, columns))
        else:
            for place in range(sizes[0]):
                self._read_section(starts[0] + place, starts[1], starts[2], stored[place])
        if order == (0, 1, 2):
            return stored
        return np.ascontiguousarray(stored.transpose(np.argsort(order)))

    def _read_section(self, section: int, first_row: int, first_column: int, target: NDArray[np.float32]) -> None:
        _, rows, columns = self._layout.stored_shape
        row = section * rows + first_row
        height, width = target.shape
        if width == columns:
            self._read_rows(row, target)
        elif self._layout.is_four_bit or self._layout.row_bytes <= _SHORT_ROW_BYTES:
            at_once = max(1, _RUN_BYTES // self._layout.row_bytes)
            for start in range(0, height, at_once):
                part = target[start : start + at_once]
                part[:] = self._stored_rows(row + start, len(part))[:, first_column : first_column + width]
        else:
            item = self._layout.voxel_type.itemsize
            offset = self._layout.offset + row * self._layout.row_bytes + first_column * item
            pieces = np.empty((height, width), self._layout.voxel_type)
            for place in range(height):
                self._source.read_into(offset + place * self._layout.row_bytes, pieces[place])
            _convert(pieces, target)

    def _read_rows(self, first: int, target: NDArray[np.float32]) -> None:
        """Whole rows, counted through all sections, as float32."""
        if self._is_plain_float:
            self._source.read_into(self._layout.offset + first * self._layout.row_bytes, target)
            return
        at_once = max(1, _RUN_BYTES // self._layout.row_bytes)
        for start in range(0, len(target), at_once):
            part = target[start : start + at_once]
            _convert(self._stored_rows(first + start, len(part)), part)

    def _stored_rows(self, first: int, count: int) -> NDArray[Any]:
        layout = self._layout
        raw = np.empty((count, layout.row_bytes), np.uint8)
        self._source.read_into(layout.offset + first * layout.row_bytes, raw)
        if not layout.is_four_bit:
            return raw.view(layout.voxel_type)
        voxels = np.stack([raw & 15, raw >> 4], axis=-1).reshape(count, -1)
        return voxels[:, : layout.stored_shape[2]]


def _convert(stored: NDArray[Any], target: NDArray[np.float32]) -> None:
    # What does not fit a float32 becomes infinite and is reported as such.
    with np.errstate(over="ignore", invalid="ignore"):
        target[:] = stored
