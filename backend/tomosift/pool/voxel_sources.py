"""Where an import's voxels come from, particle by particle; here: cubes in image files."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.volume_files import VolumeReader


class VoxelSource(ABC):
    """The voxels of n particles."""

    @abstractmethod
    def read(self, reader: VolumeReader, place: int) -> NDArray[np.float32]:
        """The cube of particle `place` (from 0), `(z, y, x)`. Raises FormatProblem."""

    @abstractmethod
    def reading_order(self, places: range) -> Sequence[int]:
        """`places` in the order that opens each file once."""

    @abstractmethod
    def take(self, places: NDArray[np.int64]) -> "VoxelSource":
        """The voxels of these particles, in this order."""

    @abstractmethod
    def paths(self) -> Sequence[str]:
        """Every file that is read."""

    def fingerprint(self) -> str:
        """Changes when a file's size or time does, or what is read of it."""
        digest = hashlib.blake2b(digest_size=16)
        for path in self.paths():
            status = os.stat(path)  # noqa: PTH116 - a million times
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        self._add_to(digest)
        return digest.hexdigest()

    @abstractmethod
    def _add_to(self, digest: "hashlib.blake2b") -> None:
        """What of the files is read."""


@dataclass(frozen=True)
class ImageCubes(VoxelSource):
    """Particle i is cube `indices[i]` (from 1; 0: the only one) of `files[numbers[i]]`."""

    files: Sequence[str]
    numbers: NDArray[np.int32]
    indices: NDArray[np.int32]

    def read(self, reader: VolumeReader, place: int) -> NDArray[np.float32]:
        return reader.open(self._paths[self.numbers[place]]).read_cube(int(self.indices[place]) or None)

    @cached_property
    def _paths(self) -> Sequence[Path]:
        """The files, each made a path once: taking one apart for every cube costs a tenth of reading it."""
        return [Path(file) for file in self.files]

    def reading_order(self, places: range) -> Sequence[int]:
        part = slice(places.start, places.stop)
        order: list[int] = (np.lexsort((self.indices[part], self.numbers[part])) + places.start).tolist()
        return order

    def take(self, places: NDArray[np.int64]) -> "ImageCubes":
        return ImageCubes(self.files, self.numbers[places], self.indices[places])

    def paths(self) -> Sequence[str]:
        return self.files

    def _add_to(self, digest: "hashlib.blake2b") -> None:
        digest.update(self.numbers.tobytes())
        digest.update(self.indices.tobytes())
