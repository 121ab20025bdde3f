"""Boxes out of tomograms: the particle in the middle, the right size, and nothing made up beyond the edge unsaid."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomosift.formats.mrc import write_cube
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_file import VolumeFile
from tomosift.formats.volume_files import open_volume_file
from tomosift.volumes.cutting import CutSettings, cut_box, padded_fraction, resampling_note

SHAPE = (44, 52, 60)


def tomogram_of(folder: Path, voxels: NDArray[np.float64], voxel_size: float = 10.0) -> VolumeFile:
    write_cube(folder / "tomogram.mrc", voxels.astype(np.float32), voxel_size)
    return open_volume_file(folder / "tomogram.mrc")


def blob(shape: tuple[int, int, int], centre_xyz: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    z, y, x = np.indices(shape)
    squares = (x - centre_xyz[0]) ** 2 + (y - centre_xyz[1]) ** 2 + (z - centre_xyz[2]) ** 2
    return np.asarray(np.exp(-squares / (2 * width**2)), np.float64)


def centre_of_mass_xyz(volume: NDArray[np.float32]) -> NDArray[np.float64]:
    indices = np.indices(volume.shape)[::-1]
    return np.array([(axis * volume).sum() / volume.sum() for axis in indices])


@pytest.mark.parametrize("box", [16, 17])
def test_the_particle_lies_on_voxel_half_the_box(tmp_path: Path, box: int) -> None:
    centre = np.array([31.0, 24.0, 20.0])
    tomogram = tomogram_of(tmp_path, blob(SHAPE, centre, 1.5))

    cut = cut_box(tomogram, centre, 10.0, CutSettings(box))

    assert cut.volume.shape == (box, box, box)
    assert cut.volume.dtype == np.float32
    assert cut.padded == 0.0
    assert np.unravel_index(cut.volume.argmax(), cut.volume.shape) == (box // 2,) * 3
    x, y, z = (31 - box // 2, 24 - box // 2, 20 - box // 2)
    np.testing.assert_array_equal(cut.volume, tomogram.read_volume()[z : z + box, y : y + box, x : x + box])


def test_a_fractional_place_goes_to_the_nearest_voxel(tmp_path: Path) -> None:
    tomogram = tomogram_of(tmp_path, np.random.default_rng(0).normal(size=SHAPE))
    near = cut_box(tomogram, np.array([30.4, 23.6, 20.5]), 10.0, CutSettings(8)).volume
    np.testing.assert_array_equal(near, cut_box(tomogram, np.array([30.0, 24.0, 21.0]), 10.0, CutSettings(8)).volume)
    # Half a per mille is what programs round voxel sizes by, no reason to resample.
    same = CutSettings(8, voxel_size=10.004)
    np.testing.assert_array_equal(near, cut_box(tomogram, np.array([30.0, 24.0, 21.0]), 10.0, same).volume)


@settings(max_examples=20, deadline=None)
@given(
    centre=st.tuples(*[st.floats(low, high) for low, high in ((27, 33), (23, 29), (19, 25))]),
    voxel_size=st.sampled_from([6.0, 13.7, 20.0, 25.0]),
)
def test_resampled_boxes_keep_the_particle_in_the_middle(
    tmp_path_factory: pytest.TempPathFactory, centre: tuple[float, float, float], voxel_size: float
) -> None:
    """The sign of every fraction counts: a density anywhere comes out centred, and as wide as it was in Å."""
    place = np.array(centre)
    tomogram = tomogram_of(tmp_path_factory.mktemp("tomogram"), blob(SHAPE, place, 3.0))
    box = 12 if voxel_size > 10 else 26

    volume = cut_box(tomogram, place, 10.0, CutSettings(box, voxel_size)).volume

    expected = blob(volume.shape, np.full(3, box // 2), 3.0 * 10.0 / voxel_size)
    np.testing.assert_allclose(volume, expected, atol=0.02)
    np.testing.assert_allclose(centre_of_mass_xyz(volume**2), box // 2, atol=0.02)


def test_resampling_keeps_the_mean_and_slow_waves(tmp_path: Path) -> None:
    z, y, x = np.indices((80, 80, 80))
    waves = 3.0 + np.cos(2 * np.pi * x / 32) + np.sin(2 * np.pi * (y + z) / 40)
    tomogram = tomogram_of(tmp_path, waves)

    volume = cut_box(tomogram, np.array([40.0, 40.0, 40.0]), 10.0, CutSettings(16, 24.0)).volume

    z, y, x = 40 + (np.indices((16, 16, 16)) - 8) * 2.4
    expected = 3.0 + np.cos(2 * np.pi * x / 32) + np.sin(2 * np.pi * (y + z) / 40)
    np.testing.assert_allclose(volume, expected, atol=0.01)
    constant = tomogram_of(tmp_path, np.full((40, 40, 40), 7.0))
    np.testing.assert_allclose(
        cut_box(constant, np.array([2.0, 20.0, 20.3]), 10.0, CutSettings(16, 24.0)).volume, 7.0, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("factor", "frequency"), [(1.5, 1.02), (1.5, 1.4), (2.0, 1.02), (2.0, 1.2), (2.0, 1.9), (3.3, 1.02), (3.3, 3.0)]
)
def test_waves_above_the_new_nyquist_are_suppressed(tmp_path: Path, factor: float, frequency: float) -> None:
    """`frequency` in new Nyquist frequencies: 20 dB down is a tenth of the amplitude."""
    cycles_per_voxel = 0.5 / factor * frequency
    wave = np.broadcast_to(np.cos(2 * np.pi * cycles_per_voxel * np.arange(96)), (96, 96, 96))
    tomogram = tomogram_of(tmp_path, wave)

    volume = cut_box(tomogram, np.array([48.0, 48.0, 48.0]), 10.0, CutSettings(16, 10.0 * factor)).volume

    assert np.abs(volume).max() < 0.1
    assert volume.std() < 0.1 * wave.std()


def test_what_lies_outside_is_the_mean_of_what_lies_inside(tmp_path: Path) -> None:
    tomogram = tomogram_of(tmp_path, np.random.default_rng(0).normal(5.0, size=SHAPE))

    cut = cut_box(tomogram, np.array([1.0, 26.0, 22.0]), 10.0, CutSettings(16))

    inside = tomogram.read_volume()[14:30, 18:34, 0:9]
    np.testing.assert_array_equal(cut.volume[:, :, 7:], inside)
    np.testing.assert_allclose(cut.volume[:, :, :7], inside.mean(), rtol=1e-6)
    assert cut.padded == pytest.approx(7 / 16)
    resampled = cut_box(tomogram, np.array([0.0, 26.0, 22.0]), 10.0, CutSettings(8, 20.0))
    assert resampled.padded == pytest.approx(4 / 8)
    assert abs(resampled.volume[:, :, 0].mean() - 5.0) < 0.3


def test_a_tomogram_smaller_than_the_box_is_padded_all_round(tmp_path: Path) -> None:
    tomogram = tomogram_of(tmp_path, np.ones((6, 6, 6)) * 2)
    cut = cut_box(tomogram, np.array([3.0, 3.0, 3.0]), 10.0, CutSettings(12))
    assert cut.padded == pytest.approx(1 - 0.5**3)
    np.testing.assert_allclose(cut.volume, 2.0)


@pytest.mark.parametrize("voxel_size", [None, 20.0])
@pytest.mark.parametrize("centre", [(-40.0, 20.0, 20.0), (30.0, 20.0, 200.5), (float("nan"), 1.0, 1.0)])
def test_a_box_outside_is_refused_with_position_and_size(
    tmp_path: Path, voxel_size: float | None, centre: tuple[float, float, float]
) -> None:
    tomogram = tomogram_of(tmp_path, np.zeros(SHAPE))
    with pytest.raises(FormatProblem, match=rf"{centre[0]:.1f}, {centre[1]:.1f}.*60 × 52 × 44"):
        cut_box(tomogram, np.array(centre), 10.0, CutSettings(16, voxel_size))


@settings(max_examples=60, deadline=None)
@given(
    centre=st.tuples(*[st.floats(-9, 69)] * 3),
    box=st.integers(4, 20),
    voxel_size=st.sampled_from([None, 7.0, 10.0, 23.0]),
)
def test_headers_alone_tell_what_is_padded(
    tmp_path_factory: pytest.TempPathFactory, centre: tuple[float, float, float], box: int, voxel_size: float | None
) -> None:
    tomogram = tomogram_of(tmp_path_factory.mktemp("tomogram"), np.ones(SHAPE))
    wanted = CutSettings(box, voxel_size)
    told = padded_fraction(np.array([centre]), np.array([SHAPE[::-1]]), np.array([10.0]), wanted)[0]
    if told == 1.0:
        with pytest.raises(FormatProblem, match="outside"):
            cut_box(tomogram, np.array(centre), 10.0, wanted)
    else:
        assert cut_box(tomogram, np.array(centre), 10.0, wanted).padded == pytest.approx(told)


def test_contrast_and_normalisation(tmp_path: Path) -> None:
    tomogram = tomogram_of(tmp_path, np.random.default_rng(0).normal(3.0, 2.0, SHAPE))
    centre = np.array([30.0, 26.0, 22.0])
    plain = cut_box(tomogram, centre, 10.0, CutSettings(16)).volume

    np.testing.assert_array_equal(cut_box(tomogram, centre, 10.0, CutSettings(16, invert=True)).volume, -plain)
    scored = cut_box(tomogram, centre, 10.0, CutSettings(16, invert=True, normalise="zscore")).volume
    assert scored.mean() == pytest.approx(0.0, abs=1e-5)
    assert scored.std() == pytest.approx(1.0, abs=1e-5)
    assert np.corrcoef(scored.ravel(), plain.ravel())[0, 1] == pytest.approx(-1.0)
    flat = cut_box(tomogram_of(tmp_path, np.full(SHAPE, 4.0)), centre, 10.0, CutSettings(16, normalise="zscore")).volume
    assert not flat.any()


def test_voxel_sizes_that_are_too_far_apart_are_refused(tmp_path: Path) -> None:
    tomogram = tomogram_of(tmp_path, np.zeros(SHAPE))
    for voxel_size in (4.9, 161.0):
        with pytest.raises(FormatProblem, match=f"boxes of {voxel_size:g} Å .* tomogram of 10 Å"):
            cut_box(tomogram, np.array([30.0, 26.0, 22.0]), 10.0, CutSettings(16, voxel_size))
    assert resampling_note(10.0, CutSettings(16, 20.0)) is None
    assert resampling_note(10.0, CutSettings(16)) is None
    assert "no detail" in str(resampling_note(10.0, CutSettings(16, 6.0)))


def test_large_shrinking_reads_the_tomogram_by_slabs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tomogram = tomogram_of(tmp_path, np.random.default_rng(0).normal(size=(60, 60, 60)))
    at_once = cut_box(tomogram, np.array([30.0, 30.0, 29.6]), 10.0, CutSettings(12, 40.0)).volume
    monkeypatch.setattr("tomosift.volumes.cutting._SLAB_BYTES", 5 * 60 * 60 * 4)
    np.testing.assert_allclose(
        cut_box(tomogram, np.array([30.0, 30.0, 29.6]), 10.0, CutSettings(12, 40.0)).volume, at_once, atol=1e-5
    )
