"""Class averages out of a stream of particles: turned back by their known angles, the missing wedge made up for.

Each particle's coefficients inside its own wedge are summed at the frequencies of the reference, with how many
particles saw each frequency; the quotient is the average (Förster et al., PNAS 102, 4729 (2005); Schmid & Booth,
J. Struct. Biol. 161, 276 (2008)). Nothing is masked, filtered or inverted: contrast and grey level are the particles'.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.orientations import known_angles, rotation_from_relion
from tomosift.volumes.fourier_sphere import FourierSphere, resolution_of
from tomosift.volumes.turned_cubes import CubeTurner

# A frequency that fewer of the particles saw is damped in proportion, or the noise of a few would stand out.
_LEAST_COVERAGE = 0.1
# Coefficients that a thread has in hand at once; more fall out of the processor's cache.
_COEFFICIENTS_AT_ONCE = 2**19
# Rounding must not put the edge of the wedge, where tilts were measured, into it.
_SLACK = 1e-4


@dataclass(frozen=True, slots=True)
class TiltRange:
    """The tilts of the series in degrees, about the y axis with the beam along z.

    At tilt t the microscope sees the plane kz = kx tan t. Where a program counts the other way round, exchange the ends
    with their signs; a symmetric range is the same either way.
    """

    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if not -90 <= self.lowest < self.highest <= 90:
            raise ValueError(f"a tilt range lies within -90 and 90 degrees, not {self.lowest} to {self.highest}")

    def sees(self, frequencies: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of the frequencies `(3, m)` (x, y, z, in the tomogram's frame) lie outside the missing wedge."""
        x, _, z = frequencies
        # The plane of a pair ±k with x ≥ 0. In sines and cosines, 90° leaves nothing out.
        z = np.where(x < 0, -z, z)
        x = np.abs(x)
        low, high = np.radians(self.lowest), np.radians(self.highest)
        below_highest = z * np.cos(high) <= x * np.sin(high) + _SLACK
        above_lowest = z * np.cos(low) >= x * np.sin(low) - _SLACK
        return np.asarray(below_highest & above_lowest, bool)


@dataclass(frozen=True)
class ClassAverage:
    """The average of a class. `aligned`: its particles were turned onto each other by their known angles."""

    volume: NDArray[np.float32]
    """`(z, y, x)`; zeros for a class without particles."""
    n: int
    """Particles in the average."""
    n_left_out: int
    """Particles without angles, left out because others of the class have them."""
    fsc_resolution: float | None
    """Å at which two half averages correlate by 0.143; None with less than two particles or no agreement at all.

    No gold standard: the halves share the angles they are turned by, so shared errors make it look better.
    """
    aligned: bool
    wedge_compensated: bool


