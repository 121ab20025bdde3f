"""The rows of a source's list, some thousands at a time, as the writers of all formats take them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tomosift.exports.added_columns import AddedColumns
from tomosift.exports.geometry import GeometryOf
from tomosift.exports.outcome import Outcome, class_names, class_number
from tomosift.exports.pool_facts import PoolFacts
from tomosift.formats.export_chunk import ExportChunk
from tomosift.formats.relion_table import ParticleTable
from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable
from tomosift.tables import Source

ROWS_AT_A_TIME = 10_000

Places = NDArray[np.int64]


@dataclass(frozen=True)
class SourceRows:
    """Rows of one source: their places in the facts, and every original column as text."""

    source: Source
    places: Places
    table: pa.Table

    def take(self, chosen: NDArray[np.bool_]) -> "SourceRows":
        """Some of them, in their order."""
        return replace(self, places=self.places[chosen], table=self.table.filter(pa.array(chosen)))

    @property
    def relion_list(self) -> ParticleTable | None:
        """The rows with all that RELION's columns say; None for lists of other programs."""
        if self.source.format != ParticleTable.format:
            return None
        blocks = self.source.blocks.get("others", self.source.blocks)
        return ParticleTable(self.source.flavour, self.table.to_pandas(), blocks)


def read_source_rows(
    store: ArtifactStore, facts: PoolFacts, number: int, wanted: NDArray[np.bool_]
) -> Iterator[SourceRows]:
    """The rows of source `number` whose particles are `wanted` `(n,)`, in order; tables are read group by group.

    Raises ArtifactMissing, and ArtifactUnreadable for a table of other rows than the pool has.
    """
    source = facts.sources[number]
    first, last = np.searchsorted(facts.source_numbers, [number, number + 1])
    with store.open_for_reading(source.table_key) as file, pq.ParquetFile(file) as table:
        if table.metadata.num_rows <= int(facts.rows[first:last].max(initial=-1)):
            raise ArtifactUnreadable(f"the table of {source.name} has only {table.metadata.num_rows} rows")
        start = 0
        for groups, count in _row_groups(table):
            low, high = first + np.searchsorted(facts.rows[first:last], [start, start + count])
            chosen = low + np.flatnonzero(wanted[low:high])
            if len(chosen):
                rows = table.read_row_groups(groups, use_threads=False)
                yield SourceRows(source, chosen, rows.take(pa.array(facts.rows[chosen] - start)))
            start += count


def _row_groups(table: pq.ParquetFile) -> Iterator[tuple[list[int], int]]:
    """Neighbouring row groups, about ROWS_AT_A_TIME rows together, and how many rows they are."""
    groups: list[int] = []
    rows = 0
    for group in range(table.num_row_groups):
        groups.append(group)
        rows += table.metadata.row_group(group).num_rows
        if rows >= ROWS_AT_A_TIME:
            yield groups, rows
            groups, rows = [], 0
    if groups:
        yield groups, rows


class ChunkMaker:
    """Makes what a writer takes out of rows: classes, places, added columns."""

    def __init__(self, facts: PoolFacts, outcome: Outcome, geometry: GeometryOf | None, added: AddedColumns) -> None:
        self._facts, self._outcome, self._geometry, self._added = facts, outcome, geometry, added
        names = class_names(facts)
        low = min(names)
        self._lowest_code = low
        codes = range(low, max(names) + 1)
        self._numbers = np.array([class_number(code, facts) if code in names else 0 for code in codes], np.int64)
        self._names = [names.get(code, "") for code in codes]

    def chunk(self, rows: SourceRows) -> ExportChunk:
        """The rows with everything that is known about them."""
        facts, places = self._facts, rows.places
        codes = self._outcome.codes[places] - self._lowest_code
        return ExportChunk(
            rows=rows.table.to_pandas(),
            ids=facts.ids[places],
            tomograms=[facts.tomogram_names[each] for each in facts.tomograms[places].tolist()],
            **self._geometry_of(rows),
            class_numbers=self._numbers[codes],
            class_names=[self._names[code] for code in codes.tolist()],
            extra=self._added.texts(places),
        )

    def _geometry_of(self, rows: SourceRows) -> dict[str, Any]:
        """Writers that repeat a list as it was do not ask, and then nothing is known."""
        if self._geometry is None:
            unknown = np.full((len(rows.places), 3), np.nan)
            return {"positions": unknown, "voxel_sizes": unknown[:, 0], "angles": unknown}
        geometry = self._geometry(rows.places)
        return {
            "positions": geometry.positions,
            "voxel_sizes": geometry.voxel_sizes,
            "angles": self._angles_in_tomogram(rows, geometry.cube_angles),
        }

    @staticmethod
    def _angles_in_tomogram(rows: SourceRows, cube_angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same as in the cubes, except where RELION has extracted those turned."""
        relion = rows.relion_list
        angles = relion.angles() if relion is not None else None
        return cube_angles if angles is None else angles


def centre_offsets(rows: SourceRows, voxel_size: float) -> NDArray[np.float64] | None:
    """How far the particles lie from their cubes' middle voxel, `(k, 3)` as x, y, z in voxels; None: not at all.

    RELION refines origins without cutting the cubes again; a cube cut here has its particle in the middle.
    """
    relion = rows.relion_list
    if relion is None or rows.source.recipe.get("cut"):
        return None
    origins = relion.origins_angstrom()
    return None if origins is None else -np.nan_to_num(origins) / voxel_size


def with_images(rows: SourceRows, references: list[str], column: str) -> SourceRows:
    """The rows with other texts in their image column, which is added where there is none."""
    table = rows.table
    place = table.schema.get_field_index(column)
    values = pa.array(references, pa.string())
    changed = table.append_column(column, values) if place < 0 else table.set_column(place, column, values)
    return replace(rows, table=changed)
