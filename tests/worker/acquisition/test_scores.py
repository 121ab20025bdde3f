"""Each acquisition function against its formula, worked out by hand or literally."""

import dataclasses

import numpy as np
import pytest

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs, log_softmax
from tomosift_worker.acquisition.settings import ScoringSettings

HALF, QUARTER = 0.5, 0.25
P = np.array([[HALF, QUARTER, QUARTER], [1 / 3, 1 / 3, 1 / 3], [0.9, 0.09, 0.01]])
BEFORE = np.array([[QUARTER, HALF, QUARTER], [1 / 3, 1 / 3, 1 / 3], [0.8, 0.1, 0.1]])


def _pool(seed: int = 0) -> PoolOutputs:
    # Logits are free up to a constant of each row.
    logits = np.log(P) + np.array([[3.0], [0.0], [-50.0]])
    return PoolOutputs(
        item_ids=np.array([11, 5, 7], np.int64),
        logits=logits.astype(np.float32),
        embeddings=np.zeros((3, 2), np.float16),
        seed=seed,
        reference_logits=np.log(BEFORE).astype(np.float32),
        gradnorm_global=np.array([0.1, 0.2, 0.3], np.float32),
        gradnorm_per_tensor=np.array([3.0, 2.0, 1.0], np.float32),
        averaged_logits=np.log(BEFORE).astype(np.float32),
        dropout_entropy=np.array([0.7, 0.6, 0.5], np.float32),
        dropout_expected_entropy=np.array([0.1, 0.5, 0.5], np.float32),
        predicted_loss=np.array([-1.0, 4.0, 0.0], np.float32),
    )


def _score(function: str, **settings: str) -> np.ndarray:
    score = ACQUISITION_FUNCTIONS[function].score
    assert score is not None
    return score(_pool(), ScoringSettings.model_validate(settings))


def test_entropy_by_hand() -> None:
    # H(1/2, 1/4, 1/4) = 3/2 ln 2, H(uniform over 3) = ln 3
    third = -(0.9 * np.log(0.9) + 0.09 * np.log(0.09) + 0.01 * np.log(0.01))
    np.testing.assert_allclose(_score("entropy"), [1.5 * np.log(2), np.log(3), third], rtol=1e-5)


def test_margin_by_hand() -> None:
    np.testing.assert_allclose(_score("margin"), [0.75, 1.0, 1.0 - 0.81], rtol=1e-5)


def test_least_confidence_by_hand() -> None:
    np.testing.assert_allclose(_score("least-confidence"), [0.5, 2 / 3, 0.1], rtol=1e-5)


def test_gradnorms_take_the_reduction_asked_for() -> None:
    for function in ("entropy-gradnorm", "expected-gradnorm"):
        np.testing.assert_allclose(_score(function), [0.1, 0.2, 0.3], rtol=1e-6)
        np.testing.assert_allclose(_score(function, gradnorm_reduction="per-tensor"), [3.0, 2.0, 1.0])


