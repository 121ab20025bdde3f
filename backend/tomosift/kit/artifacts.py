"""The artifact store: model weights, score columns and other whole files, in a folder or on an fsspec URL."""

import contextlib
import io
import json
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from tomosift.kit.store_filesystem import open_store_filesystem

_KEY_PART = re.compile(r"[A-Za-z0-9_.=+@-]{1,200}")
# S3 takes at most 10,000 parts a file, so this allows 312 GiB.
_UPLOAD_PART_BYTES = 32 * 2**20
_READ_AHEAD_BYTES = 8 * 2**20


class ArtifactMissing(KeyError):
    """No artifact has this key."""

    def __str__(self) -> str:
        return f"the artifact store holds nothing under {self.args[0]!r}"


class ArtifactUnreadable(ValueError):
    """An artifact is there, but is not what it should be."""


class ArtifactStore:
    """Whole files by key, under `<url>/artifacts/`. Keys look like `models/17/weights.safetensors`.

    `url` is what `Settings.effective_store_url` gives: a folder, or any fsspec URL (`s3://bucket/prefix`,
    `memory://name`). A write is atomic: readers see the old artifact or the new one, never a part.
    """

    def __init__(self, url: str) -> None:
        opened = open_store_filesystem(url)
        self._filesystem, self._is_folder = opened.filesystem, opened.is_folder
        self._base = f"{opened.path}/artifacts"

    def local_path(self, key: str) -> Path | None:
        """Where `key` lies on this computer's disk (whether or not it exists); None for a remote store."""
        path = self._path(key)
        return Path(path) if self._is_folder else None

    def write_bytes(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, replacing what was there; durable when this returns."""
        if (path := self.local_path(key)) is not None:
            with _replacing(path) as file:
                file.write(data)
        else:
            self._filesystem.pipe_file(self._path(key), data)

    def read_bytes(self, key: str) -> bytes:
        """The artifact's bytes. Raises ArtifactMissing."""
        try:
            data: bytes = self._filesystem.cat_file(self._path(key))
        except FileNotFoundError:
            raise ArtifactMissing(key) from None
        return data

    @contextlib.contextmanager
    def open_for_writing(self, key: str) -> Iterator[BinaryIO]:
        """A file to write from begin to end (no seeking), in bounded memory; durable when the block is left.

        Nobody sees it before that, and if the block raises nobody ever does: what was there stays.
        """
        if (path := self.local_path(key)) is not None:
            with _replacing(path) as file:
                yield file
        elif "memory" in self._filesystem.protocol:
            # That filesystem shows a file while it is written.
            buffer = io.BytesIO()
            yield buffer
            self._filesystem.pipe_file(self._path(key), buffer.getvalue())
        else:
            with _uploading(self._filesystem, self._path(key)) as file:
                yield file

    def open_for_reading(self, key: str) -> BinaryIO:
        """The artifact as a file that can seek; a remote one is fetched where it is read. Raises ArtifactMissing."""
        path, local = self._path(key), self.local_path(key)
        try:
            if local is not None:
                return local.open("rb")
            return cast(
                BinaryIO, self._filesystem.open(path, "rb", block_size=_READ_AHEAD_BYTES, cache_type="readahead")
            )
        except (FileNotFoundError, IsADirectoryError):
            raise ArtifactMissing(key) from None

    def exists(self, key: str) -> bool:
        """Whether an artifact has this key."""
        return bool(self._filesystem.isfile(self._path(key)))

    def size(self, key: str) -> int:
        """The artifact's size in bytes. Raises ArtifactMissing."""
        try:
            return int(self._filesystem.size(self._path(key)))
        except FileNotFoundError:
            raise ArtifactMissing(key) from None

    def delete_prefix(self, prefix: str) -> None:
        """Delete the artifact `prefix` and everything under `prefix/`; nothing to delete is fine."""
        with contextlib.suppress(FileNotFoundError):
            self._filesystem.rm(self._path(prefix), recursive=True)

    def write_json(self, key: str, value: Any) -> None:
        """Store a JSON value. NaN and infinities are refused (ValueError): JSON has none."""
        self.write_bytes(key, json.dumps(value, allow_nan=False, indent=1).encode())

    def read_json(self, key: str) -> Any:
        """The JSON value under `key`. Raises ArtifactMissing, ArtifactUnreadable."""
        try:
            return json.loads(self.read_bytes(key))
        except ValueError as error:
            raise ArtifactUnreadable(f"the artifact {key!r} is not JSON: {error}") from error

    def write_tensors(
        self, key: str, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
    ) -> None:
        """Store named arrays and short texts about them as one safetensors file."""
        # Not ascontiguousarray, which gives a number the shape (1,).
        contiguous = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
        self.write_bytes(key, save_tensors(contiguous, dict(metadata or {})))

    def read_tensors(self, key: str) -> dict[str, NDArray[Any]]:
        """The arrays of a safetensors artifact. Raises ArtifactMissing, ArtifactUnreadable."""
        try:
            tensors: dict[str, NDArray[Any]] = load_tensors(self.read_bytes(key))
        except SafetensorError as error:
            raise ArtifactUnreadable(f"the artifact {key!r} is not a safetensors file: {error}") from error
        return tensors

    def read_tensor_metadata(self, key: str) -> dict[str, str]:
        """The texts stored beside the arrays. Raises ArtifactMissing, ArtifactUnreadable."""
        data = self.read_bytes(key)
        length = int.from_bytes(data[:8], "little")
        try:
            header = json.loads(data[8 : 8 + length])
            return {str(name): str(text) for name, text in header.get("__metadata__", {}).items()}
        except (ValueError, AttributeError) as error:
            raise ArtifactUnreadable(f"the artifact {key!r} is not a safetensors file: {error}") from error

    def _path(self, key: str) -> str:
        parts = key.split("/")
        if not all(_KEY_PART.fullmatch(part) and part not in (".", "..") for part in parts):
            raise ValueError(
                f"{key!r} is no artifact key: use names of letters, digits and _.=+@- joined by single slashes"
            )
        return f"{self._base}/{key}"


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its place at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _uploading(filesystem: Any, path: str) -> Iterator[BinaryIO]:
    """A multipart upload that is completed at the end, or given up."""
    file = filesystem.open(path, "wb", block_size=_UPLOAD_PART_BYTES, autocommit=False)
    try:
        yield file
        file.close()
        file.commit()
    except BaseException:
        file.discard()
        # Else it would be flushed when it is collected.
        file.closed = True
        raise
