"""Picks of copick projects: `ExperimentRuns/<run>/Picks/<user>_<session>_<object>.json`, read without copick.

Layout: github.com/copick/copick, models.py. Locations are Å from the tomogram's corner; `transformation_` turns the
reference into the particle, and what it moves by (as ArtiaX has it) comes on top of the location. copick itself needs
an older zarr than this program, and opens whatever remote server a configuration names; here a configuration counts
only where its roots are folders beside or below it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tomosift.formats.json_text import LONGEST_DOCUMENT, json_cell, parse_json, plain_json
from tomosift.formats.list_columns import TextRows, read_whole_file
from tomosift.formats.list_folder import files_inside
from tomosift.formats.particle_list import JsonBlock, ParticleList, Positions
from tomosift.formats.point_list import LOCATION_COLUMNS, PointList, point_cells
from tomosift.formats.problem import FormatProblem

RUNS_FOLDER = "ExperimentRuns"
OWN_COLUMNS = ("run", "user", "session", "object", *LOCATION_COLUMNS)
# Makes folders while writing, which reading does not: the one argument of a file system that copick itself writes.
_HARMLESS_ARGUMENTS = {"auto_mkdir"}
_DUPLICATE_TOLERANCE = 1e-3  # Å


@dataclass(frozen=True)
class CopickPicks(PointList):
    """The points of pick files; `blocks["files"]` has the rest of each file by `run/user_session_object`."""

    format: ClassVar[str] = "copick"
    matrix_column: ClassVar[str] = "transformation_"
    matrix_size: ClassVar[int] = 4
    tomogram_column: ClassVar[str] = "run"

    def positions(self) -> Positions | None:
        """Location plus what the transformation moves by, in Å; some tools repeat the location there."""
        locations = self.locations()
        matrices, _ = self.matrices()
        shifts = matrices[:, :3, 3]
        repeated = np.abs(shifts - locations).max(axis=1, keepdims=True) < _DUPLICATE_TOLERANCE
        return Positions(
            np.where(repeated, locations, locations + shifts), "angstrom", "corner", np.full(len(self), np.nan)
        )

    def angles(self) -> NDArray[np.float64] | None:
        """As for all points; unknown in files that say so (`trust_orientation` false)."""
        angles = super().angles()
        untrusted = untrusted_files(self.blocks["files"])
        if angles is None or not untrusted:
            return angles
        angles[file_keys(self.rows).isin(untrusted).to_numpy()] = np.nan
        return None if np.isnan(angles).all() else angles


def file_keys(rows: pd.DataFrame) -> "pd.Series[str]":
    """The key in `blocks["files"]` of the file each row came from."""
    return rows["run"] + "/" + rows["user"] + "_" + rows["session"] + "_" + rows["object"]


def untrusted_files(files: Mapping[str, JsonBlock]) -> set[str]:
    """The keys of files that say that their orientations mean nothing (`trust_orientation` false)."""
    return {key for key, block in files.items() if block.get("trust_orientation") is False}


class _Picks:
    """What the pick files hold, one after another."""

    def __init__(self) -> None:
        self.rows = TextRows()
        self.files: dict[str, JsonBlock] = {}
        self.string_keys: dict[str, bool] = {}

    def add(self, document: Any, name: str, run: str | None) -> None:
        """Add a file's points; `run` is the folder it lies in, None for a file by itself."""
        points = (document.get("points") or []) if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(points, list):
            raise FormatProblem(f"{name} is no file of picks: it has no list of points")
        unit = json_cell(document.get("unit", "angstrom"))
        if unit != "angstrom":
            raise FormatProblem(f"{name} counts in {unit[:40]!r}; picks must be in angstrom")
        user, session, named = _parts_of_name(name, document)
        fixed = {"run": run or json_cell(document.get("run_name")), "user": user, "session": session, "object": named}
        key = "{run}/{user}_{session}_{object}".format(**fixed)
        if key in self.files:
            return  # in the static and in the overlay root
        self.files[key] = {each: plain_json(document[each]) for each in document if each != "points"}
        for number, point in enumerate(points, start=1):
            self.rows.add(fixed | point_cells(point, name, number, OWN_COLUMNS, self.string_keys))


def looks_like_copick(path: Path, head: bytes) -> bool:
    """Whether it is a project's folder, its configuration, or one file of picks."""
    if path.is_dir():
        return (path / RUNS_FOLDER).is_dir()
    if not head.lstrip().startswith(b"{"):
        return False
    return b'"pickable_objects"' in head or b'"pickable_object_name"' in head


