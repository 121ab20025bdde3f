"""What one pass of a network over the pool gives: the columns every acquisition function reads."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass
class PoolOutputs:
    """Outputs for n items and K classes, in one order.

    `item_ids` `(n,)`, `logits` `(n, K)`, `embeddings` `(n, d)`; `reference_logits` `(n, K)` are those of the model
    before (or of the initial weights, in the first cycle); `gradnorm_global` and `gradnorm_per_tensor` `(n,)` are the
    norms of each item's entropy gradient; `averaged_logits` `(n, K)` those of the average of the weights;
    `dropout_entropy` and `dropout_expected_entropy` `(n,)`, in nats, the entropy of the mean output over passes with
    dropout and the mean of their entropies; `predicted_loss` `(n,)` what the loss module says. All from
    `reference_logits` on are None where nothing asked for them. `seed` settles ties. Before there is a network, logits
    are `(n, 0)`.
    """

    item_ids: NDArray[np.int64]
    logits: Floats
    embeddings: Floats
    seed: int = 0
    reference_logits: Floats | None = None
    gradnorm_global: Floats | None = None
    gradnorm_per_tensor: Floats | None = None
    averaged_logits: Floats | None = None
    dropout_entropy: Floats | None = None
    dropout_expected_entropy: Floats | None = None
    predicted_loss: Floats | None = None

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
