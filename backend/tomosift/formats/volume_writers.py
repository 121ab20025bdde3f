"""Writes particles' volumes as they come: MRC cubes, one MRC stack, or an OME-Zarr, each through a destination.

The destination opens a named file for writing. It may be a folder, a remote store or a running checksum, so every
file is written from its first byte to its last and never gone back in. Memory is one batch, or one shard of a Zarr.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, BinaryIO, Self

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from tomosift.formats.mrc_header import new_header

OpenForWriting = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens the file of a name (parts joined by /); it stands once its context ends without an error."""

_CUBES_IN_A_FOLDER = 1000
_SHARD_BYTES = 32 * 2**20


class VolumeStatistics:
    """Minimum, maximum, mean and standard deviation of all voxels it was shown, in double precision."""

    def __init__(self) -> None:
        self.minimum, self.maximum = np.inf, -np.inf
        self.mean = 0.0
        self._count = 0
        self._squares = 0.0

    def add(self, volumes: NDArray[np.float32]) -> None:
        """Take in volumes of any shape, not empty ones."""
        # Merged batch by batch: Chan, Golub & LeVeque, Am. Stat. 37, 242 (1983), eq. 2.1.
        count, mean = volumes.size, float(volumes.mean(dtype=np.float64))
        total = self._count + count
        difference = mean - self.mean
        self._squares += float(volumes.var(dtype=np.float64)) * count + difference**2 * self._count * count / total
        self.mean += difference * count / total
        self._count = total
        self.minimum = min(self.minimum, float(volumes.min()))
        self.maximum = max(self.maximum, float(volumes.max()))

    @property
    def deviation(self) -> float:
        """The standard deviation, which an MRC header calls rms."""
        return float(np.sqrt(self._squares / self._count)) if self._count else 0.0


class VolumeWriter(ABC):
    """Takes cubes of one size, in order, inside a `with`; an error in it leaves the destination's open file undone."""

    @abstractmethod
    def write(self, volumes: NDArray[np.float32]) -> list[str]:
        """Write the next volumes `(k, z, y, x)`; the image reference of each, as a particle list names it.

        Raises ValueError for another shape or more volumes than were promised.
        """

    @abstractmethod
    def finish(self) -> None:
        """Write what is left; called by the end of the `with`. Raises ValueError where volumes are missing."""

    def __enter__(self) -> Self:
        self._files = ExitStack()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._files.__exit__(kind, error, at)
            return
        # Inside the stack, so that a file that lacks volumes is left undone too.
        with self._files:
            self.finish()


class MrcCubesWriter(VolumeWriter):
    """One .mrc file a particle: `<folder>/000/0000001.mrc` and on, a thousand in each numbered folder."""

    def __init__(self, open_for_writing: OpenForWriting, folder: str, box: int, voxel_size: float) -> None:
        self._open, self._folder = open_for_writing, folder
        self._box, self._voxel_size = box, voxel_size
        self._written = 0

    def write(self, volumes: NDArray[np.float32]) -> list[str]:
        """As VolumeWriter; the references are the files' names."""
        _check_shape(volumes, self._box)
        names = []
        for volume in volumes:
            name = f"{self._folder}/{self._written // _CUBES_IN_A_FOLDER:03d}/{self._written + 1:07d}.mrc"
            with self._open(name) as file:
                write_mrc_volume(file, volume, self._voxel_size)
            names.append(name)
            self._written += 1
        return names

    def finish(self) -> None:
        """Nothing is left: each file was whole when it was written."""


class MrcStackWriter(VolumeWriter):
    """All particles as one .mrcs file `name`: `n` cubes piled along z, space group 401 of MRC2014.

    The header stands first, so the voxels' `statistics` must be known from a pass over the volumes before this one.
    """

    def __init__(
        self,
        open_for_writing: OpenForWriting,
        name: str,
        n: int,
        box: int,
        voxel_size: float,
        statistics: VolumeStatistics,
    ) -> None:
        if n < 1:
            raise ValueError("an MRC stack holds at least one volume")
        self._open, self._name, self._n, self._box = open_for_writing, name, n, box
        numbers = (statistics.minimum, statistics.maximum, statistics.mean, statistics.deviation)
        self._header = new_header((n * box, box, box), voxel_size, n, numbers)
        self._written = 0

    def __enter__(self) -> Self:
        super().__enter__()
        self._file = self._files.enter_context(self._open(self._name))
        self._file.write(self._header)
        return self

    def write(self, volumes: NDArray[np.float32]) -> list[str]:
        """As VolumeWriter; the references read `000001@name`."""
        _check_shape(volumes, self._box)
        first, self._written = self._written + 1, _checked_count(self._written + len(volumes), self._n)
        self._file.write(_bytes_of(volumes))
        return _references(first, len(volumes), self._name)

    def finish(self) -> None:
        """Check that all `n` volumes came."""
        _check_complete(self._written, self._n)


