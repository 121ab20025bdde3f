"""Class averages of simulated particles whose orientations, shifts and missing wedges are known."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from tomosift.formats.orientations import relion_angles
from tomosift.simulation import physics
from tomosift.simulation.orientation import place_in_box
from tomosift.simulation.particles import Imaging, ParticleSimulator, plan_particles
from tomosift.simulation.templates import Template, phantom_templates
from tomosift.volumes.class_sums import ClassAverage, ClassSums, TiltRange
from tomosift.volumes.fourier_sphere import FourierSphere, resolution_of

BOX, VOXEL_SIZE = 24, 10.0
TEMPLATES = phantom_templates(BOX, VOXEL_SIZE)
SPHERE = FourierSphere(BOX)


@dataclass
class Particles:
    volumes: NDArray[np.float32]
    rotations: Rotation
    offsets: NDArray[np.float64]

    @property
    def angles(self) -> NDArray[np.float64]:
        return relion_angles(self.rotations)


def reference(template: Template) -> NDArray[np.float32]:
    return place_in_box(template.coefficients, template.centre, Rotation.identity(), np.zeros(3), BOX)


def clean_particles(template: Template, rotations: Rotation, wedge_degrees: float = 90.0) -> Particles:
    """Without noise, contrast transfer or shifts."""
    mask = physics.wedge_mask(BOX, wedge_degrees)
    still = np.zeros(3)
    placed = [place_in_box(template.coefficients, template.centre, each, still, BOX) for each in rotations]
    volumes = np.stack([physics.filtered(each, mask) for each in placed])
    return Particles(volumes, rotations, np.zeros((len(volumes), 3)))


@pytest.fixture(scope="module")
def noisy() -> Particles:
    """200 of one class as a microscope shows them: contrast transfer, missing wedge, SNR 0.1, off the middle."""
    simulator = ParticleSimulator(TEMPLATES, Imaging(BOX, snr=0.1, wedge_degrees=60.0, max_shift=2.0), seed=1)
    made = [simulator.simulate(each) for each in plan_particles({TEMPLATES[0].name: 200}, 1, 8, BOX)]
    rotations = Rotation.concatenate([each.rotation for each in made])
    offsets = np.stack([each.shift[::-1] for each in made])
    return Particles(np.stack([each.volume for each in made]), rotations, offsets)


def average(particles: Particles, wedge: TiltRange | None = None) -> ClassAverage:
    sums = ClassSums(1, BOX, VOXEL_SIZE, wedge)
    sums.add(particles.volumes, particles.angles, np.zeros(len(particles.volumes), int), particles.offsets)
    return sums.averages()[0]


def similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Correlation inside the ball that fits in the box, smoothed with a Gaussian of 1.5 voxels."""
    inside = np.linalg.norm(np.mgrid[:BOX, :BOX, :BOX] - BOX // 2, axis=0) < BOX // 2 - 3
    smooth = [gaussian_filter(each.astype(np.float64), 1.5)[inside] for each in (first, second)]
    return float(np.corrcoef(*smooth)[0, 1])


def test_two_hundred_noisy_particles_add_up_to_their_template(noisy: Particles) -> None:
    found = average(noisy, TiltRange(-60, 60))
    # What the microscope makes of the template at the middle of the simulated defoci, which reach from 2 to 5 µm.
    imaged = physics.filtered(reference(TEMPLATES[0]), physics.contrast_transfer(BOX, VOXEL_SIZE, 3.5))
    assert similarity(found.volume, imaged) > 0.98
    assert similarity(noisy.volumes[0], imaged) < 0.5
    assert (found.n, found.n_left_out, found.aligned, found.wedge_compensated) == (200, 0, True, True)
    assert found.fsc_resolution is not None
    assert found.fsc_resolution < 35


def test_particles_are_moved_to_their_centres(noisy: Particles) -> None:
    with_offsets = average(noisy).fsc_resolution
    without = average(Particles(noisy.volumes, noisy.rotations, np.zeros_like(noisy.offsets))).fsc_resolution
    assert with_offsets is not None
    assert without is not None
    assert with_offsets < without - 3


def test_without_angles_it_is_a_plain_sum_and_says_so(noisy: Particles) -> None:
    sums = ClassSums(1, BOX, VOXEL_SIZE, TiltRange(-60, 60))
    sums.add(noisy.volumes, None, np.zeros(200, int))
    found = sums.averages()[0]
    np.testing.assert_allclose(found.volume, noisy.volumes.mean(axis=0, dtype=np.float64), atol=1e-6)
    assert (found.n, found.aligned, found.wedge_compensated) == (200, False, False)


def test_where_some_lack_angles_only_the_others_are_averaged(noisy: Particles) -> None:
    angles = noisy.angles.copy()
    angles[150:, 1] = np.nan
    sums = ClassSums(1, BOX, VOXEL_SIZE)
    sums.add(noisy.volumes, angles, np.zeros(200, int), noisy.offsets)
    found = sums.averages()[0]
    first = Particles(noisy.volumes[:150], noisy.rotations[:150], noisy.offsets[:150])
    np.testing.assert_array_equal(found.volume, average(first).volume)
    assert (found.n, found.n_left_out, found.aligned) == (150, 50, True)


def test_the_missing_wedge_is_made_up_for_where_orientations_are_preferred() -> None:
    template, full = TEMPLATES[0], SPHERE.coefficients(reference(TEMPLATES[0]))
    # The particles' z axes lie within some 35 degrees of the beam, so that many wedges overlap.
    tilts = np.random.default_rng(0).uniform([0, -35, 0], [360, 35, 360], (120, 3))
    rotations = Rotation.from_euler("ZYZ", tilts, degrees=True)
    particles = clean_particles(template, rotations, wedge_degrees=50.0)
    seen = np.mean([TiltRange(-50, 50).sees(each @ SPHERE.frequencies) for each in rotations.as_matrix()], axis=0)
    covered = (seen > 0.1) & (seen < 0.9)
    assert covered.sum() > 300

    def error(found: ClassAverage) -> float:
        difference = SPHERE.coefficients(found.volume) - full
        return float(np.linalg.norm(difference[covered]) / np.linalg.norm(full[covered]))

    def correlation(found: ClassAverage) -> float:
        return float(np.abs(np.corrcoef(SPHERE.coefficients(found.volume)[covered], full[covered])[0, 1]))

    made_up, as_it_is = average(particles, TiltRange(-50, 50)), average(particles)
    assert correlation(made_up) > max(0.95, correlation(as_it_is))
    assert error(made_up) < 0.75 * error(as_it_is)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), shift=st.tuples(*[st.floats(-2.5, 2.5)] * 3), which=st.integers(0, 5))
