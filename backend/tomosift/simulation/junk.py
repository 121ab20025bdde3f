"""What particle pickers find besides particles: noise, gold beads, membranes, and particles far off the centre."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tomosift.simulation.orientation import place_in_box, random_rotation
from tomosift.simulation.templates import Template

JUNK = "junk"
JUNK_KINDS = ("noise", "gold bead", "membrane", "off-centre particle")

# Gold outshines the noise, and a membrane that crosses the whole box has more signal than a particle in its middle.
_SIGNAL_FACTORS = {"gold bead": 8.0, "membrane": 4.0}
_BEAD_RADIUS = (25.0, 50.0)  # Å: beads of 5 and 10 nm
_OFF_CENTRE = (0.3, 0.45)  # parts of the box
_LEAFLET_DISTANCE = 40.0  # Å between the head groups of a bilayer
_LEAFLET_SIGMA = 9.0  # Å
_CURVATURE_RADIUS = (200.0, 900.0)  # Å: small vesicles to nearly flat


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cube a density is drawn in: `edge` voxels, the `box` that is kept in its middle, Å per voxel."""

    edge: int
    box: int
    voxel_size: float


def junk_density(
    kind: str, random: np.random.Generator, templates: Sequence[Template], space: Surroundings
) -> NDArray[np.float32]:
    """The density of one junk cube and around it, `(z, y, x)` of `space.edge` voxels; zeros for pure noise."""
    if kind == "gold bead":
        return _gold_bead(random, space)
    if kind == "membrane":
        return _membrane(random, space)
    if kind == "off-centre particle":
        return displaced_particle(random, templates, space, _OFF_CENTRE)
    return np.zeros((space.edge, space.edge, space.edge), np.float32)


def signal_factor(kind: str) -> float:
    """How many times stronger than a particle's its signal is, in variance."""
    return _SIGNAL_FACTORS.get(kind, 1.0)


def displaced_particle(
    random: np.random.Generator, templates: Sequence[Template], space: Surroundings, distances: tuple[float, float]
) -> NDArray[np.float32]:
    """A particle of any class whose centre lies between `distances` (parts of the box) off the middle."""
    template = templates[int(random.integers(len(templates)))]
    shift = _direction(random) * random.uniform(*distances) * space.box
    return place_in_box(template.coefficients, template.centre, random_rotation(random), shift, space.edge)


def _gold_bead(random: np.random.Generator, space: Surroundings) -> NDArray[np.float32]:
    radius = random.uniform(*_BEAD_RADIUS) / space.voxel_size
    distance = _distances(space, random.uniform(-0.25, 0.25, 3) * space.box)
    return np.clip(radius - distance + 0.5, 0.0, 1.0).astype(np.float32)


def _membrane(random: np.random.Generator, space: Surroundings) -> NDArray[np.float32]:
    """Two concentric leaflets through the box: a piece of a vesicle's or a cell's membrane."""
    curvature = random.uniform(*_CURVATURE_RADIUS) / space.voxel_size
    depth = random.uniform(-0.2, 0.2) * space.box
    height = _distances(space, _direction(random) * (curvature + depth)) - curvature
    half, sigma = _LEAFLET_DISTANCE / 2 / space.voxel_size, max(_LEAFLET_SIGMA / space.voxel_size, 0.6)
    leaflets = np.exp(-((height - half) ** 2) / (2 * sigma**2)) + np.exp(-((height + half) ** 2) / (2 * sigma**2))
    return leaflets.astype(np.float32)


def _distances(space: Surroundings, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many voxels each voxel is away from `centre` (z, y, x), given from the middle voxel."""
    z, y, x = np.ogrid[: space.edge, : space.edge, : space.edge]
    cz, cy, cx = centre + space.edge // 2
    return np.asarray(np.sqrt((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2), np.float64)


def _direction(random: np.random.Generator) -> NDArray[np.float64]:
    """A unit vector (z, y, x), uniform on the sphere."""
    vector: NDArray[np.float64] = Rotation.random(rng=random).as_matrix()[:, 2]
    return vector[::-1]
