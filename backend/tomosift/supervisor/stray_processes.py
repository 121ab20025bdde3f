"""Grandchildren must not outlive the program either, whatever session or parent they have by then."""

import os
import signal
import sys
import uuid

from tomosift.supervisor.process_table import PROC, birth_mark

# In the environment of the API and the workers, and so of all they start.
RUN_MARK = {"TOMOSIFT_RUN_MARK": uuid.uuid4().hex}


def stray_processes() -> list[int]:
    """Living processes that the API or a worker of this supervisor started, found by the mark in their environment.

    Linux only; elsewhere the list is empty, and grandchildren end by their pipe or with their process group.
    """
    if sys.platform != "linux":
        return []
    mark = "=".join(*RUN_MARK.items()).encode()
    numbers = [int(entry) for entry in os.listdir(PROC) if entry.isdigit()]  # noqa: PTH208 - names are enough
    return [pid for pid in numbers if pid != os.getpid() and mark in _environment(pid) and birth_mark(pid)]


def kill_stray_processes() -> int:
    """Kill them all; returns how many there were."""
    found = stray_processes()
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended in between
    return len(found)


def _environment(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it ended, or belongs to another user
