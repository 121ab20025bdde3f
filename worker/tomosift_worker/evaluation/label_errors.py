"""Labels that are likely wrong: confident learning (Northcutt, Jiang and Chuang, JAIR 2021).

It compares each label with what classifiers say that were fitted without it. A network's own outputs for the labels it
was trained on would not do: it has learned them by heart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.floating]

FEWEST_OF_A_CLASS = 5
"""Of a class with fewer labels nothing can be said: its labels are left out."""
FOLDS = 5
MOST_ITERATIONS, INVERSE_PENALTY = 200, 0.1


@dataclass(frozen=True)
class LabelErrors:
    """m labels that are likely wrong, the likeliest first.

    `places` `(m,)` are those of the items, `suggested` `(m,)` class numbers; `given_probability` and
    `suggested_probability` `(m,)` what classifiers without the label say of both. `judged` labels were looked at, of
    which about `expected` are wrong: not m, and too many where the classes are hard to tell apart.
    """

    places: NDArray[np.intp]
    suggested: NDArray[np.int64]
    given_probability: NDArray[np.float64]
    suggested_probability: NDArray[np.float64]
    expected: int
    judged: int

    @property
    def scores(self) -> NDArray[np.float64]:
        """`(m,)` in 0..1: how much likelier the suggested class is than the given one."""
        return self.suggested_probability - self.given_probability


def likely_label_errors(embeddings: Floats, labels: NDArray[np.int64], seed: int = 0) -> LabelErrors:
    """Judge `labels` `(n,)` by `embeddings` `(n, d)`; those of classes with fewer than 5 labels are left out."""
    counts = np.bincount(labels) if len(labels) else np.empty(0, np.int64)
    classes = np.flatnonzero(counts >= FEWEST_OF_A_CLASS)
    places = np.flatnonzero(np.isin(labels, classes))
    if len(classes) < 2:
        nothing = np.empty(0)
        return LabelErrors(np.empty(0, np.intp), np.empty(0, np.int64), nothing, nothing, 0, 0)
    given = np.searchsorted(classes, labels[places])
    probabilities = out_of_sample_probabilities(embeddings[places], given, seed)
    suggested, expected = confident_learning(probabilities, given)
    rows = np.arange(len(given))
    gain = probabilities[rows, suggested] - probabilities[rows, given]
    wrong = np.flatnonzero(gain > 0)
    wrong = wrong[np.argsort(-gain[wrong], kind="stable")]
    return LabelErrors(
        places=places[wrong],
        suggested=classes[suggested[wrong]],
        given_probability=probabilities[wrong, given[wrong]],
        suggested_probability=probabilities[wrong, suggested[wrong]],
        expected=expected,
        judged=len(places),
    )


def out_of_sample_probabilities(embeddings: Floats, labels: NDArray[np.int64], seed: int = 0) -> NDArray[np.float64]:
    """`(n, K)` class probabilities by logistic regression, each row from a fit to the other four fifths of the labels.

    `labels` `(n,)` are numbers 0..K-1, each at least twice, so that every class is in every fit. Embeddings `(n, d)`
    are standardised by the rows of the fit.
    """
    fold = folds_by_class(labels, seed)
    result = np.zeros((len(labels), int(labels.max()) + 1))
    points = embeddings.astype(np.float64)
    for each in range(FOLDS):
        held_out = fold == each
        if held_out.any():
            mean, spread = points[~held_out].mean(axis=0), points[~held_out].std(axis=0)
            scaled = (points - mean) / np.where(spread > 0, spread, 1.0)
            regression = LogisticRegression(C=INVERSE_PENALTY, max_iter=MOST_ITERATIONS)
            regression.fit(scaled[~held_out], labels[~held_out])
            result[held_out] = regression.predict_proba(scaled[held_out])
    return result


def confident_learning(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """The class each item confidently is in `(n,)` (its label where there is none), and how many labels are wrong.

    An item is confidently of a class where its probability reaches the mean probability that items labeled so have
    (Northcutt et al., eq. 1 and 2); of several such the likeliest. The counts of label and confident class, scaled to
    the number of labels of each class, estimate the joint distribution of label and truth (eq. 3): what lies off its
    diagonal is wrong. Every class occurs in `labels` `(n,)`.
    """
    size = probabilities.shape[1]
    threshold = np.array([probabilities[labels == each, each].mean() for each in range(size)])
    is_confident = probabilities >= threshold - 1e-9
    guess = np.where(is_confident, probabilities, -1.0).argmax(axis=1)
    guess = np.where(is_confident.any(axis=1), guess, labels)
    joint = np.zeros((size, size))
    np.add.at(joint, (labels, guess), is_confident.any(axis=1))
    joint[np.diag_indices(size)] = np.maximum(joint.diagonal(), 1.0)
    joint *= np.bincount(labels, minlength=size)[:, None] / joint.sum(axis=1, keepdims=True)
    return guess, round(float(joint.sum() - np.trace(joint)))


def folds_by_class(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """`(n,)`: the fold each item is held out in; every class is spread over all folds."""
    generator = np.random.default_rng(seed)
    fold = np.empty(len(labels), np.int64)
    for each in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == each))
        fold[members] = (np.arange(len(members)) + generator.integers(FOLDS)) % FOLDS
    return fold
