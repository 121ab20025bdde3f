"""Columns of a safetensors artifact, some rows at a time: the one with a pool's embeddings may have gigabytes."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable

ROWS_AT_A_TIME = 100_000
_LONGEST_HEADER = 2**24
_TYPES: dict[str, type[np.generic]] = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64}


class StoredColumns:
    """An open artifact of columns `(n, ...)`; `rows` is n, that of `item_ids`, and `metadata` the texts beside them."""

    def __init__(self, key: str, file: BinaryIO) -> None:
        self._key, self._file = key, file
        length = int.from_bytes(file.read(8), "little")
        try:
            header: dict[str, Any] = json.loads(file.read(min(length, _LONGEST_HEADER)))
            self.metadata = {str(name): str(text) for name, text in header.pop("__metadata__", {}).items()}
            self._data_start = 8 + length
            self._entries = header
            self.rows = int(header["item_ids"]["shape"][0])
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ArtifactUnreadable(f"the artifact {key!r} holds no outputs of a model") from error

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def width(self, name: str) -> int:
        """Numbers a row has in this column. Raises ArtifactUnreadable where there is no such column."""
        return int(np.prod(self._entry(name)["shape"][1:], dtype=int))

    def read(self, name: str, first: int = 0, count: int | None = None) -> NDArray[Any]:
        """Rows of a column, all by default. Raises ArtifactUnreadable for no such column, or one cut off."""
        entry = self._entry(name)
        kind, shape = _TYPES[entry["dtype"]], tuple(map(int, entry["shape"]))
        if shape[0] != self.rows:
            raise ArtifactUnreadable(f"the column {name!r} of {self._key!r} has other rows than its item_ids")
        count = min(self.rows - first, self.rows if count is None else count)
        row_bytes = int(np.prod(shape[1:], dtype=int)) * np.dtype(kind).itemsize
        self._file.seek(self._data_start + int(entry["data_offsets"][0]) + first * row_bytes)
        data = self._file.read(count * row_bytes)
        if len(data) != count * row_bytes:
            raise ArtifactUnreadable("the stored outputs of the model are cut off")
        return np.frombuffer(data, kind).reshape(count, *shape[1:])

    def parts(self, *names: str) -> Iterator[tuple[NDArray[Any], ...]]:
        """These columns together, ROWS_AT_A_TIME rows at a time."""
        for first in range(0, self.rows, ROWS_AT_A_TIME):
            yield tuple(self.read(name, first, ROWS_AT_A_TIME) for name in names)

    def _entry(self, name: str) -> dict[str, Any]:
        entry: dict[str, Any] | None = self._entries.get(name)
        if entry is None or entry.get("dtype") not in _TYPES:
            raise ArtifactUnreadable(f"the artifact {self._key!r} has no column {name!r}")
        return entry


def most_likely(logits: NDArray[np.floating[Any]], temperature: float) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The class number each row of logits `(n, K)` says, and its share of softmax(z / T) (Guo et al., ICML 2017)."""
    scaled = logits.astype(np.float64) / temperature
    winner = scaled.argmax(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        share = 1.0 / np.exp(scaled - scaled.max(axis=1, keepdims=True)).sum(axis=1)
    return winner, share


@contextlib.contextmanager
def open_columns(store: ArtifactStore, key: str) -> Iterator[StoredColumns]:
    """The columns of an artifact. Raises ArtifactMissing, ArtifactUnreadable."""
    with store.open_for_reading(key) as file:
        yield StoredColumns(key, file)
