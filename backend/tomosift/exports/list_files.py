"""Writes the lists of an export, and its volumes beside them, in one pass over the sources' tables."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tomosift.exports.added_columns import AddedColumns
from tomosift.exports.attempt_files import AttemptFiles
from tomosift.exports.geometry import GeometryOf
from tomosift.exports.list_groups import ListGroup, Parts
from tomosift.exports.outcome import Outcome, class_names, class_number
from tomosift.exports.particle_rows import ChunkMaker, SourceRows, read_source_rows, with_images
from tomosift.exports.particle_volumes import SumsByClass, open_volume_writer, read_volumes, statistics_of
from tomosift.exports.pool_facts import PoolFacts
from tomosift.exports.preview import Known
from tomosift.exports.schemas import ExportIn
from tomosift.formats.export_chunk import ExportChunk, ExportContext, ListWriter
from tomosift.formats.table_list import TableList
from tomosift.formats.volume_writers import VolumeWriter
from tomosift.kit.artifacts import ArtifactStore
from tomosift.tables import Source
from tomosift.volumes.store import VolumeStore

IMAGE_COLUMN = "rlnImageName"


@dataclass(frozen=True)
class ExportPlan:
    """Everything a pass needs: what is known, what was decided, how it is divided."""

    request: ExportIn
    known: Known
    outcome: Outcome
    geometry: GeometryOf | None
    groups: list[ListGroup]
    parts: Parts

    @property
    def total(self) -> int:
        """Rows to write."""
        return int((self.parts.number >= 0).sum())


@dataclass
class ConvertedPlaces:
    """What became of the places that were converted, because their list was not of the format that is written."""

    without_position: int = 0
    voxel_sizes: set[float] = field(default_factory=set)

    def count(self, chunk: ExportChunk) -> None:
        """Take in a chunk that was written."""
        known = np.isfinite(chunk.positions).all(axis=1)
        self.without_position += int((~known).sum())
        self.voxel_sizes.update(np.unique(chunk.voxel_sizes[known].round(4)).tolist())


@dataclass
class _OpenPart:
    """The files of one part of a group."""

    list: ListWriter
    volumes: VolumeWriter | None
    format: str


class ListPass:
    """One pass. `tick(rows_done)` is called between chunks and may raise to stop it."""

    def __init__(
        self,
        plan: ExportPlan,
        files: AttemptFiles,
        artifacts: ArtifactStore,
        volumes: VolumeStore,
        tick: Callable[[int], None],
    ) -> None:
        self._plan, self._files, self._artifacts, self._volumes, self._tick = plan, files, artifacts, volumes, tick
        facts = plan.known.facts
        added = AddedColumns(plan.request.columns, facts, plan.known.predictions, plan.outcome)
        self._added_names = added.names
        self._chunks = ChunkMaker(facts, plan.outcome, plan.geometry, added)
        self.sums = (
            SumsByClass(facts, plan.outcome, plan.geometry, plan.request.wedge)
            if plan.request.class_sums and plan.geometry is not None
            else None
        )
        self.converted = ConvertedPlaces()
        self._done = 0

    def run(self) -> None:
        """Write every list. Raises FormatProblem where a format cannot hold the rows, and what `tick` raises."""
        for group in self._plan.groups:
            self._write_group(group)

    def _write_group(self, group: ListGroup) -> None:
        facts, parts = self._plan.known.facts, self._plan.parts
        mine = np.isin(facts.source_numbers, group.sources) & (parts.number >= 0)
        with ExitStack() as opened:
            files = {
                int(part): self._open(opened, group, int(part), np.flatnonzero(mine & (parts.number == part)))
                for part in np.unique(parts.number[mine])
            }
            for number in group.sources:
                for rows in read_source_rows(self._artifacts, facts, number, mine):
                    part_of = parts.number[rows.places]
                    for part in np.unique(part_of).tolist():
                        self._write(files[part], rows if (part_of == part).all() else rows.take(part_of == part))
                    self._done += len(rows.places)
                    self._tick(self._done)

    def _open(self, opened: ExitStack, group: ListGroup, part: int, places: NDArray[np.int64]) -> _OpenPart:
        request, facts = self._plan.request, self._plan.known.facts
        stem = f"{group.stem}{self._plan.parts.suffixes[part]}"
        source = facts.sources[group.sources[0]]
        volumes = None
        if request.volumes != "none":
            is_stack = request.volumes == "mrc-stack"
            statistics = statistics_of(self._volumes, facts, places) if is_stack else None
            volumes = opened.enter_context(
                open_volume_writer(request.volumes, self._files, stem, source, len(places), statistics)
            )
        open_file = partial(self._files.open, particles=None if group.writer.writes_many_files else len(places))
        writer = group.writer.open(open_file, self._context(group, stem, source))
        return _OpenPart(opened.enter_context(writer), volumes, group.writer.key)

    def _context(self, group: ListGroup, stem: str, source: Source) -> ExportContext:
        keeps_columns = group.writer.key in (source.format, "csv", "parquet")
        columns = list(source.columns) if keeps_columns else []
        if self._plan.request.rewrite_images and IMAGE_COLUMN not in columns:
            columns.append(IMAGE_COLUMN)
        return ExportContext(
            stem=stem,
            class_names=numbered_class_names(self._plan.known.facts),
            columns=columns,
            extra_columns=self._added_names,
            source_format=source.format if keeps_columns else None,
            source_blocks=source.blocks,
            source_class_column=_class_column(source),
            sets_class=self._plan.request.class_number == "set",
        )

    def _write(self, part: _OpenPart, rows: SourceRows) -> None:
        has_sums = self.sums is not None and bool(self._plan.outcome.selected[rows.places].any())
        if part.volumes is not None or has_sums:
            references = self._write_volumes(part.volumes, rows)
            if self._plan.request.rewrite_images:
                rows = with_images(rows, references, IMAGE_COLUMN)
        chunk = self._chunks.chunk(rows)
        part.list.write(chunk)
        if rows.source.format != part.format:
            self.converted.count(chunk)

    def _write_volumes(self, writer: VolumeWriter | None, rows: SourceRows) -> list[str]:
        references: list[str] = []
        source_rows = self._plan.known.facts.rows[rows.places]
        for part, volumes in read_volumes(self._volumes, rows.source, source_rows):
            if writer is not None:
                references += writer.write(volumes)
            if self.sums is not None:
                self.sums.add(rows, part, volumes)
            self._tick(self._done + part.start)
        return references


def numbered_class_names(facts: PoolFacts) -> list[str]:
    """The names of the class numbers 1, 2, …, junk's last."""
    by_number = {class_number(code, facts): name for code, name in class_names(facts).items()}
    return [by_number.get(number, "") for number in range(1, max(by_number) + 1)]


def _class_column(source: Source) -> str | None:
    """The column of a plain table that is its class column; other formats know theirs."""
    if source.format not in ("csv", "parquet"):
        return None
    return TableList(source.flavour, pd.DataFrame(columns=source.columns), {}).class_column