class ClassSums:
    """Sums up `n_classes` classes of cubes of `box` voxels, `voxel_size` Å each.

    `wedge` is the tilt range of all the particles, None where it is unknown; then the missing wedges are averaged along
    with the rest. Memory is about 15 bytes a voxel for each class, whatever the number of particles, and about as much
    as a batch besides. The same batches in the same order give the same sums, with any number of `threads` (one for
    each core unless told).
    """

    def __init__(
        self, n_classes: int, box: int, voxel_size: float, wedge: TiltRange | None = None, threads: int | None = None
    ) -> None:
        if n_classes < 1 or box < 4 or not voxel_size > 0:
            raise ValueError(f"{n_classes} classes of {box} voxels at {voxel_size} Å cannot be summed")
        self._n_classes, self._box, self._voxel_size, self._wedge = n_classes, box, voxel_size, wedge
        self._sphere = FourierSphere(box)
        self._turner = CubeTurner(self._sphere)
        self._part = max(1, _COEFFICIENTS_AT_ONCE // (4 * box**2 * (box + 1)))
        self._threads = threads or _usable_cores()
        # By class: the sums of two halves, of coefficients and of voxels.
        self._turned: dict[int, tuple[_Sum, _Sum]] = {}
        self._plain: dict[int, tuple[_Sum, _Sum]] = {}

    def add(
        self,
        volumes: NDArray[np.float32],
        angles: NDArray[np.float64] | None,
        classes: NDArray[np.integer[Any]],
        offsets: NDArray[np.float64] | None = None,
    ) -> None:
        """Take in k cubes `(k, z, y, x)` of the classes `(k,)`, numbers from 0.

        `angles` `(k, 3)` are RELION's intrinsic ZYZ degrees (rot, tilt, psi) in the cubes' frame, NaN or None where
        unknown. `offsets` `(k, 3)` say where the particles' centres lie from the cubes' middle voxel (box // 2), as
        x, y, z in voxels: RELION's origins with their signs changed, where the cubes were not cut with them. None: in
        the middle. Raises ValueError for what does not fit.
        """
        self._check(volumes, classes)
        known = np.zeros(len(volumes), bool) if angles is None else known_angles(angles)
        seen = np.ones((), bool)
        for volume, number in zip(volumes[~known], classes[~known], strict=True):
            _add(self._plain, int(number), volume, seen)
        if angles is None or not known.any():
            return
        turn = partial(self._turn, volumes[known], angles[known], None if offsets is None else offsets[known])
        numbers = iter(classes[known].tolist())
        with ThreadPoolExecutor(self._threads) as threads:
            for coefficients, seen in threads.map(turn, range(0, int(known.sum()), self._part)):
                for one, one_seen in zip(coefficients, seen, strict=True):
                    _add(self._turned, next(numbers), one, one_seen)

    def averages(self) -> list[ClassAverage]:
        """The average of each class, from what was added so far."""
        return [self._average(number) for number in range(self._n_classes)]

    def _check(self, volumes: NDArray[np.float32], classes: NDArray[np.integer[Any]]) -> None:
        if volumes.shape[1:] != (self._box,) * 3 or classes.shape != (len(volumes),):
            raise ValueError(
                f"volumes {volumes.shape} and classes {classes.shape} do not fit cubes of {self._box} voxels"
            )
        if classes.size and not (classes.min() >= 0 and classes.max() < self._n_classes):
            raise ValueError(f"the classes are 0 to {self._n_classes - 1}, not {classes.min()} to {classes.max()}")

    def _turn(
        self, volumes: NDArray[np.float32], angles: NDArray[np.float64], offsets: NDArray[np.float64] | None, start: int
    ) -> tuple[NDArray[np.complex64], NDArray[np.bool_]]:
        """Some particles' coefficients `(k, m)` in their references' frames, and which frequencies each saw."""
        part = slice(start, start + self._part)
        rotations = rotation_from_relion(angles[part])
        coefficients = self._turner.coefficients(volumes[part], rotations, None if offsets is None else offsets[part])
        seen = np.ones(coefficients.shape, bool)
        if self._wedge is not None:
            for one_seen, matrix in zip(seen, rotations.as_matrix().astype(np.float32), strict=True):
                one_seen[:] = self._wedge.sees(matrix @ self._sphere.frequencies)
        return coefficients * seen, seen

    def _average(self, number: int) -> ClassAverage:
        halves, others = self._turned.get(number), self._plain.get(number)
        if halves is not None:
            volume = self._sphere.volume(_mean(*halves))
            compared = [_mean(half) for half in halves if half.n]
        elif others is not None:
            volume = _mean(*others).astype(np.float32)
            compared = [self._sphere.coefficients(_mean(half)) for half in others if half.n]
        else:
            volume, compared = np.zeros((self._box,) * 3, np.float32), []
        return ClassAverage(
            volume=volume,
            n=_count(halves or others),
            n_left_out=_count(others) if halves else 0,
            fsc_resolution=self._resolution(compared),
            aligned=halves is not None,
            wedge_compensated=halves is not None and self._wedge is not None,
        )

    def _resolution(self, halves: list[NDArray[np.complex128]]) -> float | None:
        if len(halves) < 2:
            return None
        return resolution_of(self._sphere.shell_correlation(*halves), self._box, self._voxel_size)


@dataclass
class _Sum:
    """A sum over particles: of coefficients or voxels, and of how many particles saw each."""

    total: NDArray[Any]
    seen: NDArray[np.float64]
    n: int = 0


def _add(sums: dict[int, tuple[_Sum, _Sum]], number: int, values: NDArray[Any], seen: NDArray[np.bool_]) -> None:
    """Add one particle to a class, to its two halves in turns."""
    if number not in sums:
        kind = np.result_type(values, np.float64)
        sums[number] = (
            _Sum(np.zeros(values.shape, kind), np.zeros(seen.shape)),
            _Sum(np.zeros(values.shape, kind), np.zeros(seen.shape)),
        )
    half = sums[number][_count(sums[number]) % 2]
    half.total += values
    half.seen += seen
    half.n += 1


def _mean(*halves: _Sum) -> NDArray[Any]:
    """Σ values / max(Σ seen, 0.1 n)."""
    total = sum(half.total for half in halves)
    seen = sum(half.seen for half in halves)
    return np.asarray(total / np.maximum(seen, _LEAST_COVERAGE * _count(halves)))


def _count(halves: tuple[_Sum, ...] | None) -> int:
    return sum(half.n for half in halves or ())


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
