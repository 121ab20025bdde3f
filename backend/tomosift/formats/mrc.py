"""Reads cubes from MRC files and stacks (.mrc .map .rec .mrcs .st, and these with .gz), and writes them.

A cube is read with one `pread` from where it lies, so a stack of a hundred gigabytes is opened once and never mapped:
a file that shrinks meanwhile is an error and not a crash. No size in a header is believed before the file is found
to be that long.
"""

import gzip
import os
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.mrc_header import HEADER_BYTES, VolumeHeader, new_header, parse_header
from tomosift.formats.problem import FormatProblem

_MOST_OPEN_FILES = 32
# Unpacked .gz files are held in memory whole.
_LARGEST_UNPACKED = 2 * 2**30
_GZIP_STEP = 16 * 2**20


def inspect_volume(path: Path) -> VolumeHeader:
    """The checked header of an MRC file. Raises FormatProblem, also for a file shorter than its header says."""
    with _OpenVolume(path) as volume:
        return volume.header


def read_volume(path: Path) -> NDArray[np.float32]:
    """Everything in the file as one volume `(z, y, x)` of any shape. Raises FormatProblem, also for NaN in it."""
    with _OpenVolume(path) as volume:
        return volume.read_sections(0, volume.header.n_sections, path.name)


def read_cube(path: Path, index: int | None = None) -> NDArray[np.float32]:
    """One cube `(z, y, x)` as float32: the whole file, or cube `index` of a pile, counted from 1.

    Raises FormatProblem for a file that cannot be read, does not hold that cube, or holds NaN or infinities in it.
    """
    with VolumeReader() as reader:
        return reader.read(path, index)


class VolumeReader:
    """Reads cubes from many files and keeps the last few open. Safe to use from several threads."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, _OpenVolume] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            self._open.clear()

    def header(self, path: Path) -> VolumeHeader:
        """The file's checked header, as `inspect_volume` gives it."""
        return self._opened(path).header

    def read(self, path: Path, index: int | None = None) -> NDArray[np.float32]:
        """One cube; see `read_cube`."""
        return self._opened(path).read_cube(index)

    def _opened(self, path: Path) -> "_OpenVolume":
        with self._lock:
            if path in self._open:
                self._open.move_to_end(path)
                return self._open[path]
            volume = _OpenVolume(path)
            if volume.is_unpacked:
                # One unpacked file at a time, as it fills memory.
                for other in [other for other, held in self._open.items() if held.is_unpacked]:
                    del self._open[other]
            self._open[path] = volume
            if len(self._open) > _MOST_OPEN_FILES:
                self._open.popitem(last=False)
            return volume


