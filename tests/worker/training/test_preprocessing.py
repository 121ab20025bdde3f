"""What the network sees of a volume."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from tomosift_worker.training.preprocessing import gaussian_low_pass, prepare, standardise
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
