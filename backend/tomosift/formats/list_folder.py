"""Files inside a folder that is a list, and names for files that a list becomes. Links are never followed."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tomosift.formats.problem import FormatProblem

MOST_FILES = 2_000_000
_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")
_UNSAFE_BUT_UNDERSCORE = re.compile(r"[^A-Za-z0-9._+-]+")
_LONGEST_NAME = 100


def files_inside(folder: Path, endings: Sequence[str]) -> Iterator[Path]:
    """The regular files in a folder and its sub-folders whose names end so, by path. Raises FormatProblem for too many.

    Links, to files or folders, are left out, and so is what cannot be listed and what begins with a dot.
    """
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            count += 1
            if count > MOST_FILES:
                raise FormatProblem(f"{folder.name} holds more than {MOST_FILES:,} files; choose a smaller folder")
            path = Path(parent) / name
            if not _is_text(os.path.relpath(path, folder)):
                raise FormatProblem(f"a file's name in {folder.name} is not in UTF-8; rename it")
            if name.lower().endswith(tuple(endings)) and not name.startswith(".") and _is_regular(path):
                yield path


class FileNames:
    """Turns names people gave into names of files, each its own. `underscores` False replaces those as well."""

    def __init__(self, *, underscores: bool = True) -> None:
        self._unsafe = _UNSAFE_BUT_UNDERSCORE if underscores else _UNSAFE
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The file name for `name`: always the same, and another for every other name."""
        if name not in self._names:
            plain = self._unsafe.sub("-", name).strip(".-")[:_LONGEST_NAME] or "unknown"
            unique, number = plain, 1
            while unique.lower() in self._taken:
                number += 1
                unique = f"{plain}-{number}"
            self._taken.add(unique.lower())
            self._names[name] = unique
        return self._names[name]


def _is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_text(name: str) -> bool:
    # Bytes of a name that are not UTF-8 come as half characters, which no database takes.
    return name.encode("utf-8", "ignore").decode() == name
