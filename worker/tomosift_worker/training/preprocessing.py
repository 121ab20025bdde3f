"""What is done to a volume before a network sees it: a part of the model, in training, evaluation and scoring alike."""

import math

import torch
from torch import Tensor

from tomosift_worker.training.settings import PreprocessingSettings


def standardise(volumes: Tensor) -> Tensor:
    """Each volume of `(n, 1, z, y, x)` at mean 0 and standard deviation 1; a constant volume becomes zeros."""
    mean = volumes.mean(dim=(1, 2, 3, 4), keepdim=True)
    deviation = volumes.std(dim=(1, 2, 3, 4), keepdim=True, correction=0)
    return (volumes - mean) / deviation.clamp_min(torch.finfo(volumes.dtype).tiny ** 0.5)


def gaussian_low_pass(volumes: Tensor, sigma_voxels: float) -> Tensor:
    """Convolve each volume of `(n, 1, z, y, x)` with a Gaussian of `sigma_voxels` (periodic at the border).

    Done as a product in Fourier space: exp(-2 pi^2 sigma^2 |f|^2), f in cycles a voxel.
    """
    if sigma_voxels == 0.0:
        return volumes
    depth, height, width = volumes.shape[2:]
    options = {"device": volumes.device, "dtype": volumes.dtype}
    squared = (
        torch.fft.fftfreq(depth, **options)[:, None, None] ** 2
        + torch.fft.fftfreq(height, **options)[None, :, None] ** 2
        + torch.fft.rfftfreq(width, **options)[None, None, :] ** 2
    )
    transfer = torch.exp(-2.0 * math.pi**2 * sigma_voxels**2 * squared)
    spectrum = torch.fft.rfftn(volumes, dim=(2, 3, 4))
    smoothed: Tensor = torch.fft.irfftn(spectrum * transfer, s=(depth, height, width), dim=(2, 3, 4))
    return smoothed


def prepare(volumes: Tensor, settings: PreprocessingSettings) -> Tensor:
    """Raw volumes `(n, 1, z, y, x)` to what the network takes: standardised, smoothed, standardised again.

    The second time because smoothing takes most of a noisy volume's variance away.
    """
    smoothed = gaussian_low_pass(standardise(volumes.float()), settings.low_pass_sigma_voxels)
    return smoothed if settings.low_pass_sigma_voxels == 0.0 else standardise(smoothed)
