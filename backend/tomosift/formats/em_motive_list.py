"""Motive lists in EM files (.em): 20 numbers a particle, as TOM, AV3, PyTom and novaSTA's kin exchange them.

Fields (from 1): 4 particle, 5 tomogram (7 in some), 8-10 position, 11-13 shift, 17-19 phi, psi, theta, 20 class.
Shifts are added. Positions count from 1, as Matlab does, so that ours are one less (ArtiaX and copick read them so).
Field names are those of cryoCAT. EM header: TOM toolbox, tom_emread.
"""

import base64
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from tomosift.formats.export_chunk import ExportChunk, ExportContext, OpenFile, chunk_angles
from tomosift.formats.list_columns import loose_numbers, read_whole_file, text_frame
from tomosift.formats.numbered_list import NumberedList, NumberedListWriter, counted_from
from tomosift.formats.orientations import av3_angles, rotation_from_av3
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.tomogram_numbers import read_tomogram_names

COLUMNS = (
    *("score", "geom1", "geom2", "subtomo_id", "tomo_id", "object_id", "subtomo_mean", "x", "y", "z"),
    *("shift_x", "shift_y", "shift_z", "geom3", "geom4", "geom5", "phi", "psi", "theta", "class"),
)
HEADER_BYTES = 512
_TYPES = {1: "i1", 2: "i2", 4: "i4", 5: "f4", 9: "f8"}
# A PC's file of float32.
_NEW_HEADER = bytes([6, 0, 0, 5]) + np.array([20, 1, 1], "<i4").tobytes() + bytes(HEADER_BYTES - 16)
_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class EmMotiveList(NumberedList):
    """An EM motive list; `blocks["em"]` holds its header in base 64."""

    format: ClassVar[str] = "em"
    coordinate_columns: ClassVar[tuple[str, str, str]] = ("x", "y", "z")
    shift_columns: ClassVar[tuple[str, str, str]] = ("shift_x", "shift_y", "shift_z")
    angle_columns: ClassVar[tuple[str, str, str]] = ("phi", "psi", "theta")
    first_voxel: ClassVar[int] = 1
    name_column: ClassVar[str] = "subtomo_id"

    @staticmethod
    def rotation(angles: ArrayLike) -> Rotation:
        return rotation_from_av3(angles)

    @property
    def tomogram_column(self) -> str:
        """Field 5; field 7 where only that is filled."""
        fifth, seventh = loose_numbers(self, "tomo_id"), loose_numbers(self, "subtomo_mean")
        return "subtomo_mean" if not np.any(fifth) and np.any(seventh) else "tomo_id"


def looks_like_em_list(path: Path, head: bytes) -> bool:
    """Whether an EM header stands at the begin of a table of 20 numbers a row."""
    try:
        _layout(head, path.stat().st_size, path.name)
    except (FormatProblem, OSError):
        return False
    return True


def read_em_motive_list(path: Path) -> ParticleList:
    """Read an EM motive list. Raises FormatProblem for a file cut off, or one whose rows have not 20 fields."""
    content = read_whole_file(path)
    dtype, count = _layout(content, len(content), path.name)
    values = np.frombuffer(content, dtype, count * len(COLUMNS), HEADER_BYTES).reshape(count, len(COLUMNS))
    values = values.astype(dtype.newbyteorder("="))
    columns = {name: pa.array(values[:, at].copy()).cast(pa.string()) for at, name in enumerate(COLUMNS)}
    header = base64.b64encode(content[:HEADER_BYTES]).decode()
    return EmMotiveList(
        ".em motive list", text_frame(columns), {"em": {"header": header}, "tomograms": read_tomogram_names(path)}
    )


class EmWriter(NumberedListWriter):
    """Writes one .em file; its header tells the number of particles, so the rows wait in a temporary file."""

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._rows = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        kept = context.source_blocks.get("em", {}).get("header")
        self._header = base64.b64decode(kept) if kept else _NEW_HEADER
        self._type, _ = _layout(self._header, sys.maxsize, "the header of the list")
        self._count = 0

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows."""
        if self.context.source_format == EmMotiveList.format:
            columns = self.original_columns(chunk)
            rows = np.stack([np.asarray(columns[name].cast(pa.float64())) for name in COLUMNS], axis=1)
        else:
            rows = self._numbers(chunk)
        self._rows.write(rows.astype(self._type).tobytes())
        self._count += len(chunk)

    def finish(self) -> None:
        """Write header and rows."""
        super().finish()
        target = self.open(f"{self.context.stem}.em")
        size = np.array([len(COLUMNS), self._count, 1], self._type.str[0].replace("|", "<") + "i4")
        target.write(self._header[:4] + size.tobytes() + self._header[16:])
        self._rows.seek(0)
        while piece := self._rows.read(_COPY_BYTES):
            target.write(piece)

    def _numbers(self, chunk: ExportChunk) -> NDArray[np.float64]:
        rows = np.zeros((len(chunk), len(COLUMNS)))
        numbers = np.asarray(self.tomogram_numbers(chunk), np.float64)
        rows[:, COLUMNS.index("subtomo_id")] = self._count + 1 + np.arange(len(chunk))
        rows[:, COLUMNS.index("tomo_id")] = rows[:, COLUMNS.index("subtomo_mean")] = numbers
        rows[:, 7:10] = counted_from(chunk.positions, EmMotiveList.first_voxel)
        rows[:, 16:19] = chunk_angles(chunk, av3_angles)
        rows[:, 19] = chunk.class_numbers
        return rows


def _layout(content: bytes, size: int, name: str) -> tuple[np.dtype[Any], int]:
    """The numbers' type and how many particles an EM file of `size` bytes holds, whose first are `content`."""
    if len(content) < HEADER_BYTES or content[3] not in _TYPES:
        raise FormatProblem(f"{name} does not begin with an EM header, so it is no .em file")
    for order in "<>":
        # The code of the machine is often wrong; the size makes sense in one byte order only.
        fields, count, sections = (int(edge) for edge in np.frombuffer(content, f"{order}i4", 3, 4))
        if (fields, sections) == (len(COLUMNS), 1) and count > 0:
            dtype = np.dtype(order + _TYPES[content[3]])
            expected = HEADER_BYTES + count * fields * dtype.itemsize
            # No size in a header is believed before the file is found to be that long.
            if expected > size:
                raise FormatProblem(
                    f"{name} has {size} bytes and needs {expected} for {count} particles; copy it again"
                )
            return dtype, count
    raise FormatProblem(
        f"{name} is no motive list: it has not 20 numbers a particle. If it is a volume, give the list that names it"
    )
