"""Likely label errors: labels turned on purpose are found, and the counting agrees with cleanlab's."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint, num_label_issues

from tomosift_worker.evaluation.label_errors import confident_learning, likely_label_errors


def _clusters(per_class: list[int], spread: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    labels = np.repeat(np.arange(len(per_class)), per_class)
    centres = 3.0 * generator.normal(size=(len(per_class), 6))
    return centres[labels] + spread * generator.normal(size=(len(labels), 6)), labels


def test_turned_labels_come_first() -> None:
    embeddings, truth = _clusters([40, 40, 30, 10])
    given = truth.copy()
    turned = [0, 17, 50, 90, 112]
    given[turned] = (truth[turned] + 1) % 4
    found = likely_label_errors(embeddings.astype(np.float16), given)
    assert set(found.places[:5].tolist()) == set(turned)
    np.testing.assert_array_equal(found.suggested[:5], truth[found.places[:5]])
    assert (np.diff(found.scores) <= 0).all()
    assert (found.scores > 0).all()
    assert (found.judged, abs(found.expected - 5) <= 2) == (120, True)


def test_the_same_seed_gives_the_same_list() -> None:
    embeddings, labels = _clusters([20, 20], spread=3.0)
    one, other = (likely_label_errors(embeddings, labels, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.places, other.places)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_classes_with_few_labels_are_left_out() -> None:
    embeddings, labels = _clusters([20, 20, 4])
    assert likely_label_errors(embeddings, labels).judged == 40
    alone = likely_label_errors(embeddings[:24], np.repeat([0, 3], [20, 4]))
    assert (len(alone.places), alone.expected, alone.judged) == (0, 0, 0)
    assert likely_label_errors(np.empty((0, 6)), np.empty(0, np.int64)).judged == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_counts_are_cleanlabs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(5), generator.integers(0, 5, 195)])
    truth = np.where(generator.random(200) < 0.15, generator.integers(0, 5, 200), labels)
    logits = 1.5 * generator.normal(size=(200, 5))
    logits[np.arange(200), truth] += 4.0
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    guess, expected = confident_learning(probabilities, labels)

    _, off_diagonal = compute_confident_joint(labels, probabilities, return_indices_of_off_diagonals=True)
    assert set(np.flatnonzero(guess != labels)) == set(off_diagonal)
    assert abs(expected - num_label_issues(labels, probabilities, estimation_method="off_diagonal_calibrated")) <= 2
