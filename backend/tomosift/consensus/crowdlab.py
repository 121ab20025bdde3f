"""CROWDLAB: a trained model's outputs as a further voice beside the people's.

H. W. Goh, U. Tkachenko, J. Mueller, CROWDLAB: Supervised learning to infer consensus labels and quality scores for data
with multiple annotators, arXiv:2210.06812 (2022); computed by cleanlab.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift.consensus.dawid_skene import Opinions

FEWEST_ITEMS = 20
"""With fewer, how much to trust whom cannot be told."""


@dataclass(frozen=True)
class Consensus:
    """`values` `(n,)` and the probability `(n,)` that each is right."""

    values: NDArray[np.int64]
    confidence: NDArray[np.float64]


def crowdlab(opinions: Opinions, probabilities: NDArray[np.float64]) -> Consensus:
    """The consensus on n items; `probabilities` `(n, K)` are a model's outputs for items it was not trained on.

    Every item has an opinion.
    """
    # Here, not at the top: it brings scikit-learn with it, and only this rule needs that.
    from cleanlab.multiannotator import get_label_quality_multiannotator

    people = int(opinions.people.max(initial=-1)) + 1
    table = np.full((len(probabilities), people), np.nan)
    table[opinions.items, opinions.people] = opinions.values
    state = np.random.get_state()  # the library draws ties from the global generator
    np.random.seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = get_label_quality_multiannotator(
                table, probabilities, verbose=False, return_detailed_quality=False, return_annotator_stats=False
            )["label_quality"]
    finally:
        np.random.set_state(state)
    return Consensus(found["consensus_label"].to_numpy(np.int64), found["consensus_quality_score"].to_numpy(np.float64))
