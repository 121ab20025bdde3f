"""STAR text as blocks of unchanged text values, read line by line and written back.

The `starfile` package turns texts into numbers and back (`nan`, quotes and `#` do not survive it) and takes 3 GB
for a million particles; here every value stays the text it was, so that an export repeats it exactly.
STAR: Hall, J. Chem. Inf. Comput. Sci. 31, 326 (1991); this is the part of it RELION, Warp and their kin write.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pandas as pd
import pyarrow as pa

from tomosift.formats.problem import FormatProblem

# Rows turned into columns at a time: few enough to keep the lists of texts small.
_CHUNK_ROWS = 20_000
_QUOTED_OR_PLAIN = re.compile(r"""\s*(?:"(.*?)"(?=\s|$)|'(.*?)'(?=\s|$)|(\S+))""")
_VERSION_COMMENT = re.compile(r"#\s*version\s+(\S+)")


@dataclass(frozen=True)
class PairBlock:
    """A block of `_name value` lines."""

    name: str
    pairs: list[tuple[str, str]]
    version: str | None = None


@dataclass(frozen=True)
class LoopBlock:
    """A block that is a table: every value a text, columns in the file's order without the leading underscore."""

    name: str
    rows: pd.DataFrame
    version: str | None = None

    @property
    def columns(self) -> list[str]:
        return [str(column) for column in self.rows.columns]


StarBlock = PairBlock | LoopBlock


def read_star_blocks(path: Path) -> list[StarBlock]:
    """The blocks of a STAR file, in order. Raises FormatProblem that names the line or the table's row."""
    # A named pipe would hold the program up for ever.
    if not path.is_file():
        raise FormatProblem(f"{path.name} does not exist or is no file")
    try:
        with path.open(encoding="utf-8-sig", newline=None) as file:
            return _Parser(file, path.name).blocks()
    except OSError:
        raise FormatProblem(f"{path.name} cannot be read by this program; check its permissions") from None
    except UnicodeDecodeError:
        raise FormatProblem(f"{path.name} is not a text file in UTF-8; a STAR file is plain text") from None


