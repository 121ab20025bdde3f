"""What the network sees of a volume."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from tomosift_worker.training.preprocessing import crop_band, gaussian_low_pass, prepare, prepared_box, standardise
from tomosift_worker.training.settings import PreprocessingSettings


def _raw(n: int = 3) -> torch.Tensor:
    return 5.0 + 3.0 * torch.randn(n, 1, 21, 22, 23, generator=torch.Generator().manual_seed(0))


def test_low_pass_is_a_periodic_gaussian_filter() -> None:
    volumes = _raw()
    found = gaussian_low_pass(volumes, 1.7)
    for each in range(len(volumes)):
        expected = gaussian_filter(volumes[each, 0].numpy().astype(np.float64), 1.7, mode="wrap", truncate=8.0)
        np.testing.assert_allclose(found[each, 0].numpy(), expected, atol=2e-5)


def test_sigma_0_changes_nothing() -> None:
    volumes = _raw()
    assert gaussian_low_pass(volumes, 0.0) is volumes
    torch.testing.assert_close(prepare(volumes, PreprocessingSettings(low_pass_sigma_voxels=0.0)), standardise(volumes))


def test_prepared_volumes_are_standardised_whatever_their_grey_scale() -> None:
    settings = PreprocessingSettings(low_pass_sigma_voxels=1.0)
    prepared = prepare(_raw(), settings)
    torch.testing.assert_close(prepared.mean(dim=(1, 2, 3, 4)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(prepared.std(dim=(1, 2, 3, 4), correction=0), torch.ones(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(prepare(100.0 * _raw() - 7.0, settings), prepared, atol=1e-4, rtol=1e-4)


def test_a_volume_does_not_depend_on_its_batch() -> None:
    settings = PreprocessingSettings(low_pass_sigma_voxels=1.0)
    volumes = _raw()
    torch.testing.assert_close(prepare(volumes, settings)[1:2], prepare(volumes[1:2], settings), atol=1e-6, rtol=0)


def test_a_constant_volume_becomes_zeros_and_no_nan() -> None:
    assert torch.equal(standardise(torch.full((1, 1, 8, 8, 8), 3.0)), torch.zeros(1, 1, 8, 8, 8))


def _waves(box: int, period: float) -> torch.Tensor:
    """A plane wave through a cube of `box` voxels, of `period` whole periods across it along z and one along x."""
    z, _, x = np.meshgrid(*3 * [np.arange(box)], indexing="ij")
    return torch.from_numpy(np.cos(2 * np.pi * (period * z + x + 0.1 * box) / box)).float()[None, None]


@pytest.mark.parametrize(("box", "kept"), [(32, 24), (28, 22), (33, 25)])
def test_a_smaller_band_samples_low_frequencies_more_coarsely_and_drops_the_others(box: int, kept: int) -> None:
    settings = PreprocessingSettings(low_pass_sigma_voxels=0.0, kept_band=0.75)
    assert prepared_box(box, settings) == kept
    low = crop_band(_waves(box, 5), 0.75)
    z, _, x = np.meshgrid(*3 * [np.arange(kept)], indexing="ij")
    expected = np.cos(2 * np.pi * ((5 * z + x) / kept + 0.1))
    np.testing.assert_allclose(low[0, 0].numpy(), expected, atol=1e-5)
    assert crop_band(_waves(box, kept // 2 + 1), 0.75).abs().max() < 1e-5


def test_the_whole_band_changes_nothing() -> None:
    volumes = _raw()
    assert crop_band(volumes, 1.0) is volumes


def test_a_smaller_band_goes_with_the_flips_that_augment_training() -> None:
    settings = PreprocessingSettings(low_pass_sigma_voxels=1.0, kept_band=0.7)
    volumes = torch.randn(2, 1, 20, 20, 20, generator=torch.Generator().manual_seed(1))

    # Voxel 0 is its own mirror image where the box is even, so a flip is a flip and a shift by one.
    def flipped(each: torch.Tensor) -> torch.Tensor:
        return each.flip(2).roll(1, 2)

    torch.testing.assert_close(
        prepare(flipped(volumes), settings), flipped(prepare(volumes, settings)), atol=1e-4, rtol=0
    )