class OmeZarrWriter(VolumeWriter):
    """All particles as one OME-Zarr 0.5 folder `name` (Zarr v3): a 4D image with the axes particle, z, y, x.

    OME-Zarr allows one axis of a kind of one's own before z, y and x; here it counts the particles, so a viewer shows
    a slider. One particle a chunk, about 32 MiB a shard, uncompressed: noise compresses by a few hundredths only.
    Specification: https://ngff.openmicroscopy.org/0.5/; shards: the Zarr v3 sharding-indexed codec, version 1.0.
    """

    def __init__(self, open_for_writing: OpenForWriting, name: str, n: int, box: int, voxel_size: float) -> None:
        self._open, self._name, self._n, self._box, self._voxel_size = open_for_writing, name, n, box, voxel_size
        self._shard_length = max(1, min(n, _SHARD_BYTES // (box**3 * 4)))
        self._waiting = np.empty((self._shard_length, box, box, box), "<f4")
        self._written = 0

    def write(self, volumes: NDArray[np.float32]) -> list[str]:
        """As VolumeWriter; the references read `000001@name`, counted along the first axis."""
        _check_shape(volumes, self._box)
        first = self._written + 1
        _checked_count(self._written + len(volumes), self._n)
        while len(volumes):
            place = self._written % self._shard_length
            part = volumes[: self._shard_length - place]
            self._waiting[place : place + len(part)] = part
            self._written += len(part)
            volumes = volumes[len(part) :]
            if self._written % self._shard_length == 0:
                self._write_shard()
        return _references(first, self._written + 1 - first, self._name)

    def finish(self) -> None:
        """Write the last shard, and the descriptions last of all, so that a folder that has them is whole."""
        _check_complete(self._written, self._n)
        if self._written % self._shard_length:
            self._write_shard()
        self._write_json("0/zarr.json", self._array_description())
        self._write_json("zarr.json", self._group_description())

    def _write_shard(self) -> None:
        number, last_place = divmod(self._written - 1, self._shard_length)
        cube_bytes = self._box**3 * 4
        # Offset and length of each chunk; all ones where the array ends inside the shard.
        index = np.full((self._shard_length, 2), 2**64 - 1, "<u8")
        index[: last_place + 1, 0] = np.arange(last_place + 1) * cube_bytes
        index[: last_place + 1, 1] = cube_bytes
        encoded = index.tobytes()
        with self._open(f"{self._name}/0/c/{number}/0/0/0") as file:
            file.write(_bytes_of(self._waiting[: last_place + 1]))
            file.write(encoded)
            file.write(int(google_crc32c.value(encoded)).to_bytes(4, "little"))

    def _write_json(self, name: str, value: dict[str, Any]) -> None:
        with self._open(f"{self._name}/{name}") as file:
            file.write(json.dumps(value, indent=1).encode())

    def _array_description(self) -> dict[str, Any]:
        cube = [self._box] * 3
        little_endian = {"name": "bytes", "configuration": {"endian": "little"}}
        sharding = {
            "chunk_shape": [1, *cube],
            "codecs": [little_endian],
            "index_codecs": [little_endian, {"name": "crc32c"}],
            "index_location": "end",
        }
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [self._n, *cube],
            "data_type": "float32",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [self._shard_length, *cube]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0.0,
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
            "dimension_names": ["n", "z", "y", "x"],
            "attributes": {},
        }

    def _group_description(self) -> dict[str, Any]:
        space = [{"name": axis, "type": "space", "unit": "angstrom"} for axis in "zyx"]
        scale = {"type": "scale", "scale": [1.0, *[float(self._voxel_size)] * 3]}
        image = {
            "name": "particles",
            "axes": [{"name": "n", "type": "particle"}, *space],
            "datasets": [{"path": "0", "coordinateTransformations": [scale]}],
        }
        return {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"ome": {"version": "0.5", "multiscales": [image]}},
        }


def write_mrc_volume(file: BinaryIO, volume: NDArray[np.float32], voxel_size: float) -> None:
    """Write one volume `(z, y, x)` as an MRC file of mode 2, `voxel_size` in Å, to a file that is open for writing."""
    statistics = VolumeStatistics()
    statistics.add(volume)
    depth, height, width = volume.shape
    numbers = (statistics.minimum, statistics.maximum, statistics.mean, statistics.deviation)
    file.write(new_header((depth, height, width), voxel_size, 1, numbers))
    file.write(_bytes_of(volume))


def _bytes_of(volumes: NDArray[np.float32]) -> memoryview:
    return np.ascontiguousarray(volumes, "<f4").reshape(-1).view(np.uint8).data


def _references(first: int, count: int, name: str) -> list[str]:
    return [f"{number:06d}@{name}" for number in range(first, first + count)]


def _check_shape(volumes: NDArray[np.float32], box: int) -> None:
    if volumes.shape[1:] != (box, box, box):
        raise ValueError(f"cubes of {box} voxels were promised, these volumes have the shape {volumes.shape[1:]}")


def _checked_count(count: int, n: int) -> int:
    if count > n:
        raise ValueError(f"{n} volumes were promised, and more came")
    return count


def _check_complete(written: int, n: int) -> None:
    if written != n:
        raise ValueError(f"{n} volumes were promised, {written} came")
