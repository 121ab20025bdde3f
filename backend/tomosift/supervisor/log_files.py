"""Log files of the child processes: one each, kept over a few starts, bounded in size."""

import shutil
from pathlib import Path

KEPT = 3
LARGEST_BYTES = 10_000_000


def rotate(path: Path) -> None:
    """Move `name.log` to `name.log.1`, that to `.2`, and so on; the oldest of `KEPT` goes."""
    if not path.exists() or path.stat().st_size == 0:
        return
    for number in range(KEPT, 0, -1):
        older = _numbered(path, number - 1)
        if older.exists():
            older.replace(_numbered(path, number))


def shorten(path: Path) -> None:
    """Cut a log that grew too large while its program goes on writing.

    The program holds the file open for appending, so it is copied aside and emptied in place. Lines written between
    the two are lost, which is the price of logs that need no process in between.
    """
    try:
        too_large = path.stat().st_size > LARGEST_BYTES
    except FileNotFoundError:
        return
    if too_large:
        for number in range(KEPT, 1, -1):
            older = _numbered(path, number - 1)
            if older.exists():
                older.replace(_numbered(path, number))
        shutil.copyfile(path, _numbered(path, 1))
        _numbered(path, 1).chmod(0o600)
        with path.open("r+b") as log:
            log.truncate(0)


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 16_384))
            text = log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _numbered(path: Path, number: int) -> Path:
    return path if number == 0 else path.with_name(f"{path.name}.{number}")
