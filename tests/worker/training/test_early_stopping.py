"""Keeping labels back, stopping by them, class weights, epochs and averaged final weights."""

from typing import Any

import numpy as np
import pytest
import torch

from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import ResNet3DSettings
from tomosift_worker.training.checkpoint import weights_of
from tomosift_worker.training.early_stopping import split_for_validation
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, in_memory

LABELS = np.repeat(np.arange(4), [14, 8, 5, 1]).astype(np.int64)


def _trainer(**settings: Any) -> SupervisedTrainer:
    volumes = torch.randn(len(LABELS), 1, 8, 8, 8, generator=torch.Generator().manual_seed(0))
    values = {"steps": 20, "batch_size": 6, "max_shift_voxels": 0, "learning_rate": 1e-2, **settings}
    network = build_network(ResNet3DSettings(width=4, stem_stride=2), 4, 0)
    return SupervisedTrainer(network, in_memory(volumes), LABELS, TrainingSettings(**values), 1)


def _run(trainer: SupervisedTrainer) -> SupervisedTrainer:
    while not trainer.finished:
        trainer.advance()
    return trainer


def test_a_share_is_kept_back_and_no_class_loses_its_last_label() -> None:
    trained, validated = split_for_validation(LABELS, 0.5, seed=0)
    assert sorted([*trained, *validated.tolist()]) == list(range(LABELS.size))
    assert len(validated) == 14
    assert set(LABELS[trained]) == {0, 1, 2, 3}
    again, other = split_for_validation(LABELS, 0.5, 0)[1], split_for_validation(LABELS, 0.5, 1)[1]
    assert torch.equal(validated, again)
    assert not torch.equal(validated, other)


def test_what_is_kept_back_is_never_trained_on() -> None:
    trainer = _trainer(validation_share=0.3)
    _, validated = split_for_validation(LABELS, 0.3, 1)
    seen = {int(each) for step in range(20) for each in trainer._positions(step)[0]}
    assert not seen & set(validated.tolist())


def test_it_stops_when_nothing_is_gained_and_takes_the_best_weights() -> None:
    trainer = _trainer(steps=200, validation_share=0.3, patience=2)  # noise: nothing can be learned
    best: dict[str, Any] = {}
    lowest = np.inf
    while not trainer.finished:
        trainer.advance()
        assert trainer.stopping is not None
        if trainer.stopping.best_loss < lowest and not trainer.finished:
            lowest, best = trainer.stopping.best_loss, {k: v.copy() for k, v in weights_of(trainer.network).items()}
    assert trainer.step < 200
    assert trainer.figures() == {"stopped_early": True, "validation_loss": pytest.approx(lowest)}
    final = weights_of(trainer.network)
    assert all(np.array_equal(final[name], best[name]) for name in final)


def test_too_few_labels_to_judge_by_train_to_the_end_and_are_named() -> None:
    trainer = _run(_trainer(validation_share=0.1))
    assert trainer.step == 20
    assert trainer.notices == ["No early stopping: 10 % of 28 labels are too few to judge by."]


def test_class_weights_are_inverse_to_the_classes() -> None:
    trainer = _trainer(balance="weights")
    labels = torch.tensor([0, 3, 3])
    losses = torch.tensor([1.0, 2.0, 4.0])
    weight = {0: 28 / (4 * 14), 3: 28 / 4}
    expected = (weight[0] * 1 + weight[3] * 6) / (weight[0] + 2 * weight[3])
    assert float(trainer._mean_loss(losses, labels)) == pytest.approx(expected)
    seen = np.concatenate([trainer._positions(step)[0] for step in range(14)])  # three epochs
    assert np.bincount(seen, minlength=28).tolist() == 28 * [3]


def test_epochs_are_passes_over_the_labels() -> None:
    assert _trainer(epochs=3).settings.steps == 3 * 5
    assert _trainer(epochs=3, validation_share=0.3).settings.steps == 3 * 4


def test_the_average_can_be_the_model() -> None:
    plain, averaged = _run(_trainer(average="ema")), _run(_trainer(average="ema", final_weights="average"))
    assert plain.averaged is not None
    assert averaged.averaged is not None
    for one, two in ((plain.averaged.network, averaged.network), (plain.network, averaged.averaged.network)):
        first, second = weights_of(one), weights_of(two)
        assert all(np.array_equal(first[name], second[name]) for name in first)
    with pytest.raises(ValueError, match="no average is kept"):
        TrainingSettings(final_weights="average")
