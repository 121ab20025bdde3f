"""Every particle list format Tomosift reads: one row each. What stands here is in the service, the CLI and the docs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tomosift.formats.later import later
from tomosift.formats.problem import FormatProblem

if TYPE_CHECKING:
    from tomosift.formats.particle_list import ParticleList

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
    read: "Callable[[Path], ParticleList]"


# The first that recognises a file reads it, so the stricter ones come first.
LIST_FORMATS: tuple[ListFormat, ...] = (
    ListFormat("parquet", "Parquet", later("parquet_list:looks_like_parquet"), later("parquet_list:read_parquet_list")),
    ListFormat(
        "em", ".em motive list", later("em_motive_list:looks_like_em_list"), later("em_motive_list:read_em_motive_list")
    ),
    ListFormat(
        "stopgap",
        "STOPGAP motive list",
        later("stopgap_list:looks_like_stopgap"),
        later("stopgap_list:read_stopgap_list"),
    ),
    ListFormat(
        "relion", "RELION STAR (also Warp, M)", later("star_blocks:looks_like_star"), later("star:read_particle_star")
    ),
    ListFormat(
        "copick",
        "copick project",
        later("copick_project:looks_like_copick"),
        later("copick_project:read_copick_project"),
    ),
    ListFormat(
        "eman2-json",
        "EMAN2 boxes (info/*_info.json)",
        later("eman2_json:looks_like_eman2_json"),
        later("eman2_json:read_eman2_json"),
    ),
    ListFormat(
        "eman2-lst", "EMAN2 list (.lst)", later("eman2_lst:looks_like_eman2_lst"), later("eman2_lst:read_eman2_lst")
    ),
    ListFormat(
        "eman2-hdf",
        "EMAN2 particles (.hdf)",
        later("eman2_hdf:looks_like_eman2_hdf"),
        later("eman2_hdf:read_eman2_hdf"),
    ),
    ListFormat(
        "ndjson",
        "CZ cryoET data portal (.ndjson)",
        later("ndjson_list:looks_like_ndjson"),
        later("ndjson_list:read_ndjson_list"),
    ),
    ListFormat(
        "dynamo", "Dynamo table", later("dynamo_table:looks_like_dynamo"), later("dynamo_table:read_dynamo_table")
    ),
    ListFormat("csv", "CSV", later("csv_list:looks_like_csv"), later("csv_list:read_csv_list")),
    ListFormat("stack", "stack of volumes", later("stack_list:looks_like_stack"), later("stack_list:read_stack_list")),
    ListFormat(
        "volume-folder",
        "folder of volumes",
        later("volume_folder:looks_like_volume_folder"),
        later("volume_folder:read_volume_folder"),
    ),
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


def read_particle_list(path: Path, key: str | None = None) -> "ParticleList":
    """Read a list, in the format recognised from its content or the one that `key` names. Raises FormatProblem."""
    return (format_by_key(key) if key else recognise_format(path)).read(path)


def reference_folder(path: Path, table: "ParticleList") -> Path:
    """The folder from which the list at `path` names its images: that of the list, or the list that is a folder."""
    return path if table.format == "volume-folder" else path.parent


def _volume(path: Path) -> str | None:
    """The size of the volume the file holds, as x × y × z; None where it holds none."""
    from tomosift.formats.volume_files import open_volume_file  # brings h5py

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