def test_cod_is_the_distance_of_outputs() -> None:
    np.testing.assert_allclose(
        _score("cod"), [np.sqrt(2) / 4, 0.0, np.sqrt(0.01 + 0.0001 + 0.0081)], rtol=1e-5, atol=1e-7
    )
    difference = _pool().logits.astype(np.float64) - np.log(BEFORE)
    np.testing.assert_allclose(
        _score("cod", cod_output="logits"), np.linalg.norm(difference, axis=1), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("function", ["tod-ema", "mean-model"])
def test_the_averaged_model_is_compared_by_its_probabilities(function: str) -> None:
    np.testing.assert_allclose(_score(function), np.linalg.norm(P - BEFORE, axis=1), rtol=1e-5, atol=1e-7)


def test_egl_is_the_expected_norm_of_the_last_layers_gradient() -> None:
    torch = pytest.importorskip("torch")
    pool, generator = _pool(), np.random.default_rng(0)
    pool.embeddings = generator.normal(size=(3, 6)).astype(np.float16)
    layer = torch.nn.Linear(6, 3)
    expected = []
    for h, logits, p in zip(pool.embeddings.astype(np.float32), pool.logits, pool.probabilities, strict=True):
        with torch.no_grad():  # offsets that give this item its logits
            layer.bias.copy_(torch.from_numpy(logits) - layer.weight @ torch.from_numpy(h))
        norms = []
        for label in range(3):
            layer.zero_grad()
            loss = torch.nn.functional.cross_entropy(layer(torch.from_numpy(h)), torch.tensor(label))
            loss.backward()
            norms.append(float(torch.cat([layer.weight.grad.ravel(), layer.bias.grad]).norm()))
        expected.append((p * norms).sum())
    score = ACQUISITION_FUNCTIONS["egl"].score
    assert score is not None
    np.testing.assert_allclose(score(pool, ScoringSettings()), expected, rtol=1e-4)


def test_bald_is_the_entropy_that_the_passes_do_not_share() -> None:
    np.testing.assert_allclose(_score("mc-dropout"), [0.7, 0.6, 0.5], rtol=1e-6)
    np.testing.assert_allclose(_score("bald"), [0.6, 0.1, 0.0], rtol=1e-6, atol=1e-7)


def test_ll4al_is_the_predicted_loss() -> None:
    np.testing.assert_allclose(_score("ll4al"), [-1.0, 4.0, 0.0])


def test_random_follows_from_seed_and_id_alone() -> None:
    score = ACQUISITION_FUNCTIONS["random"].score
    assert score is not None
    n = 20_000
    pool = PoolOutputs(np.arange(n, dtype=np.int64), np.zeros((n, 2), np.float32), np.zeros((n, 1)), seed=4)
    scores = score(pool, ScoringSettings())
    half = PoolOutputs(pool.item_ids[::-2], pool.logits[::2], pool.embeddings[::2], seed=4)
    assert np.array_equal(score(half, ScoringSettings()), scores[::-2])
    pool.seed = 5
    other = score(pool, ScoringSettings())
    for each in (scores, other):
        assert abs(each.mean() - 0.5) < 0.01
        assert each.min() >= 0.0
        assert each.max() < 1.0
        counts = np.histogram(each, bins=20, range=(0, 1))[0]
        assert np.square(counts - n / 20).sum() / (n / 20) < 45.0  # chi square of 19 degrees, p = 0.0007
    assert abs(np.corrcoef(scores, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(scores, np.arange(n))[0, 1]) < 0.03


def test_log_softmax_survives_large_logits() -> None:
    found = log_softmax(np.array([[1e4, 0.0], [-1e4, -1e4]], np.float32))
    np.testing.assert_allclose(found, [[0.0, -1e4], [-np.log(2), -np.log(2)]])


@pytest.mark.parametrize(
    "function", [each for each in ACQUISITION_FUNCTIONS.values() if each.score is not None], ids=lambda each: each.id
)
def test_a_score_says_what_it_needs(function: AcquisitionFunction) -> None:
    """Without the columns it declares it fails with a reason; with them it gives a finite number for each item."""
    assert function.score is not None
    bare = _pool()
    bare.reference_logits = bare.gradnorm_global = bare.gradnorm_per_tensor = bare.averaged_logits = None
    bare.dropout_entropy = bare.dropout_expected_entropy = bare.predicted_loss = None
    if function.needs - {"class_labels", "embeddings"}:
        with pytest.raises(ValueError, match="made no column"):
            function.score(bare, ScoringSettings())
    else:
        assert np.isfinite(function.score(bare, ScoringSettings())).all()
    scores = function.score(_pool(), ScoringSettings())
    assert scores.shape == (3,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


def test_a_function_has_a_score_or_a_strategy() -> None:
    entropy, core_set = ACQUISITION_FUNCTIONS["entropy"], ACQUISITION_FUNCTIONS["core-set"]
    with pytest.raises(ValueError, match="not both"):
        dataclasses.replace(entropy, select=core_set.select)
    with pytest.raises(ValueError, match="not both"):
        dataclasses.replace(entropy, score=None)


def test_the_catalogue_describes_every_function() -> None:
    for function_id, entry in ACQUISITION_FUNCTIONS.items():
        assert entry.id == function_id
        assert entry.title
        assert entry.source
        for sentence in (entry.description, entry.reason):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
