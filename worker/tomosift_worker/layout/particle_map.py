"""The two maps of a pool's embeddings: by principal components at once, by UMAP with time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.tie_break import uniform_by_id
from tomosift_worker.layout.alignment import EarlierMap, carried_on, laid_over
from tomosift_worker.layout.neighbours import fuzzy_graph, memberships, nearest, to_unit_length
from tomosift_worker.layout.principal import Points, Projection, principal_projection
from tomosift_worker.layout.umap import EPOCHS, lay_out, start_from

MOST_FITTED = 20_000
NEIGHBOURS = 15
COMPONENTS = 32
"""Neighbours are looked for among so many principal components: what lies beyond is mostly noise."""
PLACED_AT_ONCE = 8192
FEWEST_FITTED = 30
"""Fewer have no neighbourhoods to speak of."""

# Always the same: the same particles are fitted in each cycle, which keeps the map as it was.
_SAMPLE_SEED = 0

Report = Callable[[str, int, int, str], None]
"""Hears stage, done, total and a sentence; may raise to end the work."""


def principal_map(item_ids: NDArray[np.int64], embeddings: Points, earlier: EarlierMap | None) -> NDArray[np.float32]:
    """Places `(n, 2)` of items by the two first principal components; NaN where an embedding `(n, d)` is no number."""
    usable = _usable(embeddings)
    points = np.full((len(embeddings), 2), np.nan, np.float32)
    if usable.any():
        known = _rows(embeddings, usable)
        points[usable] = principal_projection(known, 2).apply(known)
    return points if earlier is None else laid_over(points, earlier.places_of(item_ids))


def umap(
    item_ids: NDArray[np.int64], embeddings: Points, earlier: EarlierMap | None, seed: int, report: Report
) -> NDArray[np.float32]:
    """Places `(n, 2)` by UMAP; NaN where an embedding `(n, d)` is no number.

    Of more than 20,000 items so many are laid out, the same in each cycle; each other one goes to the weighted mean
    place of its nearest among them. Starts from where the items were, if `earlier` tells it.
    """
    usable = _usable(embeddings)
    known, ids = _rows(embeddings, usable), item_ids[usable]
    if len(known) < FEWEST_FITTED:
        return principal_map(item_ids, embeddings, earlier)
    fitted = np.sort(np.argsort(uniform_by_id(ids, _SAMPLE_SEED), kind="stable")[:MOST_FITTED])
    projection = principal_projection(known, COMPONENTS)
    report("layout", 0, EPOCHS, f"looking for neighbours among {len(fitted)} particles")
    coordinates = projection.apply(known[fitted])
    search = nearest(to_unit_length(coordinates), min(NEIGHBOURS, len(fitted) - 1))
    distances, neighbours = search.kneighbors()
    start = start_from(coordinates[:, :2])
    if earlier is not None:
        start = carried_on(start, earlier.places_of(ids[fitted]))
    places = lay_out(
        fuzzy_graph(neighbours, distances),
        start,
        seed,
        lambda epoch: report("layout", epoch, EPOCHS, f"laying out {len(fitted)} particles"),
    )
    points = np.full((len(embeddings), 2), np.nan, np.float32)
    points[usable] = _with_the_rest(known, fitted, places, search, projection, report)
    return points if earlier is None else laid_over(points, earlier.places_of(item_ids))


def _with_the_rest(
    known: Points,
    fitted: NDArray[np.intp],
    places: NDArray[np.float32],
    search: object,
    projection: Projection,
    report: Report,
) -> NDArray[np.float32]:
    """Places of all `(n, 2)`, from those of the fitted `(m, 2)`."""
    result = np.empty((len(known), 2), np.float32)
    result[fitted] = places
    is_fitted = np.zeros(len(known), np.bool_)
    is_fitted[fitted] = True
    rest = np.flatnonzero(~is_fitted)
    for first in range(0, len(rest), PLACED_AT_ONCE):
        report("place", first, len(rest), f"placing {len(rest)} further particles")
        rows = rest[first : first + PLACED_AT_ONCE]
        distances, neighbours = search.kneighbors(to_unit_length(projection.apply(known[rows])))  # type: ignore[attr-defined]
        weights = memberships(distances)
        weights /= weights.sum(axis=1, keepdims=True)
        result[rows] = (weights[:, :, None] * places[neighbours]).sum(axis=1)
    return result


def _usable(embeddings: Points) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(embeddings).all(axis=1))


def _rows(embeddings: Points, usable: NDArray[np.bool_]) -> Points:
    """The usable rows, without a copy where all are."""
    return embeddings if usable.all() else embeddings[usable]
