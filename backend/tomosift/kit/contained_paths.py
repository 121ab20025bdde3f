"""Paths that must stay inside the folders an administrator allowed."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path


class PathOutsideRoots(ValueError):
    """A path that does not lie in an allowed folder. Its message repeats the given path and nothing else."""


def resolve_inside(path: str | os.PathLike[str], roots: Sequence[Path]) -> Path:
    """`path` with every symbolic link resolved, if it then lies in (or is) one of `roots`.

    A relative path counts from each root in turn, and the first that exists wins. The file itself need not
    exist. Raises PathOutsideRoots for everything else: whether something exists outside is not revealed.
    """
    given = os.fspath(path)
    if not roots:
        raise PathOutsideRoots(
            f"{given!r} cannot be read: this server has no import folders. "
            "Ask the administrator to set TOMOSIFT_IMPORT_ROOTS."
        )
    resolved_roots = [root.resolve() for root in roots]
    inside = [
        resolved
        for candidate in _candidates(Path(given), resolved_roots)
        if (resolved := _resolve(candidate)) is not None and _lies_in(resolved, resolved_roots)
    ]
    if not inside:
        raise PathOutsideRoots(
            f"{given!r} is not in a folder this server may read from. "
            "Move it there, or ask the administrator to add its folder to TOMOSIFT_IMPORT_ROOTS."
        )
    # os.path.exists, as Path.exists raises for a name that is too long.
    return next((found for found in inside if os.path.exists(found)), inside[0])  # noqa: PTH110


def find_relative(reference: str, folder: Path, roots: Sequence[Path]) -> Path | None:
    """The file a particle list calls `reference`: looked for in the list's `folder`, then in its parents.

    The search stops at the allowed root that holds `folder`; None where nothing is found inside the roots.
    For a whole list, one `ReferenceFinder` is much faster.
    """
    return ReferenceFinder(folder, roots).find(reference)


class ReferenceFinder:
    """Finds the files a particle list names; remembers folders, as a list names a million files in a few."""

    def __init__(self, folder: Path, roots: Sequence[Path]) -> None:
        self._roots = [root.resolve() for root in roots]
        self._starts = [os.fspath(start) for start in self._folders_upwards(folder.resolve())]
        self._resolved_folders: dict[str, Path | None] = {}

    def find(self, reference: str) -> Path | None:
        """The resolved path of the regular file (or `.zarr` folder) `reference`, or None."""
        parent, name = os.path.split(reference)
        if not name or "\0" in reference:
            return None
        if Path(parent).is_absolute():
            return self._file_in(parent, name)
        for start in self._starts:
            if (found := self._file_in(os.path.join(start, parent), name)) is not None:  # noqa: PTH118 (speed)
                return found
        return None

    def _folders_upwards(self, folder: Path) -> list[Path]:
        return [candidate for candidate in (folder, *folder.parents) if _lies_in(candidate, self._roots)]

    def _file_in(self, parent: str, name: str) -> Path | None:
        if parent not in self._resolved_folders:
            resolved = _resolve(Path(parent))
            contained = resolved is not None and _lies_in(resolved, self._roots)
            self._resolved_folders[parent] = resolved if contained else None
        folder = self._resolved_folders[parent]
        if folder is None:
            return None
        path = folder / name
        try:
            mode = path.lstat().st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and name.endswith(".zarr")):
            return path
        target = _resolve(path) if stat.S_ISLNK(mode) else None
        if target is None or not _lies_in(target, self._roots):
            return None
        return target if target.is_file() or (target.is_dir() and name.endswith(".zarr")) else None


def _candidates(path: Path, roots: list[Path]) -> list[Path]:
    return [path] if path.is_absolute() else [root / path for root in roots]


def _resolve(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # link loops, NUL bytes, names that are too long
        return None


def _lies_in(path: Path, roots: Sequence[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)
