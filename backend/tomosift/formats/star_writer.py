"""STAR text written in pieces: a table of any length, between the blocks it was read with, in bounded memory."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tomosift.formats.particle_list import JsonBlock
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_blocks import LoopBlock, PairBlock, StarBlock

_SLICE_ROWS = 20_000
_BLANK, _NOTHING, _NEWLINE = (pa.scalar(text, pa.large_string()) for text in (" ", "", "\n"))
# What Python's split() and RE2's \s do not agree on is written out.
_SPACES = r"\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_NEEDS_QUOTES = rf"^$|^[\"'#_]|^data_|^loop_|[\x00{_SPACES}]"


class StarTableWriter:
    """Writes one table and, around it, the other blocks of the file it came from; a context manager.

    `blocks` is `ParticleTable.blocks` (also as older sources stored it), `columns` the names of all columns in their
    order. Rows come through `write`, in as many pieces as one likes; `count` says how many came. Blocks that follow
    the table are written when the context ends without an error. A `target` that is a stream is not closed.
    """

    def __init__(self, target: Path | BinaryIO, blocks: Mapping[str, JsonBlock], columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.count = 0
        self._target = target
        self._name, self._version, self._before, self._after = _arranged(blocks)

    def __enter__(self) -> Self:
        self._file = self._target.open("wb") if isinstance(self._target, Path) else self._target
        self._file.write(b"".join(map(_block_text, self._before)))
        self._file.write(_table_head(self._name, self._version, self.columns))
        return self

    def write(self, rows: pd.DataFrame | pa.RecordBatch | pa.Table) -> None:
        """Append rows; their columns are taken by name. Raises FormatProblem for a value no STAR file can hold."""
        table = pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pd.DataFrame) else rows
        table = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
        for batch in table.select(self.columns).to_batches(max_chunksize=_SLICE_ROWS):
            self._file.write(_row_text(batch))
            self.count += batch.num_rows

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._file.write(b"\n" + b"".join(map(_block_text, self._after)))
        finally:
            if isinstance(self._target, Path):
                self._file.close()


def set_column(rows: pa.RecordBatch | pa.Table, name: str, values: pa.Array) -> pa.Table:
    """`rows` with the column `name` replaced in its place, or appended where there is none."""
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    place = table.schema.get_field_index(name)
    return table.append_column(name, values) if place < 0 else table.set_column(place, name, values)


def write_star_blocks(target: Path | BinaryIO, blocks: Iterable[StarBlock]) -> None:
    """Write blocks as a STAR file; values are quoted only where they must be."""
    if isinstance(target, Path):
        with target.open("wb") as file:
            return write_star_blocks(file, blocks)
    target.writelines(map(_block_text, blocks))
    return None


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


def block_to_json(block: StarBlock, position: int) -> JsonBlock:
    """A block as JSON, with its place in the file."""
    common: JsonBlock = {"position": position, "version": block.version}
    if isinstance(block, PairBlock):
        return common | {"pairs": [list(pair) for pair in block.pairs]}
    return common | {"columns": block.columns, "rows": block.rows.to_numpy(object).tolist()}


def _needs_quotes(value: str) -> bool:
    return value[0] in "\"'#_" or value.startswith(("data_", "loop_")) or "\0" in value or value.split() != [value]


def _arranged(blocks: Mapping[str, Any]) -> tuple[str, str | None, list[StarBlock], list[StarBlock]]:
    """The table's name and version, and the blocks before and after it."""
    if isinstance(blocks.get("particle_block"), str):  # as sources were stored first
        blocks = _with_particles(blocks["others"], str(blocks["particle_block"]), blocks["version"])
    name, particles = next((name, block) for name, block in blocks.items() if block.get("particles"))
    in_order = sorted(blocks.items(), key=lambda named: int(named[1]["position"]))
    at = [each for each, _ in in_order].index(name)
    before = [_from_json(each, block) for each, block in in_order[:at]]
    after = [_from_json(each, block) for each, block in in_order[at + 1 :]]
    return name, particles["version"], before, after


def _with_particles(others: dict[str, JsonBlock], name: str, version: str | None) -> dict[str, JsonBlock]:
    taken = {int(block["position"]) for block in others.values()}
    position = next(position for position in range(len(others) + 1) if position not in taken)
    return others | {name: {"position": position, "version": version, "particles": True}}


def _from_json(name: str, block: JsonBlock) -> StarBlock:
    if "pairs" in block:
        return PairBlock(name, [(key, value) for key, value in block["pairs"]], block["version"])
    return LoopBlock(name, pd.DataFrame(block["rows"], columns=block["columns"], dtype=str), block["version"])


def _block_text(block: StarBlock) -> bytes:
    if isinstance(block, PairBlock):
        lines = [f"_{name} {quote_value(value)}\n" for name, value in block.pairs]
        return _block_head(block.name, block.version) + "".join(lines).encode() + b"\n"
    table = pa.Table.from_pandas(block.rows, preserve_index=False)
    rows = b"".join(_row_text(batch) for batch in table.to_batches(max_chunksize=_SLICE_ROWS))
    return _table_head(block.name, block.version, block.columns) + rows + b"\n"


def _block_head(name: str, version: str | None) -> bytes:
    comment = f"\n# version {version}\n" if version else ""
    return f"{comment}\ndata_{name}\n\n".encode()


def _table_head(name: str, version: str | None, columns: Sequence[str]) -> bytes:
    lines = [f"_{column} #{number}\n" for number, column in enumerate(columns, start=1)]
    return _block_head(name, version) + "".join(["loop_\n", *lines]).encode()


def _row_text(batch: pa.RecordBatch) -> bytes:
    """One line a row. An empty line would end the table for RELION, so there is none."""
    if batch.num_rows == 0:
        return b""
    columns = [_quoted(pc.cast(column, pa.large_string())) for column in batch.columns]
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*columns, _BLANK), _NOTHING, _NEWLINE)
    if lines.null_count:
        raise FormatProblem("a value is missing; a STAR table has a value in every place")
    offsets, data = lines.buffers()[1:]
    first, last = pa.Array.from_buffers(pa.int64(), len(lines) + 1, [None, offsets])[lines.offset :: len(lines)]
    return bytes(data[first.as_py() : last.as_py()])


def _quoted(column: pa.Array) -> pa.Array:
    wanting = pc.match_substring_regex(column, _NEEDS_QUOTES)
    if not pc.any(wanting).as_py():
        return column
    quoted = [quote_value(value) for value in column.filter(wanting).to_pylist()]
    return pc.replace_with_mask(column, wanting, pa.array(quoted, pa.large_string()))
