"""Fast reads of single volumes out of uncompressed local Zarr shards.

A training batch is a few dozen volumes from anywhere in the pool. Zarr reads a shard's index anew for each
request and goes through an event loop; here the index of each shard is read once, and a volume is one `preadv`
straight into the batch (figures: benchmarks/volume_store.py). The layout is that of the Zarr v3 sharding codec:
chunks in any order, then one (offset, length) pair of uint64 a chunk, then the CRC-32C of these.
"""

import os
import threading
import uuid
from collections import OrderedDict
from pathlib import Path

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from tomosift.volumes.trusted_metadata import VolumeStoreProblem

_ABSENT = np.uint64(0xFFFFFFFFFFFFFFFF)
_MOST_OPEN_SHARDS = 128


class ShardReader:
    """Reads volumes from the shard files of one array. Safe to use from several threads."""

    def __init__(self, folder: Path, shape: tuple[int, int, int, int], shard_length: int) -> None:
        self._folder = folder
        self._volume_shape = shape[1:]
        self._shard_length = shard_length
        self._open_shards: OrderedDict[int, _Shard] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Volumes at `indices`, `(n, z, y, x)`. Raises VolumeStoreProblem for one that was never written."""
        batch = np.empty((len(indices), *self._volume_shape), "<f4")
        shard_numbers, places = np.divmod(indices, self._shard_length)
        # In the order of the disk, each shard looked up once.
        for shard_number in np.unique(shard_numbers).tolist():
            rows = np.flatnonzero(shard_numbers == shard_number)
            shard = self._shard(shard_number)
            for row in rows[np.argsort(places[rows])].tolist():
                shard.read_into(int(places[row]), batch[row])
        return batch

    def forget(self, shard_number: int) -> None:
        """Open the shard anew next time, because it was replaced."""
        with self._lock:
            self._open_shards.pop(shard_number, None)

    def _shard(self, number: int) -> "_Shard":
        with self._lock:
            shard = self._open_shards.get(number)
            if shard is None:
                shard = _Shard(self._folder / "c" / f"{number}" / "0" / "0" / "0", self._shard_length)
                self._open_shards[number] = shard
                if len(self._open_shards) > _MOST_OPEN_SHARDS:
                    self._open_shards.popitem(last=False)
            else:
                self._open_shards.move_to_end(number)
            return shard


class _Shard:
    """One open shard file and its index. The file closes when the last thread lets go of it."""

    def __init__(self, path: Path, length: int) -> None:
        self._name = f"{path.parents[4].name}, shard {path.parents[2].name}"
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise VolumeStoreProblem(f"volumes {self._name}: was never written") from None
        self._offsets = self._read_index(length)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def read_into(self, place: int, volume: NDArray[np.float32]) -> None:
        offset, length = self._offsets[place]
        if offset == _ABSENT:
            raise VolumeStoreProblem(f"volumes {self._name}: volume {place} of it was never written")
        if length != volume.nbytes:
            raise VolumeStoreProblem(
                f"volumes {self._name}: volume {place} of it has {length} bytes, not {volume.nbytes}"
            )
        view, position = volume.reshape(-1).view(np.uint8).data, int(offset)
        while view:
            count = os.preadv(self._descriptor, [view], position)
            if count == 0:
                raise VolumeStoreProblem(f"volumes {self._name}: the file ends inside volume {place} of it")
            view, position = view[count:], position + count

    def _read_index(self, length: int) -> NDArray[np.uint64]:
        size = index_bytes(length)
        start = os.fstat(self._descriptor).st_size - size
        index = parse_index(os.pread(self._descriptor, size, start), length) if start >= 0 else None
        if index is None:
            raise VolumeStoreProblem(f"volumes {self._name}: its index is damaged; import the source again")
        return index


def index_bytes(length: int) -> int:
    """How many bytes at the end of a shard of `length` volumes are its index and the checksum."""
    return length * 16 + 4


def write_shard(path: Path, batch: NDArray[np.float32], length: int) -> None:
    """Write volumes `(n, z, y, x)` as a shard of `length` whose last ones may be missing, as Zarr does, and flush it.

    The file appears whole. Zarr's own path takes three times the work, in pieces of a volume.
    """
    volumes = np.ascontiguousarray(batch, "<f4")
    size = volumes[0].nbytes
    index = np.full((length, 2), _ABSENT, "<u8")
    index[: len(volumes), 0] = np.arange(len(volumes), dtype=np.uint64) * np.uint64(size)
    index[: len(volumes), 1] = size
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with temporary.open("xb") as file:
            file.write(volumes.data)
            file.write(index.data)
            file.write(int(google_crc32c.value(index.tobytes())).to_bytes(4, "little"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def parse_index(data: bytes, length: int) -> NDArray[np.uint64] | None:
    """Offset and byte count of each volume, `(length, 2)`, from a shard's last bytes; None if they are damaged."""
    size = length * 16
    if len(data) != size + 4 or google_crc32c.value(data[:size]) != int.from_bytes(data[size:], "little"):
        return None
    return np.frombuffer(data[:size], "<u8").reshape(length, 2)
