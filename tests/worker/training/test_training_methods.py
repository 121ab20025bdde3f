"""Every training method learns, is deterministic, goes on exactly from a checkpoint, and does what its formula says."""

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import AC3DSettings, NetworkSettings, ResNet3DSettings
from tomosift_worker.training.autoencoding import CascadeTrainer, JointTrainer
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.checkpoint import restore, state_of, weights_of
from tomosift_worker.training.discrepancy import DiscrepancyTrainer
from tomosift_worker.training.readers import UnlabeledVolumes
from tomosift_worker.training.self_training import SelfTrainer
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, in_memory

BOX = 10
LABELS = np.repeat(np.arange(3), [6, 5, 3]).astype(np.int64)
TRUTH = np.arange(40) % 3
METHODS = list(TRAINING_METHODS)


def _volumes(labels: np.ndarray, seed: int) -> torch.Tensor:
    """A bright ball, a bar along z, or nothing, in noise."""
    z, y, x = torch.meshgrid(*[torch.arange(BOX) - (BOX - 1) / 2] * 3, indexing="ij")
    shapes = torch.stack([(z**2 + y**2 + x**2 < 7.0), (y**2 + x**2 < 3.0), torch.zeros(BOX, BOX, BOX).bool()]).float()
    noise = torch.randn(labels.size, 1, BOX, BOX, BOX, generator=torch.Generator().manual_seed(seed))
    return 3.0 * shapes[torch.from_numpy(labels)].unsqueeze(1) + noise


VOLUMES, UNLABELED = _volumes(LABELS, 0), _volumes(TRUTH, 1)


def _trainer(
    method: str, *, seed: int = 1, unlabeled: bool = True, network: dict[str, Any] | None = None, **settings: Any
) -> SupervisedTrainer:
    values = {"steps": 8, "batch_size": 6, "learning_rate": 3e-3, "max_shift_voxels": 1, "method": method, **settings}
    entry, kind = TRAINING_METHODS[method], network or {}
    chosen: NetworkSettings = (
        AC3DSettings(width=4, code_size=8, hidden_size=16, box_size=BOX, **kind)
        if entry.reconstructs
        else ResNet3DSettings(width=4, stem_stride=2, **kind)
    )
    others = UnlabeledVolumes(in_memory(UNLABELED), len(UNLABELED)) if unlabeled else None
    return entry.trainer(
        build_network(chosen, 3, 0), in_memory(VOLUMES), LABELS, TrainingSettings(**values), seed, others
    )


def _run(trainer: SupervisedTrainer, until: int | None = None) -> SupervisedTrainer:
    while not trainer.finished and trainer.step != until:
        trainer.advance()
    return trainer


def _same(one: SupervisedTrainer, two: SupervisedTrainer) -> bool:
    return save(weights_of(one.network)) == save(weights_of(two.network))


@pytest.mark.parametrize("method", METHODS)
def test_it_learns_the_classes(method: str) -> None:
    trainer = _run(_trainer(method, steps=60, pseudo_label_threshold=0.6, pretraining_share=0.3))
    trainer.network.eval()
    with torch.no_grad():
        predicted = trainer.network(UNLABELED).argmax(dim=1).numpy()
    assert (predicted == TRUTH).mean() > 0.8


