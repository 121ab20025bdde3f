"""How much disk is used and free, told without naming a path."""

import os
import shutil
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MEASURING_SECONDS = 2.0
REMEMBERED_SECONDS = 60.0


@dataclass(frozen=True)
class FolderSize:
    """The bytes of all files below a folder; `is_partial` where counting was cut short, so that there are more."""

    bytes: int
    is_partial: bool


@dataclass(frozen=True)
class DiskSpace:
    """A file system's size and what is left of it for this program, in bytes. `device` tells file systems apart."""

    device: int
    total: int
    free: int


def folder_size(folder: Path) -> FolderSize:
    """Measured for at most two seconds, and again after a minute; a folder that is not there has no bytes."""
    return _measured(folder, int(time.monotonic() // REMEMBERED_SECONDS))


def disk_space(folder: Path) -> DiskSpace:
    """Of the file system a folder lies on, or will: of the nearest folder above it that exists."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    usage = shutil.disk_usage(existing)
    return DiskSpace(existing.stat().st_dev, usage.total, usage.free)


@lru_cache(maxsize=8)
def _measured(folder: Path, _minute: int) -> FolderSize:
    deadline = time.monotonic() + MEASURING_SECONDS
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:  # another process has just removed it
            continue
        if time.monotonic() > deadline:
            return FolderSize(total, is_partial=bool(folders))
    return FolderSize(total, is_partial=False)
