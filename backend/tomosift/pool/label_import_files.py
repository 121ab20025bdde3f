"""Reading labels (which particle, which value): a table (CSV, TSV, Parquet), a particle list, or a source's columns.

Everything streams in batches, so a million rows take little memory; only a particle list is read whole.
"""

import csv
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.problem import FormatProblem
from tomosift.kit.artifacts import ArtifactStore
from tomosift.pool.label_schemas import LabelImportRequest
from tomosift.pool.particle_identity import particle_identities
from tomosift.tables import Source

Match = Literal["id", "row", "name", "identity", "column"]

BATCH_ROWS = 50_000
CSV_BLOCK_BYTES = 4_000_000
LONGEST_HEAD_BYTES = 1_000_000
LARGEST_PARQUET_GROUP_BYTES = 1_000_000_000

CLASS_COLUMNS = ("rlnClassNumber", "class", "class_name", "classname", "class_number", "label", "truth", "folder")
_KEYS_BY_NAME: dict[str, Match] = {
    "subtomogram_id": "id",
    "id": "id",
    "row": "row",
    "source_row": "row",
    "particle_row": "row",
    "name": "name",
    "particle": "name",
    "particle_name": "name",
    "subtomogram": "name",
    "image": "name",
    "image_name": "name",
    "rlnimagename": "name",
    "rlntomoparticlename": "name",
}
_TABLE_ENDINGS = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class Batch:
    """Rows as texts: the key of the particle, the value, the confidence (NaN: none)."""

    keys: Sequence[str]
    values: Sequence[str]
    confidences: Sequence[float]


@dataclass(frozen=True)
class LabelRows:
    """Where the labels come from: `match` says what the keys are, `match_column` which column for `column`.

    `source_id`: the keys are rows (from 1) of this very source.
    """

    column: str
    match: Match
    batches: Iterator[Batch]
    match_column: str | None = None
    source_id: uuid.UUID | None = None


def rows_of_source(source: Source, request: LabelImportRequest, store: ArtifactStore) -> LabelRows:
    """A column of the source's own list. Raises FormatProblem if it has no such column."""
    column = _class_column(source.columns, request.column, source.name)
    wanted = _wanted(source.columns, source.name, column, request.confidence_column)

    def batches() -> Iterator[Batch]:
        first = 1
        for part in _parquet_parts(store, source.table_key, wanted):
            keys = [str(row) for row in range(first, first + part.num_rows)]
            first += part.num_rows
            yield _batch(part, keys, column, request.confidence_column)

    return LabelRows(column, "row", batches(), source_id=source.id)


def rows_of_file(path: Path, request: LabelImportRequest, source_columns: Sequence[str]) -> LabelRows:
    """A table with a key column, or a particle list. `source_columns`: those of the lists in the pool.

    Raises FormatProblem for a file that cannot be read or lacks a column.
    """
    if _is_table(path):
        columns = _columns_of(path)
        key = request.key or next((each for each in columns if each.lower() in _KEYS_BY_NAME), None)
        if key is not None:
            return _rows_of_table(path, columns, key, request, source_columns)
    return _rows_of_list(path, request, source_columns)


def column_of_source(source: Source, column: str, store: ArtifactStore) -> Iterator[list[str]]:
    """A column of a source's list, in parts, in the order of its rows."""
    for part in _parquet_parts(store, source.table_key, [column]):
        yield [str(text) for text in part.column(column).to_pylist()]


def _rows_of_table(
    path: Path, columns: list[str], key: str, request: LabelImportRequest, source_columns: Sequence[str]
) -> LabelRows:
    column = _class_column([each for each in columns if each != key], request.column, path.name)
    wanted = list(dict.fromkeys([key, *_wanted(columns, path.name, column, request.confidence_column)]))
    if key not in columns:
        raise _no_column(path.name, key, columns)
    match, match_column = _match(key, request.matches, source_columns)

    def batches() -> Iterator[Batch]:
        for part in _table_parts(path, wanted):
            yield _batch(part, _texts(part, key), column, request.confidence_column)

    return LabelRows(column, match, batches(), match_column)


def _rows_of_list(path: Path, request: LabelImportRequest, source_columns: Sequence[str]) -> LabelRows:
    particles = read_particle_list(path)
    column = _class_column(particles.columns, request.column or particles.class_column, path.name)
    wanted = _wanted(particles.columns, path.name, column, request.confidence_column)
    match: Match
    if request.key is None:
        match, match_column = "identity", None
        keys = [identity.hex() for identity in particle_identities(particles)]
    else:
        if request.key not in particles.columns:
            raise _no_column(path.name, request.key, particles.columns)
        match, match_column = _match(request.key, request.matches, source_columns)
        keys = [str(text) for text in particles.rows[request.key].tolist()]

    def batches() -> Iterator[Batch]:
        for start in range(0, len(particles), BATCH_ROWS):
            part = pa.Table.from_pandas(particles.rows[wanted].iloc[start : start + BATCH_ROWS], preserve_index=False)
            yield _batch(part, keys[start : start + BATCH_ROWS], column, request.confidence_column)

    return LabelRows(column, match, batches(), match_column)


