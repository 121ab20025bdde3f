"""Particle orientations as each program writes them, all turned into one rotation: reference → particle.

A rotation here acts on (x, y, z) and turns the reference into the particle as it lies in the tomogram. Programs differ
in axes, in order, and in whether their angles describe that rotation or its inverse; converting through these
functions (and so through rotation matrices) is the only conversion there is. Angles are degrees and may lie far
outside ±180. Arrays are `(n, 3)` or `(3,)`.

RELION, Dynamo: Heymann et al., J. Struct. Biol. 151, 196 (2005), and the `eulerangles` package. AV3 (.em, STOPGAP):
Förster et al., PNAS 102, 4729 (2005). EMAN2: Tang et al., J. Struct. Biol. 157, 38 (2007).
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from tomosift.formats.problem import FormatProblem

# How far a written matrix may be from a rotation: programs round to a few digits.
_MATRIX_TOLERANCE = 0.01


def rotation_from_relion(angles: ArrayLike) -> Rotation:
    """Of rlnAngleRot, Tilt, Psi: intrinsic ZYZ angles that turn the particle back onto the reference."""
    return _rotation("ZYZ", angles).inv()


def relion_angles(rotation: Rotation) -> NDArray[np.float64]:
    """rlnAngleRot, rlnAngleTilt, rlnAnglePsi."""
    return _angles("ZYZ", rotation.inv())


def rotation_from_dynamo(angles: ArrayLike) -> Rotation:
    """Of Dynamo's tdrot, tilt, narot: turns about the fixed z, x, z that bring the particle onto the reference."""
    return _rotation("zxz", angles).inv()


def dynamo_angles(rotation: Rotation) -> NDArray[np.float64]:
    """Dynamo's tdrot, tilt, narot."""
    return _angles("zxz", rotation.inv())


def rotation_from_av3(phi_psi_theta: ArrayLike) -> Rotation:
    """Of phi, psi, theta (a motive list's order): the reference turned by phi about z, theta about x, psi about z."""
    phi, psi, theta = np.moveaxis(np.asarray(phi_psi_theta, np.float64), -1, 0)
    return _rotation("zxz", np.stack([phi, theta, psi], axis=-1))


def av3_angles(rotation: Rotation) -> NDArray[np.float64]:
    """phi, psi, theta as .em and STOPGAP motive lists order them."""
    return _angles("zxz", rotation)[..., [0, 2, 1]]


def rotation_from_eman2(angles: ArrayLike) -> Rotation:
    """Of az, alt, phi of EMAN2's `xform.align3d`, the transform that takes the particle onto the reference.

    EMAN2's matrix is Z(phi) X(alt) Z(az) with each factor turning the axes, not the vectors.
    """
    return _rotation("ZXZ", angles)


def eman2_angles(rotation: Rotation) -> NDArray[np.float64]:
    """az, alt, phi of the `xform.align3d` that takes the particle onto the reference."""
    return _angles("ZXZ", rotation)


def rotation_from_matrices(matrices: ArrayLike, column: str | None = None) -> Rotation:
    """Of matrices `(n, 3, 3)` or `(n, 4, 4)` (their upper left part) that turn the reference into the particle.

    Raises FormatProblem with the row (from 1) and `column` for a matrix that is no rotation.
    """
    parts = np.asarray(matrices, np.float64)[..., :3, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(parts @ np.swapaxes(parts, -1, -2) - np.eye(3)).max(axis=(-1, -2))
        is_rotation = (off < _MATRIX_TOLERANCE) & (np.linalg.det(np.nan_to_num(parts, posinf=0, neginf=0)) > 0)
    if not is_rotation.all():
        row = int(np.flatnonzero(~np.atleast_1d(is_rotation))[0]) + 1
        raise FormatProblem("its matrix is no rotation (orthogonal, without mirroring)", row=row, column=column)
    rotation: Rotation = Rotation.from_matrix(parts)
    return rotation


def known_angles(angles: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `(n, 3)` angles are finite: the others stand for unknown orientations."""
    return np.asarray(np.isfinite(angles).all(axis=-1), bool)


def _rotation(sequence: str, angles: ArrayLike) -> Rotation:
    # Whole turns taken off first: the sine of 1e9 degrees has no digits left.
    reduced: Any = np.remainder(np.asarray(angles, np.float64), 360.0)
    rotation: Rotation = Rotation.from_euler(sequence, reduced, degrees=True)
    return rotation


def _angles(sequence: str, rotation: Rotation) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        # At tilt 0 or 180 only the sum of the other two angles is defined; any pair with that sum is right.
        warnings.filterwarnings("ignore", "Gimbal lock")
        angles: NDArray[np.float64] = rotation.as_euler(sequence, degrees=True)
    return angles
