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


def prepared_box(box: int, settings: PreprocessingSettings) -> int:
    """Voxels a side, of a box of `box`, that the network sees: rounded up, and even or odd as the box is."""
    kept = math.ceil(settings.kept_band * box - 1e-9)
    return min(box, kept + (box - kept) % 2)


def crop_band(volumes: Tensor, kept_band: float) -> Tensor:
    """Cubes `(n, 1, b, b, b)` sampled more coarsely, with `prepared_box` voxels a side; grey values stay as they are.

    Frequencies beyond the new Nyquist frequency are left out, and of an even box that one too, which has no partner.
    """
    box = volumes.shape[-1]
    kept = prepared_box(box, PreprocessingSettings(kept_band=kept_band))
    if kept == box:
        return volumes
    spectrum = torch.fft.rfftn(volumes, dim=(2, 3, 4))
    low = (kept - 1) // 2
    along = torch.cat([torch.arange(low + 1), torch.arange(box - low, box)]).to(volumes.device)
    within = torch.cat([torch.arange(low + 1), torch.arange(kept - low, kept)]).to(volumes.device)
    cropped = spectrum.new_zeros(*volumes.shape[:2], kept, kept, kept // 2 + 1)
    half = along[: low + 1]
    cropped[:, :, within[:, None, None], within[:, None], half] = spectrum[
        :, :, along[:, None, None], along[:, None], half
    ]
    coarse: Tensor = torch.fft.irfftn(cropped, s=(kept, kept, kept), dim=(2, 3, 4)) * (kept / box) ** 3
    return coarse


def prepare(volumes: Tensor, settings: PreprocessingSettings) -> Tensor:
    """Raw cubes `(n, 1, z, y, x)` to what the network takes: standardised, smoothed, sampled, standardised again.

    The second time because smoothing takes most of a noisy volume's variance away.
    """
    standard = standardise(volumes.float())
    prepared = crop_band(gaussian_low_pass(standard, settings.low_pass_sigma_voxels), settings.kept_band)
    return standard if prepared is standard else standardise(prepared)
