"""The volume store: every source's subtomograms as one sharded Zarr v3 array, in a folder or on an fsspec URL.

Layout: `<url>/volumes/<source_id>`, shape `(n, z, y, x)` float32, one subtomogram a chunk, about 32 MiB a
shard, no compression (noise compresses by 7 %, and costs the training loop its speed). A voxel that was never
written reads as NaN, which imports refuse, so a gap cannot pass for data.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.storage import FsspecStore, LocalStore

from tomosift.volumes.shard_reader import ShardReader
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
        self._filesystem, path = fsspec.url_to_fs(url)
        self._base = f"{str(path).rstrip('/')}/volumes"
        protocol = self._filesystem.protocol
        self._is_folder = "file" in ((protocol,) if isinstance(protocol, str) else protocol)
        self._zarr_store = LocalStore(path) if self._is_folder else FsspecStore.from_url(url)

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
        return VolumeArray(source_id, array, metadata, Path(path) if self._is_folder else None)

    def exists(self, source_id: str) -> bool:
        """Whether the store has an array of this source."""
        return bool(self._filesystem.exists(f"{self._path(source_id)}/zarr.json"))

    def delete(self, source_id: str) -> None:
        """Delete a source's volumes; nothing to delete is fine."""
        if self._filesystem.exists(path := self._path(source_id)):
            self._filesystem.rm(path, recursive=True)

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
        self, source_id: str, array: "zarr.Array[Any]", metadata: Mapping[str, Any], folder: Path | None
    ) -> None:
        self.source_id = source_id
        self._array = array
        self._n, *volume_shape = (int(size) for size in metadata["shape"])
        self._volume_shape = tuple(volume_shape)
        self._folder = folder
        self._shard_length = int(metadata["chunk_grid"]["configuration"]["chunk_shape"][0])
        plain_length = uncompressed_shard_length(metadata)
        self._shards = (
            ShardReader(folder, (self._n, *volume_shape), plain_length)  # type: ignore[arg-type]
            if folder is not None and plain_length is not None
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
        self._array[start:stop] = np.ascontiguousarray(batch, np.float32)
        for shard_number in range(start // self._shard_length, -(-stop // self._shard_length)):
            if self._folder is not None:
                _flush_to_disk(self._folder / "c" / str(shard_number) / "0" / "0" / "0")
            if self._shards is not None:
                self._shards.forget(shard_number)

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


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
