"""Averages of the weights, dropout and the loss module: each by its formula, and exact over a checkpoint."""

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import ResNet3DSettings
from tomosift_worker.training.checkpoint import restore, state_of, weights_of
from tomosift_worker.training.loss_ranking import ranking_loss
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, in_memory

LABELS = np.repeat(np.arange(3), 4).astype(np.int64)


def _trainer(network: dict[str, Any] | None = None, **training: Any) -> SupervisedTrainer:
    volumes = torch.randn(len(LABELS), 1, 10, 10, 10, generator=torch.Generator().manual_seed(0))
    settings = TrainingSettings(**{"steps": 6, "batch_size": 6, "max_shift_voxels": 0, **training})
    built = build_network(ResNet3DSettings(width=4, stem_stride=2, **(network or {})), 3, seed=0)
    return SupervisedTrainer(built, in_memory(volumes), LABELS, settings, seed=1)


@pytest.mark.parametrize(("average", "decay"), [("ema", 0.6), ("mean", 0.999)])
def test_the_average_is_that_of_the_weights_after_each_step(average: str, decay: float) -> None:
    trainer = _trainer(average=average, average_decay=decay)
    assert trainer.averaged is not None
    name = "head.weight"
    expected = weights_of(trainer.network)[name].astype(np.float64)
    seen = []
    for step in range(1, 7):
        trainer.advance()
        seen.append(weights_of(trainer.network)[name].astype(np.float64))
        keep = min(1 - 1 / (step + 1), decay)
        expected = keep * expected + (1 - keep) * seen[-1]
        wanted = np.mean(seen, axis=0) if average == "mean" else expected
        np.testing.assert_allclose(weights_of(trainer.averaged.network)[name], wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("with_more", [{"average": "ema"}, {"average": "mean"}, {"network": {"dropout": 0.5}}])
def test_a_resumed_training_ends_the_same(with_more: dict[str, Any]) -> None:
    whole, interrupted, resumed = (_trainer(**with_more) for _ in range(3))
    for _ in range(3):
        interrupted.advance()
    restore(resumed, load(save(state_of(interrupted))))
    while not whole.finished:
        whole.advance()
    torch.manual_seed(99)  # dropout takes its masks from the step's number, not from torch's own generator
    while not resumed.finished:
        resumed.advance()
    assert save(state_of(resumed)) == save(state_of(whole))


def test_dropout_acts_in_training_only() -> None:
    network = _trainer(network={"dropout": 0.5}).network
    embeddings = torch.ones(4, network.embedding_size)
    network.eval()
    assert torch.equal(network.classify(embeddings), network.head(embeddings))
    network.train()
    assert not torch.equal(network.classify(embeddings), network.head(embeddings))


def test_the_ranking_loss_by_hand() -> None:
    # pairs (0, 3) and (1, 2): losses 2 > 1 predicted 0.5 apart in the right order; 3 < 4 predicted 2 apart, wrongly
    losses, predicted = torch.tensor([2.0, 3.0, 4.0, 1.0]), torch.tensor([1.5, 2.0, 0.0, 1.0])
    assert ranking_loss(predicted, losses).item() == pytest.approx((0.5 + 3.0) / 2)


def test_the_loss_module_learns_and_lets_the_trunk_alone_at_the_end() -> None:
    trainer, plain = _trainer(network={"loss_module": True}, steps=5), _trainer(steps=5)
    module = trainer.network.loss_module
    assert module is not None
    before = module.read.weight.clone()
    trainer.advance()
    plain.advance()
    assert not torch.equal(module.read.weight, before)
    assert not torch.equal(_stem(trainer), _stem(plain))
    for each in (trainer, plain):  # step 3 of 5 is past 60 %
        each.step = 3
    with torch.no_grad():
        for mine, other in zip(plain.network.parameters(), trainer.network.parameters(), strict=False):
            mine.copy_(other)
    volumes, labels = trainer._batch(3)
    for each in (trainer, plain):
        each.network.zero_grad()
        each._objective(volumes, labels)[0].backward()
    torch.testing.assert_close(_gradient(trainer), _gradient(plain))


def _stem(trainer: SupervisedTrainer) -> torch.Tensor:
    return next(trainer.network.parameters()).detach()


def _gradient(trainer: SupervisedTrainer) -> torch.Tensor:
    gradient = next(trainer.network.parameters()).grad
    assert gradient is not None
    return gradient


def test_a_network_without_the_module_predicts_no_loss() -> None:
    with pytest.raises(ValueError, match=r"network\.loss_module"):
        _trainer().network.predicted_loss(torch.zeros(2, 1, 10, 10, 10))
