"""The volume store: every source's subtomograms as one sharded Zarr v3 array, in a folder or on an fsspec URL.

Layout: `<url>/volumes/<source_id>`, shape `(n, z, y, x)` float32, one subtomogram a chunk, about 32 MiB a
shard, no compression (noise compresses by 7 %, and costs the training loop its speed). A voxel that was never
written reads as NaN, which imports refuse, so a gap cannot pass for data.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.storage import FsspecStore, LocalStore

from tomosift.kit.store_filesystem import open_store_filesystem
from tomosift.volumes.shard_reader import ShardReader, index_bytes, parse_index, write_shard
from tomosift.volumes.trusted_metadata import (
    VolumeStoreProblem,
    check_metadata,
    uncompressed_shard_length,
)

_SHARD_BYTES = 32 * 2**20
_SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

Indices = Sequence[int] | NDArray[np.integer[Any]]


class VolumeStore:
    """Arrays of subtomograms by source. `url` is what `Settings.effective_store_url` gives."""

    def __init__(self, url: str) -> None:
        opened = open_store_filesystem(url)
        self._filesystem, self._is_folder = opened.filesystem, opened.is_folder
        self._base = f"{opened.path}/volumes"
        self._zarr_store = LocalStore(opened.path) if self._is_folder else FsspecStore.from_url(url, opened.options)

    def create(self, source_id: str, n: int, box: int, voxel_size: float) -> "VolumeArray":
        """Room for `n` cubes of `box` voxels at `voxel_size` Å a voxel.

        An array of the same measures that is there already is opened instead, so that an import can go on
        where it stopped. Raises VolumeStoreProblem if one of other measures is there, ValueError for bad ones.
        """
        if n < 1 or box < 1 or not voxel_size > 0:
            raise ValueError(f"n, box and voxel_size must be positive, not {n}, {box} and {voxel_size}")
        if self._filesystem.exists(f"{self._path(source_id)}/zarr.json"):
            return self._reopen(source_id, n, box, voxel_size)
        shard_length = max(1, min(n, _SHARD_BYTES // (box**3 * 4)))
        zarr.create_array(
            self._zarr_store,
            name=f"volumes/{source_id}",
            shape=(n, box, box, box),
            chunks=(1, box, box, box),
            shards=(shard_length, box, box, box),
            dtype="float32",
            compressors=None,
            filters=None,
            fill_value=float("nan"),
            attributes={"voxel_size": float(voxel_size), "axes": ["n", "z", "y", "x"], "unit": "angstrom"},
        )
        return self.open(source_id)

    def open(self, source_id: str) -> "VolumeArray":
        """The array of a source. Raises VolumeStoreProblem if there is none, or none that is safe to open."""
        path = self._path(source_id)
        try:
            metadata = check_metadata(json.loads(self._filesystem.cat_file(f"{path}/zarr.json")), source_id)
        except FileNotFoundError:
            raise VolumeStoreProblem(f"volumes {source_id}: there is no such source in the volume store") from None
        except ValueError as error:
            raise VolumeStoreProblem(f"volumes {source_id}: zarr.json is damaged ({error})") from None
        array = zarr.open_array(self._zarr_store, path=f"volumes/{source_id}", mode="r+")
        return VolumeArray(source_id, array, metadata, self._filesystem, path, is_folder=self._is_folder)

    def exists(self, source_id: str) -> bool:
        """Whether the store has an array of this source."""
        return bool(self._filesystem.exists(f"{self._path(source_id)}/zarr.json"))

    def delete(self, source_id: str) -> None:
        """Delete a source's volumes; nothing to delete is fine."""
        if self._filesystem.exists(path := self._path(source_id)):
            self._filesystem.rm(path, recursive=True)

    def adopt(self, old_id: str, new_id: str) -> bool:
        """Hand the array `old_id` to `new_id`, so that a new attempt goes on with the blocks of one that died.

        What the old one's writer still writes goes to the old place, never into `new_id`. False if there is nothing
        to adopt. Raises VolumeStoreProblem if `new_id` is there already.
        """
        if not self.exists(old_id):
            return False
        if self.exists(new_id):
            raise VolumeStoreProblem(f"volumes {new_id}: is there already, so volumes {old_id} cannot take its place")
        self.delete(new_id)
        if self._is_folder:
            Path(self._path(old_id)).rename(self._path(new_id))
        else:
            self._copy(self._path(old_id), self._path(new_id))
            self.delete(old_id)
        return True

    def _copy(self, old: str, new: str) -> None:
        """The metadata last, as it makes the array exist: a copy that broke off can be made again."""
        metadata = f"{old}/zarr.json"
        sources = [path for path in self._filesystem.find(old) if path != metadata] + [metadata]
        for source in sources:
            self._filesystem.cp_file(source, new + source[len(old) :])

    def _reopen(self, source_id: str, n: int, box: int, voxel_size: float) -> "VolumeArray":
        array = self.open(source_id)
        if (len(array), array.box, array.voxel_size) != (n, box, float(voxel_size)):
            raise VolumeStoreProblem(
                f"volumes {source_id}: {len(array)} cubes of {array.box} voxels at {array.voxel_size} Å are there "
                f"already, not {n} of {box} at {voxel_size} Å; delete them first"
            )
        return array

    def _path(self, source_id: str) -> str:
        if not _SOURCE_ID.fullmatch(source_id):
            raise ValueError(f"{source_id!r} is no source id: letters, digits, - and _ only")
        return f"{self._base}/{source_id}"


