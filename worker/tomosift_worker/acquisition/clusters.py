"""k-means on embeddings, for strategies that spread a batch over groups of look-alikes."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans

# Above these the mini-batch variant (Sculley, WWW 2010): nearly the same clusters in a fraction of the time.
MOST_CLUSTERS_EXACT = 50
MOST_POINTS_EXACT = 20_000
POINTS_A_BATCH = 4096


def k_means(points: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int64]:
    """The cluster `(m,)` of each of `(m, d)` points, numbered from 0; fewer clusters where there are fewer points."""
    count = min(count, len(points))
    if count <= 1:
        return np.zeros(len(points), np.int64)
    if count <= MOST_CLUSTERS_EXACT and len(points) <= MOST_POINTS_EXACT:
        method = KMeans(count, n_init=1, random_state=seed)
    else:
        method = MiniBatchKMeans(count, n_init=1, batch_size=POINTS_A_BATCH, random_state=seed)
    labels: NDArray[np.int64] = method.fit_predict(points).astype(np.int64)
    return labels
