"""EMAN2's transforms in cells: the JSON of `{"__class__": "Transform", "matrix": "[12 numbers]"}`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.json_text import parse_json
from tomosift.formats.orientations import relion_angles, rotation_from_eman2, rotation_from_matrices
from tomosift.formats.problem import FormatProblem

_ANGLES = ("az", "alt", "phi")
_SHIFTS = ("tx", "ty", "tz")


def angles_of_transforms(texts: Sequence[str], column: str) -> NDArray[np.float64] | None:
    """RELION's rot, tilt, psi of `xform.align3d`, NaN where a text is empty; None where all are.

    A transform is its matrix (3 rows of 4 numbers), or az, alt, phi and tx, ty, tz. Raises FormatProblem with row and
    column.
    """
    transforms, known = _transforms(texts, column)
    if not known.any():
        return None
    angles = relion_angles(rotation_from_matrices(transforms[:, :, :3], column).inv())
    angles[~known] = np.nan
    return angles


def shifts_of_transforms(texts: Sequence[str], column: str) -> NDArray[np.float64]:
    """Where the particles lie from the middles of their boxes, `(n, 3)` voxels: what the inverse transforms move by."""
    transforms, _ = _transforms(texts, column)
    turned = rotation_from_matrices(transforms[:, :, :3], column)
    shifts: NDArray[np.float64] = -turned.inv().apply(transforms[:, :, 3])
    return shifts


def _transforms(texts: Sequence[str], column: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The transforms that take the particles onto the reference, `(n, 3, 4)`, and which texts are not empty."""
    transforms, known = np.tile(np.eye(3, 4), (len(texts), 1, 1)), np.zeros(len(texts), bool)
    for row, text in enumerate(texts, start=1):
        if text:
            transforms[row - 1] = _transform(parse_json(text, column, row), row, column)
            known[row - 1] = True
    return transforms, known


def _transform(value: Any, row: int, column: str) -> NDArray[np.float64]:
    try:
        if isinstance(value, dict) and all(name in value for name in _ANGLES):
            turned = rotation_from_eman2([float(value[name]) for name in _ANGLES]).inv().as_matrix()
            shift = [float(value.get(name, 0)) for name in _SHIFTS]
            return np.column_stack([turned, shift])
        numbers = value["matrix"] if isinstance(value, dict) else value
        # EMAN2 writes the numbers as one text.
        listed = parse_json(numbers, column, row) if isinstance(numbers, str) else numbers
        transform = np.array(listed, np.float64).reshape(3, 4)
    except (ValueError, TypeError, KeyError):
        transform = np.full((3, 4), np.nan)
    if not np.isfinite(transform).all():
        raise FormatProblem("it is no transform of EMAN2 (a matrix of 3 x 4 numbers)", row=row, column=column)
    return transform
