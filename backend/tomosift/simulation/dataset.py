"""Whole simulated data sets: as RELION files with the truth beside them, or in memory."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.mrc import write_cube, write_stack
from tomosift.formats.orientations import relion_angles
from tomosift.formats.star import write_particle_star
from tomosift.simulation.junk import JUNK
from tomosift.simulation.particles import Imaging, ParticleSimulator, PlannedParticle, SimulatedParticle, plan_particles
from tomosift.simulation.physics import Microscope
from tomosift.simulation.templates import Template, check_same_voxel_size, load_templates, phantom_templates

Progress = Callable[[int, int], None]

_COLUMNS = (
    "rlnTomoName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnImageName",
    "rlnOpticsGroup",
)

# The demo: enough of the frequent classes to learn from few labels, too little of the rare ones.
DEMO_BOX = 28
DEMO_SNR = 0.03
DEMO_COUNTS = {
    "bilobed blob": 170,
    "barrel": 130,
    "hollow sphere": 100,
    "rod": 70,
    "double ring": 50,
    "Y shape": 30,
}
DEMO_JUNK = 50


class FolderNotEmpty(ValueError):
    """A data set would be written over other files."""


@dataclass(frozen=True, slots=True)
class SimulatedDataset:
    """Where a data set was written, and how many particles of each class it has (junk included)."""

    star: Path
    truth: Path
    counts: dict[str, int]
    voxel_size: float

    @property
    def total(self) -> int:
        """All particles."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class SimulatedPool:
    """A data set in memory: volumes `(n, z, y, x)`, and for each its class and the number of its tomogram."""

    volumes: NDArray[np.float32]
    class_names: list[str]
    tomograms: NDArray[np.int64]
    voxel_size: float


def simulate_dataset(
    out_dir: Path,
    *,
    templates: Path | None = None,
    counts_per_class: int | Mapping[str, int] = 100,
    box: int = 32,
    snr: float = 0.1,
    seed: int = 0,
    voxel_size: float | None = None,
    junk_count: int = 0,
    wedge_degrees: float = 60.0,
    max_shift: float = 2.0,
    n_tomograms: int = 8,
    neighbours: float = 0.0,
    dark: bool = True,
    stack: bool = False,
    progress: Progress | None = None,
) -> SimulatedDataset:
    """Write `particles.star` (RELION 3.1), `subtomograms/` and `truth.csv` (name, class) into `out_dir`.

    `templates` is a folder of density maps, None means the built-in phantoms; `counts_per_class` is one number for
    all classes or one for each by name. `voxel_size` in Å resamples the maps (default: the first map's, 10 Å for
    phantoms). With `stack` there is one `.mrcs` a tomogram instead of a file a particle. `progress` is told
    (done, total). The same seed gives the same files, byte for byte. The star does not tell the classes.

    Raises FolderNotEmpty, ValueError for settings that make no sense, FormatProblem for unreadable maps.
    """
    used = _templates(templates, box, voxel_size)
    simulator = ParticleSimulator(used, Imaging(box, snr, wedge_degrees, max_shift, neighbours, dark), seed)
    counts = _counts(used, counts_per_class, junk_count)
    planned = plan_particles(counts, seed, _checked_tomograms(n_tomograms), box)
    _make_empty(out_dir)
    writer = _DatasetWriter(out_dir, check_same_voxel_size(used), stack)
    for done, plan in enumerate(planned, start=1):
        writer.add(plan, simulator.simulate(plan))
        if progress is not None:
            progress(done, len(planned))
    return writer.finish(box, counts)


def simulate_pool(
    *,
    templates: Path | None = None,
    counts_per_class: int | Mapping[str, int] = 100,
    box: int = 32,
    snr: float = 0.1,
    seed: int = 0,
    junk_count: int = 0,
    n_tomograms: int = 8,
) -> SimulatedPool:
    """The particles `simulate_dataset` writes for the same settings, in the same order, in memory."""
    used = _templates(templates, box, None)
    simulator = ParticleSimulator(used, Imaging(box, snr), seed)
    counts = _counts(used, counts_per_class, junk_count)
    planned = plan_particles(counts, seed, _checked_tomograms(n_tomograms), box)
    volumes = np.empty((len(planned), box, box, box), np.float32)
    for number, particle in enumerate(planned):
        volumes[number] = simulator.simulate(particle).volume
    return SimulatedPool(
        volumes=volumes,
        class_names=[particle.class_name for particle in planned],
        tomograms=np.array([particle.tomogram for particle in planned], np.int64),
        voxel_size=check_same_voxel_size(used),
    )