class VolumeArray:
    """The subtomograms of one source, `(n, z, y, x)` float32. Reads may come from several threads at once."""

    def __init__(
        self,
        source_id: str,
        array: "zarr.Array[Any]",
        metadata: Mapping[str, Any],
        filesystem: Any,
        path: str,
        *,
        is_folder: bool,
    ) -> None:
        self.source_id = source_id
        self._array = array
        self._filesystem, self._path = filesystem, path
        self._n, *volume_shape = (int(size) for size in metadata["shape"])
        self._volume_shape = tuple(volume_shape)
        self._folder = folder = Path(path) if is_folder else None
        self._shard_length = int(metadata["chunk_grid"]["configuration"]["chunk_shape"][0])
        self._is_plain = uncompressed_shard_length(metadata) is not None
        self._shards = (
            ShardReader(folder, (self._n, *volume_shape), self._shard_length)  # type: ignore[arg-type]
            if folder is not None and self._is_plain
            else None
        )

    def __len__(self) -> int:
        return self._n

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(n, z, y, x)`."""
        depth, height, width = self._volume_shape
        return (self._n, depth, height, width)

    @property
    def box(self) -> int:
        """The edge of the cubes, in voxels."""
        return self._volume_shape[0]

    @property
    def voxel_size(self) -> float:
        """Å per voxel."""
        return float(str(self._array.attrs["voxel_size"]))

    def blocks(self) -> Iterator[range]:
        """The index ranges `write_block` takes, in order: one whole shard each."""
        for start in range(0, self._n, self._shard_length):
            yield range(start, min(start + self._shard_length, self._n))

    def write_block(self, start: int, batch: NDArray[np.float32]) -> None:
        """Write volumes `start`, `start + 1`, … : whole shards, so that a block is there entirely or not at all.

        Writing a block again is harmless. In a folder the block is on the disk when this returns. Raises
        ValueError where `start` or the batch does not fit the ranges of `blocks()`.
        """
        stop = start + len(batch)
        if tuple(batch.shape[1:]) != self._volume_shape:
            raise ValueError(f"volumes of shape {batch.shape[1:]} do not fit an array of {self._volume_shape}")
        fits_end = stop == self._n or stop % self._shard_length == 0
        if not (0 <= start < stop <= self._n and start % self._shard_length == 0 and fits_end):
            raise ValueError(
                f"volumes {start}…{stop - 1} are not whole shards of {self._shard_length} out of {self._n}; "
                "write the ranges blocks() gives"
            )
        if self._shards is None or self._folder is None:
            self._array[start:stop] = np.ascontiguousarray(batch, np.float32)
            return
        for first in range(start, stop, self._shard_length):
            number, part = first // self._shard_length, batch[first - start : first - start + self._shard_length]
            write_shard(self._folder / "c" / str(number) / "0" / "0" / "0", part, self._shard_length)
            self._shards.forget(number)

    def has_block(self, start: int) -> bool:
        """Whether the block that begins at `start` was written whole, so that an import need not write it again.

        Looks only at the block's index (and its length). Raises ValueError where no block begins.
        """
        if not 0 <= start < self._n or start % self._shard_length:
            raise ValueError(f"no block begins at volume {start}; blocks() gives the ranges")
        path = f"{self._path}/c/{start // self._shard_length}/0/0/0"
        tail = index_bytes(self._shard_length)
        try:
            size = int(self._filesystem.size(path))
            data = bytes(self._filesystem.cat_file(path, start=max(0, size - tail), end=size))
        except FileNotFoundError:
            return False
        index = parse_index(data, self._shard_length) if self._is_plain else None
        if index is None:
            return False
        count = min(self._shard_length, self._n - start)
        ends = index[:count].sum(axis=1)
        sizes_fit = index[:count, 1] == math.prod(self._volume_shape) * 4
        return bool(sizes_fit.all() and (ends <= size - tail).all())

    def read(self, indices: Indices) -> NDArray[np.float32]:
        """Volumes at `indices`, in that order, `(len(indices), z, y, x)`; repeats are allowed.

        Raises IndexError for an index outside `0 … n − 1`, VolumeStoreProblem for a volume never written.
        """
        wanted = np.asarray(indices, np.int64).reshape(-1)
        if wanted.size == 0:
            return np.empty((0, *self._volume_shape), np.float32)
        if wanted.min() < 0 or wanted.max() >= self._n:
            raise IndexError(
                f"source {self.source_id} has the volumes 0…{self._n - 1}, not {wanted.min()}…{wanted.max()}"
            )
        if self._shards is not None:
            return self._shards.read(wanted)
        return self._read_through_zarr(wanted)

    def _read_through_zarr(self, wanted: NDArray[np.int64]) -> NDArray[np.float32]:
        # Zarr wants increasing indices to read each shard once.
        distinct, places = np.unique(wanted, return_inverse=True)
        volumes = np.asarray(self._array.get_orthogonal_selection((distinct,)), np.float32)
        unwritten = np.isnan(volumes[:, 0, 0, 0])
        if unwritten.any():
            raise VolumeStoreProblem(f"volumes {self.source_id}: volume {distinct[unwritten][0]} was never written")
        batch: NDArray[np.float32] = volumes[places]
        return batch
