"""What a preview finds suspicious in samples and angles. Each is told, and none stops an import."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST_SAMPLES = 5
_SURE = 3.0


def contrast_warning(volumes: Sequence[NDArray[np.float32]], protein_contrast: str) -> str | None:
    """A suspicion that the particles' contrast is not `protein_contrast` (dark or bright); None without one.

    In each cube the mean of a central sphere (a quarter of the edge as radius) is compared with that of the shell
    outside the inscribed sphere's outer fifth, in units of the cube's own deviation; over the samples the difference
    must be three standard errors from zero, which noise reaches once in several hundred previews.
    """
    if len(volumes) < FEWEST_SAMPLES:
        return None
    differences = np.array([_centre_minus_shell(volume) for volume in volumes])
    error = float(differences.std(ddof=1)) / np.sqrt(len(differences))
    mean = float(differences.mean())
    if abs(mean) <= _SURE * error or mean == 0.0:
        return None
    looks = "bright" if mean > 0 else "dark"
    if looks == protein_contrast:
        return None
    return (
        f"the centres of the samples are {'brighter' if mean > 0 else 'darker'} than what is around them, but the "
        f"project says that protein is {protein_contrast}; look at the samples, and change the project's contrast or "
        "invert the boxes if so"
    )


def angles_note(angles: NDArray[np.float64]) -> str | None:
    """A note about angles outside the usual range, which are used as they are."""
    rot, tilt, psi = angles.T
    outside = int(((np.abs(rot) > 180) | (np.abs(psi) > 180) | (tilt < 0) | (tilt > 180)).sum())
    if not outside:
        return None
    return f"{outside:,} orientations have angles outside the usual range; they mean the same and stay as they are"


def _centre_minus_shell(volume: NDArray[np.float32]) -> float:
    box = volume.shape[0]
    axis = np.arange(box) - box // 2
    squared = axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2
    centre = squared <= (box / 4) ** 2
    shell = (squared > (0.4 * box) ** 2) & (squared <= (box / 2) ** 2)
    deviation = float(volume.std(dtype=np.float64)) or 1.0
    return (float(volume[centre].mean(dtype=np.float64)) - float(volume[shell].mean(dtype=np.float64))) / deviation
