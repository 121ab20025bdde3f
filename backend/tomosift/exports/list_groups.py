"""Which lists an export writes: sources that can share a file, and the parts the particles are divided into."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from tomosift.exports.attempt_files import UniqueNames, safe_name
from tomosift.exports.outcome import Outcome, class_names
from tomosift.exports.pool_facts import PoolFacts
from tomosift.exports.schemas import Layout
from tomosift.formats.list_writer import LIST_WRITERS, WriterFormat, writer_by_key
from tomosift.tables import Source

# Of lists in a format that is only read, every column survives in this one.
FALLBACK = "csv"


@dataclass(frozen=True)
class ListGroup:
    """Sources (numbers into the facts' sources) that go into the same files, in the order of their import."""

    stem: str
    writer: WriterFormat
    sources: Sequence[int]


@dataclass(frozen=True)
class Parts:
    """The files a group is divided into: `suffixes` of their names, and `(n,)` the part of each particle, -1 none."""

    suffixes: Sequence[str]
    number: NDArray[np.int16]


def group_sources(sources: Sequence[Source], format_key: str) -> list[ListGroup]:
    """The groups, in the order of import. `format_key`: `source` or a key of LIST_WRITERS."""
    together: dict[tuple[str, str], list[int]] = {}
    for number, source in enumerate(sources):
        writer = _writer_of(source) if format_key == "source" else writer_by_key(format_key)
        # Where the original columns are written, only equal ones share a file.
        alike = json.dumps([source.format, source.columns, source.blocks], sort_keys=True)
        keeps_columns = format_key == "source" or writer.key in ("csv", "parquet")
        together.setdefault((writer.key, alike if keeps_columns else ""), []).append(number)
    names = UniqueNames()
    return [
        ListGroup(
            stem=names.take(safe_name(PurePosixPath(sources[numbers[0]].name).stem)),
            writer=writer_by_key(key),
            sources=numbers,
        )
        for (key, _), numbers in together.items()
    ]


def _writer_of(source: Source) -> WriterFormat:
    key = source.format if source.format in {each.key for each in LIST_WRITERS} else FALLBACK
    return writer_by_key(key)


def divide(layout: Layout, facts: PoolFacts, outcome: Outcome) -> Parts:
    """The part of each particle by the layout. Empty classes get no file."""
    if layout == "one-file":
        return Parts([""], np.where(outcome.selected, 0, -1).astype(np.int16))
    if layout == "selection-and-rest":
        return Parts(["_selected", "_rest"], np.where(outcome.selected, 0, 1).astype(np.int16))
    names = UniqueNames()
    suffixes: list[str] = []
    number = np.full(len(facts), -1, np.int16)
    for code, name in class_names(facts).items():
        chosen = outcome.selected & (outcome.codes == code)
        if chosen.any():
            number[chosen] = len(suffixes)
            suffixes.append(names.take(f"_{safe_name(name)}"))
    return Parts(suffixes, number)
