"""Positions of a list in the voxels of given tomograms: to cut boxes there, or to show a particle's surroundings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.particle_list import ParticleList, Positions
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader
from tomosift.kit.figures import percent
from tomosift.pool.import_plan import Expected, ImportPlan, collected, one_voxel_size
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.import_schemas import CutIn, TomogramsIn
from tomosift.pool.particle_identity import plain_tomogram_name, tomograms_of
from tomosift.pool.tomogram_boxes import TomogramBoxes
from tomosift.pool.tomogram_file import TomogramFile
from tomosift.pool.tomogram_files import TomogramFinder
from tomosift.volumes.cutting import CutSettings, padded_fraction

MOST_PADDED = 0.5
FEW = 0.1
"""Of a list: so many particles may have more than MOST_PADDED of their box outside, as picks at the edge of a tomogram
do. Where more have, coordinates and tomograms do not count in the same voxels."""


@dataclass(frozen=True)
class Placed:
    """Particles in the voxels of their tomograms: `centres` `(n, 3)` x, y, z; particle i is in `files[numbers[i]]`."""

    files: Sequence[TomogramFile]
    numbers: NDArray[np.int32]
    centres: NDArray[np.float64]
    notes: Sequence[str]

    @property
    def voxel_sizes(self) -> NDArray[np.float64]:
        """Å per voxel of each particle's tomogram, `(n,)`."""
        return np.array([each.voxel_size for each in self.files])[self.numbers]

    @property
    def frame(self) -> dict[str, Any]:
        """What the centres count in: voxels of the tomogram; their size only where all tomograms have one."""
        sizes = {each.voxel_size for each in self.files}
        return {"unit": "voxel", "origin": "corner", "voxel_size": sizes.pop() if len(sizes) == 1 else None}


def place_particles(
    particles: ParticleList,
    rows: NDArray[np.int64],
    given: TomogramsIn,
    finder: TomogramFinder,
    problems: ImportProblems,
    tick: Callable[[int, int], None],
    *,
    tomogram: str | None = None,
    list_voxel_size: float | None = None,
) -> Placed | None:
    """Find the tomogram of each of these rows and its place there; None if `problems` were found.

    Every tomogram that is not there or cannot be read is named at once. `list_voxel_size`: Å per voxel that the list's
    coordinates count in, where it does not say or says it wrong.
    """
    positions = collected(problems, particles.positions)
    if positions is None:
        problems.add_if_none("the list has no coordinates, so its particles cannot be found in tomograms")
        return None
    if list_voxel_size is not None:
        positions = replace(positions, voxel_size=np.full(len(particles), list_voxel_size))
    names = tomograms_of(particles, tomogram)
    wanted: dict[str, int] = {}
    numbers = np.array([wanted.setdefault(names[row], len(wanted)) for row in rows.tolist()], np.int32)
    first_rows = rows[np.unique(numbers, return_index=True)[1]]
    files: list[TomogramFile] = []
    notes: list[str] = []
    with VolumeReader() as reader:
        for number, name in enumerate(wanted):
            tick(number, len(wanted))
            count = int((numbers == number).sum())
            try:
                file, found_notes = _look_at(name, given, finder, reader)
            except FormatProblem as problem:
                reason = f"{problem.message} ({count} particle{'s' if count != 1 else ''})"
                problems.add(reason, int(first_rows[number]) + 1, "tomogram")
                continue
            files.append(file)
            notes += found_notes
    if problems:
        return None
    sizes = np.array([each.voxel_size for each in files])[numbers]
    middles = np.array([each.centre_angstrom for each in files])[numbers]
    return Placed(files, numbers, _in_voxels(positions, rows, sizes, middles), notes)