def read_copick_project(path: Path) -> ParticleList:
    """Read every pick of a project's folder, or of the folders its configuration names, or one file of picks.

    Raises FormatProblem, also for a configuration that names a remote root, one outside its own folder, or arguments
    for a file system.
    """
    picks = _Picks()
    if path.is_dir():
        _read_root(path, picks)
    else:
        document = parse_json(read_whole_file(path, LONGEST_DOCUMENT), path.name)
        if isinstance(document, dict) and "pickable_object_name" in document:
            picks.add(document, path.name, None)
        else:
            for root in _roots(document, path):
                _read_root(root, picks)
    if picks.rows.count == 0:
        raise FormatProblem(f"{path.name} holds no picks; a project keeps them in {RUNS_FOLDER}/<run>/Picks/*.json")
    texts = [key for key, is_string in picks.string_keys.items() if is_string]
    return CopickPicks("copick project", picks.rows.frame(), {"points": {"texts": texts}, "files": picks.files})


def copick_roots(path: Path) -> list[Path]:
    """The folders a project's data lie in: itself, or what its configuration names. Raises FormatProblem."""
    if path.is_dir():
        return [path]
    return _roots(parse_json(read_whole_file(path, LONGEST_DOCUMENT), path.name), path)


def _roots(configuration: Any, path: Path) -> list[Path]:
    """The folders a configuration names, found to lie in its own folder."""
    if not isinstance(configuration, dict) or not isinstance(configuration.get("pickable_objects"), list):
        raise FormatProblem(f"{path.name} is no copick configuration: it lists no pickable_objects")
    kind = configuration.get("config_type", "filesystem")
    if kind != "filesystem":
        raise FormatProblem(
            f"{path.name} is a configuration of the type {json_cell(kind)[:40]!r}, whose data lie elsewhere; download "
            "them and give the folder"
        )
    for key in ("static_fs_args", "overlay_fs_args"):
        arguments = configuration.get(key) or {}
        if not isinstance(arguments, dict) or set(arguments) - _HARMLESS_ARGUMENTS:
            raise FormatProblem(
                f"{path.name} has arguments for a file system ({key}), which are not used here; remove them, or give "
                f"the folder that holds {RUNS_FOLDER}"
            )
    roots = [
        _local_root(configuration[key], key, path) for key in ("static_root", "overlay_root") if configuration.get(key)
    ]
    if not roots:
        raise FormatProblem(
            f"{path.name} names neither static_root nor overlay_root; give the project's folder instead"
        )
    return list(dict.fromkeys(roots))


def _local_root(value: Any, key: str, path: Path) -> Path:
    text = value if isinstance(value, str) else json_cell(value)
    scheme, separator, rest = text.partition("://")
    if separator and scheme not in ("local", "file"):
        raise FormatProblem(
            f"the {key} of {path.name} lies on a server ({scheme[:20]}://); download the project and give its folder"
        )
    home = path.parent.resolve()
    try:
        root = (home / (unquote(rest) if scheme == "file" else rest if separator else text)).resolve()
    except (OSError, RuntimeError, ValueError):
        root = None
    if root is None or not root.is_relative_to(home):
        raise FormatProblem(
            f"the {key} of {path.name} is not in the folder of that file; give the folder that holds "
            f"{RUNS_FOLDER} instead"
        )
    if not root.is_dir():
        raise FormatProblem(
            f"the {key} of {path.name} does not exist; give the folder that holds {RUNS_FOLDER} instead"
        )
    return root


def _read_root(root: Path, picks: _Picks) -> None:
    for run in _folders_in(root / RUNS_FOLDER):
        if (run / "Picks").is_dir() and not (run / "Picks").is_symlink():
            for file in files_inside(run / "Picks", (".json",)):
                picks.add(parse_json(read_whole_file(file, LONGEST_DOCUMENT), file.name), file.name, run.name)


def _folders_in(folder: Path) -> Iterator[Path]:
    """Its folders by name, without those that are links and could lead anywhere."""
    if folder.is_dir() and not folder.is_symlink():
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.is_symlink())


def _parts_of_name(name: str, document: dict[str, Any]) -> tuple[str, str, str]:
    """User, session and object: the file's name decides, as copick finds picks by it."""
    parts = name.removesuffix(".json").split("_")
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    user, session, named = (json_cell(document.get(key)) for key in ("user_id", "session_id", "pickable_object_name"))
    return user, session, named
