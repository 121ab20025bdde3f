"""Dawid and Skene's estimate beside crowd-kit's, CROWDLAB beside cleanlab's, and both on simulated people whose errors
are known."""

import warnings

import numpy as np
import pytest
from cleanlab.multiannotator import get_label_quality_multiannotator

from tomosift.consensus.crowdlab import crowdlab
from tomosift.consensus.dawid_skene import UNKNOWN, Opinions, dawid_skene

# What three people say of 40 items, and the probability of 1 where they say so by crowd-kit 1.4.2
# (`DawidSkene(n_iter=500, tol=1e-12)`), which needs more than a test should install.
SAID = (
    "000 111 110 011 111 000 111 111 011 110 111 000 010 110 000 100 111 101 010 010 "
    "111 010 100 111 101 000 010 111 000 000 000 000 110 001 001 001 011 101 011 000"
)
TRUTH = {
    "000": 0.0423,
    "001": 0.3424,
    "010": 0.2674,
    "011": 0.8114,
    "100": 0.5825,
    "101": 0.9427,
    "110": 0.9202,
    "111": 0.9927,
}


def opinions_of(table: np.ndarray) -> Opinions:
    items, people = np.nonzero(table >= 0)
    return Opinions(items, people, table[items, people])


def simulated(n: int, right: list[float], seed: int = 0) -> tuple[np.ndarray, Opinions]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, n)
    said = np.stack([np.where(random.random(n) < p, truth, (truth + random.integers(1, 3, n)) % 3) for p in right], 1)
    return truth, opinions_of(said)


def test_it_is_crowd_kits_estimate() -> None:
    table = np.array([[int(each) for each in row] for row in SAID.split()])
    found = dawid_skene(
        opinions_of(table), np.full(len(table), UNKNOWN), 2, smoothing=0, most_steps=500, tolerance=1e-12
    )
    assert found.truth[:, 1] == pytest.approx([TRUTH[row] for row in SAID.split()], abs=1e-4)


def test_it_finds_truth_and_errors_better_than_a_majority() -> None:
    truth, opinions = simulated(600, [0.95, 0.6, 0.55, 0.5])
    found = dawid_skene(opinions, np.full(600, UNKNOWN), 3)
    votes = np.zeros((600, 3))
    np.add.at(votes, (opinions.items, opinions.values), 1)
    by_majority = (votes.argmax(axis=1) == truth).mean()
    assert (found.truth.argmax(axis=1) == truth).mean() > max(0.9, by_majority + 0.05)
    assert found.errors[0].diagonal().mean() == pytest.approx(0.95, abs=0.06)
    assert found.truth.sum(axis=1) == pytest.approx(1.0)


def one_by_one(table: np.ndarray, known: np.ndarray, count: int, steps: int) -> np.ndarray:
    """The truth by the paper's formulas, written out: each item by itself, `smoothing` 1."""

    def settle(truth: np.ndarray) -> np.ndarray:
        return np.where((known != UNKNOWN)[:, None], np.eye(count)[known], truth)

    votes = np.array([[np.sum(row == value) for value in range(count)] for row in table], float)
    truth = settle(votes / votes.sum(axis=1, keepdims=True))
    for _ in range(steps):
        errors = np.array(
            [[[truth[said == say, of].sum() for say in range(count)] for of in range(count)] for said in table.T]
        )
        errors = (errors + 1 / count) / (errors + 1 / count).sum(axis=2, keepdims=True)
        likely = np.tile(truth.mean(axis=0), (len(table), 1))
        for item, person in np.argwhere(table >= 0):
            likely[item] *= errors[person, :, table[item, person]]
        truth = settle(likely / likely.sum(axis=1, keepdims=True))
    return truth


def test_items_of_which_the_same_was_said_weigh_as_many_as_they_are() -> None:
    _, opinions = simulated(120, [0.9, 0.7, 0.6])
    table = np.full((120, 3), -1)
    table[opinions.items, opinions.people] = opinions.values
    table[np.arange(120), np.random.default_rng(1).integers(0, 3, 120)] = -1  # two of three say something
    known = np.where(np.arange(120) < 10, 1, UNKNOWN)
    found = dawid_skene(opinions_of(table), known, 3, most_steps=7, tolerance=0)
    assert found.truth == pytest.approx(one_by_one(table, known, 3, 7))


def test_what_is_adjudicated_is_true_and_teaches() -> None:
    # Two people always differ: nothing says who is right, until half of the items are settled for the second.
    table = np.stack([np.zeros(20, int), np.ones(20, int)], axis=1)
    open_ = dawid_skene(opinions_of(table), np.full(20, UNKNOWN), 2).truth
    known = np.where(np.arange(20) < 10, 1, UNKNOWN)
    settled = dawid_skene(opinions_of(table), known, 2).truth
    assert open_[15] == pytest.approx([0.5, 0.5])
    assert settled[0] == pytest.approx([0.0, 1.0])
    assert settled[15, 1] > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_it_is_cleanlabs_crowdlab(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth, opinions = simulated(120, [0.9, 0.7, 0.6, 0.5], seed)
    table = np.full((120, 4), np.nan)
    table[opinions.items, opinions.people] = opinions.values
    for row in table:  # two or three of the four speak
        row[random.choice(4, random.integers(1, 3), replace=False)] = np.nan
    outputs = random.dirichlet(np.ones(3), 120)
    outputs[np.arange(120), truth] += seed / 3
    outputs /= outputs.sum(axis=1, keepdims=True)
    outputs[::4] = 1 / 3  # ties that the model does not break
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_label_quality_multiannotator(
            table, outputs, verbose=False, return_detailed_quality=False, return_annotator_stats=False
        )["label_quality"]
    items, people = np.nonzero(~np.isnan(table))
    mine = crowdlab(Opinions(items, people, table[items, people].astype(np.int64)), outputs)
    assert mine.values.tolist() == found["consensus_label"].tolist()
    assert mine.confidence == pytest.approx(found["consensus_quality_score"].to_numpy())


def test_crowdlab_hears_the_model_and_repeats_itself() -> None:
    truth, opinions = simulated(200, [0.7, 0.6])
    outputs = np.full((200, 3), 0.05)
    outputs[np.arange(200), truth] = 0.9
    first, second = crowdlab(opinions, outputs), crowdlab(opinions, outputs)
    assert (first.values == second.values).all()
    assert (first.confidence == second.confidence).all()
    alone = dawid_skene(opinions, np.full(200, UNKNOWN), 3).truth.argmax(axis=1)
    assert (first.values == truth).mean() > (alone == truth).mean() + 0.1
    assert ((first.confidence > 0) & (first.confidence <= 1)).all()
