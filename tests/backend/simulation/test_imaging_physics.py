"""Orientation, contrast transfer, missing wedge and noise, each against an independent calculation."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft
from scipy.spatial.transform import Rotation

from tomosift.formats.orientations import relion_angles, rotation_from_relion
from tomosift.simulation import physics
from tomosift.simulation.orientation import place_in_box, random_rotation, spline_coefficients
from tomosift.simulation.phantoms import phantom_density


def blob_at(position_zyx: tuple[float, float, float], box: int = 32) -> NDArray[np.float32]:
    grid = np.indices((box, box, box))
    squared = sum((axis - at) ** 2 for axis, at in zip(grid, position_zyx, strict=True))
    return np.exp(-np.asarray(squared) / 8.0).astype(np.float32)


def centre_of_mass(volume: NDArray[np.float32]) -> NDArray[np.float64]:
    grid = np.indices(volume.shape).reshape(3, -1)
    return np.asarray(grid @ volume.ravel().astype(np.float64) / volume.sum(dtype=np.float64))


def test_a_rotation_acts_on_xyz_about_the_middle_voxel() -> None:
    """A blob on +x turned by +90° about z comes to lie on +y (right-handed)."""
    centre = np.full(3, 16.0)
    placed = place_in_box(
        spline_coefficients(blob_at((16, 16, 24))), centre, Rotation.from_euler("z", 90, degrees=True), np.zeros(3), 32
    )
    np.testing.assert_allclose(centre_of_mass(placed), [16, 24, 16], atol=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_any_rotation_shift_and_box_move_a_blob_where_they_should(seed: int) -> None:
    random = np.random.default_rng(seed)
    rotation, shift = random_rotation(random), random.uniform(-3, 3, 3)
    offset_xyz = np.array([4.0, -3.0, 5.0])
    density = blob_at((18 + offset_xyz[2], 15 + offset_xyz[1], 17 + offset_xyz[0]))

    placed = place_in_box(spline_coefficients(density), np.array([18.0, 15.0, 17.0]), rotation, shift, 40)

    expected = 20 + shift + rotation.apply(offset_xyz)[::-1]
    np.testing.assert_allclose(centre_of_mass(placed), expected, atol=0.02)
    assert placed.sum() == pytest.approx(density.sum(), rel=0.01)


def test_relion_angles_turn_the_reference_into_the_particle() -> None:
    """RELION's matrix A(rot, tilt, psi), written out as in its Euler_angles2matrix, takes the reference's axes to
    the particle's."""
    rotation = random_rotation(np.random.default_rng(3))
    rot, tilt, psi = np.radians(relion_angles(rotation))
    about_z, about_y, about_z_again = (
        np.array([[np.cos(rot), np.sin(rot), 0], [-np.sin(rot), np.cos(rot), 0], [0, 0, 1]]),
        np.array([[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0], [np.sin(tilt), 0, np.cos(tilt)]]),
        np.array([[np.cos(psi), np.sin(psi), 0], [-np.sin(psi), np.cos(psi), 0], [0, 0, 1]]),
    )
    np.testing.assert_allclose(about_z_again @ about_y @ about_z, rotation.as_matrix(), atol=1e-9)


def test_angles_bring_a_particle_back_onto_its_template() -> None:
    density = phantom_density("Y shape", 32)
    rotation = random_rotation(np.random.default_rng(1))
    centre = np.full(3, 16.0)
    particle = place_in_box(spline_coefficients(density), centre, rotation, np.zeros(3), 32)

    again = rotation_from_relion(relion_angles(rotation)).inv()
    back = place_in_box(spline_coefficients(particle), centre, again, np.zeros(3), 32)

    assert np.corrcoef(back.ravel(), density.ravel())[0, 1] > 0.99
    assert np.corrcoef(particle.ravel(), density.ravel())[0, 1] < 0.6