@pytest.mark.parametrize("stopped_at", [1, 5, 8])
@pytest.mark.parametrize("method", METHODS)
def test_from_a_checkpoint_to_the_same_bits(method: str, stopped_at: int) -> None:
    more: dict[str, Any] = {"pseudo_label_threshold": 0.3, "pseudo_label_rounds": 3, "validation_share": 0.4}
    whole, interrupted, resumed = (_trainer(method, network={"dropout": 0.2}, **more) for _ in range(3))
    _run(whole)
    restore(resumed, load(save(state_of(_run(interrupted, stopped_at)))))
    assert resumed.step == min(stopped_at, whole.step)  # some stop early
    assert save(state_of(_run(resumed))) == save(state_of(whole))


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides(method: str) -> None:
    assert _same(_run(_trainer(method), 3), _run(_trainer(method), 3))
    assert not _same(_run(_trainer(method), 3), _run(_trainer(method, seed=2), 3))


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("tod", {"unlabeled_weight": 5.0}),
        ("tod", {"average_decay": 0.2}),
        ("mean-model", {"unlabeled_weight": 5.0}),
        ("ac3d", {"reconstruction_weight": 9.0}),
        ("ac3d", {"classification_weight": 9.0}),
        ("ac3d", {"code_penalty": 0.1}),
        ("pretrained", {"code_penalty": 0.1}),
        ("pretrained", {"pretraining_share": 0.2}),
        ("self-trained", {"pseudo_label_threshold": 0.0}),
        ("self-trained", {"pseudo_label_threshold": 0.0, "pseudo_label_rounds": 1}),
        ("self-trained", {"pseudo_label_threshold": 0.0, "pseudo_label_sample": 5}),
        ("supervised", {"second_moment_decay": 0.5}),
        ("supervised", {"optimizer": "adam"}),
        ("supervised", {"balance": "weights"}),
        ("supervised", {"validation_share": 0.4}),
        ("supervised", {"average": "ema", "final_weights": "average"}),
    ],
)
def test_every_setting_acts(method: str, change: dict[str, Any]) -> None:
    usual = {"pseudo_label_threshold": 1.0} | ({"pseudo_label_threshold": 0.0} if len(change) > 1 else {})
    assert not _same(_run(_trainer(method, **usual)), _run(_trainer(method, **{**usual, **change})))


def test_tod_is_the_literal_formula() -> None:
    trainer = _trainer("tod", unlabeled_weight=0.7, average_decay=0.6, max_shift_voxels=0, symmetry="none")
    assert isinstance(trainer, DiscrepancyTrainer)
    _run(trainer, 3)
    assert trainer.averaged is not None
    x_u, (x_l, y) = trainer._unlabeled.at(3), trainer._batch(3)
    statistics = {name: value.clone() for name, value in trainer.averaged.network.named_buffers()}
    objective, loss = trainer._objective_of_step()
    for name, value in trainer.averaged.network.named_buffers():
        assert name.endswith("num_batches_tracked") or torch.equal(value, statistics[name])
    trainer.network.train()
    trainer.averaged.network.train()
    with torch.no_grad():
        expected = torch.nn.functional.cross_entropy(trainer.network(x_l), y)
        far = sum(
            float(((now - average) ** 2).sum())
            for now, average in zip(trainer.network(x_u), trainer.averaged.network(x_u), strict=True)
        )
    assert far > 0.0
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(objective.detach(), expected + 0.7 * far / len(x_u))


def test_tod_and_mean_model_keep_their_averages() -> None:
    ema, mean = _trainer("tod"), _trainer("mean-model")
    assert ema.averaged is not None
    assert mean.averaged is not None
    seen = []
    for _ in range(4):
        mean.advance()
        seen.append(weights_of(mean.network)["head.weight"].copy())
    np.testing.assert_allclose(weights_of(mean.averaged.network)["head.weight"], np.mean(seen, axis=0), rtol=1e-5)
    _run(ema, 4)
    assert not _same_arrays(weights_of(ema.averaged.network), weights_of(mean.averaged.network))


