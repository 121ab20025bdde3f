"""Particle lists as CSV: a header row with x, y, z and tomogram (or images), and whatever further columns."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from tomosift.formats.delimited_text import delimited_lines, read_delimited
from tomosift.formats.export_chunk import ExportChunk, ExportContext, ListWriter, OpenFile
from tomosift.formats.list_columns import MOST_COLUMNS, decode_text, read_whole_file
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.table_list import TableList, check_header, export_table, is_particle_header, unit_note

_DELIMITERS = {",": "CSV", ";": "CSV, separated by semicolons", "\t": "CSV, separated by tabs"}
_LONGEST_HEADER = 65_536


@dataclass(frozen=True)
class CsvList(TableList):
    """A CSV list; `blocks["csv"]` holds its delimiter."""

    format: ClassVar[str] = "csv"


def looks_like_csv(path: Path, head: bytes) -> bool:
    """Whether the first line is a header row that names what a list needs."""
    return bool(head) and b"\0" not in head and is_particle_header(_header(head)[0])


def read_csv_list(path: Path) -> ParticleList:
    """Read a CSV file whose columns are separated by comma, semicolon or tab.

    Raises FormatProblem that names the row, or says which columns a list needs.
    """
    content = read_whole_file(path)
    decode_text(content, path.name)
    columns, delimiter = _header(content)
    if len(columns) > MOST_COLUMNS:
        raise FormatProblem(f"{path.name} has more than {MOST_COLUMNS} columns; leave some out")
    check_header(columns, path.name)
    rows = read_delimited(content, columns, delimiter, path.name, has_header=True)
    if rows.num_rows == 0:
        raise FormatProblem(f"{path.name} has a header row and no particles")
    return CsvList(
        flavour=_DELIMITERS[delimiter],
        rows=rows.to_pandas(),
        blocks={"csv": {"delimiter": delimiter}},
        notes=unit_note(columns),
    )


class CsvWriter(ListWriter):
    """Writes one CSV file, in the delimiter of a list that was CSV itself."""

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._delimiter = str(context.source_blocks.get("csv", {}).get("delimiter", ","))
        self._file = self.open(f"{context.stem}.csv")
        self._has_header = False

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's rows."""
        table = export_table(chunk, self.context)
        if not self._has_header:
            names = [pa.array([name], pa.string()) for name in table.column_names]
            self._file.write(delimited_lines(names, self._delimiter))
            self._has_header = True
        self._file.write(delimited_lines(table.columns, self._delimiter))


def _header(content: bytes) -> tuple[list[str], str]:
    """The first line's names, by the delimiter that stands in it most often."""
    line = content[:_LONGEST_HEADER].removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    delimiter = max(_DELIMITERS, key=line.count)
    try:
        names = next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])
    except csv.Error:
        names = []
    return names, delimiter
