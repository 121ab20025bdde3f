"""Random changes of training volumes in Fourier space and by free rotation, batched on the device; each is a setting.

A freely turned particle brings its own missing wedge with it, where no microscope has one. So after a rotation the
wedge of the tilt series is taken out again: such a volume lacks both, its own that now points anywhere and the real
one, and the network cannot learn the particle's orientation from the wedge.

Everything drawn follows from the seed and the step, each change from a stream of its own: switching one on or off
leaves the others as they were.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.preprocessing import standardise
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.wedge import wedge_mask

_ROTATION, _WEDGE, _SHIFT, _LOW_PASS, _CONTRAST, _NOISE, _NOISE_AMOUNT = range(20, 27)
_SPACE = (2, 3, 4)


def change_physically(volumes: Tensor, settings: TrainingSettings, seed: int, step: int) -> Tensor:
    """The volumes `(n, 1, z, y, x)` with the changes that the settings ask for, standardised again where any applies.

    In this order: rotation, noise, low-pass, sub-voxel shift, wedge, contrast. Contrast comes last, since standardising
    would undo it.
    """
    count = len(volumes)
    if settings.free_rotation:
        volumes = rotate(volumes, random_rotations(generator_at(seed, _ROTATION, step), count))
    if _works_in_fourier_space(settings):
        volumes = standardise(_filtered(volumes, settings, seed, step))
    if settings.contrast_jitter > 0.0:
        factors = np.exp(
            generator_at(seed, _CONTRAST, step).uniform(-settings.contrast_jitter, settings.contrast_jitter, count)
        )
        volumes = volumes * _per_volume(factors, volumes)
    return volumes


def random_rotations(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    """`(count, 3, 3)` rotation matrices, uniform over all orientations (from normal quaternions; Shoemake 1992)."""
    quaternions = generator.normal(size=(count, 4))
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(rows, np.float64).transpose(2, 0, 1)


def rotate(volumes: Tensor, rotations: NDArray[np.float64]) -> Tensor:
    """Each cube of `(n, 1, z, y, x)` turned about its middle by its matrix, which acts on vectors (z, y, x).

    Trilinear; what is turned in from outside is the cube mirrored at its faces, so that noise stays noise. Raises
    ValueError for boxes that are not cubes.
    """
    if len(set(volumes.shape[2:])) != 1:
        raise ValueError(f"only cubes can be turned, not boxes of {tuple(volumes.shape[2:])}")
    # A voxel's value comes from the place the inverse turns it to; grid_sample wants (x, y, z).
    inverse = rotations.transpose(0, 2, 1)[:, ::-1, ::-1]
    theta = np.concatenate([inverse, np.zeros((len(rotations), 3, 1))], axis=2)
    matrices = torch.from_numpy(np.ascontiguousarray(theta)).to(volumes.device, volumes.dtype)
    grid = functional.affine_grid(matrices, list(volumes.shape), align_corners=False)
    return functional.grid_sample(volumes, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _works_in_fourier_space(settings: TrainingSettings) -> bool:
    amounts = (settings.narrower_tilts_degrees, settings.low_pass_jitter_voxels, settings.noise_jitter)
    return settings.free_rotation or settings.subvoxel_shifts or any(amount > 0.0 for amount in amounts)


def _filtered(volumes: Tensor, settings: TrainingSettings, seed: int, step: int) -> Tensor:
    shape = (volumes.shape[2], volumes.shape[3], volumes.shape[4])
    spectrum = torch.fft.rfftn(volumes, dim=_SPACE)
    if settings.noise_jitter > 0.0:
        spectrum = _with_noise(spectrum, shape, settings.noise_jitter, seed, step)
    if settings.low_pass_jitter_voxels > 0.0:
        spectrum = spectrum * _low_pass(volumes, settings.low_pass_jitter_voxels, seed, step)
    if settings.subvoxel_shifts:
        spectrum = spectrum * _half_voxel_shifts(volumes, seed, step)
    if settings.free_rotation or settings.narrower_tilts_degrees > 0.0:
        spectrum = spectrum * _wedges(volumes, settings, seed, step)
    changed: Tensor = torch.fft.irfftn(spectrum, s=shape, dim=_SPACE)
    return changed


def _with_noise(spectrum: Tensor, shape: tuple[int, int, int], most: float, seed: int, step: int) -> Tensor:
    """Noise of up to `most` times the volume's standard deviation, with the volume's own amplitudes at random phases:
    it is coloured, filtered and wedged as the volume is, of which nearly all is noise."""
    generator = torch.Generator(spectrum.device)
    generator.manual_seed(int(generator_at(seed, _NOISE, step).integers(2**63)))
    white = torch.randn((len(spectrum), 1, *shape), generator=generator, device=spectrum.device)
    phases = torch.fft.rfftn(white, dim=_SPACE)
    phases = phases / phases.abs().clamp_min(torch.finfo(torch.float32).tiny)
    amounts = generator_at(seed, _NOISE_AMOUNT, step).uniform(0.0, most, len(spectrum))
    noisy: Tensor = spectrum + _per_volume(amounts, spectrum.real) * spectrum.abs() * phases
    return noisy


def _low_pass(volumes: Tensor, most_voxels: float, seed: int, step: int) -> Tensor:
    sigmas = _per_volume(generator_at(seed, _LOW_PASS, step).uniform(0.0, most_voxels, len(volumes)), volumes)
    kz, ky, kx = _frequencies(volumes)
    transfer: Tensor = torch.exp(-2.0 * math.pi**2 * sigmas**2 * (kz**2 + ky**2 + kx**2))
    return transfer


def _half_voxel_shifts(volumes: Tensor, seed: int, step: int) -> Tensor:
    shifts = generator_at(seed, _SHIFT, step).uniform(-0.5, 0.5, (3, len(volumes)))
    kz, ky, kx = _frequencies(volumes)
    dz, dy, dx = (_per_volume(along, volumes) for along in shifts)
    phases: Tensor = torch.exp(-2j * math.pi * (dz * kz + dy * ky + dx * kx))
    return phases


def _wedges(volumes: Tensor, settings: TrainingSettings, seed: int, step: int) -> Tensor:
    missing = generator_at(seed, _WEDGE, step).uniform(0.0, settings.narrower_tilts_degrees, (2, len(volumes)))
    lowest = torch.from_numpy(settings.lowest_tilt_degrees + missing[0]).clamp_max(0.0).float()
    highest = torch.from_numpy(settings.highest_tilt_degrees - missing[1]).clamp_min(0.0).float()
    shape = (volumes.shape[2], volumes.shape[3], volumes.shape[4])
    return wedge_mask(shape, lowest, highest).to(volumes.device).unsqueeze(1)


def _frequencies(volumes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """kz, ky, kx of the real Fourier transform, in cycles a voxel, ready to broadcast."""
    depth, height, width = volumes.shape[2:]
    options = {"device": volumes.device, "dtype": volumes.dtype}
    return (
        torch.fft.fftfreq(depth, **options)[:, None, None],
        torch.fft.fftfreq(height, **options)[None, :, None],
        torch.fft.rfftfreq(width, **options)[None, None, :],
    )


def _per_volume(values: NDArray[np.float64], like: Tensor) -> Tensor:
    return torch.from_numpy(values).to(like.device, like.dtype).reshape(-1, 1, 1, 1, 1)
