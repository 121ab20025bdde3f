"""UMAP's layout of a neighbourhood graph (McInnes, Healy and Melville 2018, section 4.2), in NumPy.

Neighbours attract each other, everybody repels a few drawn at random. Written for NumPy because the library's compiler
(numba) ties the whole installation to its NumPy and compiles for longer than this takes, and because a layout that can
be stopped between two epochs keeps nobody waiting.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, triu

EPOCHS = 300
REPELLED = 5
"""Drawn for each attraction."""
CURVE_A, CURVE_B = 1.5769434602, 0.8950608779
"""1 / (1 + a d^2b) fitted to 1 up to d = 0.1 and exp(0.1 - d) beyond: the published defaults."""
START_RADIUS = 10.0
MOST_MOVE = 4.0
SOFTENING = 1e-3
TINY = float(np.finfo(np.float32).tiny)

Places = NDArray[np.float32]


def lay_out(graph: csr_matrix, start: Places, seed: int, on_epoch: Callable[[int], None]) -> Places:
    """Places `(m, 2)` for the points of a symmetric graph `(m, m)`, from `start`. `on_epoch` hears how many are done.

    An edge acts in a share of the epochs that is its weight's share of the largest. The same input gives the same
    places.
    """
    random = np.random.default_rng(seed)
    edges = triu(graph, k=1).tocoo()
    pace = edges.data / max(float(edges.data.max(initial=0.0)), TINY)
    due = random.random(len(pace), np.float32)
    places = start.astype(np.float32)
    # Moves of one step do not see each other: with so few edges a step hardly any point moves twice.
    at_once = max(1, len(places) // 4)
    for epoch in range(EPOCHS):
        due += pace
        active = random.permutation(np.flatnonzero(due >= 1.0))
        due[active] -= 1.0
        swapped = random.random(len(active)) < 0.5
        heads = np.where(swapped, edges.col[active], edges.row[active])
        tails = np.where(swapped, edges.row[active], edges.col[active])
        rate = np.float32(1.0 - epoch / EPOCHS)
        for first in range(0, len(active), at_once):
            part = slice(first, first + at_once)
            others = random.integers(0, len(places), (len(heads[part]), REPELLED))
            _step(places, heads[part], tails[part], others, rate)
        on_epoch(epoch + 1)
    return places


def start_from(coordinates: NDArray[np.floating]) -> Places:
    """Principal coordinates `(m, 2)`, brought to UMAP's usual size."""
    largest = max(float(np.abs(coordinates).max(initial=0.0)), TINY)
    result: Places = (coordinates * (START_RADIUS / largest)).astype(np.float32)
    return result


def _step(
    places: Places,
    heads: NDArray[np.integer],
    tails: NDArray[np.integer],
    others: NDArray[np.integer],
    rate: np.float32,
) -> None:
    """Move each head towards its tail and away from its others `(c, r)`, and each tail towards its head."""
    here = places[heads]
    apart = here - places[tails]
    near = np.maximum(np.square(apart).sum(axis=1), np.float32(TINY))
    power = near ** np.float32(CURVE_B)
    pull = -2.0 * CURVE_A * CURVE_B * power / (near * (1.0 + CURVE_A * power))
    attracted = np.clip(pull[:, None] * apart, -MOST_MOVE, MOST_MOVE)
    away = here[:, None, :] - places[others]
    far = np.square(away).sum(axis=2)
    push = 2.0 * CURVE_B / ((SOFTENING + far) * (1.0 + CURVE_A * far ** np.float32(CURVE_B)))
    repelled = np.clip(push[:, :, None] * away, -MOST_MOVE, MOST_MOVE).sum(axis=1)
    for axis in range(2):
        moves = np.bincount(heads, (attracted + repelled)[:, axis], len(places))
        moves -= np.bincount(tails, attracted[:, axis], len(places))
        places[:, axis] += rate * np.clip(moves, -MOST_MOVE, MOST_MOVE).astype(np.float32)
