"""Where particles are and how they are turned, in the one frame that the writers of all formats understand."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.exports.copied_columns import copied_batches
from tomosift.exports.pool_facts import PoolFacts
from tomosift.kit.database import transaction
from tomosift.tables import Source, Tomogram

_NUMBERS = ("x", "y", "z", "rot", "tilt", "psi")
_COLUMNS = {"row": pa.int32(), **{name: pa.float64() for name in _NUMBERS}}
_QUERY = f"""SELECT source_row, {", ".join(f"coalesce({name}, 'NaN')" for name in _NUMBERS)}
    FROM subtomogram WHERE source_id = %(source)s AND source_row BETWEEN %(first)s AND %(last)s"""  # noqa: S608 - constants only


@dataclass(frozen=True)
class Geometry:
    """Of n particles; NaN where it is unknown.

    `positions` `(n, 3)`: x, y, z in voxels of `voxel_sizes` Å `(n,)` from the centre of the tomogram's first voxel;
    `cube_angles` `(n, 3)`: RELION's rot, tilt, psi in degrees, in the frame of the cubes.
    """

    positions: NDArray[np.float64]
    voxel_sizes: NDArray[np.float64]
    cube_angles: NDArray[np.float64]


GeometryOf = Callable[[NDArray[np.int64]], Geometry]
"""Gives the geometry of some particles of one source, by their places in the facts, `(k,)` and rising."""


class StoredGeometry:
    """Reads from the database what an export asks for, some thousands of neighbouring particles at a time."""

    def __init__(self, session: Session, project_id: uuid.UUID, facts: PoolFacts) -> None:
        self._facts = facts
        self._middles = _middles(session, project_id)

    def of(self, places: NDArray[np.int64]) -> Geometry:
        """A `GeometryOf`. Places do not change once they are imported, so any moment will do."""
        facts = self._facts
        source = facts.sources[int(facts.source_numbers[places[0]])]
        rows = facts.rows[places]
        values = np.full((len(places), len(_NUMBERS)), np.nan)
        asked = {"source": source.id, "first": int(rows[0]), "last": int(rows[-1])}
        with transaction() as session:
            for batch in copied_batches(session, _QUERY, asked, _COLUMNS):
                found = batch.column(0).to_numpy()
                at = np.minimum(np.searchsorted(rows, found), len(rows) - 1)
                wanted = rows[at] == found
                for number in range(len(_NUMBERS)):
                    values[at[wanted], number] = batch.column(1 + number).to_numpy()[wanted]
        positions, voxel_sizes = self._in_voxels_from_corner(values[:, :3], source, places)
        return Geometry(positions, voxel_sizes, values[:, 3:])

    def _in_voxels_from_corner(
        self, positions: NDArray[np.float64], source: Source, places: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        in_angstrom = source.frame.get("unit") == "angstrom"
        given = source.voxel_size_angstrom if in_angstrom else source.frame.get("voxel_size")
        voxel_size = np.nan if given is None else float(given)
        if source.frame.get("origin") == "centre":
            positions = positions + self._offsets(places, in_angstrom)
        if in_angstrom:
            positions = positions / voxel_size
        return positions, np.full(len(places), voxel_size)

    def _offsets(self, places: NDArray[np.int64], in_angstrom: bool) -> NDArray[np.float64]:
        """`(k, 3)`: the middle of each particle's tomogram, in Å or its voxels; NaN where its size is unknown."""
        unknown = (np.full(3, np.nan), np.nan)
        numbers, inverse = np.unique(self._facts.tomograms[places], return_inverse=True)
        by_tomogram = []
        for number in numbers.tolist():
            middle, voxel_size = self._middles.get(self._facts.tomogram_names[number], unknown)
            by_tomogram.append(middle * voxel_size if in_angstrom else middle)
        offsets: NDArray[np.float64] = np.array(by_tomogram)[inverse]
        return offsets


def _middles(session: Session, project_id: uuid.UUID) -> dict[str, tuple[NDArray[np.float64], float]]:
    """The middle voxel (size // 2) as x, y, z and the voxel size (Å) of each tomogram that was given."""
    rows: Any = session.execute(
        select(Tomogram.name, Tomogram.shape_zyx, Tomogram.voxel_size_angstrom).where(Tomogram.project_id == project_id)
    )
    return {name: (np.array(shape[::-1], np.float64) // 2, size) for name, shape, size in rows}
