"""What every writer of a particle list is given, and what it does with it: the interface of all of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tomosift.formats.orientations import known_angles, rotation_from_relion
from tomosift.formats.particle_list import JsonBlock
from tomosift.formats.problem import FormatProblem

OpenFile = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens a new file by its path inside the export, `/` between folders. An error inside the context unmakes it."""


@dataclass(frozen=True)
class ExportContext:
    """What holds for all rows. `stem` names the file (without its extension), or the folder of many.

    `columns` are those of each chunk's `rows`, `extra_columns` the keys of its `extra`. Where the rows come from a
    list of the writer's own format (`source_format` is its key), the writer repeats them as they were, with the
    class in its place, and `source_blocks` tell what else was in that list. `sets_class` False keeps the class that
    the rows have there.
    """

    stem: str
    class_names: Sequence[str]
    """Class number k (from 1) is `class_names[k - 1]`."""
    columns: Sequence[str] = ()
    extra_columns: Sequence[str] = ()
    source_format: str | None = None
    source_blocks: Mapping[str, JsonBlock] = field(default_factory=dict)
    source_class_column: str | None = None
    sets_class: bool = True


@dataclass(frozen=True)
class ExportChunk:
    """Some thousands of particles, one a row. Everything unknown is NaN, 0 or an empty text.

    `positions` `(n, 3)` are x, y, z in voxels of `voxel_sizes` Å `(n,)`, from the centre of the tomogram's first
    voxel, with shifts applied; `angles` `(n, 3)` are RELION's rot, tilt, psi in degrees.
    """

    rows: pd.DataFrame
    """The original columns as texts; no columns where there is no list behind them."""
    ids: NDArray[np.int64]
    tomograms: Sequence[str]
    positions: NDArray[np.float64]
    voxel_sizes: NDArray[np.float64]
    angles: NDArray[np.float64]
    class_numbers: NDArray[np.int64]
    class_names: Sequence[str]
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


class ListWriter(ABC):
    """Writes chunks one after another in bounded memory. Use it as a context: a clean end finishes the files.

    Raises FormatProblem for rows that the format cannot hold.
    """

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        self.context = context
        self._open_file = open_file
        self._files = ExitStack()

    @abstractmethod
    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows."""

    def finish(self) -> None:  # noqa: B027 (most writers have nothing left to write)
        """Write what can only be written at the end."""

    def open(self, path: str) -> BinaryIO:
        """Open a file that stays open until the writer's end."""
        return self._files.enter_context(self._open_file(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._files:
            if error is None:
                self.finish()
            else:
                # Whoever gave the files must see the error, so that half a list is never kept.
                self._files.__exit__(kind, error, at)


def number_texts(values: NDArray[np.float64] | NDArray[np.int64]) -> list[str]:
    """The shortest texts that read as the same numbers."""
    texts: list[str] = pa.array(values).cast(pa.string()).to_pylist()
    return texts


def chunk_angles(chunk: ExportChunk, convert: Callable[..., NDArray[np.float64]]) -> NDArray[np.float64]:
    """The chunk's orientations by `convert` (rotation → `(n, 3)` degrees); 0, 0, 0 where they are unknown."""
    known = known_angles(chunk.angles)
    angles = np.zeros((len(chunk), 3))
    if known.any():
        # Rounded where the arithmetic has no digits left, so that 90 degrees stay 90.
        angles[known] = np.round(convert(rotation_from_relion(chunk.angles[known])), 9)
    return angles


def require_positions(chunk: ExportChunk, *, in_angstrom: bool = False) -> None:
    """Raises FormatProblem for a particle without a position (or, `in_angstrom`, without a voxel size)."""
    missing = np.flatnonzero(~np.isfinite(chunk.positions).all(axis=1))
    if missing.size:
        raise FormatProblem(
            f"particle {chunk.ids[missing[0]]} has no position in a tomogram, which this format needs; "
            "export as CSV or Parquet, or import the list together with its tomograms"
        )
    missing = np.flatnonzero(~(chunk.voxel_sizes > 0)) if in_angstrom else missing
    if missing.size:
        raise FormatProblem(
            f"the tomogram of particle {chunk.ids[missing[0]]} has no known voxel size, which this format needs for "
            "positions in Å; export as CSV or Parquet"
        )
