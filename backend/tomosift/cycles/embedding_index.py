"""Exact nearest neighbours among a pool's embeddings, read where they lie: 16-bit, memory-mapped, block by block."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable

BLOCK = 2048
THREADS = 2
OPEN_INDEXES = 2
# A float16's bits moved to a float32's places give the number times 2^-112: exponents are biased by 127 there, by 15
# here. Done by integers, this is three times as fast as NumPy's own conversion. 2^100 of it goes into the query.
_SIGN_AND_NUMBER = np.int32(-0x70000001)  # 0x8FFFFFFF
_QUERY_FACTOR, _REST_FACTOR = np.float32(2.0**100), np.float32(2.0**12)


@dataclass(frozen=True)
class EmbeddingIndex:
    """n items: `item_ids` `(n,)`, raw embeddings `(n, d)` float16.

    `mean` and `deviation` `(d,)` are over the pool; `inverse_lengths` `(n,)` those of the standardised embeddings, NaN
    where an embedding is no number or has no length.
    """

    item_ids: NDArray[np.int64]
    embeddings: NDArray[np.float16]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    inverse_lengths: NDArray[np.float32]

    def similarities(self, item_id: int) -> NDArray[np.float32]:
        """`(n,)`: cosine of each item's standardised embedding with that of `item_id`; NaN where it has none.

        Raises KeyError where the item is not in the index.
        """
        found = np.flatnonzero(self.item_ids == item_id)
        if not len(found) or np.isnan(self.inverse_lengths[found[0]]):
            raise KeyError(item_id)
        direction = (self.embeddings[found[0]].astype(np.float64) - self.mean) / self.deviation
        direction *= float(self.inverse_lengths[found[0]])
        products = scaled_products(self.embeddings, (direction / self.deviation).astype(np.float32))
        products -= np.float32(direction / self.deviation @ self.mean)
        products *= self.inverse_lengths
        return products


def scaled_products(embeddings: NDArray[np.float16], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """`embeddings @ query`: `(n, d)` finite float16 by `(d,)` float32 to `(n,)`, summed in float32.

    What is not finite gives some number. Entries of the query must be below 2^27.
    """
    result, scaled = np.empty(len(embeddings), np.float32), query * _QUERY_FACTOR

    def work(start: int, stop: int) -> None:
        bits = np.empty((BLOCK, embeddings.shape[1]), np.int32)
        for first in range(start, stop, BLOCK):
            last = min(first + BLOCK, stop)
            part = bits[: last - first]
            np.copyto(part, embeddings[first:last].view(np.int16))
            np.left_shift(part, 13, out=part)
            np.bitwise_and(part, _SIGN_AND_NUMBER, out=part)
            np.matmul(part.view(np.float32), scaled, out=result[first:last])

    share = -(-len(embeddings) // (THREADS * BLOCK)) * BLOCK
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda start: work(start, min(start + share, len(embeddings))), range(0, len(result), share)))
    result *= _REST_FACTOR
    return result


def most_similar(similarities: NDArray[np.float32], allowed: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """The places of the `count` largest similarities `(n,)` among the allowed, largest first; ties by place."""
    places = np.flatnonzero(allowed & ~np.isnan(similarities))
    values = similarities[places]
    if len(places) > count:
        least = np.partition(values, len(values) - count)[len(values) - count]
        places, values = places[values >= least], values[values >= least]
    best: NDArray[np.intp] = places[np.argsort(-values, kind="stable")][:count]
    return best


@lru_cache(maxsize=OPEN_INDEXES)
def open_index(store_url: str, scores_key: str) -> EmbeddingIndex:
    """The index of a cycle's embeddings. The first time it reads all of them (seconds for a million).

    Raises ArtifactMissing, ArtifactUnreadable.
    """
    item_ids, embeddings = _columns(ArtifactStore(store_url), scores_key)
    return build_index(item_ids, embeddings)


def build_index(item_ids: NDArray[np.int64], embeddings: NDArray[np.float16]) -> EmbeddingIndex:
    """Mean, deviation and lengths of embeddings `(n, d)`, by blocks; those that are no numbers are left out."""
    total = np.zeros(embeddings.shape[1])
    squares, count = np.zeros_like(total), 0
    for part in _blocks(embeddings):
        whole = part[np.isfinite(part).all(axis=1)]
        total, squares, count = total + whole.sum(axis=0), squares + np.square(whole).sum(axis=0), count + len(whole)
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - np.square(mean), 0.0)
    deviation = np.where(variance > 1e-12 * np.maximum(1.0, np.square(mean)), np.sqrt(variance), 1.0)
    inverse = np.concatenate([_inverse_lengths((part - mean) / deviation) for part in _blocks(embeddings)])
    return EmbeddingIndex(item_ids, embeddings, mean, deviation, inverse)


def _blocks(embeddings: NDArray[np.float16]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, max(len(embeddings), 1), BLOCK):
        yield embeddings[start : start + BLOCK].astype(np.float64)


def _inverse_lengths(standardised: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths = np.sqrt(np.square(standardised).sum(axis=1))
    has_length = np.isfinite(lengths) & (lengths > 0.0)
    inverse: NDArray[np.float32] = np.where(has_length, 1.0 / np.where(has_length, lengths, 1.0), np.nan).astype("f4")
    return inverse


def _columns(store: ArtifactStore, key: str) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    path = store.local_path(key)
    if path is None or not path.is_file():
        columns = store.read_tensors(key)
        if not {"item_ids", "embeddings"} <= columns.keys():
            raise ArtifactUnreadable(f"the artifact {key!r} holds no embeddings")
        return columns["item_ids"].astype(np.int64), columns["embeddings"].astype(np.float16)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            header = json.loads(file.read(length))
            item_ids, embeddings = header["item_ids"], header["embeddings"]
            if (item_ids["dtype"], embeddings["dtype"]) != ("I64", "F16"):
                raise ValueError("other number types")
            places = [8 + length + column["data_offsets"][0] for column in (item_ids, embeddings)]
            ids = np.memmap(path, "<i8", "r", places[0], tuple(item_ids["shape"]))
            numbers = np.memmap(path, "<f2", "r", places[1], tuple(embeddings["shape"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactUnreadable(f"the artifact {key!r} holds no embeddings: {error}") from error
    return np.array(ids), np.asarray(numbers)
