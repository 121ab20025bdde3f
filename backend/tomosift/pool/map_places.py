"""Where a cycle's map puts particles, and what its model says of them: read once a cycle, thinned to what one draws."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable
from tomosift.kit.stored_columns import StoredColumns, most_likely, open_columns

MOST_POINTS = 100_000
OPEN_MAPS = 4
NOTHING = -1
UNKNOWN_CONFIDENCE = 255
_SHARE_FOR_THE_RARE = 4
# Weyl's sequence: the fractional parts of i times the golden ratio spread evenly, whatever run of ids there is.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class MapFiles:
    """A cycle's map and scores in the store.

    `meant` says for each output of its model what it counts for now: a number, or NOTHING. `temperature` divides the
    logits.
    """

    store_url: str
    map_key: str
    scores_key: str
    meant: tuple[int, ...]
    temperature: float


@dataclass(frozen=True)
class MapPlaces:
    """m particles by id: `item_ids` `(m,)`, `points` `(m, 2)`, what the model says `(m,)`, its confidence in per cent
    `(m,)`. `placed` is how many the map has in all.
    """

    item_ids: NDArray[np.int64]
    points: NDArray[np.float32]
    predicted: NDArray[np.int16]
    confidence: NDArray[np.uint8]
    placed: int


@lru_cache(maxsize=OPEN_MAPS)
def open_map(files: MapFiles) -> MapPlaces:
    """The map of a cycle, at most MOST_POINTS of it. Raises ArtifactMissing, ArtifactUnreadable."""
    store = ArtifactStore(files.store_url)
    with open_columns(store, files.map_key) as columns:
        item_ids, points = columns.read("item_ids"), columns.read("points")
    with open_columns(store, files.scores_key) as columns:
        if columns.rows != len(item_ids):
            raise ArtifactUnreadable(f"the map {files.map_key!r} is of other items than the scores")
        predicted, confidence = _predictions(columns, files)
    placed = np.flatnonzero(np.isfinite(points).all(axis=1))
    chosen = placed[thinned(item_ids[placed], predicted[placed], MOST_POINTS)]
    chosen = chosen[np.argsort(item_ids[chosen])]
    return MapPlaces(item_ids[chosen], points[chosen], predicted[chosen], confidence[chosen], len(placed))


def thinned(item_ids: NDArray[np.int64], strata: NDArray[np.integer], most: int) -> NDArray[np.intp]:
    """Places of at most `most` items, drawn from each stratum `(n,)` in proportion to its size.

    A quarter is dealt out evenly first, so that rare strata stay in sight. The same ids are drawn each time.
    """
    if len(item_ids) <= most:
        return np.arange(len(item_ids))
    numbers, counts = np.unique(strata, return_counts=True)
    least = np.minimum(counts, most // (_SHARE_FOR_THE_RARE * len(numbers)))
    left = counts - least
    quota = least + (most - least.sum()) * left // max(int(left.sum()), 1)
    with np.errstate(over="ignore"):
        order = np.argsort(item_ids.astype(np.uint64) * _GOLDEN, kind="stable")
    drawn = [order[strata[order] == number][:count] for number, count in zip(numbers, quota.tolist(), strict=True)]
    return np.sort(np.concatenate(drawn))


def _predictions(columns: StoredColumns, files: MapFiles) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """What the model says of each row, and its confidence in per cent."""
    predicted = np.full(columns.rows, NOTHING, np.int16)
    confidence = np.full(columns.rows, UNKNOWN_CONFIDENCE, np.uint8)
    if not files.meant or "logits" not in columns:
        return predicted, confidence
    meant, first = np.array(files.meant, np.int16), 0
    for (logits,) in columns.parts("logits"):
        winner, share = most_likely(logits, files.temperature)
        known = np.isfinite(share) & (meant[winner] != NOTHING)
        places = first + np.flatnonzero(known)
        predicted[places] = meant[winner[known]]
        confidence[places] = np.rint(100.0 * share[known])
        first += len(logits)
    return predicted, confidence
