"""Pictures of volumes: what is projected, blurred, resampled, and how greys come of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from tomosift.volumes.projections import VIEWS, View, gaussian_sigma, project, resample, to_greys

VOLUMES = np.random.default_rng(2).normal(size=(3, 20, 20, 20)).astype(np.float32)


def literal_projection(volume: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    if view == "central":
        return np.asarray(volume[8:11].mean(axis=0))  # round(20 / 8) = 3 slices in the middle
    return {"sum": volume.mean(axis=0), "max": volume.max(axis=0), "min": volume.min(axis=0)}[view]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("sigma", [0.0, 0.8, 3.0])
def test_a_projection_is_that_of_the_blurred_volume(view: View, sigma: float) -> None:
    blurred = VOLUMES if not sigma else np.stack([gaussian_filter(each, sigma, truncate=4.0) for each in VOLUMES])
    expected = np.stack([literal_projection(each, view) for each in blurred])
    np.testing.assert_allclose(project(VOLUMES, view, sigma), expected, atol=2e-3)


def test_the_low_pass_halves_amplitudes_at_its_cut_off() -> None:
    # A wave of 40 Å along x, at 10 Å a voxel.
    x = np.arange(40)
    wave = np.broadcast_to(np.cos(2 * np.pi * (x + 0.5) / 4), (1, 40, 40, 40)).astype(np.float32)
    damped = project(wave, "sum", gaussian_sigma(40.0, 10.0))
    assert np.abs(damped[0, 20]).max() / np.abs(wave[0, 0, 0]).max() == pytest.approx(0.5, abs=0.01)


@hypothesis_settings(max_examples=30, deadline=None)
@given(length=st.integers(1, 40), edge=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_resampling_keeps_the_mean_and_whole_multiples_are_plain_means(length: int, edge: int, seed: int) -> None:
    picture = np.random.default_rng(seed).normal(size=(1, length, length)).astype(np.float32)
    resampled = resample(picture, edge)
    assert resampled.shape == (1, edge, edge)
    assert resampled.mean() == pytest.approx(picture.mean(), abs=1e-4)
    tiled = np.kron(picture[0], np.ones((3, 3), np.float32))[None]
    np.testing.assert_allclose(resample(tiled, length), picture, atol=1e-5)


def test_greys_have_one_scale_whatever_the_volume_is_in() -> None:
    pictures = VOLUMES[:, 0]
    greys = to_greys(pictures)
    np.testing.assert_array_equal(to_greys((1e4 * pictures - 37).astype(np.float32)), greys)
    values = (greys.astype(float) - 127.5) / 127.5 * 4
    for picture, value in zip(pictures, values, strict=True):
        np.testing.assert_allclose(value, (picture - picture.mean()) / picture.std(), atol=0.017)
    assert (to_greys(np.full((1, 4, 4), 7.0, np.float32)) == 128).all()
