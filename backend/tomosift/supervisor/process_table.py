"""What the operating system says about processes: who is alive, since when, and whose child."""

import os
import subprocess
import sys
from pathlib import Path

PROC = Path("/proc")


def _stat_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name: state, parent, …"""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def birth_mark(pid: int) -> str | None:
    """A mark that no later process with the same number shares; None when there is no such living process."""
    if sys.platform != "linux":
        listing = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return listing.stdout.strip() or None
    fields = _stat_fields(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return f"{(PROC / 'sys/kernel/random/boot_id').read_text().strip()}/{fields[19]}"


def descendants(root: int) -> list[int]:
    """Children of `root`, their children, and so on; those that ended but were not yet waited for included."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            found.append(pid)
            waiting.append(pid)
    return found


def _parents() -> list[tuple[int, int]]:
    """(process, parent) for every process."""
    if sys.platform != "linux":
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        return [(int(pid), int(parent)) for pid, parent in (line.split() for line in listing.stdout.splitlines())]
    numbers = [int(entry) for entry in os.listdir(PROC) if entry.isdigit()]  # noqa: PTH208 - names are enough
    return [(pid, int(fields[1])) for pid in numbers if (fields := _stat_fields(pid)) is not None]


def processes_in(folder: Path) -> list[int]:
    """Living processes whose working folder is this one (Linux)."""
    folder = folder.resolve()
    numbers = [int(entry) for entry in os.listdir(PROC) if entry.isdigit()]  # noqa: PTH208 - names are enough
    return [pid for pid in numbers if _working_folder(pid) == folder and birth_mark(pid) is not None]


def _working_folder(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None  # it ended, or belongs to another user
