"""Maps of embeddings: groups stay together, nothing is left to chance, and a map stays as it was."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from tomosift_worker.layout import particle_map
from tomosift_worker.layout.alignment import EarlierMap, carried_on, laid_over
from tomosift_worker.layout.neighbours import memberships
from tomosift_worker.layout.particle_map import principal_map, umap
from tomosift_worker.layout.principal import principal_projection
from tomosift_worker.layout.umap import CURVE_A, CURVE_B


def three_groups(each: int = 120, size: int = 24) -> tuple[NDArray[np.int64], NDArray[np.float16], NDArray[np.int64]]:
    """Ids, embeddings and the group of each: three clouds, far from each other in 24 dimensions."""
    generator = np.random.default_rng(5)
    groups = generator.permutation(np.repeat(np.arange(3), each))
    middles = 4.0 * generator.standard_normal((3, size))
    embeddings = middles[groups] + generator.standard_normal((len(groups), size))
    return np.arange(len(groups)) + 1000, embeddings.astype(np.float16), groups


def silent(*_: object) -> None:
    """Hears a report."""


def share_with_a_neighbour_of_its_own(points: NDArray[np.float32], groups: NDArray[np.int64]) -> float:
    nearest = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)[:, 0]
    return float((groups == groups[nearest]).mean())


def test_neighbours_stay_neighbours_and_the_same_seed_gives_the_same_map() -> None:
    ids, embeddings, groups = three_groups()
    embeddings[7] = np.nan
    points = umap(ids, embeddings, None, 3, silent)
    assert np.isnan(points[7]).all()
    known = np.arange(len(ids)) != 7
    assert share_with_a_neighbour_of_its_own(points[known], groups[known]) > 0.99
    projected = principal_map(ids, embeddings, None)
    better, worse = (
        trustworthiness(embeddings[known].astype(float), each[known], n_neighbors=10) for each in (points, projected)
    )
    assert better > worse
    np.testing.assert_array_equal(umap(ids, embeddings, None, 3, silent), points)


def test_what_is_not_fitted_goes_to_its_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(particle_map, "MOST_FITTED", 90)
    ids, embeddings, groups = three_groups()
    stages = []
    points = umap(ids, embeddings, None, 3, lambda stage, done, total, message: stages.append((stage, done, total)))
    assert share_with_a_neighbour_of_its_own(points, groups) > 0.99
    assert ("place", 0, len(ids) - 90) in stages


def test_the_map_of_the_next_cycle_lies_over_that_of_the_one_before() -> None:
    ids, embeddings, groups = three_groups()
    before = umap(ids, embeddings, None, 3, silent)
    # The next model: another space of the same shape; ten particles are gone, ten are new.
    turned = (embeddings.astype(float) @ np.linalg.qr(np.random.default_rng(0).standard_normal((24, 24)))[0])[10:]
    after = umap(np.append(ids[20:], np.arange(10)), turned, EarlierMap(ids, before), 3, silent)
    spread = np.linalg.norm(before - before.mean(axis=0), axis=1).mean()
    for group in range(3):
        middles = [
            places[of == group].mean(axis=0)
            for places, of in ((before[20:], groups[20:]), (after[: len(ids) - 20], groups[10 : len(ids) - 10]))
        ]
        assert np.linalg.norm(middles[0] - middles[1]) < 2.0 * spread
    assert np.isfinite(after).all()


def test_laid_over_undoes_turning_mirroring_and_shifting() -> None:
    generator = np.random.default_rng(2)
    points = generator.standard_normal((50, 2)).astype(np.float32)
    moved = points @ np.array([[0.0, 1.0], [1.0, 0.0]], np.float32) + np.float32(4.0)
    moved[3], points[4] = np.nan, np.nan
    back = laid_over(moved, points)
    both = np.isfinite(back).all(axis=1) & np.isfinite(points).all(axis=1)
    np.testing.assert_allclose(back[both], points[both], atol=1e-5)
    assert both.sum() == 48
    np.testing.assert_array_equal(laid_over(points, np.full((50, 2), np.nan, np.float32)), points)


def test_new_particles_start_where_their_like_were() -> None:
    start = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
    earlier = np.array([[5, 5], [7, 5], [5, 7], [np.nan, np.nan]], np.float32)
    np.testing.assert_allclose(carried_on(start, earlier), [[5, 5], [7, 5], [5, 7], [7, 7]], atol=1e-5)


def test_principal_components_are_those_of_standardised_embeddings() -> None:
    generator = np.random.default_rng(4)
    points = generator.standard_normal((400, 6)) @ generator.standard_normal((6, 6)) + 3.0
    points[:, 5] = 2.0  # says nothing
    standardised = (points - points.mean(axis=0)) / np.where(points.std(axis=0) > 0, points.std(axis=0), 1.0)
    left, sizes, _ = np.linalg.svd(standardised, full_matrices=False)
    found = principal_projection(points, 2).apply(points)
    np.testing.assert_allclose(np.abs(found), np.abs(left[:, :2] * sizes[:2]), atol=1e-4)
    assert principal_projection(points[:, :1], 2).apply(points[:, :1]).shape == (400, 2)


def test_memberships_sum_to_the_logarithm_of_the_neighbours() -> None:
    distances = np.sort(np.random.default_rng(1).random((30, 15)) + 0.1, axis=1)
    weights = memberships(distances)
    np.testing.assert_allclose(weights.sum(axis=1), np.log2(15), rtol=1e-4)
    np.testing.assert_array_equal(weights[:, 0], 1.0)
    assert np.isfinite(memberships(np.zeros((4, 5)))).all(), "copies of one particle"


def test_the_curve_is_that_of_the_published_defaults() -> None:
    distance = np.linspace(0, 3, 300)
    wanted = np.where(distance < 0.1, 1.0, np.exp(0.1 - distance))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), distance, wanted)
    np.testing.assert_allclose((CURVE_A, CURVE_B), (a, b), rtol=1e-3)