def demo_dataset(out_dir: Path, seed: int = 0, progress: Progress | None = None) -> SimulatedDataset:
    """The demo project's data: 600 cubes of 28 voxels in six unequal classes of phantoms and junk."""
    return simulate_dataset(
        out_dir,
        counts_per_class=DEMO_COUNTS,
        box=DEMO_BOX,
        snr=DEMO_SNR,
        seed=seed,
        junk_count=DEMO_JUNK,
        n_tomograms=6,
        stack=True,
        progress=progress,
    )


class _DatasetWriter:
    """Writes volumes as they come, and the lists at the end."""

    def __init__(self, folder: Path, voxel_size: float, stack: bool) -> None:
        self._folder, self._voxel_size, self._stack = folder, voxel_size, stack
        self._rows: list[list[str]] = []
        self._truth: list[tuple[str, str]] = []
        self._tomogram, self._number = "", 0
        self._pile: list[NDArray[np.float32]] = []
        (folder / "subtomograms").mkdir()

    def add(self, plan: PlannedParticle, made: SimulatedParticle) -> None:
        """The next particle; those of one tomogram come together."""
        tomogram = f"TS_{plan.tomogram + 1:03d}"
        if tomogram != self._tomogram:
            self._write_pile()
            self._tomogram, self._number = tomogram, 0
        self._number += 1
        if self._stack:
            name = f"{self._number:06d}@{self._pile_path}"
            self._pile.append(made.volume)
        else:
            name = f"subtomograms/{tomogram}_{self._number:06d}.mrc"
            write_cube(self._folder / name, made.volume, self._voxel_size)
        coordinate = [f"{value:.6f}" for value in plan.coordinate]
        angles = [f"{value:.6f}" for value in relion_angles(made.rotation)]
        self._rows.append([tomogram, *coordinate, *angles, name, "1"])
        self._truth.append((name, plan.class_name))

    @property
    def _pile_path(self) -> str:
        return f"subtomograms/{self._tomogram}.mrcs"

    def _write_pile(self) -> None:
        if self._pile:
            write_stack(self._folder / self._pile_path, self._pile, self._voxel_size)
            self._pile = []

    def finish(self, box: int, counts: dict[str, int]) -> SimulatedDataset:
        """Write the lists."""
        self._write_pile()
        microscope = Microscope()
        optics = {
            "rlnOpticsGroup": ["1"],
            "rlnOpticsGroupName": ["opticsGroup1"],
            "rlnSphericalAberration": [f"{microscope.spherical_aberration:.6f}"],
            "rlnVoltage": [f"{microscope.voltage:.6f}"],
            "rlnAmplitudeContrast": [f"{microscope.amplitude_contrast:.6f}"],
            "rlnImagePixelSize": [f"{self._voxel_size:.6f}"],
            "rlnImageSize": [str(box)],
            "rlnImageDimensionality": ["3"],
        }
        star, truth = self._folder / "particles.star", self._folder / "truth.csv"
        write_particle_star(star, _COLUMNS, self._rows, optics)
        with truth.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("name", "class"))
            writer.writerows(self._truth)
        return SimulatedDataset(star, truth, counts, self._voxel_size)


def _templates(folder: Path | None, box: int, voxel_size: float | None) -> list[Template]:
    if voxel_size is not None and not voxel_size > 0:
        raise ValueError(f"the voxel size must be positive, not {voxel_size}")
    return phantom_templates(box, voxel_size) if folder is None else load_templates(folder, voxel_size)


def _counts(templates: Sequence[Template], wanted: int | Mapping[str, int], junk: int) -> dict[str, int]:
    names = [template.name for template in templates]
    counts = dict.fromkeys(names, wanted) if isinstance(wanted, int) else dict(wanted)
    unknown = sorted(set(counts) - set(names))
    if unknown:
        raise ValueError(f"there is no template for {', '.join(unknown)}; there are {', '.join(names)}")
    if junk:
        counts[JUNK] = junk
    if min(counts.values(), default=0) < 0 or sum(counts.values()) == 0:
        raise ValueError("a data set needs at least one particle, and no negative number of any class")
    return counts


def _checked_tomograms(number: int) -> int:
    if number < 1:
        raise ValueError(f"the particles need at least one tomogram, not {number}")
    return number


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(f"the folder {folder.name} is not empty; choose a new one")