def test_one_particle_turned_back_is_its_reference(seed: int, shift: tuple[float, ...], which: int) -> None:
    template, rotation = TEMPLATES[which], Rotation.random(1, rng=seed)
    off = np.array(shift)
    placed = place_in_box(template.coefficients, template.centre, rotation[0], off[::-1], BOX)
    found = average(Particles(placed[None], rotation, off[None]))
    assert similarity(found.volume, reference(template)) > 0.99
    assert found.fsc_resolution is None


def test_level_and_contrast_are_those_of_the_particles() -> None:
    z, y, x = np.mgrid[:BOX, :BOX, :BOX] - BOX // 2
    bead = (np.exp(-(x**2 + y**2 + z**2) / 18.0) * -3 + 7).astype(np.float32)
    rotations = Rotation.random(20, rng=0)
    found = average(Particles(np.stack([bead] * 20), rotations, np.zeros((20, 3))), TiltRange(-90, 90))
    assert found.volume[BOX // 2, BOX // 2, BOX // 2] == pytest.approx(4, abs=0.02)
    assert found.volume[0, 0, 0] == pytest.approx(7, abs=0.02)


def test_a_centre_outside_the_cube_leaves_its_mean_level_only(noisy: Particles) -> None:
    far = np.tile([0.0, -1e300, 2.0], (200, 1))
    found = average(Particles(noisy.volumes + 5, noisy.rotations, far))
    np.testing.assert_allclose(found.volume, 5, atol=0.01)


def test_batches_and_threads_change_nothing(noisy: Particles) -> None:
    classes = np.arange(200) % 3
    by_batches = [ClassSums(4, BOX, VOXEL_SIZE, TiltRange(-60, 60), threads) for threads in (1, 3)]
    for start in range(0, 200, 23):
        part = slice(start, start + 23)
        for sums in by_batches:
            sums.add(noisy.volumes[part], noisy.angles[part], classes[part], noisy.offsets[part])
    at_once = ClassSums(4, BOX, VOXEL_SIZE, TiltRange(-60, 60))
    at_once.add(noisy.volumes, noisy.angles, classes, noisy.offsets)
    for one, three, whole in zip(*(sums.averages() for sums in (*by_batches, at_once)), strict=True):
        np.testing.assert_array_equal(one.volume, three.volume)
        np.testing.assert_allclose(one.volume, whole.volume, atol=1e-6)
        assert (one.n, one.fsc_resolution) == (three.n, three.fsc_resolution)
        assert one.n == whole.n
    empty = at_once.averages()[3]
    assert (empty.n, empty.fsc_resolution, empty.aligned) == (0, None, False)
    assert not empty.volume.any()


def test_halves_of_pure_noise_agree_at_no_fine_resolution() -> None:
    noise = np.random.default_rng(5).standard_normal((100, BOX, BOX, BOX)).astype(np.float32)
    found = average(Particles(noise, Rotation.random(100, rng=1), np.zeros((100, 3))))
    assert found.fsc_resolution is None or found.fsc_resolution > 60


def test_a_tilt_range_sees_the_planes_of_its_tilts() -> None:
    x, _, z = SPHERE.frequencies
    # Off the edges, where rounding decides.
    tilts = np.degrees(np.arctan2(z, np.where(x == 0, 1e-9, x)))
    inner, outer = (tilts > -39.9) & (tilts < 59.9), (tilts < -40.1) | (tilts > 60.1)
    centre = (x == 0) & (z == 0)
    for sign in (1, -1):
        sees = TiltRange(-40, 60).sees(sign * SPHERE.frequencies)
        assert sees[inner | centre].all()
        assert not sees[outer & ~centre].any()
    whole = SPHERE.frequencies.astype(int)
    same = physics.wedge_mask(BOX, 60)[whole[2] % BOX, whole[1] % BOX, whole[0]] > 0
    np.testing.assert_array_equal(TiltRange(-60, 60).sees(SPHERE.frequencies), same)
    assert TiltRange(-90, 90).sees(SPHERE.frequencies).all()


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [([1.0, 0.9, 0.5], 2.0), ([0.1, 0.9], None), ([1.0, 0.643, -0.357, 0.9], 20 / 2.5)],
)
def test_the_resolution_lies_where_the_correlation_first_falls_below(
    correlation: list[float], expected: float | None
) -> None:
    found = resolution_of(np.array(correlation), box=20, voxel_size=1.0)
    assert found == (None if expected is None else pytest.approx(expected))


def test_what_does_not_fit_is_refused() -> None:
    sums = ClassSums(2, BOX, VOXEL_SIZE)
    cubes = np.zeros((2, BOX, BOX, BOX), np.float32)
    with pytest.raises(ValueError, match="classes are 0 to 1"):
        sums.add(cubes, None, np.array([0, 2]))
    with pytest.raises(ValueError, match="do not fit"):
        sums.add(cubes[:, 1:], None, np.array([0, 1]))
    with pytest.raises(ValueError, match="tilt range"):
        TiltRange(60, -60)
