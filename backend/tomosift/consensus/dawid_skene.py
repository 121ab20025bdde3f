"""Dawid and Skene's estimate of what is true when several people say different things.

A. P. Dawid, A. M. Skene, Maximum likelihood estimation of observer error-rates using the EM algorithm, Applied
Statistics 28, 20-28 (1979). Each person has a table of how often they say l where the truth is k; truth and tables are
estimated in turn. One step costs O(m K) for m opinions and K values; items of which the same people said the same are
one with their number as its weight, so that a few people's hundred thousand items cost no more than a few thousand.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1


@dataclass(frozen=True)
class Opinions:
    """m opinions: `items`, `people` and `values`, each `(m,)`, number the item, who spoke, and what they said."""

    items: NDArray[np.int64]
    people: NDArray[np.int64]
    values: NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """`truth` `(n, K)`: probability of each value; `errors` `(A, K, K)`: of saying l (last) where k is true."""

    truth: NDArray[np.float64]
    errors: NDArray[np.float64]


def dawid_skene(
    opinions: Opinions,
    known: NDArray[np.int64],
    value_count: int,
    *,
    smoothing: float = 1.0,
    most_steps: int = 50,
    tolerance: float = 1e-4,
) -> Estimate:
    """Estimate the truth of n items.

    `known` `(n,)` is the adjudicated value of an item, or UNKNOWN. `smoothing` opinions, spread evenly over the values,
    are added to each row of a person's table, so that few opinions prove nothing; 0 is the classic estimate. Ends after
    `most_steps`, or when no probability moves by more than `tolerance`.
    """
    alike, place = _distinct(opinions, known, value_count)
    truth = _settled(_normalized(_counted(alike.opinions, value_count, len(alike.known))), alike.known)
    for _ in range(most_steps):
        errors = _error_tables(alike, truth, smoothing)
        prior = np.average(truth, axis=0, weights=alike.weights)
        before, truth = truth, _settled(_likely_truth(alike.opinions, errors, prior, len(truth)), alike.known)
        if np.abs(truth - before).max(initial=0.0) < tolerance:
            break
    return Estimate(truth[place], _error_tables(alike, truth, smoothing))


@dataclass(frozen=True)
class _Items:
    """Items that differ in what was said of them or in what is known, and how many there are of each."""

    opinions: Opinions
    known: NDArray[np.int64]
    weights: NDArray[np.float64]


def _distinct(opinions: Opinions, known: NDArray[np.int64], value_count: int) -> tuple[_Items, NDArray[np.int64]]:
    """The distinct ones among n items, and `(n,)`: which of them each item is."""
    codes = opinions.people * value_count + opinions.values
    order = np.lexsort((codes, opinions.items))
    items, codes = opinions.items[order], codes[order]
    counts = np.bincount(items, minlength=len(known))
    nth = np.arange(len(items)) - (np.cumsum(counts) - counts)[items]  # of its item
    _, group = np.unique(known, return_inverse=True)
    for number in range(int(counts.max(initial=0))):
        code = np.zeros(len(known), np.int64)
        code[items[nth == number]] = codes[nth == number] + 1
        _, group = np.unique(group * (codes.max() + 2) + code, return_inverse=True)
    _, first, place, weights = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    chosen = first[place[opinions.items]] == opinions.items
    some = Opinions(place[opinions.items[chosen]], opinions.people[chosen], opinions.values[chosen])
    return _Items(some, known[first], weights.astype(np.float64)), place


def _counted(opinions: Opinions, value_count: int, item_count: int) -> NDArray[np.float64]:
    """How many say what of each item, `(n, K)`."""
    said = opinions.items * value_count + opinions.values
    return np.bincount(said, minlength=item_count * value_count).reshape(item_count, value_count).astype(np.float64)


def _error_tables(items: _Items, truth: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    opinions, value_count = items.opinions, truth.shape[1]
    people_count = int(opinions.people.max(initial=-1)) + 1
    said = opinions.people * value_count + opinions.values
    spoken_of = (truth * items.weights[:, None])[opinions.items]
    counts = np.stack(
        [
            np.bincount(said, spoken_of[:, value], people_count * value_count).reshape(-1, value_count)
            for value in range(value_count)
        ],
        axis=1,
    )
    return _normalized(counts + smoothing / value_count)


def _likely_truth(
    opinions: Opinions, errors: NDArray[np.float64], prior: NDArray[np.float64], item_count: int
) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        spoken = np.log(errors)[opinions.people, :, opinions.values]  # (m, K)
        start = np.log(prior)
    finite = np.maximum(spoken, -1e9)  # an impossible opinion, and no NaN where two of them meet
    logs = np.stack([np.bincount(opinions.items, column, item_count) for column in finite.T], axis=1) + start
    return _normalized(np.exp(logs - logs.max(axis=1, keepdims=True)))


def _settled(truth: NDArray[np.float64], known: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where an adjudicator has spoken, their value is the truth."""
    spoken = np.flatnonzero(known != UNKNOWN)
    truth[spoken] = 0.0
    truth[spoken, known[spoken]] = 1.0
    return truth


def _normalized(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that sum to 1; those without anything are even."""
    sums = values.sum(axis=-1, keepdims=True)
    return np.where(sums > 0, values / np.where(sums > 0, sums, 1.0), 1.0 / values.shape[-1])
