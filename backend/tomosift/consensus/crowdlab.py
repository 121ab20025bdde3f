"""CROWDLAB: a trained model's outputs as a further voice beside the people's.

H. W. Goh, U. Tkachenko, J. Mueller, CROWDLAB: Supervised learning to infer consensus labels and quality scores for data
with multiple annotators, arXiv:2210.06812 (2022). Every voice is weighed by how much less it errs than one that always
says the commonest value. The figures are cleanlab's, without its loops over items.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift.consensus.dawid_skene import Opinions

FEWEST_ITEMS = 20
"""With fewer, how much to trust whom cannot be told."""
LEAST = 1e-6
"""The smallest error of the commonest value, and the smallest weight of a voice."""


@dataclass(frozen=True)
class Consensus:
    """`values` `(n,)` and the probability `(n,)` that each is right."""

    values: NDArray[np.int64]
    confidence: NDArray[np.float64]


def crowdlab(opinions: Opinions, probabilities: NDArray[np.float64]) -> Consensus:
    """The consensus on n items; `probabilities` `(n, K)` are a model's outputs for items it was not trained on.

    Every item has opinions of two people or more.
    """
    votes = _Votes(opinions, probabilities)
    by_majority = votes.majority()
    first = votes.weighed(by_majority)
    top = first.max(axis=1, keepdims=True)
    is_clear = (first == top).sum(axis=1) == 1
    values = np.where(is_clear, first.argmax(axis=1), by_majority)
    return Consensus(values, votes.weighed(values)[np.arange(len(values)), values])


class _Votes:
    """Opinions and outputs, counted once: `counts` `(n, K)` how many people say what, `sizes` `(n,)` how many speak."""

    def __init__(self, opinions: Opinions, probabilities: NDArray[np.float64]) -> None:
        self.opinions, self.probabilities = opinions, probabilities
        self.cells = opinions.items * probabilities.shape[1] + opinions.values
        self.counts = self._per_cell(np.ones(len(self.cells)))
        self.sizes = self.counts.sum(axis=1)

    def majority(self) -> NDArray[np.int64]:
        """What most say `(n,)`. Of a tie what the model finds likelier, then the rarer value, then that of the people
        who are oftener with a clear majority, then the first."""
        best = self.counts == self.counts.max(axis=1, keepdims=True)
        for preference in self._preferences(best):
            ranked = np.where(best, preference, -np.inf)
            best = ranked == ranked.max(axis=1, keepdims=True)
        return np.asarray(best.argmax(axis=1))

    def _preferences(self, best: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
        yield self.probabilities
        yield np.broadcast_to(-self.counts.sum(axis=0), self.counts.shape)
        items, people = self.opinions.items, self.opinions.people
        is_clear = (best.sum(axis=1) == 1)[items]
        agrees = self.opinions.values == best.argmax(axis=1)[items]
        agreement = _shares(np.bincount(people, agrees & is_clear), np.bincount(people, is_clear))
        with np.errstate(invalid="ignore"):
            yield np.nan_to_num(self._per_cell(agreement[people]) / self.counts)

    def weighed(self, consensus: NDArray[np.int64]) -> NDArray[np.float64]:
        """The mean `(n, K)` of what people and model say, each with the weight that this consensus gives them."""
        items, people, value_count = self.opinions.items, self.opinions.people, self.probabilities.shape[1]
        agreement = self.counts[np.arange(len(consensus)), consensus] / self.sizes
        likelihood = agreement.mean()  # of anybody saying the consensus
        otherwise = (1 - likelihood) / max(value_count - 1, 1)
        baseline = max(1 - np.bincount(consensus).max() / len(consensus), LEAST)  # the error of the commonest value
        others = np.bincount(people, self.sizes[items] - 1)
        with_others = _shares(np.bincount(people, self.counts.ravel()[self.cells] - 1), others)
        weights = np.maximum(1 - (1 - with_others) / baseline, LEAST)
        model_error = (self.probabilities.argmax(axis=1) != consensus).mean()
        model_weight = max(1 - model_error / baseline, LEAST) * np.sqrt(self.sizes.mean())
        total = np.bincount(items, weights[people], len(consensus))[:, None]
        said = otherwise * total + (likelihood - otherwise) * self._per_cell(weights[people])
        return np.asarray((self.probabilities * model_weight + said) / (total + model_weight))

    def _per_cell(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum `(n, K)` of one number an opinion, by what it says of which item."""
        sums = np.bincount(self.cells, values, self.probabilities.size)
        return np.asarray(sums.reshape(self.probabilities.shape), np.float64)


def _shares(part: NDArray[np.number], whole: NDArray[np.number]) -> NDArray[np.float64]:
    """`part / whole`; where there is nothing, the mean of the others."""
    known = whole > 0
    shares = np.divide(part, whole, out=np.zeros(len(whole)), where=known)
    return np.where(known, shares, shares[known].mean() if known.any() else 0.0)
