"""What the microscope and the tilt series do to a density: contrast transfer, missing wedge and noise.

Frequencies follow `scipy.fft.rfftn` of a volume `(z, y, x)`: shape `(box, box, box // 2 + 1)`. The tilt axis is y and
the beam z. The contrast transfer is that of one defocus for the whole box, radially symmetric: the differences
between the tilts, and across a box, are left out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

_ELECTRON_REST_ENERGY = 510_998.95  # eV


@dataclass(frozen=True, slots=True)
class Microscope:
    """Voltage in kV, spherical aberration in mm, amplitude contrast as a fraction."""

    voltage: float = 300.0
    spherical_aberration: float = 2.7
    amplitude_contrast: float = 0.07

    @property
    def wavelength(self) -> float:
        """The electrons' wavelength in Å, relativistically: 12.2643 / √(V + 0.978466e-6 V²)."""
        volts = self.voltage * 1e3
        return float(12.2642597 / np.sqrt(volts * (1.0 + volts / (2.0 * _ELECTRON_REST_ENERGY))))


def wedge_mask(box: int, wedge_degrees: float) -> NDArray[np.float32]:
    """1 where tilts of ±`wedge_degrees` about y see the Fourier transform, 0 in the missing wedge around z."""
    kz, _, kx = _frequencies(box)
    # A plane tilted by t holds the points with |kz| = |kx| tan t. In sines and cosines, 90° leaves nothing out.
    limit = np.radians(wedge_degrees)
    seen = np.abs(kz) * np.cos(limit) <= np.abs(kx) * np.sin(limit) + 1e-9
    return np.broadcast_to(seen, (box, box, box // 2 + 1)).astype(np.float32)


def contrast_transfer(
    box: int, voxel_size: float, defocus: float, microscope: Microscope = Microscope()
) -> NDArray[np.float32]:
    """The contrast transfer function at `defocus` µm (underfocus positive) and `voxel_size` Å.

    CTF(k) = −sin(π λ Δz k² − π/2 Cs λ³ k⁴ + asin A), with the amplitude contrast A as a phase
    (Rohou & Grigorieff, J. Struct. Biol. 192, 216 (2015), eq. 1-4). It is negative at low frequencies, so a density
    that is positive becomes dark.
    """
    kz, ky, kx = (frequency / voxel_size for frequency in _frequencies(box))
    k2 = kz**2 + ky**2 + kx**2
    wavelength, aberration = microscope.wavelength, microscope.spherical_aberration * 1e7
    phase = np.pi * wavelength * defocus * 1e4 * k2 - np.pi / 2 * aberration * wavelength**3 * k2**2
    return np.asarray(-np.sin(phase + np.arcsin(microscope.amplitude_contrast)), np.float32)


def filtered(volume: NDArray[np.float32], transfer: NDArray[np.float32]) -> NDArray[np.float32]:
    """`volume` with its Fourier transform multiplied by `transfer`."""
    spectrum = fft.rfftn(volume)
    spectrum *= transfer
    result: NDArray[np.float32] = fft.irfftn(spectrum, s=volume.shape, overwrite_x=True)
    return result


def centre_of(volume: NDArray[np.float32], box: int) -> NDArray[np.float32]:
    """The cube of `box` voxels around the middle voxel of a larger one."""
    start = volume.shape[0] // 2 - box // 2
    return volume[start : start + box, start : start + box, start : start + box]


def noise_in_wedge(random: np.random.Generator, mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """White Gaussian noise as a tilt series shows it: without the missing wedge; mean 0, variance 1 in the box."""
    box = mask.shape[0]
    noise = filtered(random.standard_normal((box, box, box), np.float32), mask)
    return normalised(noise)


def normalised(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """`volume` with mean 0 and standard deviation 1, computed in double precision; a constant one becomes 0."""
    exact = volume.astype(np.float64)
    exact -= exact.mean()
    deviation = exact.std()
    return (exact / deviation if deviation > 0 else exact).astype(np.float32)


def _frequencies(box: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """kz, ky, kx in cycles per voxel, ready to broadcast."""
    full, half = np.fft.fftfreq(box).astype(np.float64), np.fft.rfftfreq(box).astype(np.float64)
    return full[:, None, None], full[None, :, None], half[None, None, :]
