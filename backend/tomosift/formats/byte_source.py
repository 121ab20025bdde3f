"""The bytes of a volume file, plain or gzipped: read where they lie, never believed to be there before they are.

Plain files are read with `preadv` and never mapped, so a file that shrinks meanwhile is an error and not a crash.
"""

import gzip
import os
import zlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem

LARGEST_UNPACKED = 2 * 2**30
"""Gzipped files are held in memory whole, so larger ones are refused."""
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_STEP = 16 * 2**20
_MOST_BYTES_A_READ = 2**30


class ByteSource(ABC):
    """Bytes at offsets. `holds_memory` tells whether it keeps the file in memory."""

    holds_memory: bool
    name: str

    @abstractmethod
    def head(self, count: int) -> bytes:
        """The first bytes, fewer where there are fewer."""

    @abstractmethod
    def require(self, size: int) -> None:
        """Make the first `size` bytes readable. Raises FormatProblem if there are not so many."""

    @abstractmethod
    def read_into(self, offset: int, target: NDArray[Any]) -> None:
        """Fill `target`, contiguous, with the bytes from `offset` on. Raises FormatProblem where they end."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""


def open_bytes(path: Path) -> ByteSource:
    """The bytes of a file, unpacked if they are gzip's. Raises FormatProblem for what cannot be read."""
    source = _PlainBytes(path)
    if source.head(2) == _GZIP_MAGIC or path.suffix.lower() == ".gz":
        source.close()
        return _UnpackedBytes(path)
    return source


def unreadable(name: str, error: Exception) -> FormatProblem:
    """What to tell the user about an error of the operating system or of gzip."""
    if isinstance(error, FileNotFoundError):
        return FormatProblem(f"{name} does not exist")
    if isinstance(error, PermissionError):
        return FormatProblem(f"{name} may not be read by this program; change its permissions")
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        return FormatProblem(f"{name} is no complete gzip file; copy it again")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return FormatProblem(f"{name} cannot be read ({reason})")


class _PlainBytes(ByteSource):
    holds_memory = False

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._descriptor = -1
        try:
            # O_NONBLOCK: a named pipe must not hold the program up; it cannot be read at an offset.
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            raise unreadable(self.name, error) from None

    def __del__(self) -> None:
        self.close()

    def head(self, count: int) -> bytes:
        try:
            return os.pread(self._descriptor, count, 0)
        except OSError as error:
            raise unreadable(self.name, error) from None

    def require(self, size: int) -> None:
        _check_length(self.name, size, os.fstat(self._descriptor).st_size)

    def read_into(self, offset: int, target: NDArray[Any]) -> None:
        view = target.reshape(-1).view(np.uint8).data
        while view:
            try:
                count = os.preadv(self._descriptor, [view[:_MOST_BYTES_A_READ]], offset)
            except OSError as error:
                raise unreadable(self.name, error) from None
            if not count:
                raise FormatProblem(f"{self.name} became shorter while it was read")
            view, offset = view[count:], offset + count

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _UnpackedBytes(ByteSource):
    holds_memory = True

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._data = b""

    def head(self, count: int) -> bytes:
        return self._unpack(count)

    def require(self, size: int) -> None:
        """Unpack as far as that; a file that would unpack to more is not unpacked further."""
        if size > LARGEST_UNPACKED:
            raise FormatProblem(f"{self.name} unpacks to {size} bytes; unpack files over 2 GiB before the import")
        self._data = self._unpack(size)
        _check_length(self.name, size, len(self._data))

    def read_into(self, offset: int, target: NDArray[Any]) -> None:
        view = target.reshape(-1).view(np.uint8)
        view[:] = np.frombuffer(self._data, np.uint8, view.size, offset)

    def close(self) -> None:
        self._data = b""

    def _unpack(self, wanted: int) -> bytes:
        parts: list[bytes] = []
        try:
            with gzip.open(self._path, "rb") as file:
                while wanted and (part := file.read(min(wanted, _GZIP_STEP))):
                    parts.append(part)
                    wanted -= len(part)
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(self.name, error) from None
        return b"".join(parts)


def _check_length(name: str, expected: int, size: int) -> None:
    if size < expected:
        raise FormatProblem(
            f"{name} is cut off: its header promises {expected} bytes, the file has {size}; copy it again"
        )
