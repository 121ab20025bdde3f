"""STAR text as blocks of unchanged text values, read in pieces; `star_writer` writes them back.

The `starfile` package turns texts into numbers and back (`nan`, quotes and `#` do not survive it) and takes 3 GB
for a million particles; here every value stays the text it was, so that an export repeats it exactly.
STAR: Hall, J. Chem. Inf. Comput. Sci. 31, 326 (1991); this is the part of it RELION, Warp and their kin write.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_lines import StarLines

MOST_COLUMNS = 1_000
MOST_BLOCKS = 20_000
# Values turned into columns at a time: few enough to keep the lists of texts small.
_CHUNK_VALUES = 400_000
_CLOSING = {quote: re.compile(rf"{quote}(?=\s|$)") for quote in "\"'"}
_WORD = re.compile(r"\s*(\S)")
_PLAIN = re.compile(r"\S+")


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
        with path.open("rb") as file:
            return _Parser(StarLines(file, path.name), path.name).blocks()
    except OSError:
        raise FormatProblem(f"{path.name} cannot be read by this program; check its permissions") from None
    except UnicodeDecodeError:
        raise FormatProblem(f"{path.name} is not a text file in UTF-8; a STAR file is plain text") from None


def looks_like_star(path: Path, head: bytes) -> bool:
    """Whether a file begins like STAR text: comments and empty lines, then `data_`."""
    for line in head.decode("utf-8-sig", "replace").splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            return text.startswith("data_")
    return path.suffix == ".star"


@dataclass
class _Parser:
    """One pass over the lines of a STAR file."""

    lines: StarLines
    file_name: str
    _found: dict[str, StarBlock] = field(default_factory=dict)

    def blocks(self) -> list[StarBlock]:
        while (line := self.lines.next()) is not None:
            name = _block_name(line)
            if name is None:
                raise self._problem(f"{line[:60]!r} stands outside of any data_ block; is this a STAR file?")
            if name in self._found:
                raise self._problem(f"the block data_{name[:60]} appears twice")
            if len(self._found) == MOST_BLOCKS:
                raise self._problem(f"a STAR file of more than {MOST_BLOCKS:,} blocks is not read")
            self._found[name] = self._read_block(name)
        if not self._found:
            raise FormatProblem(f"{self.file_name} holds no data_ block, so it is no STAR file")
        return list(self._found.values())

    def _read_block(self, name: str) -> StarBlock:
        version = self.lines.take_version()
        pairs: list[tuple[str, str]] = []
        while (line := self.lines.next()) is not None:
            if _block_name(line) is not None:
                self.lines.unread()
                break
            if line == "loop_" and not pairs:
                return LoopBlock(name, self._read_table(self._read_column_names()), version)
            pairs.append(self._read_pair(line))
        return PairBlock(name, pairs, version)

    def _read_pair(self, line: str) -> tuple[str, str]:
        values = _split(line)
        if not line.startswith("_") or len(values) < 2:
            raise self._problem(f"{line[:60]!r} is neither '_name value' nor the start of a table (loop_)")
        if len(values) > 2 and not values[2].startswith("#"):
            raise self._problem(f"{line[:60]!r} has more than one value; a value with spaces needs quotes")
        return values[0][1:], values[1]

    def _read_column_names(self) -> list[str]:
        names: list[str] = []
        while (line := self.lines.next()) is not None:
            if not line.startswith("_"):
                self.lines.unread()
                break
            names.append(line.split()[0][1:])
            if len(names) > MOST_COLUMNS:
                raise self._problem(f"a table of more than {MOST_COLUMNS:,} columns is not read")
        if not all(names) or not names:
            raise self._problem("loop_ without a column name after it")
        name, count = Counter(names).most_common(1)[0]
        if count > 1:
            raise self._problem(f"the column {name[:60]} appears twice in one table")
        return names

    def _read_table(self, names: list[str]) -> pd.DataFrame:
        chunks = [_empty_table(names)]
        count = 0
        while (chunk := self._read_quickly(names) or self._read_carefully(names, count)) is not None:
            chunks.append(chunk)
            count += chunk.num_rows
        table: pd.DataFrame = pa.concat_tables(chunks).to_pandas()
        return table

    def _read_quickly(self, names: list[str]) -> pa.Table | None:
        """Rows without anything special in them, many at once; None where the next lines are not of that kind."""
        text = self.lines.peek_plain()
        if not text:
            return None
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(text),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
                pyarrow.csv.ParseOptions(delimiter=" ", quote_char=False, double_quote=False),
                pyarrow.csv.ConvertOptions(check_utf8=False, column_types=dict.fromkeys(names, pa.large_string())),
            )
        except pa.ArrowInvalid:  # a row that does not fit: the careful reader finds and names it
            return None
        self.lines.skip_plain()
        return table

    def _read_carefully(self, names: list[str], count: int) -> pa.Table | None:
        """The next rows, `count` being before them; None at the table's end."""
        rows: list[list[str]] = []
        most = max(1, _CHUNK_VALUES // len(names))
        while len(rows) < most and (line := self.lines.next()) is not None:
            if _block_name(line) is not None:
                self.lines.unread()
                break
            rows.append(self._checked_row(_split(line), names, count + len(rows) + 1))
        if not rows:
            return None
        columns = [pa.array(column, pa.large_string()) for column in zip(*rows, strict=True)]
        return pa.table(columns, names=names)

    def _checked_row(self, values: list[str], names: list[str], row: int) -> list[str]:
        if len(values) > len(names) and values[len(names)].startswith("#"):
            return values[: len(names)]
        if len(values) != len(names):
            raise FormatProblem(
                f"line {self.lines.number} of {self.file_name} has {len(values)} values for {len(names)} columns; "
                "the file may be cut off or a name with spaces may lack quotes",
                row=row,
            )
        return values

    def _problem(self, message: str) -> FormatProblem:
        return FormatProblem(f"line {self.lines.number} of {self.file_name}: {message}")


def _empty_table(names: list[str]) -> pa.Table:
    return pa.table([pa.array([], pa.large_string()) for _ in names], names=names)


def _block_name(line: str) -> str | None:
    """The name after data_, where `line` opens a block (a path `data_1/a.mrc 1 2` in a row does not)."""
    if not line.startswith("data_"):
        return None
    values = line.split(maxsplit=1)
    return values[0][5:] if len(values) == 1 or values[1].startswith("#") else None


def _split(line: str) -> list[str]:
    if '"' not in line and "'" not in line:
        return line.split()
    values: list[str] = []
    unclosed: set[str] = set()  # looked for once in a line, so that a line full of quotes takes no quadratic time
    at = 0
    while (word := _WORD.match(line, at)) is not None:
        at, quote = word.start(1), word[1]
        if quote in _CLOSING and quote not in unclosed:
            closing = _CLOSING[quote].search(line, at + 1)
            if closing is not None:
                values.append(line[at + 1 : closing.start()])
                at = closing.end()
                continue
            unclosed.add(quote)
        plain = _PLAIN.match(line, at)
        assert plain is not None  # `at` stands on a character that is no space
        values.append(plain[0])
        at = plain.end()
    return values
