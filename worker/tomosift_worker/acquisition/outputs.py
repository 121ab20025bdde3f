"""What one pass of a network over the pool gives: the columns every acquisition function reads."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass
class PoolOutputs:
    """Outputs for n items and K classes, in one order.

    `item_ids` `(n,)`, `logits` `(n, K)`, `embeddings` `(n, d)`; `reference_logits` `(n, K)` are those of the model
    before (or of the initial weights, in the first cycle); `gradnorm_global` and `gradnorm_per_tensor` `(n,)` are the
    norms of each item's entropy gradient. The last three are None where nothing asked for them. `seed` settles ties.
    """

    item_ids: NDArray[np.int64]
    logits: Floats
    embeddings: Floats
    seed: int = 0
    reference_logits: Floats | None = None
    gradnorm_global: Floats | None = field(default=None)
    gradnorm_per_tensor: Floats | None = field(default=None)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """`(n, K)` softmax of the logits."""
        return softmax(self.logits)

    def __len__(self) -> int:
        return len(self.item_ids)


def log_softmax(logits: Floats) -> NDArray[np.float64]:
    """Row-wise log-softmax of `(n, K)` in double precision."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def softmax(logits: Floats) -> NDArray[np.float64]:
    """Row-wise softmax of `(n, K)` in double precision."""
    result: NDArray[np.float64] = np.exp(log_softmax(logits))
    return result
