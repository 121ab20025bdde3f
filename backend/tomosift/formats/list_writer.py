"""Every particle list format Tomosift writes out of a project: one row each."""

from collections.abc import Callable
from dataclasses import dataclass

from tomosift.formats.copick_writer import CopickWriter
from tomosift.formats.csv_list import CsvWriter
from tomosift.formats.dynamo_table import DynamoWriter
from tomosift.formats.em_motive_list import EmWriter
from tomosift.formats.eman2_json import Eman2JsonWriter
from tomosift.formats.export_chunk import ExportChunk, ExportContext, ListWriter, OpenFile
from tomosift.formats.ndjson_list import NdjsonWriter
from tomosift.formats.parquet_list import ParquetWriter
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_list_writer import StarListWriter
from tomosift.formats.stopgap_list import StopgapWriter

__all__ = ["LIST_WRITERS", "ExportChunk", "ExportContext", "ListWriter", "OpenFile", "WriterFormat", "writer_by_key"]


@dataclass(frozen=True)
class WriterFormat:
    """A format: `open(open_file, context)` gives its writer. `extension` is that of the one file, or of each."""

    key: str
    title: str
    extension: str
    needs_positions: bool
    writes_many_files: bool
    open: Callable[[OpenFile, ExportContext], ListWriter]


LIST_WRITERS: tuple[WriterFormat, ...] = (
    WriterFormat("relion", "RELION STAR", ".star", True, False, StarListWriter),
    WriterFormat("dynamo", "Dynamo table", ".tbl", False, False, DynamoWriter),
    WriterFormat("em", ".em motive list", ".em", False, False, EmWriter),
    WriterFormat("stopgap", "STOPGAP motive list", ".star", False, False, StopgapWriter),
    WriterFormat("eman2-json", "EMAN2 boxes", "_info.json", True, True, Eman2JsonWriter),
    WriterFormat("copick", "copick picks", ".json", True, True, CopickWriter),
    WriterFormat("ndjson", "CZ cryoET data portal", ".ndjson", True, True, NdjsonWriter),
    WriterFormat("csv", "CSV", ".csv", False, False, CsvWriter),
    WriterFormat("parquet", "Parquet", ".parquet", False, False, ParquetWriter),
)


def writer_by_key(key: str) -> WriterFormat:
    """The format that `key` names. Raises FormatProblem that lists the keys."""
    for each in LIST_WRITERS:
        if each.key == key:
            return each
    keys = ", ".join(each.key for each in LIST_WRITERS)
    raise FormatProblem(f"{key[:60]!r} is no format a list can be written in; use one of {keys}")
