"""Every particle list format Tomosift reads: one row each. What stands here is in the service, the CLI and the docs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tomosift.formats.copick_project import looks_like_copick, read_copick_project
from tomosift.formats.csv_list import looks_like_csv, read_csv_list
from tomosift.formats.dynamo_table import looks_like_dynamo, read_dynamo_table
from tomosift.formats.em_motive_list import looks_like_em_list, read_em_motive_list
from tomosift.formats.eman2_hdf import looks_like_eman2_hdf, read_eman2_hdf
from tomosift.formats.eman2_json import looks_like_eman2_json, read_eman2_json
from tomosift.formats.eman2_lst import looks_like_eman2_lst, read_eman2_lst
from tomosift.formats.ndjson_list import looks_like_ndjson, read_ndjson_list
from tomosift.formats.parquet_list import looks_like_parquet, read_parquet_list
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.stack_list import looks_like_stack, read_stack_list
from tomosift.formats.star import read_particle_star
from tomosift.formats.star_blocks import looks_like_star
from tomosift.formats.stopgap_list import looks_like_stopgap, read_stopgap_list
from tomosift.formats.volume_files import open_volume_file
from tomosift.formats.volume_folder import VolumeFolder, looks_like_volume_folder, read_volume_folder

HEAD_BYTES = 65_536
"""How much of a file recognition looks at."""


@dataclass(frozen=True)
class ListFormat:
    """A format: `recognises(path, head)` judges by content (`head`: the first bytes; empty for a folder).

    `read` raises FormatProblem for a file it cannot use.
    """

    key: str
    title: str
    recognises: Callable[[Path, bytes], bool]
    read: Callable[[Path], ParticleList]


# The first that recognises a file reads it, so the stricter ones come first.
LIST_FORMATS: tuple[ListFormat, ...] = (
    ListFormat("parquet", "Parquet", looks_like_parquet, read_parquet_list),
    ListFormat("em", ".em motive list", looks_like_em_list, read_em_motive_list),
    ListFormat("stopgap", "STOPGAP motive list", looks_like_stopgap, read_stopgap_list),
    ListFormat("relion", "RELION STAR (also Warp, M)", looks_like_star, read_particle_star),
    ListFormat("copick", "copick project", looks_like_copick, read_copick_project),
    ListFormat("eman2-json", "EMAN2 boxes (info/*_info.json)", looks_like_eman2_json, read_eman2_json),
    ListFormat("eman2-lst", "EMAN2 list (.lst)", looks_like_eman2_lst, read_eman2_lst),
    ListFormat("eman2-hdf", "EMAN2 particles (.hdf)", looks_like_eman2_hdf, read_eman2_hdf),
    ListFormat("ndjson", "CZ cryoET data portal (.ndjson)", looks_like_ndjson, read_ndjson_list),
    ListFormat("dynamo", "Dynamo table", looks_like_dynamo, read_dynamo_table),
    ListFormat("csv", "CSV", looks_like_csv, read_csv_list),
    ListFormat("stack", "stack of volumes", looks_like_stack, read_stack_list),
    ListFormat("volume-folder", "folder of volumes", looks_like_volume_folder, read_volume_folder),
)


def recognise_format(path: Path) -> ListFormat:
    """The format of a file (or folder) by its content. Raises FormatProblem for none of ours."""
    head = _head(path)
    for each in LIST_FORMATS:
        if each.recognises(path, head):
            return each
    if volume := _volume(path):
        raise FormatProblem(
            f"{path.name} is a volume of {volume} voxels, no particle list; give the list of its particles and this as "
            "their tomogram, or a folder or stack of cubes"
        )
    known = "; ".join(each.title for each in LIST_FORMATS)
    raise FormatProblem(f"{path.name} is no particle list this program knows. It reads: {known}")


def format_by_key(key: str) -> ListFormat:
    """The format that `key` names. Raises FormatProblem that lists the keys."""
    for each in LIST_FORMATS:
        if each.key == key:
            return each
    keys = ", ".join(each.key for each in LIST_FORMATS)
    raise FormatProblem(f"{key[:60]!r} is no format; use one of {keys}")


def read_particle_list(path: Path, key: str | None = None) -> ParticleList:
    """Read a list, in the format recognised from its content or the one that `key` names. Raises FormatProblem."""
    return (format_by_key(key) if key else recognise_format(path)).read(path)


def reference_folder(path: Path, table: ParticleList) -> Path:
    """The folder from which the list at `path` names its images: that of the list, or the list that is a folder."""
    return path if table.format == VolumeFolder.format else path.parent


def _volume(path: Path) -> str | None:
    """The size of the volume the file holds, as x × y × z; None where it holds none."""
    try:
        with open_volume_file(path) as volume:
            return " × ".join(str(size) for size in reversed(volume.shape_zyx))
    except FormatProblem:
        return None


def _head(path: Path) -> bytes:
    if path.is_dir():
        return b""
    # A named pipe would hold the program up for ever.
    if not path.is_file():
        raise FormatProblem(f"{path.name} does not exist or is no file")
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        raise FormatProblem(f"{path.name} cannot be read by this program; check its permissions") from None
