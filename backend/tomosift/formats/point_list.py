"""Lists of points with a rotation matrix, as copick and the CZ portal write them: what they have in common."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tomosift.formats.json_text import NumberText, json_cell, parse_json
from tomosift.formats.list_columns import column_triples
from tomosift.formats.orientations import relion_angles, rotation_from_matrices
from tomosift.formats.particle_list import ImageReference, ParticleList, texts
from tomosift.formats.problem import FormatProblem

LOCATION_COLUMNS = ("location.x", "location.y", "location.z")
# Before the name of a point's own key where that is one of ours.
_RENAMED = "point."


@dataclass(frozen=True)
class PointList(ParticleList):
    """Points of an object in a tomogram. A matrix turns the reference into the particle."""

    matrix_column: ClassVar[str]
    matrix_size: ClassVar[int]
    tomogram_column: ClassVar[str]

    def image_references(self) -> list[ImageReference] | None:
        """None: points name no images."""
        return None

    def tomogram_names(self) -> list[str]:
        return texts(self, self.tomogram_column)

    def particle_names(self) -> list[str]:
        """`tomogram/object/row`."""
        objects = texts(self, "object")
        return [
            f"{tomogram}/{each}/{row}"
            for row, (tomogram, each) in enumerate(zip(self.tomogram_names(), objects, strict=True), start=1)
        ]

    def angles(self) -> NDArray[np.float64] | None:
        """The matrices as RELION's rot, tilt, psi; None where no point has one, NaN for those without."""
        matrices, known = self.matrices()
        if not known.any():
            return None
        angles = np.full((len(self), 3), np.nan)
        angles[known] = relion_angles(rotation_from_matrices(matrices[known], self.matrix_column))
        return angles

    def pixel_sizes(self) -> NDArray[np.float64]:
        """NaN: points have no cubes."""
        return np.full(len(self), np.nan)

    @property
    def class_column(self) -> str | None:
        return "object"

    def matrices(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The matrices `(n, size, size)`, and which points have one. Raises FormatProblem for one of another shape."""
        size = self.matrix_size
        cells = texts(self, self.matrix_column) if self.matrix_column in self.columns else [""] * len(self)
        known = np.array([bool(text) for text in cells])
        matrices = np.tile(np.eye(size), (len(self), 1, 1))
        if known.any():
            read = [_matrix(text, size, row, self.matrix_column) for row, text in enumerate(cells, start=1) if text]
            matrices[known] = np.array(read, np.float64)
        return matrices, known

    def locations(self) -> NDArray[np.float64]:
        """x, y, z as they stand."""
        values = column_triples(self, LOCATION_COLUMNS)
        assert values is not None  # the readers make these columns
        return values


def point_cells(
    point: Any, name: str, row: int, own_columns: Sequence[str], string_keys: dict[str, bool]
) -> dict[str, str]:
    """A point's values as cells; `string_keys` learns which of its keys hold strings.

    A key that is one of `own_columns` gets another name. Raises FormatProblem for what is no point.
    """
    location = point.get("location") if isinstance(point, dict) else None
    if not isinstance(location, dict) or not all(isinstance(location.get(axis), str) for axis in "xyz"):
        raise FormatProblem(f"it is no point of {name}: a point has a location with the numbers x, y and z", row=row)
    cells: dict[str, str] = {}
    for key, value in point.items():
        if key == "location":
            cells |= {column: str(location[axis]) for column, axis in zip(LOCATION_COLUMNS, "xyz", strict=True)}
            continue
        column = f"{_RENAMED}{key}" if key in own_columns or key.startswith(_RENAMED) else key
        string_keys.setdefault(column, isinstance(value, str) and not isinstance(value, NumberText))
        cells[column] = json_cell(value)
    return cells


def points_of(rows: pd.DataFrame, own_columns: Sequence[str], strings: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The points as they were read, from rows of `point_cells`; `strings` names the columns of strings."""
    strings = set(strings)
    keys = [str(key) for key in rows.columns if key in LOCATION_COLUMNS or key not in own_columns]
    for values in zip(*(rows[key].tolist() for key in keys), strict=True):
        point: dict[str, Any] = {}
        for key, text in zip(keys, values, strict=True):
            if key in LOCATION_COLUMNS:
                point.setdefault("location", {})[key[-1]] = NumberText(text)
            elif text:
                point[key.removeprefix(_RENAMED)] = text if key in strings else parse_json(text, key)
        yield point


def _matrix(text: str, size: int, row: int, column: str) -> list[list[float]]:
    try:
        matrix: list[list[float]] = json.loads(text)
        if len(matrix) == size and all(len(line) == size and set(map(type, line)) <= {int, float} for line in matrix):
            return [[float(number) for number in line] for line in matrix]
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise FormatProblem(f"{text[:60]!r} is no matrix of {size} x {size} numbers", row=row, column=column)
