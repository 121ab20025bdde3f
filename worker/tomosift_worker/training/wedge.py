"""The missing wedge of a tilt series in Fourier space: tilt axis y, beam z; tilt t sees the plane kz = kx tan t."""

import torch
from torch import Tensor

# A plane through a frequency counts as seen in spite of rounding.
_TOLERANCE_DEGREES = 1e-3


def wedge_mask(shape: tuple[int, int, int], lowest: Tensor, highest: Tensor) -> Tensor:
    """Which frequencies of `torch.fft.rfftn` of boxes `(z, y, x)` tilts from `lowest` to `highest` degrees see.

    The limits are `(n,)`; the result is a float `(n, z, 1, x // 2 + 1)`, 1 where seen, symmetric as the spectrum of a
    real volume is. The mean (zero frequency) always stays.
    """
    options = {"device": lowest.device, "dtype": torch.float64}
    kz = torch.fft.fftfreq(shape[0], **options)[:, None]
    kx = torch.fft.rfftfreq(shape[2], **options)[None, :]
    limits = lowest.double()[:, None, None] - _TOLERANCE_DEGREES, highest.double()[:, None, None] + _TOLERANCE_DEGREES

    def seen(z: Tensor) -> Tensor:
        tilt = torch.rad2deg(torch.atan2(z, kx))
        inside = (limits[0] <= tilt) & (tilt <= limits[1])
        # Upright planes: +90 and -90 degrees are one.
        opposite = (limits[0] <= -tilt) & (-tilt <= limits[1])
        return torch.where(kx == 0, inside | opposite, inside)

    mask = seen(kz)
    # The highest frequency of an even size stands for itself and its negative; it stays where both are seen.
    unpaired = (kz == -0.5) | (kx == 0.5)
    mask = torch.where(unpaired, mask & seen(-kz), mask)
    return mask.float().unsqueeze(2)
