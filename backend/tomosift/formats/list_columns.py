"""What readers of particle lists share: whole small files, columns of texts, and numbers out of them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tomosift.formats.particle_list import ImageReference, ParticleList
from tomosift.formats.problem import FormatProblem

LONGEST_LIST_BYTES = 4 * 2**30
"""Above this a list is refused: it is held in memory, and ten million particles take less."""

MOST_COLUMNS = 1000
_ROWS_AT_ONCE = 20_000


def read_whole_file(path: Path, most: int = LONGEST_LIST_BYTES) -> bytes:
    """The bytes of a regular file of at most `most` bytes. Raises FormatProblem."""
    size = check_file(path, most)
    try:
        with path.open("rb") as file:
            # Python takes the memory for as much as it is asked to read.
            content = file.read(size)
    except OSError:
        raise FormatProblem(f"{path.name} cannot be read by this program; check its permissions") from None
    return content


def check_file(path: Path, most: int = LONGEST_LIST_BYTES) -> int:
    """The size of a file. Raises FormatProblem for what is no regular file, or one of more than `most` bytes."""
    try:
        # A named pipe would hold the program up for ever.
        is_file, size = path.is_file(), path.stat().st_size
    except (OSError, ValueError):
        is_file, size = False, 0
    if not is_file:
        raise FormatProblem(f"{path.name} does not exist or is no file")
    if size > most:
        raise FormatProblem(f"{path.name} is longer than {most // 2**20} MiB, too long for a list; split it")
    return size


def decode_text(content: bytes, name: str) -> str:
    """UTF-8 text without a byte order mark. Raises FormatProblem for anything else, zero bytes included."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatProblem(f"{name} is not a text file in UTF-8") from None
    if "\0" in text:
        raise FormatProblem(f"{name} holds zero bytes, so it is no text file")
    return text


def text_frame(columns: Mapping[str, Sequence[str] | pa.Array | pa.ChunkedArray]) -> pd.DataFrame:
    """Columns of texts as one table, in Arrow's memory."""
    arrays = {
        name: column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, pa.string())
        for name, column in columns.items()
    }
    frame: pd.DataFrame = pa.table(arrays).to_pandas()
    return frame


class TextRows:
    """Collects rows with whatever columns they have, in Arrow's memory; what a row lacks is an empty text."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[Mapping[str, str]] = []
        self._columns: dict[str, None] = {}
        self._parts: list[pa.Table] = []

    def add(self, cells: Mapping[str, str]) -> None:
        """Add a row; columns stand in the order in which they first appear. Raises FormatProblem for too many."""
        self.count += 1
        self._columns |= dict.fromkeys(cells)
        if len(self._columns) > MOST_COLUMNS:
            raise FormatProblem(f"its rows have more than {MOST_COLUMNS} different columns; leave some out", self.count)
        self._waiting.append(cells)
        if len(self._waiting) == _ROWS_AT_ONCE:
            self._pack()

    def frame(self) -> pd.DataFrame:
        """All rows as one table."""
        self._pack()
        parts = [_filled(part, list(self._columns)) for part in self._parts]
        frame: pd.DataFrame = pa.concat_tables(parts).to_pandas()
        return frame

    def _pack(self) -> None:
        if self._waiting:
            columns = {name: [cells.get(name, "") for cells in self._waiting] for name in self._columns}
            self._parts.append(pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()}))
            self._waiting = []


def _filled(part: pa.Table, columns: Sequence[str]) -> pa.Table:
    empty = pa.array([""] * part.num_rows, pa.string())
    return pa.table({name: part[name] if name in part.column_names else empty for name in columns})


def column_numbers(table: ParticleList, column: str) -> NDArray[np.float64] | None:
    """A column as float64 `(n,)`; None without it. Raises FormatProblem for a value that is no finite number."""
    numbers = loose_numbers(table, column)
    if numbers is None:
        return None
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        text = str(table.rows[column].iloc[int(bad[0])])
        raise FormatProblem(f"{text[:60]!r} is not a number", row=int(bad[0]) + 1, column=column)
    return numbers


def loose_numbers(table: ParticleList, column: str) -> NDArray[np.float64] | None:
    """A column as float64 `(n,)`, NaN for what is no number; None without it."""
    if column not in table.columns:
        return None
    return np.asarray(pd.to_numeric(table.rows[column], errors="coerce").to_numpy(np.float64, na_value=np.nan))


def column_triples(table: ParticleList, columns: Sequence[str]) -> NDArray[np.float64] | None:
    """Three columns as `(n, 3)`; None unless all are there. Raises FormatProblem as `column_numbers`."""
    found = [numbers for column in columns if (numbers := column_numbers(table, column)) is not None]
    return np.stack(found, axis=1) if len(found) == len(columns) else None


def positive_or_nan(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Voxel sizes, NaN for those that stand for unknown: zero, negative or infinite."""
    return np.where((sizes > 0) & np.isfinite(sizes), sizes, np.nan)


def parse_image_reference(text: str, row: int, column: str) -> ImageReference:
    """`000012@stack.mrcs` or `particle.mrc`. Raises FormatProblem for what names no image."""
    number, at, path = text.partition("@")
    if not (at and re.fullmatch(r"[0-9]{1,18}", number)):
        number, path = "", text
    if not path or (number and int(number) == 0):
        raise FormatProblem(
            f"{text[:80]!r} names no image; it should read like 000001@stack.mrcs or particle.mrc, counted from 1",
            row=row,
            column=column,
        )
    return ImageReference(path, int(number) if number else None)
