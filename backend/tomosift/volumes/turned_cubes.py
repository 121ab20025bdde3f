"""Turns cubes in Fourier space, many in a second: their coefficients at rotated frequencies.

A cube's transform is sampled twice as finely as its voxels ask for (zero padding) and interpolated linearly, with the
fall-off this causes towards the cube's faces corrected beforehand: the gridding of Penczek, Renka & Schomberg, J. Opt.
Soc. Am. A 21, 499 (2004), and of RELION (Scheres, J. Struct. Biol. 180, 519 (2012)). A cubic spline in real space takes
about ten times as long.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.spatial.transform import Rotation

from tomosift.volumes.fourier_sphere import FourierSphere

_EDGE_VOXELS = 2.0


class CubeTurner:
    """Turns cubes back onto their references. Safe to use from several threads."""

    def __init__(self, sphere: FourierSphere) -> None:
        self._sphere, self._box = sphere, sphere.box
        self._fine = 2 * self._box
        self._window = _ball(self._box)
        outside = 1.0 - self._window
        self._surroundings = outside / outside.sum()
        self._fall_off = _interpolation_fall_off(self._box)
        cycles = np.fft.fftfreq(self._fine)
        self._to_middle = np.exp(2j * np.pi * cycles * (self._box // 2)).astype(np.complex64)
        # Where the rows and sections of a frequency -box … box + 1 begin.
        wrapped = np.arange(-self._box, self._box + 2) % self._fine
        self._row_starts = wrapped * (self._box + 1)
        self._section_starts = self._row_starts * self._fine

    def coefficients(
        self, volumes: NDArray[np.float32], rotations: Rotation, offsets: NDArray[np.float64] | None = None
    ) -> NDArray[np.complex64]:
        """The coefficients `(k, m)`, in the frames of their references, of k cubes `(k, z, y, x)`.

        `rotations` turn the references into the particles. `offsets` `(k, 3)` say where the particles' centres lie from
        the cubes' middle voxel (box // 2), as x, y, z in voxels. Only the ball that fits in the cube counts, about the
        particle's centre and with a soft edge; outside it lies the mean of what was there.
        """
        if offsets is not None:
            # A centre further off leaves nothing of the cube, and no whole number need hold it.
            offsets = np.clip(offsets, -self._box, self._box)
        whole = np.zeros((len(volumes), 3), int) if offsets is None else np.rint(offsets).astype(int)
        balls, levels = self._balls(volumes, whole)
        spectra = self._fine_spectra(balls)
        found = np.empty((len(volumes), len(self._sphere)), np.complex64)
        for number, matrix in enumerate(rotations.as_matrix()):
            places = matrix.astype(np.float32) @ self._sphere.frequencies
            found[number] = self._sampled(spectra[number], 2.0 * places)
            if offsets is not None:
                rest = (offsets[number] - whole[number]).astype(np.float32)
                found[number] *= np.exp(np.complex64(2j * np.pi / self._box) * (rest @ places))
        found[:, self._sphere.zero] += levels * self._box**3
        return found

    def _balls(
        self, volumes: NDArray[np.float32], whole: NDArray[np.int_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The balls about the particles' centres, less the mean level around them, and that level."""
        moved = volumes if not whole.any() else _moved(volumes, -whole[:, ::-1])
        levels = np.tensordot(moved, self._surroundings, axes=3)
        return (moved - levels[:, None, None, None]) * (self._window / self._fall_off), levels

    def _fine_spectra(self, balls: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Transforms `(k, 2 box, 2 box, box + 1)` with the origin in the middle voxel; axis after axis, as most of
        the padded cube is empty."""
        spectra = fft.rfft(balls, n=self._fine, axis=3)
        # At the last frequency, box / (2 box), a phase and its conjugate are the same.
        spectra *= self._to_middle[: self._box + 1]
        for axis in (2, 1):
            spectra = fft.fft(spectra, n=self._fine, axis=axis, overwrite_x=True)
            spectra *= self._to_middle.reshape((-1,) + (1,) * (3 - axis))
        transformed: NDArray[np.complex64] = spectra
        return transformed

    def _sampled(self, spectrum: NDArray[np.complex64], places: NDArray[np.float32]) -> NDArray[np.complex64]:
        """The spectrum at `places` `(3, m)` (x, y, z), linearly between the eight grid points around each."""
        # Only x ≥ 0 is stored; the transform of real voxels is conjugate at −k.
        opposite = places[0] < 0
        places = np.where(opposite, -places, places)
        below = np.floor(places)
        x_part, y_part, z_part = places - below
        x, y, z = below.astype(np.int64)
        y, z = y + self._box, z + self._box
        rows = (self._row_starts.take(y) + x, self._row_starts.take(y + 1) + x)
        flat = spectrum.reshape(-1)

        def between(start: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.complex64]:
            values: NDArray[np.complex64] = flat.take(start + row)
            values += x_part * (flat.take(start + row + 1) - values)
            return values

        def in_section(start: NDArray[np.int64]) -> NDArray[np.complex64]:
            values = between(start, rows[0])
            values += y_part * (between(start, rows[1]) - values)
            return values

        values = in_section(self._section_starts.take(z))
        values += z_part * (in_section(self._section_starts.take(z + 1)) - values)
        np.conjugate(values, out=values, where=opposite)
        return values


def _moved(volumes: NDArray[np.float32], steps: NDArray[np.int_]) -> NDArray[np.float32]:
    """Each volume moved by its `steps` (z, y, x), at most its box; its own mean comes in at the other side."""
    box = volumes.shape[1]
    moved = np.empty_like(volumes)
    for target, volume, step in zip(moved, volumes, steps, strict=True):
        target[...] = volume.mean()
        to = tuple(slice(max(0, each), box + min(0, each)) for each in step)
        taken = tuple(slice(max(0, -each), box - max(0, each)) for each in step)
        target[to] = volume[taken]
    return moved


def _ball(box: int) -> NDArray[np.float32]:
    """1 in the ball that fits in the cube, 0 outside, a cosine edge between."""
    axis = np.arange(box) - box // 2
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    inwards = np.clip((box / 2 - radius) / _EDGE_VOXELS, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * inwards), np.float32)


def _interpolation_fall_off(box: int) -> NDArray[np.float32]:
    """What linear interpolation on the fine grid multiplies the voxels with: sinc² along each axis."""
    along = np.sinc((np.arange(box) - box // 2) / (2 * box)) ** 2
    return np.asarray(along[:, None, None] * along[None, :, None] * along[None, None, :], np.float32)
