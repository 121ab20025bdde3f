"""Simulated subtomograms, one at a time, each from random numbers of its own.

A particle is drawn from the seed, its class and its number within the class, so it is the same whatever other
classes and counts a data set has, in whatever order the particles are made.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tomosift.simulation import physics
from tomosift.simulation.junk import JUNK, JUNK_KINDS, Surroundings, displaced_particle, junk_density, signal_factor
from tomosift.simulation.orientation import place_in_box, random_rotation
from tomosift.simulation.templates import Template, check_same_voxel_size

_DEFOCUS = (2.0, 5.0)  # µm, between the tomograms
_DEFOCUS_WITHIN = 0.1  # µm, within one
_TOMOGRAM_SHAPE = (300, 960, 928)  # z, y, x in voxels
_NEIGHBOUR_DISTANCES = (0.55, 0.8)  # parts of the box
# What the streams of random numbers are for; never renumber these, or a seed gives another data set.
_PARTICLE_STREAM, _TOMOGRAM_STREAM = 1, 2


@dataclass(frozen=True)
class Imaging:
    """How the particles are imaged.

    `snr` is var(signal) / var(noise) in the box, the signal measured after contrast transfer and missing wedge, the
    noise without the missing wedge too. `max_shift` is in voxels along each axis; `neighbours` is the mean number of
    other particles that reach into a box. Protein is dark unless `dark` is False.
    """

    box: int
    snr: float
    wedge_degrees: float = 60.0
    max_shift: float = 2.0
    neighbours: float = 0.0
    dark: bool = True

    def __post_init__(self) -> None:
        if self.box < 8:
            raise ValueError(f"a box needs at least 8 voxels, not {self.box}")
        if not self.snr > 0:
            raise ValueError(f"the signal-to-noise ratio must be positive, not {self.snr}")
        if not 0 < self.wedge_degrees <= 90:
            raise ValueError(f"the largest tilt lies between 0 and 90 degrees, not {self.wedge_degrees}")
        if self.max_shift < 0 or self.neighbours < 0:
            raise ValueError("shifts and numbers of neighbours cannot be negative")


@dataclass(frozen=True, slots=True)
class PlannedParticle:
    """Which particle, before any voxel of it exists. `coordinate` is (x, y, z) in voxels of its tomogram."""

    class_name: str
    number: int
    """Within its class, from 0."""
    tomogram: int
    coordinate: tuple[int, int, int]
    order: float


@dataclass(frozen=True, slots=True)
class SimulatedParticle:
    """A subtomogram `(z, y, x)` with mean 0 and deviation 1, and how it lies in the box."""

    volume: NDArray[np.float32]
    rotation: Rotation
    shift: NDArray[np.float64]
    """(z, y, x) in voxels."""


def plan_particles(counts: Mapping[str, int], seed: int, n_tomograms: int, box: int) -> list[PlannedParticle]:
    """Every particle of a data set, by tomogram and in random order there, so that no name or place tells a class."""
    planned = []
    for class_name, count in counts.items():
        for number in range(count):
            random = _particle_random(seed, class_name, number)
            tomogram, order = int(random.integers(n_tomograms)), float(random.random())
            z, y, x = (int(random.integers(box // 2, size - box // 2)) for size in _TOMOGRAM_SHAPE)
            planned.append(PlannedParticle(class_name, number, tomogram, (x, y, z), order))
    return sorted(planned, key=lambda particle: (particle.tomogram, particle.order, particle.class_name))


class ParticleSimulator:
    """Makes the voxels of planned particles.

    Densities are imaged in a cube half as large again as the box, which is then cut out: what the microscope
    scatters over an edge leaves the box, and does not come in on the other side.
    """

    def __init__(self, templates: Sequence[Template], imaging: Imaging, seed: int) -> None:
        self._templates = {template.name: template for template in templates}
        if JUNK in self._templates:
            raise ValueError(f"a template cannot be called {JUNK!r}: that is the class of what is no particle")
        self._all = list(templates)
        self._imaging, self._seed = imaging, seed
        edge = imaging.box + 2 * (imaging.box // 4)
        self._space = Surroundings(edge, imaging.box, check_same_voxel_size(templates))
        self._wedge = physics.wedge_mask(imaging.box, imaging.wedge_degrees)
        self._wedge_around = physics.wedge_mask(edge, imaging.wedge_degrees)

    def simulate(self, particle: PlannedParticle) -> SimulatedParticle:
        """The subtomogram of one planned particle; the same for the same seed, class and number."""
        imaging = self._imaging
        random = _particle_random(self._seed, particle.class_name, particle.number).spawn(1)[0]
        rotation = random_rotation(random)
        shift = random.uniform(-imaging.max_shift, imaging.max_shift, 3)
        transfer = self._transfer(particle.tomogram, random)
        kind = JUNK_KINDS[particle.number % len(JUNK_KINDS)] if particle.class_name == JUNK else None
        if kind is None:
            density = self._place(self._templates[particle.class_name], rotation, shift)
        else:
            density = junk_density(kind, random, self._all, self._space)
        strength = imaging.snr * (signal_factor(kind) if kind else 1.0)
        volume = self._image(density, self._neighbours(random), transfer, strength)
        volume += physics.noise_in_wedge(random, self._wedge)
        return SimulatedParticle(physics.normalised(volume), rotation, shift)

    def _image(
        self,
        density: NDArray[np.float32],
        neighbours: NDArray[np.float32] | None,
        transfer: NDArray[np.float32],
        variance: float,
    ) -> NDArray[np.float32]:
        """What is seen in the box, without noise, where the particle's own signal has this variance."""
        box = self._imaging.box
        alone = physics.centre_of(physics.filtered(density, transfer), box)
        deviation = float(alone.std(dtype=np.float64))
        if deviation == 0:
            return np.zeros_like(alone)
        if neighbours is not None:
            alone = alone + physics.centre_of(physics.filtered(neighbours, transfer), box)
        return alone * np.float32(np.sqrt(variance) / deviation)

    def _place(self, template: Template, rotation: Rotation, shift: NDArray[np.float64]) -> NDArray[np.float32]:
        """The template in the cube that is imaged."""
        edge = self._space.edge
        # Turning no more voxels than the particle fills is several times as quick.
        reach = template.radius + float(np.abs(shift).max()) + 2.0
        filled = min(edge, 2 * int(np.ceil(reach)))
        placed = place_in_box(template.coefficients, template.centre, rotation, shift, filled)
        before = edge // 2 - filled // 2
        return np.pad(placed, (before, edge - filled - before))

    def _neighbours(self, random: np.random.Generator) -> NDArray[np.float32] | None:
        count = int(random.poisson(self._imaging.neighbours))
        placed = [displaced_particle(random, self._all, self._space, _NEIGHBOUR_DISTANCES) for _ in range(count)]
        return np.sum(placed, axis=0, dtype=np.float32) if placed else None

    def _transfer(self, tomogram: int, random: np.random.Generator) -> NDArray[np.float32]:
        of_tomogram = np.random.default_rng(np.random.SeedSequence([self._seed, _TOMOGRAM_STREAM, tomogram]))
        defocus = of_tomogram.uniform(*_DEFOCUS) + random.uniform(-_DEFOCUS_WITHIN, _DEFOCUS_WITHIN)
        transfer = physics.contrast_transfer(self._space.edge, self._space.voxel_size, defocus) * self._wedge_around
        return transfer if self._imaging.dark else -transfer


def _particle_random(seed: int, class_name: str, number: int) -> np.random.Generator:
    entropy = [seed, _PARTICLE_STREAM, zlib.crc32(class_name.encode()), number]
    return np.random.default_rng(np.random.SeedSequence(entropy))