def _match(key: str, matches: str | None, source_columns: Sequence[str]) -> tuple[Match, str | None]:
    """What the keys are compared with: what the request says, else the lists' column of that name, else by the name."""
    if matches in ("id", "row", "name"):
        return matches, None  # type: ignore[return-value]  # mypy does not narrow a str by `in`
    column = matches or key
    by_name = _KEYS_BY_NAME.get(key.lower())
    if column in source_columns and (matches is not None or by_name in (None, "name")):
        return "column", column
    if matches is None and by_name is not None:
        return by_name, None
    raise FormatProblem(
        f"no list in the project has a column {column[:60]!r} to match with; say what {key[:60]!r} is: id, row, name, "
        "or a column of the imported list",
        column=key,
    )


def _class_column(columns: Sequence[str], given: str | None, name: str) -> str:
    if given is not None:
        return given
    by_lower = {each.lower(): each for each in reversed(columns)}
    for each in CLASS_COLUMNS:
        if each.lower() in by_lower:
            return by_lower[each.lower()]
    raise FormatProblem(f"which column of {name} holds the classes? It has {_shown(columns)}; name one")


def _wanted(columns: Sequence[str], name: str, column: str, confidence: str | None) -> list[str]:
    wanted = [column] if confidence is None else [column, confidence]
    for each in wanted:
        if each not in columns:
            raise _no_column(name, each, columns)
    return list(dict.fromkeys(wanted))


def _no_column(name: str, column: str, columns: Sequence[str]) -> FormatProblem:
    return FormatProblem(f"{name} has no column {column[:60]!r}; it has {_shown(columns)}", column=column)


def _shown(columns: Sequence[str]) -> str:
    return ", ".join(each[:60] for each in columns[:30]) + (" and more" if len(columns) > 30 else "")


def _is_table(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PAR1" or path.suffix.lower() in _TABLE_ENDINGS


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _columns_of(path: Path) -> list[str]:
    if _is_parquet(path):
        try:
            return [str(name) for name in pq.read_schema(path).names]
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path) from error
    return _csv_head(path)[0]


def _csv_head(path: Path) -> tuple[list[str], str]:
    """The column names in the first line, and the delimiter: whichever of tab, comma, semicolon it has most of."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_HEAD_BYTES)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise FormatProblem(f"{path.name} is no text; a table of labels is CSV, TSV or Parquet") from error
    delimiter = max("\t,;", key=text.count)
    try:
        columns = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error as error:
        raise _unreadable(path) from error
    if len(set(columns)) < len(columns) or not columns:
        raise FormatProblem(f"the first line of {path.name} must give each column a name of its own")
    return columns, delimiter


def _table_parts(path: Path, wanted: list[str]) -> Iterator[pa.Table]:
    try:
        if _is_parquet(path):
            with pq.ParquetFile(path) as table:
                yield from _parts_of_parquet(table, wanted)
            return
        columns, delimiter = _csv_head(path)
        with pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(
                block_size=CSV_BLOCK_BYTES, column_names=columns, skip_rows=1, use_threads=False
            ),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter),
            convert_options=pa_csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        ) as reader:
            for part in reader:
                yield pa.Table.from_batches([part])
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path) from error


def _parquet_parts(store: ArtifactStore, key: str, wanted: list[str]) -> Iterator[pa.Table]:
    path = store.local_path(key)
    with pq.ParquetFile(path if path is not None else io.BytesIO(store.read_bytes(key))) as table:
        yield from _parts_of_parquet(table, wanted)


def _parts_of_parquet(table: pq.ParquetFile, wanted: list[str]) -> Iterator[pa.Table]:
    for group in range(table.num_row_groups):
        if table.metadata.row_group(group).total_byte_size > LARGEST_PARQUET_GROUP_BYTES:
            raise FormatProblem("a row group of the Parquet file is larger than 1 GB; write it with smaller row groups")
    for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
        yield pa.Table.from_batches([batch])


def _unreadable(path: Path) -> FormatProblem:
    return FormatProblem(
        f"{path.name} cannot be read as a table: check that every line has as many values as the first line has names"
    )


def _batch(part: pa.Table, keys: Sequence[str], column: str, confidence: str | None) -> Batch:
    values = pc.replace_substring_regex(pa.array(_texts(part, column)), r"^\s*(-?\d+)\.0*\s*$", r"\1")
    return Batch(
        keys=keys,
        values=pc.utf8_trim_whitespace(values).to_pylist(),
        confidences=_confidences(part, confidence) if confidence else [np.nan] * part.num_rows,
    )


def _texts(part: pa.Table, column: str) -> list[str]:
    return ["" if each is None else str(each) for each in part.column(column).to_pylist()]


def _confidences(part: pa.Table, column: str) -> list[float]:
    numbers = []
    for text in _texts(part, column):
        try:
            number = float(text) if text.strip() else np.nan
        except ValueError:
            raise FormatProblem(f"{text[:40]!r} is not a number", column=column) from None
        if not (np.isnan(number) or 0 <= number <= 1):
            raise FormatProblem(f"a confidence lies between 0 and 1; {text[:40]!r} does not", column=column)
        numbers.append(number)
    return numbers
