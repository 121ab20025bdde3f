"""Every particle list format Tomosift writes out of a project: one row each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tomosift.formats.later import later
from tomosift.formats.problem import FormatProblem

if TYPE_CHECKING:
    from tomosift.formats.export_chunk import ExportContext, ListWriter, OpenFile


@dataclass(frozen=True)
class WriterFormat:
    """A format: `open(open_file, context)` gives its writer. `extension` is that of the one file, or of each."""

    key: str
    title: str
    extension: str
    needs_positions: bool
    writes_many_files: bool
    open: "Callable[[OpenFile, ExportContext], ListWriter]"


LIST_WRITERS: tuple[WriterFormat, ...] = (
    WriterFormat("relion", "RELION STAR", ".star", True, False, later("star_list_writer:StarListWriter")),
    WriterFormat("dynamo", "Dynamo table", ".tbl", False, False, later("dynamo_table:DynamoWriter")),
    WriterFormat("em", ".em motive list", ".em", False, False, later("em_motive_list:EmWriter")),
    WriterFormat("stopgap", "STOPGAP motive list", ".star", False, False, later("stopgap_list:StopgapWriter")),
    WriterFormat("eman2-json", "EMAN2 boxes", "_info.json", True, True, later("eman2_json:Eman2JsonWriter")),
    WriterFormat("copick", "copick picks", ".json", True, True, later("copick_writer:CopickWriter")),
    WriterFormat("ndjson", "CZ cryoET data portal", ".ndjson", True, True, later("ndjson_list:NdjsonWriter")),
    WriterFormat("csv", "CSV", ".csv", False, False, later("csv_list:CsvWriter")),
    WriterFormat("parquet", "Parquet", ".parquet", False, False, later("parquet_list:ParquetWriter")),
)


def writer_by_key(key: str) -> WriterFormat:
    """The format that `key` names. Raises FormatProblem that lists the keys."""
    for each in LIST_WRITERS:
        if each.key == key:
            return each
    keys = ", ".join(each.key for each in LIST_WRITERS)
    raise FormatProblem(f"{key[:60]!r} is no format a list can be written in; use one of {keys}")
