"""Taking the best of the pool by score."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.tie_break import uniform_by_id


def select_top(
    scores: NDArray[np.floating],
    count: int,
    item_ids: NDArray[np.int64],
    *,
    seed: int = 0,
    candidates: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Positions of the `count` highest scores, best first; fewer where there are fewer candidates.

    Ties are settled by seed and item id: the same pick whatever the order of the pool, and no favour for what was
    imported first. Scores that are no number come last. `candidates` `(n,)` leaves items out.
    """
    if not len(scores) == len(item_ids):
        raise ValueError(f"{len(scores)} scores but {len(item_ids)} item ids")
    places = np.arange(len(scores)) if candidates is None else np.flatnonzero(candidates)
    chosen = np.where(np.isfinite(scores[places]), scores[places], -np.inf)
    order = np.lexsort((uniform_by_id(item_ids[places], seed), -chosen))
    return places[order[: max(0, count)]]