def test_rotations_are_uniform() -> None:
    """Turned vectors cover the sphere evenly, and the mean rotation angle is that of the Haar measure, 126.5°."""
    random = np.random.default_rng(0)
    rotations = [random_rotation(random) for _ in range(4000)]
    directions = np.array([rotation.as_matrix()[:, 2] for rotation in rotations])
    angles = np.degrees([rotation.magnitude() for rotation in rotations])
    assert np.abs(directions.mean(axis=0)).max() < 0.04
    np.testing.assert_allclose((directions**2).mean(axis=0), 1 / 3, atol=0.02)
    assert angles.mean() == pytest.approx(126.48, abs=1.5)


def test_the_wedge_misses_what_no_tilt_sees() -> None:
    mask = physics.wedge_mask(32, 60.0)
    assert mask.shape == (32, 32, 17)
    assert mask[0, 0, 0] == 1  # the mean
    assert mask[0].all()  # the plane of the untilted view
    assert not mask[5, :, 0].any()  # along the beam
    assert mask[10, 7, 6] == 1  # 59.0° from the untilted view
    assert mask[11, 7, 6] == 0  # 61.4°
    # The seen part of a circle in the x–z plane is 120° of 180°.
    assert mask[:, 0, :].mean() == pytest.approx(0.715, abs=0.03)
    assert physics.wedge_mask(31, 90.0).all()


def test_filtering_with_the_wedge_leaves_no_seen_frequency_changed() -> None:
    volume = np.random.default_rng(0).standard_normal((32, 32, 32), np.float32)
    mask = physics.wedge_mask(32, 50.0)
    before, after = fft.rfftn(volume), fft.rfftn(physics.filtered(volume, mask))
    np.testing.assert_allclose(after, before * mask, atol=2e-3)


def test_the_wavelength_at_300_and_200_kv() -> None:
    assert physics.Microscope().wavelength == pytest.approx(0.019687, abs=1e-6)
    assert physics.Microscope(voltage=200.0).wavelength == pytest.approx(0.025079, abs=1e-6)


def test_the_contrast_transfer_against_its_formula_at_one_frequency() -> None:
    """k = 8 / (32 · 4 Å) = 1/16 Å at 3 µm, in plain numbers."""
    k2, wavelength = (1 / 16) ** 2, 0.0196875
    phase = np.pi * wavelength * 30000 * k2 - np.pi / 2 * 2.7e7 * wavelength**3 * k2**2 + np.arcsin(0.07)
    transfer = physics.contrast_transfer(32, 4.0, 3.0)
    assert transfer[8, 0, 0] == pytest.approx(-np.sin(phase), abs=1e-3)
    assert transfer[0, 24, 0] == transfer[0, 0, 8] == transfer[8, 0, 0]
    assert transfer[0, 0, 0] == pytest.approx(-0.07)


def test_protein_becomes_dark() -> None:
    seen = physics.filtered(blob_at((16, 16, 16)), physics.contrast_transfer(32, 10.0, 3.0))
    assert seen.argmin() == np.ravel_multi_index((16, 16, 16), (32, 32, 32))
    assert abs(seen.min()) > seen.max()


def test_noise_is_white_outside_the_wedge_and_absent_in_it() -> None:
    mask = physics.wedge_mask(24, 60.0)
    noise = physics.noise_in_wedge(np.random.default_rng(0), mask)
    power = np.abs(fft.rfftn(noise.astype(np.float64))) ** 2
    assert noise.mean() == pytest.approx(0, abs=1e-6)
    assert noise.std() == pytest.approx(1, abs=1e-5)
    assert power[mask == 0].max() < 1e-6 * power[mask == 1].mean()
    low, high = power[:4, :4, 1:4][mask[:4, :4, 1:4] == 1], power[:4, :4, 9:12]
    assert 0.6 < low.mean() / high.mean() < 1.6


def test_normalising_and_cutting_out() -> None:
    volume = np.arange(10**3, dtype=np.float32).reshape(10, 10, 10)
    cut = physics.centre_of(volume, 4)
    assert cut.shape == (4, 4, 4)
    assert cut[2, 2, 2] == volume[5, 5, 5]
    normal = physics.normalised(cut)
    assert (normal.mean(), normal.std()) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-6))
    assert not physics.normalised(np.full((2, 2, 2), 3.0, np.float32)).any()
