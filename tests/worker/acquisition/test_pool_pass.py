"""One pass over the pool: the same numbers as literal passes, whatever the batches."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.dropout_passes import DROPOUT_STREAM
from tomosift_worker.acquisition.pool_pass import PoolBatch, ReferenceOutputs, run_pool_pass
from tomosift_worker.acquisition.settings import ScoringSettings
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.settings import AC3DSettings, NetworkSettings, ResNet3DSettings
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.settings import PreprocessingSettings

SMALL = ResNet3DSettings(width=4, stem_stride=2)
SMOOTH = PreprocessingSettings(low_pass_sigma_voxels=1.0)
RAW = (10.0 + np.random.default_rng(0).normal(size=(11, 20, 20, 20))).astype(np.float32)
IDS = np.array([5, 3, 8, 13, 21, 34, 55, 89, 144, 233, 377], np.int64)


def _batches(size: int) -> Iterator[PoolBatch]:
    return (PoolBatch(IDS[at : at + size], RAW[at : at + size]) for at in range(0, len(IDS), size))


def _prepare(volumes: torch.Tensor) -> torch.Tensor:
    return prepare(volumes, SMOOTH)


@pytest.mark.parametrize("size", [1, 4, 11])
def test_columns_equal_a_literal_pass(size: int) -> None:
    network = build_network(SMALL, 3, seed=0).train()
    counts: list[int] = []
    found = run_pool_pass(network, _batches(size), _prepare, gradient_norms=True, seed=9, on_batch=counts.append)
    assert not network.training
    assert sum(counts) == len(IDS)
    assert found.seed == 9
    assert np.array_equal(found.item_ids, IDS)
    assert found.gradnorm_global is not None
    assert found.gradnorm_per_tensor is not None
    for each in range(len(IDS)):
        prepared = _prepare(torch.from_numpy(RAW[each])[None, None])
        embedding = network.embed(prepared)
        logits = network.head(embedding)
        np.testing.assert_allclose(found.logits[each], logits[0].detach(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.embeddings[each], embedding[0].detach(), rtol=2e-3, atol=1e-4)
        network.zero_grad()
        p = torch.softmax(logits, dim=1)
        (-(p * p.log()).sum()).backward()
        norms = torch.stack([q.grad.norm() for q in network.parameters() if q.grad is not None])
        np.testing.assert_allclose(found.gradnorm_global[each], norms.norm(), rtol=1e-4)
        np.testing.assert_allclose(found.gradnorm_per_tensor[each], norms.sum(), rtol=1e-4)


def test_gradients_change_nothing_else() -> None:
    network = build_network(SMALL, 3, seed=0)
    plain = run_pool_pass(network, _batches(4), _prepare)
    with_norms = run_pool_pass(network, _batches(4), _prepare, gradient_norms=True)
    assert plain.gradnorm_global is None
    assert plain.reference_logits is None
    np.testing.assert_allclose(plain.logits, with_norms.logits, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("output", ["probabilities", "logits"])
def test_cod_equals_a_literal_loop_with_and_without_stored_outputs(output: str) -> None:
    now, before = build_network(SMALL, 3, seed=0), build_network(SMALL, 3, seed=1).eval()

    def outputs(network: torch.nn.Module, raw: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            logits = network(_prepare(torch.from_numpy(raw)[None, None]))[0]
        return (torch.softmax(logits, dim=0) if output == "probabilities" else logits).double().numpy()

    def stored_for(places: list[int]) -> dict[int, np.ndarray]:
        with torch.no_grad():
            return {int(IDS[p]): before(_prepare(torch.from_numpy(RAW[p])[None, None]))[0].numpy() for p in places}

    asked: list[int] = []

    def compute(volumes: torch.Tensor) -> torch.Tensor:
        asked.append(len(volumes))
        result: torch.Tensor = before(_prepare(volumes))
        return result

    now.eval()
    expected = [np.linalg.norm(outputs(now, raw) - outputs(before, raw)) for raw in RAW]
    for stored in ([], [0, 1, 2, 3, 9], list(range(len(IDS)))):
        asked.clear()
        found = run_pool_pass(now, _batches(4), _prepare, reference=ReferenceOutputs(compute, stored_for(stored)))
        score = ACQUISITION_FUNCTIONS["cod"].score
        assert score is not None
        scores = score(found, ScoringSettings.model_validate({"cod_output": output}))
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
        assert sum(asked) == len(IDS) - len(stored)  # a second forward only for items without a stored output


def test_a_pass_can_be_stopped_and_an_empty_pool_is_an_error() -> None:
    network = build_network(SMALL, 3, seed=0)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_pool_pass(network, _batches(4), _prepare, on_batch=stop)
    with pytest.raises(ValueError, match="pool is empty"):
        run_pool_pass(network, iter(()), _prepare)


def _with_everything(kind: str) -> VolumeClassifier:
    settings: NetworkSettings = (
        ResNet3DSettings(width=4, stem_stride=2, dropout=0.5, loss_module=True)
        if kind == "resnet3d"
        else AC3DSettings(width=4, code_size=8, hidden_size=8, box_size=20, dropout=0.5, loss_module=True)
    )
    network = build_network(settings, 3, seed=0)
    with torch.no_grad():  # answers that differ from one another
        network.head.weight.mul_(8.0)
    return network


@pytest.mark.parametrize("kind", ["resnet3d", "ac3d"])
def test_dropout_and_predicted_losses_equal_a_literal_loop(kind: str) -> None:
    network = _with_everything(kind)
    found = run_pool_pass(network, _batches(4), _prepare, dropout_passes=7, gradient_norms=True, seed=3)
    assert found.dropout_entropy is not None
    assert found.dropout_expected_entropy is not None
    assert found.predicted_loss is not None
    masks = np.random.default_rng([3, DROPOUT_STREAM]).random((7, network.embedding_size)) < 0.5
    assert 0.3 < masks.mean() < 0.7
    for each, raw in enumerate(RAW):
        prepared = _prepare(torch.from_numpy(raw)[None, None])
        with torch.no_grad():
            embedding = network.embed(prepared)
            np.testing.assert_allclose(found.predicted_loss[each], network.predicted_loss(prepared)[0], rtol=1e-3)
            outputs = torch.stack(
                [network.head(embedding * torch.from_numpy(mask) / 0.5)[0].softmax(dim=0) for mask in masks]
            ).double()
        entropies = -(outputs * outputs.log()).sum(dim=1)
        mean = outputs.mean(dim=0)
        np.testing.assert_allclose(found.dropout_entropy[each], -(mean * mean.log()).sum(), rtol=1e-4)
        np.testing.assert_allclose(found.dropout_expected_entropy[each], entropies.mean(), rtol=1e-4)


def test_the_averaged_model_equals_a_literal_loop() -> None:
    now, averaged = build_network(SMALL, 3, seed=0), build_network(SMALL, 3, seed=1)
    found = run_pool_pass(now, _batches(4), _prepare, averaged=averaged)
    with torch.no_grad():
        expected = []
        for raw in RAW:
            prepared = _prepare(torch.from_numpy(raw)[None, None])
            difference = now(prepared).softmax(dim=1) - averaged(prepared).softmax(dim=1)
            expected.append(float(difference.norm()))
    for function in ("tod-ema", "mean-model"):
        score = ACQUISITION_FUNCTIONS[function].score
        assert score is not None
        np.testing.assert_allclose(score(found, ScoringSettings()), expected, rtol=1e-4, atol=1e-6)


def test_passes_with_dropout_need_a_network_with_dropout() -> None:
    with pytest.raises(ValueError, match="built without dropout"):
        run_pool_pass(build_network(SMALL, 3, seed=0), _batches(4), _prepare, dropout_passes=3)


def test_embeddings_too_large_for_half_precision_stay_numbers() -> None:
    network = build_network(SMALL, 3, seed=0)
    found = run_pool_pass(network, _batches(11), lambda volumes: 1e12 * _prepare(volumes))
    assert np.isfinite(found.embeddings).all()
    assert found.embeddings.max() == np.finfo(np.float16).max
