"""Strategies against their literal definition, with everything written out or made by a library."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from tomosift_worker.acquisition import embedding_space, probcover, typiclust
from tomosift_worker.acquisition.badge import BADGE, residuals
from tomosift_worker.acquisition.core_set import CORE_SET
from tomosift_worker.acquisition.even_classes import EVEN_CLASSES
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs, softmax
from tomosift_worker.acquisition.picks import Eligible, Picks, PickTask
from tomosift_worker.acquisition.probcover import PROBCOVER, pure_radius
from tomosift_worker.acquisition.rare_badge import RARE_BADGE
from tomosift_worker.acquisition.settings import ScoringSettings
from tomosift_worker.acquisition.typiclust import TYPICLUST, typicality


def _pool(n: int = 120, classes: int = 3, d: int = 5, seed: int = 2) -> PoolOutputs:
    generator = np.random.default_rng(1)
    return PoolOutputs(
        np.arange(n, dtype=np.int64),
        (2.0 * generator.normal(size=(n, classes))).astype(np.float32),
        generator.normal(size=(n, d)).astype(np.float16),
        seed=seed,
    )


def _task(n: int, wanted: int, labeled: list[int]) -> PickTask:
    is_labeled = np.isin(np.arange(n), labeled)
    return PickTask(Eligible(~is_labeled, wanted), is_labeled, wanted, wanted)


def _select(function: object, pool: PoolOutputs, wanted: int, labeled: list[int], **settings: object) -> Picks:
    chosen: Picks = function.select(  # type: ignore[attr-defined]
        pool, ScoringSettings.model_validate(settings), _task(len(pool), wanted, labeled)
    )
    return chosen


def test_core_set_picks_the_farthest_from_all_centres_again_and_again() -> None:
    pool, labeled = _pool(), [3, 50, 77]
    picks = _select(CORE_SET, pool, 15, labeled)
    points, centres = pool.embeddings.astype(np.float64), list(labeled)
    for place, value in zip(picks.places, picks.values, strict=True):
        distance = cdist(points, points[centres]).min(axis=1)
        assert place == distance.argmax()
        assert value == pytest.approx(distance.max(), rel=1e-4)
        centres.append(place)
    assert picks.values == sorted(picks.values, reverse=True)


def test_core_set_without_labels_begins_anywhere() -> None:
    first = {_select(CORE_SET, _pool(seed=seed), 2, []).places[0] for seed in range(8)}
    assert len(first) > 3
    assert _select(CORE_SET, _pool(n=4), 9, [0]).places.__len__() == 3


def _gradient_embeddings(pool: PoolOutputs) -> np.ndarray:
    """(p - e_y) x h of each item, written out, `(n, K d)`."""
    p = softmax(pool.logits)
    a = p - np.eye(p.shape[1])[p.argmax(axis=1)]
    return np.stack([np.outer(one, h).ravel() for one, h in zip(a, pool.embeddings.astype(np.float64), strict=True)])


def test_the_residual_is_the_gradient_at_the_likeliest_label() -> None:
    torch = pytest.importorskip("torch")
    logits = torch.tensor(_pool().logits, requires_grad=True)
    torch.nn.functional.cross_entropy(logits, logits.argmax(dim=1), reduction="sum").backward()
    np.testing.assert_allclose(residuals(_pool().logits), logits.grad.numpy(), atol=1e-6)


def test_badge_measures_distances_of_gradient_embeddings_without_making_them() -> None:
    pool = _pool()
    picks = _select(BADGE, pool, 12, [])
    g = _gradient_embeddings(pool)
    assert picks.places[0] == np.linalg.norm(g, axis=1).argmax()
    assert picks.values[0] == pytest.approx(np.linalg.norm(g, axis=1).max(), rel=1e-4)
    for number in range(1, 12):
        expected = cdist(g[[picks.places[number]]], g[picks.places[:number]]).min()
        assert picks.values[number] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_badge_draws_with_the_squared_distance_as_probability() -> None:
    """The second pick over many seeds: a chi square against the law of k-means++."""
    pool, draws = _pool(n=12), 1500
    g = _gradient_embeddings(pool)
    first = int(np.linalg.norm(g, axis=1).argmax())
    probability = cdist(g, g[[first]], "sqeuclidean")[:, 0]
    probability /= probability.sum()
    counts = np.zeros(12)
    for seed in range(draws):
        pool.seed = seed
        counts[_select(BADGE, pool, 2, []).places[1]] += 1
    usual = probability * draws > 5
    chi = (np.square(counts - draws * probability)[usual] / (draws * probability)[usual]).sum()
    assert usual.sum() >= 8
    assert counts[first] == 0
    assert chi < 31.3  # 11 degrees of freedom, p = 0.001


def test_rare_badge_draws_with_distance_and_lack_of_labels_as_probability() -> None:
    """The second pick over many seeds: a chi square against k-means++ with each item weighted."""
    pool, labeled, draws = _pool(n=14), [3, 11], 1500
    g, p = _gradient_embeddings(pool), softmax(pool.logits)
    free = np.setdiff1d(np.arange(14), labeled)
    lack = p @ (1.0 / (1.0 + p[labeled].sum(axis=0)))
    first = int(free[(np.square(g).sum(axis=1) * lack)[free].argmax()])
    lack = p @ (1.0 / (1.0 + p[[*labeled, first]].sum(axis=0)))
    probability = cdist(g, g[[first]], "sqeuclidean")[:, 0] * lack
    probability[labeled] = 0.0
    probability /= probability.sum()
    counts = np.zeros(14)
    for seed in range(draws):
        pool.seed = seed
        picks = _select(RARE_BADGE, pool, 2, labeled)
        assert picks.places[0] == first
        counts[picks.places[1]] += 1
    usual = probability * draws > 5
    chi = (np.square(counts - draws * probability)[usual] / (draws * probability)[usual]).sum()
    assert usual.sum() >= 8
    assert counts[[first, *labeled]].sum() == 0
    assert chi < 31.3  # at most 11 degrees of freedom, p = 0.001


def test_rare_badge_leans_to_the_class_with_few_labels() -> None:
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [200, 60, 12])
    logits = 1.5 * np.eye(3)[truth] + generator.normal(size=(272, 3))
    pool = PoolOutputs(np.arange(272), logits.astype(np.float32), generator.normal(size=(272, 4)).astype(np.float16))
    labeled = [*range(25), *range(200, 208), 260]

    def of_the_rarest(function: AcquisitionFunction) -> int:
        found = 0
        for pool.seed in range(20):
            found += int((truth[_select(function, pool, 24, labeled).places] == 2).sum())
        return found

    assert of_the_rarest(RARE_BADGE) > 1.3 * of_the_rarest(BADGE)


def test_even_classes_is_greedy_on_the_labels_expected_of_each_class() -> None:
    pool, labeled = _pool(classes=4), [3, 50, 77, 80]
    p = softmax(pool.logits)
    picks, chosen = _select(EVEN_CLASSES, pool, 20, labeled), list(labeled)
    for place, value in zip(picks.places, picks.values, strict=True):
        worth = np.full(len(pool), -1.0)
        for each in set(range(len(pool))) - set(chosen):
            worth[each] = sum(p[each, k] / (1.0 + sum(p[other, k] for other in chosen)) for k in range(4))
        assert place == worth.argmax()
        assert value == pytest.approx(worth.max(), rel=1e-6)
        chosen.append(place)


def test_even_classes_looks_for_the_class_with_few_labels() -> None:
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [200, 60, 12])
    logits = 3.0 * np.eye(3)[truth] + generator.normal(size=(272, 3))
    pool = PoolOutputs(np.arange(272), logits.astype(np.float32), np.zeros((272, 1), np.float16))
    labeled = [*range(15), *range(200, 205), 260]
    counts = np.bincount(truth[_select(EVEN_CLASSES, pool, 12, labeled).places], minlength=3)
    assert counts[2] > 4  # a random batch holds half a one
    assert counts[0] < counts[2]


def test_typicality_is_that_of_the_nearest_neighbours() -> None:
    points = np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32)
    distances, _ = NearestNeighbors(n_neighbors=21).fit(points).kneighbors(points)
    np.testing.assert_allclose(typicality(points), 1.0 / distances[:, 1:].mean(axis=1), rtol=1e-4)
    few = points[:9]
    distances, _ = NearestNeighbors(n_neighbors=5).fit(few).kneighbors(few)
    np.testing.assert_allclose(typicality(few), 1.0 / distances[:, 1:].mean(axis=1), rtol=1e-4)


def _groups(sizes: list[int], spread: float = 0.02) -> tuple[np.ndarray, PoolOutputs]:
    """Groups of look-alikes in different directions, and which group each item is in."""
    generator = np.random.default_rng(4)
    group = np.repeat(np.arange(len(sizes)), sizes)
    directions = np.eye(len(sizes))[group]
    points = directions + spread * generator.normal(size=directions.shape)
    return group, PoolOutputs(
        np.arange(len(group), dtype=np.int64), np.empty((len(group), 0), np.float32), points.astype(np.float16)
    )


def test_typiclust_takes_the_middle_of_each_group_largest_first_and_labeled_ones_last() -> None:
    group, pool = _groups([60, 40, 30, 20])
    picks = _select(TYPICLUST, pool, 4, [])
    assert group[picks.places].tolist() == [0, 1, 2, 3]
    for place in picks.places:
        mine = pool.embeddings[group == group[place]].astype(np.float64)
        from_middle = np.linalg.norm(mine - mine.mean(axis=0), axis=1)
        own = np.linalg.norm(pool.embeddings[place].astype(np.float64) - mine.mean(axis=0))
        assert own < np.median(from_middle)
    with_label = _select(TYPICLUST, pool, 3, [0])  # one of the largest group
    assert group[with_label.places].tolist() == [1, 2, 3]


def test_typiclust_comes_to_stray_items_only_when_nothing_else_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    group, pool = _groups([30, 2, 20])
    assert set(group[_select(TYPICLUST, pool, 3, []).places]) == {0, 2}
    everything = _select(TYPICLUST, pool, 52, [])
    assert sorted(everything.places) == list(range(52))
    monkeypatch.setattr(typiclust, "LARGEST_CLUSTER", 10)
    assert len(_select(TYPICLUST, pool, 3, [])) == 3


def test_probcover_covers_greedily() -> None:
    pool, labeled, radius = _pool(n=150), [10, 20], 0.6
    picks = _select(PROBCOVER, pool, 25, labeled, probcover_radius=radius)
    points = pool.embeddings.astype(np.float64)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    near = cdist(points, points) <= radius
    covered = near[labeled].any(axis=0)
    covered[labeled] = True
    taken = list(labeled)
    for place, value in zip(picks.places, picks.values, strict=True):
        gain = (near & ~covered).sum(axis=1)
        assert value == gain[place] == np.delete(gain, taken).max()
        covered |= near[place]
        taken.append(place)


def test_the_radius_keeps_95_percent_of_the_balls_pure() -> None:
    points = np.random.default_rng(8).normal(size=(300, 3)).astype(np.float32)
    radius = pure_radius(points, 4, seed=0)
    cluster = probcover.k_means(points, 4, 0)
    distances = cdist(points, points)

    def purity(within: float) -> float:
        return float(
            np.mean([(cluster[row <= within] == mine).all() for row, mine in zip(distances, cluster, strict=True)])
        )

    assert purity(radius * 0.999) >= 0.95
    assert purity(radius * 1.2) < 0.95
    assert pure_radius(np.ones((5, 3), np.float32), 1, seed=0) == 2.0


@pytest.mark.parametrize("function", [CORE_SET, BADGE, TYPICLUST, PROBCOVER])
def test_chunks_change_nothing(function: object, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = _select(function, _pool(), 10, [1, 2, 3])
    monkeypatch.setattr(embedding_space, "CHUNK_NUMBERS", 64)
    small = _select(function, _pool(), 10, [1, 2, 3])
    assert small.places == usual.places


def test_of_a_large_pool_a_part_is_considered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_space, "MOST_CONSIDERED", 30)
    picks = _select(CORE_SET, _pool(), 40, [])
    assert len(picks) == 30
    assert max(picks.places) > 60  # not the first of the pool