def write_star_blocks(path: Path, blocks: Iterable[StarBlock]) -> None:
    """Write blocks as a STAR file; values are quoted only where they must be."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for block in blocks:
            file.write(f"\n# version {block.version}\n" if block.version else "")
            file.write(f"\ndata_{block.name}\n\n")
            if isinstance(block, PairBlock):
                file.writelines(f"_{name} {quote_value(value)}\n" for name, value in block.pairs)
            else:
                _write_loop(file, block.columns, _iterate_rows(block.rows))
            file.write("\n")


def quote_value(value: str) -> str:
    """`value` as it must stand in a STAR file. Raises FormatProblem for one no STAR file can hold."""
    if value and not _needs_quotes(value):
        return value
    if any(character in value for character in "\n\r\0"):
        raise FormatProblem(f"the value {value!r} holds a line break or a zero byte, which no STAR file can hold")
    for quote in ('"', "'"):
        if not re.search(rf"{quote}(\s|$)", value):
            return f"{quote}{value}{quote}"
    raise FormatProblem(f"the value {value!r} holds both kinds of quotes, which no STAR file can hold")


def _needs_quotes(value: str) -> bool:
    return value[0] in "\"'#_" or value.startswith(("data_", "loop_")) or "\0" in value or value.split() != [value]


def _write_loop(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    file.write("loop_\n")
    file.writelines(f"_{column} #{number}\n" for number, column in enumerate(columns, start=1))
    file.writelines(" ".join(map(quote_value, row)) + "\n" for row in rows)


def _iterate_rows(rows: pd.DataFrame) -> Iterator[Sequence[str]]:
    # In slices, as the Python texts of a million rows at once would fill the memory.
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows.iloc[start : start + _CHUNK_ROWS]
        yield from zip(*(chunk.iloc[:, number].tolist() for number in range(chunk.shape[1])), strict=True)


@dataclass
class _Parser:
    """One pass over the lines of a STAR file."""

    file: TextIO
    file_name: str
    line_number: int = 0
    _put_back: str | None = None
    _version: str | None = None
    _found: list[StarBlock] = field(default_factory=list)

    def blocks(self) -> list[StarBlock]:
        while (line := self._next_line()) is not None:
            name = _block_name(line)
            if name is None:
                raise self._problem(f"{line[:60]!r} stands outside of any data_ block; is this a STAR file?")
            block = self._read_block(name)
            if any(block.name == other.name for other in self._found):
                raise self._problem(f"the block data_{name} appears twice")
            self._found.append(block)
        if not self._found:
            raise FormatProblem(f"{self.file_name} holds no data_ block, so it is no STAR file")
        return self._found

    def _read_block(self, name: str) -> StarBlock:
        version, self._version = self._version, None
        pairs: list[tuple[str, str]] = []
        while (line := self._next_line()) is not None:
            if _block_name(line) is not None:
                self._put_back = line
                break
            if line == "loop_" and not pairs:
                return LoopBlock(name, self._read_table(self._read_column_names()), version)
            values = _split(line)
            if not line.startswith("_") or len(values) < 2:
                raise self._problem(f"{line[:60]!r} is neither '_name value' nor the start of a table (loop_)")
            pairs.append((values[0][1:], values[1]))
        return PairBlock(name, pairs, version)

    def _read_column_names(self) -> list[str]:
        names: list[str] = []
        while (line := self._next_line()) is not None:
            if not line.startswith("_"):
                self._put_back = line
                break
            names.append(line.split()[0][1:])
        if not names:
            raise self._problem("loop_ without a column name after it")
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise self._problem(f"the column {min(repeated)} appears twice in one table")
        return names

    def _read_table(self, names: list[str]) -> pd.DataFrame:
        chunks: list[list[pa.Array]] = []
        rows: list[list[str]] = []
        count = 0
        while (line := self._next_line()) is not None:
            if _block_name(line) is not None:
                self._put_back = line
                break
            count += 1
            rows.append(self._checked_row(_split(line), names, count))
            if len(rows) == _CHUNK_ROWS:
                chunks.append(_columns_of(rows))
                rows = []
        if rows or not chunks:
            chunks.append(_columns_of(rows) if rows else [pa.array([], pa.string()) for _ in names])
        columns = [pa.chunked_array([chunk[number] for chunk in chunks]) for number in range(len(names))]
        table: pd.DataFrame = pa.table(columns, names=names).to_pandas()
        return table

    def _checked_row(self, values: list[str], names: list[str], row: int) -> list[str]:
        if len(values) > len(names) and values[len(names)].startswith("#"):
            return values[: len(names)]
        if len(values) != len(names):
            raise FormatProblem(
                f"line {self.line_number} of {self.file_name} has {len(values)} values for {len(names)} columns; "
                "the file may be cut off or a name with spaces may lack quotes",
                row=row,
            )
        return values

    def _next_line(self) -> str | None:
        """The next line that is neither empty nor a comment, without the spaces around it."""
        if self._put_back is not None:
            line, self._put_back = self._put_back, None
            return line
        for raw in self.file:
            self.line_number += 1
            line = raw.strip()
            if "\0" in line:
                raise self._problem("there are zero bytes in it; a STAR file is plain text")
            if line.startswith("#"):
                if match := _VERSION_COMMENT.match(line):
                    self._version = match[1]
            elif line:
                return line
        return None

    def _problem(self, message: str) -> FormatProblem:
        return FormatProblem(f"line {self.line_number} of {self.file_name}: {message}")


def _block_name(line: str) -> str | None:
    """The name after data_, where `line` opens a block (a path `data_1/a.mrc 1 2` in a row does not)."""
    if not line.startswith("data_"):
        return None
    values = line.split(maxsplit=1)
    return values[0][5:] if len(values) == 1 or values[1].startswith("#") else None


def _split(line: str) -> list[str]:
    if '"' not in line and "'" not in line:
        return line.split()
    found = _QUOTED_OR_PLAIN.finditer(line)
    return [next(value for value in match.groups() if value is not None) for match in found]


def _columns_of(rows: list[list[str]]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def looks_like_star(path: Path, head: bytes) -> bool:
    """Whether a file begins like STAR text: comments and empty lines, then `data_`."""
    for line in head.decode("utf-8-sig", "replace").splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            return text.startswith("data_")
    return path.suffix == ".star"
