"""Particle lists as Parquet: the same columns as CSV, of any type that is not nested."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
from pyarrow import compute
from pyarrow import parquet as pq

from tomosift.formats.export_chunk import ExportChunk, ExportContext, ListWriter, OpenFile
from tomosift.formats.list_columns import MOST_COLUMNS, check_file
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.table_list import TableList, check_header, export_table, unit_note

_MAGIC = b"PAR1"
_LONGEST_UNPACKED = 2**30
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class ParquetList(TableList):
    """A Parquet list; `blocks["parquet"]` holds its schema, as every value is kept as text here."""

    format: ClassVar[str] = "parquet"


def looks_like_parquet(path: Path, head: bytes) -> bool:
    """Whether the file begins with Parquet's mark."""
    return head.startswith(_MAGIC)


def read_parquet_list(path: Path) -> ParticleList:
    """Read a Parquet file of plain columns.

    Raises FormatProblem, also for nested columns and for one that unpacks to more than a list may hold.
    """
    check_file(path)
    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            schema = file.schema_arrow.remove_metadata()
            _check_schema(file, path.name)
        # As dictionaries, since a long text that a million rows share is long in memory only once.
        strings = [column.name for column in schema if pa.types.is_string(column.type)]
        with pq.ParquetFile(path, memory_map=False, read_dictionary=strings) as file:
            table = _read_texts(file, path.name)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        if isinstance(error, FormatProblem):
            raise
        raise FormatProblem(f"{path.name} is no Parquet file that can be read; it may be cut off") from None
    if table.num_rows == 0:
        raise FormatProblem(f"{path.name} holds no particles")
    return ParquetList(
        flavour="Parquet",
        rows=table.to_pandas(),
        blocks={"parquet": {"schema": base64.b64encode(schema.serialize().to_pybytes()).decode()}},
        notes=unit_note(table.column_names),
    )


class ParquetWriter(ListWriter):
    """Writes one Parquet file; columns of a list that was Parquet itself get their types again."""

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._file = self.open(f"{context.stem}.parquet")
        self._writer: pq.ParquetWriter | None = None
        kept = context.source_blocks.get("parquet", {}).get("schema")
        self._types = _types_of(kept) if kept else {}

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows as a row group."""
        table = export_table(chunk, self.context)
        columns = [_typed(column, self._types.get(name)) for name, column in zip(*_parts(table), strict=True)]
        table = pa.table(columns, names=table.column_names)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def finish(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            self._writer.close()


def _check_schema(file: pq.ParquetFile, name: str) -> None:
    nested = [column.name for column in file.schema_arrow if pa.types.is_nested(column.type)]
    if nested:
        raise FormatProblem(
            f"the column {nested[0][:60]!r} of {name} is nested; write lists as plain columns (x, y, z, tomogram, …)"
        )
    if len(file.schema_arrow.names) > MOST_COLUMNS:
        raise FormatProblem(f"{name} has more than {MOST_COLUMNS} columns; leave some out")
    check_header(file.schema_arrow.names, name)
    metadata = file.metadata
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    # Run lengths make a billion equal rows out of a few bytes.
    if max(unpacked, metadata.num_rows * metadata.num_columns) > _LONGEST_UNPACKED:
        raise _too_long(name)


def _read_texts(file: pq.ParquetFile, name: str) -> pa.Table:
    parts, size = [], 0
    for batch in file.iter_batches(_ROWS_AT_ONCE, use_threads=False):
        size += sum(_unpacked_size(column) for column in batch.columns)
        if size > _LONGEST_UNPACKED:
            raise _too_long(name)
        parts.append(_as_texts(pa.Table.from_batches([batch]), name))
    return pa.concat_tables(parts) if parts else pa.table({})


def _unpacked_size(column: pa.Array) -> int:
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = compute.binary_length(column.dictionary.cast(pa.binary()))
    return int(compute.sum(lengths.take(column.indices).cast(pa.int64())).as_py() or 0) + len(column)


def _as_texts(table: pa.Table, name: str) -> pa.Table:
    columns = {}
    for column, values in zip(*_parts(table), strict=True):
        try:
            if pa.types.is_dictionary(values.type):
                values = values.cast(values.type.value_type)
            texts = compute.fill_null(values.cast(pa.string()), "")
            texts.validate(full=True)
            if compute.any(compute.match_substring(texts, "\0")).as_py():
                raise pa.ArrowInvalid("zero bytes")
            columns[column] = texts
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise FormatProblem(f"the column {column[:60]!r} of {name} cannot be read as text; leave it out") from None
    return pa.table(columns)


def _too_long(name: str) -> FormatProblem:
    return FormatProblem(f"{name} unpacks to more than {_LONGEST_UNPACKED // 2**20} MiB; split it")


def _parts(table: pa.Table) -> tuple[list[str], list[pa.ChunkedArray]]:
    return table.column_names, table.columns


def _types_of(kept: str) -> dict[str, pa.DataType]:
    schema = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(kept)))
    return {column.name: column.type for column in schema}


def _typed(column: pa.ChunkedArray, wanted: pa.DataType | None) -> pa.ChunkedArray:
    if wanted is None or not pa.types.is_string(column.type) or pa.types.is_string(wanted):
        return column
    if pa.types.is_dictionary(wanted):
        return column
    empty_as_null = compute.if_else(compute.equal(column, ""), pa.scalar(None, pa.string()), column)
    return empty_as_null.cast(wanted)