class _OpenVolume:
    """An open MRC file with its header. Its descriptor closes when the last user lets go of it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        self._unpacked: bytes | None = None
        if path.suffix == ".gz":
            self.header, self._unpacked = _unpack(path)
            size = HEADER_BYTES + len(self._unpacked)
        else:
            try:
                # O_NONBLOCK: a named pipe must not hold the program up; it cannot be read at an offset.
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
                self.header = parse_header(os.pread(self._descriptor, HEADER_BYTES, 0), path.name)
            except OSError as error:
                raise _unreadable(path, error) from None
            size = os.fstat(self._descriptor).st_size
        _check_length(self.header, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __del__(self) -> None:
        self._close()

    @property
    def is_unpacked(self) -> bool:
        return self._unpacked is not None

    def read_cube(self, index: int | None) -> NDArray[np.float32]:
        where = f"cube {index} of {self.header.name}" if index is not None else self.header.name
        return self.read_sections(*sections_of_cube(self.header, index), where)

    def read_sections(self, first: int, count: int, where: str) -> NDArray[np.float32]:
        """`count` of the z sections from `first` on; a part of them only where the axes are not permuted."""
        header = self.header
        sections, rows, row_bytes = header.bytes_of_rows
        if count != header.n_sections:
            sections = count
        data = self._bytes_at(header.data_offset + first * rows * row_bytes, sections * rows * row_bytes)
        stored = _decode(header, data, (sections, rows, row_bytes))
        # The file's axes to z, y, x.
        cube = np.ascontiguousarray(stored.transpose(np.argsort(header.axis_order)), np.float32)
        bad = cube.size - int(np.isfinite(cube).sum())
        if bad:
            raise FormatProblem(
                f"{where} holds {bad} voxels that are NaN or infinite, of {cube.size}; extract it again or leave it out"
            )
        return cube

    def _bytes_at(self, offset: int, size: int) -> bytes:
        if self._unpacked is not None:
            start = offset - HEADER_BYTES
            return self._unpacked[start : start + size]
        parts: list[bytes] = []
        while size:
            # A single read returns at most 2 GiB.
            part = os.pread(self._descriptor, min(size, 2**30), offset)
            if not part:
                raise FormatProblem(f"{self.header.name} became shorter while it was read")
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def write_cube(path: Path, volume: NDArray[np.float32], voxel_size: float) -> None:
    """Write one volume `(z, y, x)` as an MRC file of mode 2, `voxel_size` in Å."""
    write_stack(path, [volume], voxel_size)


def write_stack(path: Path, volumes: Sequence[NDArray[np.float32]], voxel_size: float) -> None:
    """Write volumes of one shape piled along z, as RELION reads `000001@stack.mrcs` for cubes.

    One volume gets space group 1, several get 401 (a volume stack of MRC2014).
    """
    pile = np.concatenate([np.asarray(volume, "<f4") for volume in volumes])
    if pile.ndim != 3 or pile.size == 0:
        raise ValueError(f"an MRC file needs volumes (z, y, x), not a pile of shape {pile.shape}")
    exact = pile.astype(np.float64)
    statistics = (float(pile.min()), float(pile.max()), float(exact.mean()), float(exact.std()))
    depth, height, width = pile.shape
    with path.open("wb") as file:
        file.write(new_header((depth, height, width), voxel_size, len(volumes), statistics))
        file.write(pile.tobytes())


def sections_of_cube(header: VolumeHeader, index: int | None) -> tuple[int, int]:
    """The first section of the cube and how many it has. Raises FormatProblem where there is no such cube."""
    columns, rows, sections = header.shape_zyx[::-1]
    cubes = header.n_cubes
    size = f"{columns} × {rows} × {sections} voxels (x, y, z)"
    if sections == 1:
        raise FormatProblem(
            f"{header.name} is a 2D image ({columns} × {rows}); extract 3D subtomograms and import them"
        )
    if cubes is None:
        raise FormatProblem(
            f"{header.name} has {size}, which is neither a cube nor a pile of cubes; extract with a cubic box"
        )
    if cubes > 1 and header.axis_order != (0, 1, 2):
        raise FormatProblem(f"{header.name} is a pile of cubes whose axes are permuted; write it again as x, y, z")
    if index is None:
        if cubes > 1:
            raise FormatProblem(
                f"{header.name} holds {cubes} cubes of {columns} voxels, so the list must say which: "
                f"rlnImageName 000001@{header.name} is the first"
            )
        return 0, sections
    if not 1 <= index <= cubes:
        raise FormatProblem(f"{header.name} holds the cubes 1 to {cubes}, so there is no cube {index}")
    return (index - 1) * columns, columns


def _check_length(header: VolumeHeader, size: int) -> None:
    expected = header.data_offset + header.data_bytes
    if size < expected:
        raise FormatProblem(
            f"{header.name} is cut off: its header promises {expected} bytes, the file has {size}; copy it again"
        )


def _decode(header: VolumeHeader, data: bytes, shape: tuple[int, int, int]) -> NDArray[Any]:
    sections, rows, row_bytes = shape
    if header.mode != 101:
        return np.frombuffer(data, header.voxel_type).reshape(sections, rows, -1)
    packed = np.frombuffer(data, np.uint8).reshape(sections, rows, row_bytes)
    # The lower half of a byte comes first.
    voxels = np.stack([packed & 15, packed >> 4], axis=-1).reshape(sections, rows, 2 * row_bytes)
    return voxels[:, :, : header.shape_zyx[header.axis_order[2]]]


def _unpack(path: Path) -> tuple[VolumeHeader, bytes]:
    """Header and everything after it; never more than the header promises is unpacked."""
    try:
        with gzip.open(path, "rb") as file:
            header = parse_header(file.read(HEADER_BYTES), path.name)
            wanted = header.data_offset - HEADER_BYTES + header.data_bytes
            if wanted > _LARGEST_UNPACKED:
                raise FormatProblem(f"{path.name} unpacks to {wanted} bytes; unpack files over 2 GiB before the import")
            parts: list[bytes] = []
            while wanted and (part := file.read(min(wanted, _GZIP_STEP))):
                parts.append(part)
                wanted -= len(part)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None
    return header, b"".join(parts)


def _unreadable(path: Path, error: Exception) -> FormatProblem:
    if isinstance(error, FileNotFoundError):
        return FormatProblem(f"{path.name} does not exist")
    if isinstance(error, PermissionError):
        return FormatProblem(f"{path.name} may not be read by this program; change its permissions")
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        return FormatProblem(f"{path.name} is no complete gzip file; copy it again")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return FormatProblem(f"{path.name} cannot be read ({reason})")
