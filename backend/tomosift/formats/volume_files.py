"""Opens every kind of volume file by its content, and keeps the last few open."""

import threading
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.byte_source import open_bytes
from tomosift.formats.em_volume import open_em, parse_em_header
from tomosift.formats.hdf_volumes import SIGNATURE, HdfVolumeFile
from tomosift.formats.mrc import open_mrc
from tomosift.formats.mrc_header import HEADER_BYTES, is_marked_mrc
from tomosift.formats.ome_zarr import OmeZarrFile, is_zarr
from tomosift.formats.volume_file import VolumeFile

_MOST_OPEN_FILES = 32


def open_volume_file(path: Path) -> VolumeFile:
    """The volume file at `path`: MRC or EM (plain or gzipped), EMAN2's HDF5, or a folder of OME-Zarr.

    Raises FormatProblem for what is none of these.
    """
    if is_zarr(path):
        return OmeZarrFile(path)
    source = open_bytes(path)
    head = source.head(HEADER_BYTES)
    if head.startswith(SIGNATURE):
        source.close()
        return HdfVolumeFile(path)
    if not is_marked_mrc(head) and parse_em_header(head) is not None:
        return open_em(source)
    return open_mrc(source)


def read_volume(path: Path) -> NDArray[np.float32]:
    """Everything in the file as one volume `(z, y, x)` of any shape. Raises FormatProblem, also for NaN in it."""
    with open_volume_file(path) as volume:
        return volume.read_volume()


def read_cube(path: Path, index: int | None = None) -> NDArray[np.float32]:
    """One cube `(z, y, x)` as float32: the whole file, or cube `index` of a pile, counted from 1.

    Raises FormatProblem for a file that cannot be read, does not hold that cube, or holds NaN or infinities in it.
    """
    with open_volume_file(path) as volume:
        return volume.read_cube(index)


class VolumeReader:
    """Opens many files and keeps the last 32 open. Safe to use from several threads.

    Of files that hold voxels in memory while open (.gz, Zarr, packed HDF5) it keeps one. A file that it lets go of
    while somebody still reads it stays open until they are done.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[Path, VolumeFile] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            self._open.clear()

    def open(self, path: Path) -> VolumeFile:
        """The open file; do not close it. Raises FormatProblem as `open_volume_file` does."""
        with self._lock:
            if path in self._open:
                self._open.move_to_end(path)
                return self._open[path]
            volume = open_volume_file(path)
            if volume.holds_memory:
                for other in [other for other, held in self._open.items() if held.holds_memory]:
                    del self._open[other]
            self._open[path] = volume
            if len(self._open) > _MOST_OPEN_FILES:
                self._open.popitem(last=False)
            return volume
