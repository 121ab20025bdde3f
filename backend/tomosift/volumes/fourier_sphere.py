"""Fourier transforms of cubes, kept inside the sphere that every orientation of a cube sees."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft

_LEAST_CORRELATION = 0.143


class FourierSphere:
    """The frequencies of a cube of `box` voxels below Nyquist's, in all directions; of each pair ±k the one with x ≥ 0.

    `frequencies` are `(3, m)` whole numbers x, y, z, in cycles per box. Coefficients are `(m,)` in that order, with the
    origin in the cube's middle voxel, box // 2.
    """

    def __init__(self, box: int) -> None:
        self.box = box
        half = box // 2
        axis = np.arange(-half, half + 1)
        z, y, x = np.meshgrid(axis, axis, np.arange(half + 1), indexing="ij")
        inside = 4 * (z**2 + y**2 + x**2) < box**2
        self.frequencies = np.stack([x[inside], y[inside], z[inside]]).astype(np.float32)
        self._places = (z[inside] % box, y[inside] % box, x[inside])

    def __len__(self) -> int:
        return int(self.frequencies.shape[1])

    @property
    def zero(self) -> int:
        """The place of frequency zero, whose coefficient is the sum of the voxels."""
        return int(np.flatnonzero(~self.frequencies.any(axis=0))[0])

    def coefficients(self, volume: NDArray[np.floating]) -> NDArray[np.complex128]:
        """Of a volume `(z, y, x)`."""
        centred = np.roll(volume.astype(np.float64), [-(self.box // 2)] * 3, axis=(0, 1, 2))
        spectrum: NDArray[np.complex128] = fft.rfftn(centred)[self._places]
        return spectrum

    def volume(self, coefficients: NDArray[np.complex128]) -> NDArray[np.float32]:
        """The volume `(z, y, x)` that has these coefficients, and none outside the sphere."""
        spectrum = np.zeros((self.box, self.box, self.box // 2 + 1), np.complex128)
        spectrum[self._places] = coefficients
        centred = fft.irfftn(spectrum, s=(self.box,) * 3)
        return np.asarray(np.roll(centred, [self.box // 2] * 3, axis=(0, 1, 2)), np.float32)

    def shell_correlation(self, first: NDArray[np.complex128], second: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Fourier shell correlation by shell, from one cycle per box on (shells one cycle thick); 0 where one is empty.

        Re Σ F₁ F₂* / √(Σ|F₁|² Σ|F₂|²) over the shell: Harauz & van Heel, Optik 73, 146 (1986).
        """
        shells, pairs = self._shells
        products = np.bincount(shells, pairs * (first * second.conj()).real)
        powers = [np.bincount(shells, pairs * np.abs(each) ** 2) for each in (first, second)]
        norms = np.sqrt(powers[0] * powers[1])
        correlation = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)
        return np.asarray(correlation[1:], np.float64)

    @cached_property
    def _shells(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        radii = np.sqrt((self.frequencies.astype(np.float64) ** 2).sum(axis=0))
        # x = 0 holds both of each pair already.
        return np.rint(radii).astype(np.int64), np.where(self.frequencies[0] > 0, 2.0, 1.0)


def resolution_of(correlation: NDArray[np.float64], box: int, voxel_size: float) -> float | None:
    """Where a shell correlation (from one cycle per box on) first falls below 0.143, in Å, between shells linearly.

    The finest resolution the voxels can show if it never does; None if it begins below. The threshold: Rosenthal &
    Henderson, J. Mol. Biol. 333, 721 (2003).
    """
    below = np.flatnonzero(correlation < _LEAST_CORRELATION)
    if below.size == 0:
        return 2.0 * voxel_size
    at = int(below[0])
    if at == 0:
        return None
    before, after = float(correlation[at - 1]), float(correlation[at])
    cycles = at + (before - _LEAST_CORRELATION) / (before - after)
    return box * voxel_size / cycles
