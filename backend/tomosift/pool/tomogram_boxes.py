"""Voxels of an import that are cut out of tomograms."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.volume_files import VolumeReader
from tomosift.pool.tomogram_file import TomogramFile
from tomosift.pool.voxel_sources import VoxelSource
from tomosift.volumes.cutting import CutSettings, cut_box


@dataclass(frozen=True)
class TomogramBoxes(VoxelSource):
    """Particle i is cut around `centres[i]` (x, y, z in voxels) out of `tomograms[numbers[i]]`."""

    tomograms: Sequence[TomogramFile]
    numbers: NDArray[np.int32]
    centres: NDArray[np.float64]
    settings: CutSettings

    def read(self, reader: VolumeReader, place: int) -> NDArray[np.float32]:
        tomogram = self.tomograms[self.numbers[place]]
        cut = cut_box(reader.open(tomogram.path), self.centres[place], tomogram.voxel_size, self.settings)
        return cut.volume

    def reading_order(self, places: range) -> Sequence[int]:
        part = slice(places.start, places.stop)
        order: list[int] = (np.lexsort((self.centres[part, 2], self.numbers[part])) + places.start).tolist()
        return order

    def take(self, places: NDArray[np.int64]) -> "TomogramBoxes":
        return TomogramBoxes(self.tomograms, self.numbers[places], self.centres[places], self.settings)

    def paths(self) -> Sequence[str]:
        return [str(each.path) for each in self.tomograms]

    def _add_to(self, digest: "hashlib.blake2b") -> None:
        digest.update(self.numbers.tobytes())
        digest.update(np.ascontiguousarray(self.centres).tobytes())
        digest.update(repr((self.settings, [each.voxel_size for each in self.tomograms])).encode())