def _same_arrays(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return all(np.array_equal(one[name], two[name]) for name in one)


def test_ac3d_is_the_literal_formula_and_its_classifier_sees_no_unlabeled_volume() -> None:
    changes: dict[str, Any] = {"reconstruction_weight": 2.0, "classification_weight": 3.0, "code_penalty": 0.01}
    trainer = _trainer("ac3d", max_shift_voxels=0, symmetry="none", **changes)
    assert isinstance(trainer, JointTrainer)
    network = trainer.network
    x_u, (x_l, y) = trainer._unlabeled.at(0), trainer._batch(0)
    network.train()
    objective, loss = trainer._objective_of_step()
    after_labeled_only = build_network(AC3DSettings(width=4, code_size=8, hidden_size=16, box_size=BOX), 3, 0).train()
    with torch.no_grad():
        expected_loss = torch.nn.functional.cross_entropy(after_labeled_only(x_l), y)
        error = {name: ((network.reconstruct(x) - x) ** 2).mean() for name, x in (("l", x_l), ("u", x_u))}
        penalty = network.encode(torch.cat([x_l, x_u])).abs().sum(dim=1).mean()
    torch.testing.assert_close(loss.detach(), expected_loss)
    expected = 3.0 * expected_loss + 2.0 * error["l"] + error["u"] + 0.01 * penalty
    torch.testing.assert_close(objective.detach(), expected)
    assert torch.equal(network.normalise.running_mean, after_labeled_only.normalise.running_mean)  # type: ignore[arg-type, union-attr]


def test_reconstructions_get_better_where_they_are_trained() -> None:
    for method in ("ac3d", "pretrained"):
        trainer = _trainer(method, steps=40, learning_rate=1e-2, pretraining_share=0.9)
        network = trainer.network
        assert isinstance(network, AC3D)
        with torch.no_grad():
            before = float((network.eval().reconstruct(UNLABELED) - UNLABELED).square().mean())
        _run(trainer)
        with torch.no_grad():
            after = float((network.eval().reconstruct(UNLABELED) - UNLABELED).square().mean())
        assert after < 0.95 * before


def test_the_cascade_learns_no_class_before_its_second_part() -> None:
    trainer = _trainer("pretrained", steps=10, pretraining_share=0.6)
    assert isinstance(trainer, CascadeTrainer)
    at_first = trainer.network.head.weight.detach().clone()
    rates = []
    for step in range(10):
        trainer.advance()
        rates.append(trainer.optimizer.param_groups[0]["lr"])
        assert torch.equal(trainer.network.head.weight, at_first) == (step < 6)
    assert rates[0] == rates[6] == pytest.approx(3e-3)  # the schedule begins anew


def test_self_training_takes_the_sure_ones_of_its_sample_alone() -> None:
    trainer = _trainer("self-trained", pseudo_label_rounds=1, pseudo_label_sample=25, pseudo_label_threshold=0.35)
    assert isinstance(trainer, SelfTrainer)
    _run(trainer, 4)
    assert len(trainer._pseudo_labels) == 0
    network = trainer.network.eval()
    with torch.no_grad():
        confidence, predicted = network(UNLABELED).softmax(dim=1).max(dim=1)
    trainer.advance()
    chosen = trainer._pseudo_positions
    assert 0 < len(chosen) <= 25
    assert bool((confidence[chosen] >= 0.35 - 1e-5).all())
    assert np.array_equal(trainer._pseudo_labels, predicted.numpy()[chosen])
    volumes, labels = trainer._batch(5)
    assert len(volumes) == len(labels) == 6
    assert trainer.figures()["pseudo_labels"] == len(chosen)


@pytest.mark.parametrize("method", [each for each in METHODS if TRAINING_METHODS[each].uses_unlabeled])
def test_without_unlabeled_volumes_it_trains_and_says_so(method: str) -> None:
    trainer = _run(_trainer(method, unlabeled=False))
    assert trainer.finished
    assert any("no unlabeled volumes" in notice for notice in trainer.notices)


def test_reconstructing_methods_refuse_a_network_that_cannot() -> None:
    network = build_network(ResNet3DSettings(width=4), 3, 0)
    for trainer in (JointTrainer, CascadeTrainer):
        with pytest.raises(ValueError, match=r"network\.kind ac3d"):
            trainer(network, in_memory(VOLUMES), LABELS, TrainingSettings(method="ac3d"), 0)


def test_the_loss_module_trains_with_every_method() -> None:
    for method in METHODS:
        trainer = _trainer(method, network={"loss_module": True}, pretraining_share=0.1)
        module = trainer.network.loss_module
        assert module is not None
        before = module.read.weight.detach().clone()
        _run(trainer, 3)
        assert not torch.equal(module.read.weight, before)


@pytest.mark.parametrize("method", METHODS)
def test_it_trains_in_mixed_precision(method: str) -> None:
    trainer = _trainer(method, network={"loss_module": True}, pseudo_label_threshold=0.0)
    trainer._mixed = True  # as on a GPU that has bfloat16
    _run(trainer)
    assert np.isfinite(trainer.last_loss)
    assert all(each.dtype == torch.float32 for each in trainer.network.parameters())


def test_each_method_says_what_it_is_and_has_its_published_settings() -> None:
    for method_id, entry in TRAINING_METHODS.items():
        assert (entry.id, entry.published.method) == (method_id, method_id)
        assert entry.title
        assert entry.source
        assert entry.description.endswith(".")
        assert TrainingSettings.model_validate(entry.published.model_dump()) == entry.published
