"""Arrays stored in chunks that are unpacked here, each in no more memory than a chunk has, and kept a little while."""

import bz2
import itertools
import math
import threading
import zlib
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numcodecs import blosc, lz4, zstd
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem

LARGEST_CHUNK_BYTES = 256 * 2**20
"""Of one unpacked chunk. Programs write chunks of a few MB."""
_KEPT_BYTES = 64 * 2**20


class ChunkedArray(ABC):
    """An array of numbers in equal chunks. Parts are read as float32; safe to use from several threads.

    Raises FormatProblem if a chunk is larger than 256 MiB. Memory: the part, one chunk packed and unpacked, and 64 MiB
    of chunks that are kept for the next part.
    """

    def __init__(self, name: str, shape: Sequence[int], chunks: Sequence[int], voxel_type: np.dtype[Any]) -> None:
        self.name, self.shape, self.chunks, self.voxel_type = name, tuple(shape), tuple(chunks), voxel_type
        self.chunk_bytes = math.prod(self.chunks) * voxel_type.itemsize
        if not 0 < self.chunk_bytes <= LARGEST_CHUNK_BYTES:
            raise FormatProblem(
                f"{name} is stored in chunks of {self.chunk_bytes} bytes, more than the {LARGEST_CHUNK_BYTES} that are "
                "read; write it again with chunks of 128 voxels or so along an edge"
            )
        self._kept: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()

    @abstractmethod
    def load_chunk(self, place: tuple[int, ...]) -> NDArray[Any]:
        """Chunk `place`, counted in chunks along each axis, of the shape `chunks`. Raises FormatProblem."""

    def read(self, start: Sequence[int], size: Sequence[int]) -> NDArray[np.float32]:
        """The part of `size` from `start` on, which must lie inside the array."""
        part = np.empty(tuple(size), np.float32)
        ranges = [
            range(first // chunk, (first + count - 1) // chunk + 1)
            for first, count, chunk in zip(start, size, self.chunks, strict=True)
        ]
        for place in itertools.product(*ranges):
            corners = [index * chunk for index, chunk in zip(place, self.chunks, strict=True)]
            target = tuple(
                slice(max(corner - first, 0), min(corner + chunk - first, count))
                for corner, chunk, first, count in zip(corners, self.chunks, start, size, strict=True)
            )
            source = tuple(
                slice(where.start + first - corner, where.stop + first - corner)
                for where, corner, first in zip(target, corners, start, strict=True)
            )
            # What does not fit a float32 becomes infinite and is reported as such.
            with np.errstate(over="ignore", invalid="ignore"):
                part[target] = self._chunk(place)[source]
        return part

    def _chunk(self, place: tuple[int, ...]) -> NDArray[Any]:
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None:
                self._kept.move_to_end(place)
                return kept
        chunk = self.load_chunk(place)
        with self._lock:
            self._kept[place] = chunk
            while len(self._kept) > 1 and len(self._kept) * self.chunk_bytes > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return chunk


def most_stored(chunk_bytes: int) -> int:
    """How many bytes a packed chunk may take: hardly more than unpacked."""
    return chunk_bytes + chunk_bytes // 8 + 65_536


def unpack(codec: str, data: bytes | memoryview, size: int, name: str) -> bytes | memoryview:
    """Unpack `data`, which must give exactly `size` bytes; never more than that is unpacked.

    `codec` is one of zlib (also with a gzip header), bz2, zstd, blosc, lz4. Raises FormatProblem for damaged data.
    """
    try:
        if codec in ("zlib", "bz2"):
            unpacked: bytes | memoryview = _unpack_stream(codec, data, size)
        else:
            # 0xFF bytes, which are NaN as floats: what a short chunk leaves out is not taken for zeros.
            target = np.full(size, 0xFF, np.uint8)
            {"zstd": zstd, "blosc": blosc, "lz4": lz4}[codec].decompress(data, target)
            unpacked = target.data
    except (ValueError, RuntimeError, zlib.error, OSError, EOFError, MemoryError):
        raise FormatProblem(f"{name} is damaged: a chunk of it cannot be unpacked ({codec}); copy it again") from None
    if len(unpacked) != size:
        raise FormatProblem(f"{name} is damaged: a chunk of it has not {size} bytes; copy it again")
    return unpacked


def _unpack_stream(codec: str, data: bytes | memoryview, size: int) -> bytes:
    # 47: a zlib or a gzip header. One byte more than wanted shows that there is more.
    if codec == "zlib":
        return zlib.decompressobj(47).decompress(data, size + 1)
    return bz2.BZ2Decompressor().decompress(data, size + 1)
