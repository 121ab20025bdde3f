"""The files one attempt of an export writes: streamed into the artifact store, with size and checksum taken on the way.

They lie under `exports/<job>/<attempt>/`, so an attempt that was given up for dead can touch nothing of the next one's.
"""

import hashlib
import io
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from tomosift.exports.schemas import ExportedFile
from tomosift.kit.artifacts import ArtifactStore

MANIFEST = "manifest.json"
"""Names all other files of an export, with sizes and checksums."""
LONGEST_NAME = 80
_UNSAFE = re.compile(r"[^A-Za-z0-9.+=-]+")


def attempt_prefix(job_id: uuid.UUID, attempt: int) -> str:
    """Where the files of this attempt lie in the artifact store."""
    return f"exports/{job_id}/{attempt}"


def safe_name(text: str) -> str:
    """`text` as a part of a file's name, for every file system: letters, digits and `_.+=-`."""
    return _UNSAFE.sub("_", text).strip("._")[:LONGEST_NAME] or "unnamed"


class UniqueNames:
    """Names that differ even where capitals do not count."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """`wanted`, or with `_2`, `_3`, … behind it."""
        number, name = 1, wanted
        while name.lower() in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name.lower())
        return name


class AttemptFiles:
    """Opens files by their path inside the export, and remembers what was written."""

    def __init__(self, store: ArtifactStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix
        self.written: list[ExportedFile] = []

    @contextmanager
    def open(self, path: str, particles: int | None = None) -> Iterator[BinaryIO]:
        """A file to write from begin to end. An error inside the context leaves nothing of it."""
        with self._store.open_for_writing(f"{self._prefix}/{path}") as target:
            file = _Checked(target)
            yield cast(BinaryIO, file)
        self.written.append(
            ExportedFile(path=path, bytes=file.tell(), sha256=file.checksum.hexdigest(), particles=particles)
        )


class _Checked(io.RawIOBase):
    """Passes bytes on, counting them and taking their SHA-256."""

    def __init__(self, target: BinaryIO) -> None:
        self._target, self._size = target, 0
        self.checksum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: "bytes | memoryview", /) -> int:  # type: ignore[override]
        self._target.write(data)
        self.checksum.update(data)
        length = memoryview(data).nbytes
        self._size += length
        return length
