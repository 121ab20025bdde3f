"""The voxels of an export: read from the volume store in batches, written beside each list, summed up by class."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift.exports.attempt_files import AttemptFiles, UniqueNames, safe_name
from tomosift.exports.geometry import GeometryOf
from tomosift.exports.outcome import Outcome, class_names
from tomosift.exports.particle_rows import SourceRows, centre_offsets
from tomosift.exports.pool_facts import NOTHING, UNSURE, PoolFacts
from tomosift.exports.schemas import VolumesAs, Wedge
from tomosift.formats.volume_writers import (
    MrcCubesWriter,
    MrcStackWriter,
    OmeZarrWriter,
    VolumeStatistics,
    VolumeWriter,
    write_mrc_volume,
)
from tomosift.tables import Source
from tomosift.volumes.class_sums import ClassAverage, ClassSums, TiltRange
from tomosift.volumes.store import VolumeStore

BATCH_BYTES = 32 * 2**20

Volumes = NDArray[np.float32]


def read_volumes(store: VolumeStore, source: Source, rows: NDArray[np.integer]) -> Iterator[tuple[slice, Volumes]]:
    """The volumes of these rows of a source, a batch at a time, with the batch's place among the rows."""
    array = store.open(source.volumes_key)
    length = max(1, BATCH_BYTES // (source.box_size**3 * 4))
    for start in range(0, len(rows), length):
        part = slice(start, start + length)
        yield part, array.read(rows[part])


def statistics_of(store: VolumeStore, facts: PoolFacts, places: NDArray[np.int64]) -> VolumeStatistics:
    """Of all voxels of these particles, which the header of a stack states before them."""
    statistics = VolumeStatistics()
    for number in np.unique(facts.source_numbers[places]):
        rows = facts.rows[places[facts.source_numbers[places] == number]]
        for _, volumes in read_volumes(store, facts.sources[number], rows):
            statistics.add(volumes)
    return statistics


def open_volume_writer(
    kind: VolumesAs, files: AttemptFiles, name: str, source: Source, n: int, statistics: VolumeStatistics | None
) -> AbstractContextManager[VolumeWriter]:
    """The writer of `n` volumes like those of `source`, under `volumes/<name>`; a stack needs the `statistics`."""
    size = source.voxel_size_angstrom or 1.0
    if kind == "mrc-cubes":
        return MrcCubesWriter(files.open, f"volumes/{name}", source.box_size, size)
    if kind == "ome-zarr":
        return OmeZarrWriter(files.open, f"volumes/{name}.zarr", n, source.box_size, size)
    assert statistics is not None  # the caller has looked at the volumes
    return MrcStackWriter(files.open, f"volumes/{name}.mrcs", n, source.box_size, size, statistics)


@dataclass(frozen=True)
class WrittenSum:
    """A class's sum and its file."""

    class_name: str
    path: str
    average: ClassAverage


class SumsByClass:
    """Sums up the selected particles of each class; those without a class, and the unsure, have no sum."""

    def __init__(self, facts: PoolFacts, outcome: Outcome, geometry: GeometryOf, wedge: Wedge | None) -> None:
        self._facts, self._outcome, self._geometry = facts, outcome, geometry
        present = set(np.unique(outcome.codes[outcome.selected]).tolist())
        self._names = {
            code: name for code, name in class_names(facts).items() if code in present and code not in (NOTHING, UNSURE)
        }
        self._wedge = None if wedge is None else TiltRange(wedge.minimum_degrees, wedge.maximum_degrees)
        self._sums: ClassSums | None = None
        self._voxel_size = 1.0

    def add(self, rows: SourceRows, part: slice, volumes: Volumes) -> None:
        """Take in the volumes of `rows[part]`."""
        places = rows.places[part]
        codes = self._outcome.codes[places]
        chosen = self._outcome.selected[places] & np.isin(codes, list(self._names))
        if not chosen.any():
            return
        if self._sums is None:
            self._voxel_size = rows.source.voxel_size_angstrom or 1.0
            self._sums = ClassSums(len(self._names), rows.source.box_size, self._voxel_size, self._wedge)
        number = {code: place for place, code in enumerate(self._names)}
        offsets = centre_offsets(rows, self._voxel_size)
        self._sums.add(
            volumes[chosen],
            self._geometry(places[chosen]).cube_angles,
            np.array([number[code] for code in codes[chosen].tolist()], np.int64),
            None if offsets is None else offsets[part][chosen],
        )

    def write(self, files: AttemptFiles) -> list[WrittenSum]:
        """Write one MRC file a class."""
        written: list[WrittenSum] = []
        names = UniqueNames()
        averages = self._sums.averages() if self._sums is not None else []
        for name, average in zip(self._names.values(), averages, strict=False):
            path = f"class_sums/{names.take(safe_name(name))}.mrc"
            with files.open(path) as file:
                write_mrc_volume(file, average.volume, self._voxel_size)
            written.append(WrittenSum(name, path, average))
        return written
