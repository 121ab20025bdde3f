"""Rows that belong into many files, while they come in any order: kept on the disk until the end."""

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray


class GroupedLines:
    """Collects lines by group in a temporary file; 20 bytes of memory a line."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed at the end of the context)
        self._groups: list[NDArray[np.int32]] = []
        self._lengths: list[NDArray[np.int64]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, groups: Sequence[int], lines: Sequence[bytes]) -> None:
        """Keep some lines, each with the number of its group."""
        self._file.writelines(lines)
        self._groups.append(np.asarray(groups, np.int32))
        self._lengths.append(np.fromiter(map(len, lines), np.int64, len(lines)))

    def lines_by_group(self) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Each group with its lines, in the order they came."""
        if not self._groups:
            return
        groups, lengths = np.concatenate(self._groups), np.concatenate(self._lengths)
        starts = np.cumsum(lengths) - lengths
        order = np.argsort(groups, kind="stable")
        first_of_each = np.flatnonzero(np.diff(groups[order], prepend=-1))
        self._file.flush()
        # Nobody else has this file, so that it cannot shrink under the map.
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            for rows in np.split(order, first_of_each[1:]):
                yield int(groups[rows[0]]), _cut(lines, starts[rows], lengths[rows])


def _cut(lines: mmap.mmap, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Iterator[bytes]:
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        yield lines[start : start + length]