def plan_boxes(
    particles: ParticleList,
    rows: NDArray[np.int64],
    placed: Placed,
    cut: CutIn,
    expected: Expected,
    problems: ImportProblems,
    *,
    tomogram: str | None = None,
) -> ImportPlan | None:
    """The plan that cuts a box around each of these particles; None if `problems` were found."""
    if expected.box is not None and cut.box_size != expected.box:
        problems.add(
            f"boxes of {cut.box_size} voxels do not fit the project, which has {expected.box}; cut with that box size"
        )
    target = np.full(len(rows), cut.voxel_size_angstrom) if cut.voxel_size_angstrom else placed.voxel_sizes
    voxel_size = one_voxel_size(target, rows, expected, problems)
    settings = CutSettings(
        box_size=cut.box_size, voxel_size=cut.voxel_size_angstrom, invert=cut.invert, normalise=cut.normalise
    )
    padded = collected(problems, lambda: _padded(placed, settings))
    if padded is None:
        return None
    for place in np.flatnonzero(_outside(padded)).tolist():
        x, y, z = placed.centres[place].tolist()
        file = placed.files[placed.numbers[place]]
        depth, height, width = file.shape_zyx
        problems.add(
            f"{percent(padded[place])} of its box lies outside tomogram {file.name}: "
            f"the particle is at {x:.1f}, {y:.1f}, {z:.1f} in {width} × {height} × {depth} voxels "
            f"of {file.voxel_size:g} Å; take it out of the list; if many are outside, the voxel size of the "
            "coordinates is probably wrong: give the right one with the import",
            int(rows[place]) + 1,
            "coordinates",
        )
    angles = collected(problems, particles.angles)
    if problems:
        return None
    names, tomograms = particles.particle_names(), tomograms_of(particles, tomogram)
    return ImportPlan(
        particles=particles,
        rows=rows,
        voxels=TomogramBoxes(placed.files, placed.numbers, placed.centres, settings),
        box=cut.box_size,
        voxel_size=voxel_size,
        voxel_size_origin="the size asked for" if cut.voxel_size_angstrom else "the tomograms",
        names=[names[row] for row in rows.tolist()],
        tomograms=[tomograms[row] for row in rows.tolist()],
        centres=placed.centres,
        angles=None if angles is None else angles[rows],
        padded=padded,
        frame=placed.frame,
        tomogram_files=placed.files,
        notes=placed.notes,
    )


def with_tomograms(plan: ImportPlan, placed: Placed) -> ImportPlan:
    """A plan of image files that knows where its particles are in their tomograms, too."""
    return replace(plan, centres=placed.centres, frame=placed.frame, tomogram_files=placed.files)


def _look_at(
    name: str, given: TomogramsIn, finder: TomogramFinder, reader: VolumeReader
) -> tuple[TomogramFile, Sequence[str]]:
    """The tomogram with all its measures. Raises FormatProblem."""
    if not name:
        raise FormatProblem("the list does not say which tomogram it is about; name the tomogram with the import")
    found = finder.find(name)
    volume = reader.open(found.path)
    plain = plain_tomogram_name(name)
    told = finder.sizes.get(plain)
    size = given.voxel_size_angstrom or found.voxel_size or volume.voxel_size or finder.binned_voxel_size(plain)
    if size is None:
        raise FormatProblem(
            f"the voxel size of tomogram {plain} is unknown: its header does not say; give the voxel size of the "
            "tomograms with the import"
        )
    depth, height, width = volume.shape_zyx
    middle = tuple(each // 2 * size for each in (width, height, depth))
    if told is not None and told.size_xyz is not None and told.pixel_size is not None:
        middle = tuple(each // 2 * told.pixel_size for each in told.size_xyz)
    file = TomogramFile(plain, found.path, volume.shape_zyx, size, (middle[0], middle[1], middle[2]))
    return file, volume.notes


def _in_voxels(
    positions: Positions, rows: NDArray[np.int64], sizes: NDArray[np.float64], middles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Positions of `rows` in voxels of their tomograms, which have `sizes` Å and their middle at `middles` Å."""
    values = positions.values[rows]
    if positions.unit == "voxel":
        # A list that does not say how large its voxels are means those of the tomogram.
        own = positions.voxel_size[rows]
        values = values * np.where(np.isnan(own), sizes, own)[:, None]
    if positions.origin == "centre":
        values = values + middles
    return np.asarray(values / sizes[:, None], np.float64)


def _outside(padded: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which boxes are refused, `(n,)`: those altogether outside, and those mostly outside where they are many."""
    mostly = padded > MOST_PADDED
    return mostly if mostly.sum() > FEW * len(mostly) else padded >= 1.0


def _padded(placed: Placed, settings: CutSettings) -> NDArray[np.float32]:
    shapes = np.array([each.shape_zyx[::-1] for each in placed.files])[placed.numbers]
    return padded_fraction(placed.centres, shapes, placed.voxel_sizes, settings).astype(np.float32)
