"""Many whole files put into an upload at once: each appears complete or not at all, and all are durable at the end.

Files are written under other names, flushed to the disk together, then given their names, then the folders are flushed.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from tomosift.kit.problems import ProblemError, conflict, invalid

FLUSHERS = 8
"""Flushes under way at once: the file system joins them into few commits of its journal."""


class StagedBatch:
    """Use it as a context, under the upload's lock: what was added and not committed is deleted at its end."""

    def __init__(self, root: Path, files: Path) -> None:
        self._root, self._files = root, files
        self._incoming = root / f"incoming-{uuid.uuid4().hex}"
        self._added: list[tuple[Path, Path]] = []
        self._folders: dict[Path, None] = {}
        self.names: set[PurePosixPath] = set()

    def __enter__(self) -> Self:
        for left in self._root.glob("incoming-*"):  # of a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        self._incoming.mkdir(mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._incoming, ignore_errors=True)

    def is_there(self, path: PurePosixPath, size: int) -> bool:
        """Whether a file of that name and size is in the upload. Raises ProblemError 409 for another size."""
        found = self._size(path)
        if found is not None and found != size:
            raise conflict(
                "another-file",
                "Another file has this name",
                f"{str(path)[:200]} is in the upload with {found} bytes, and comes now with {size}. Begin a new "
                "upload, or send it under another name.",
                path=str(path)[:1000],
                size=found,
            )
        return found is not None

    def add(self, path: PurePosixPath, pieces: Iterable[bytes]) -> None:
        """Write a file that `commit` shall put at `path`. Raises ProblemError 422, 507."""
        self.names.add(path)
        temporary, target = self._incoming / str(len(self._added)), self._files / path
        try:
            self._make_folder(target.parent, path)
            with temporary.open("xb") as file:
                for piece in pieces:
                    file.write(piece)
        except OSError as error:
            raise explained(error, str(path)) from error
        self._added.append((temporary, target))

    def commit(self) -> None:
        """Make everything added durable and visible. Raises ProblemError 422, 507."""
        try:
            with ThreadPoolExecutor(FLUSHERS) as pool:
                list(pool.map(_flush, [temporary for temporary, _ in self._added]))
            for temporary, target in self._added:
                temporary.replace(target)
            for folder in self._folders:
                _flush(folder)
        except OSError as error:
            raise explained(error, "a file of this batch") from error
        self._added, self.names = [], set()
        self._folders = {}

    def _size(self, path: PurePosixPath) -> int | None:
        try:
            return (self._files / path).lstat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _make_folder(self, folder: Path, path: PurePosixPath) -> None:
        if folder in self._folders:
            return
        new = []
        while not folder.is_dir():
            new.append(folder)
            folder = folder.parent
        for each in reversed(new):
            each.mkdir(mode=0o700, exist_ok=True)
        # Nothing here makes links; refuse to follow one all the same.
        parent = (self._files / path).parent
        if not parent.resolve().is_relative_to(self._files.resolve()):
            raise invalid("bad-path", "Not a path inside the upload", f"{str(path)[:200]!r} leads out of the upload.")
        while parent not in self._folders:
            self._folders[parent] = None
            if parent == self._files:
                break
            parent = parent.parent


def explained(error: OSError, path: str) -> Exception:
    """What a failed write means for the sender; the error itself where it is none of theirs."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ProblemError(
            507,
            "disk-full",
            "The server's disk is full",
            "What was sent so far is kept. Ask the administrator for room, then repeat: the transfer goes on.",
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG):
        detail = f"{path[:200]!r} is a folder, goes through a file, or is too long."
        return invalid("bad-path", "Not a path inside the upload", detail)
    return error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
