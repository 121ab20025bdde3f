"""Training learns, is deterministic, and goes on from a checkpoint to the very same weights."""

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from tomosift_worker.device import place, set_up_cpu
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.settings import ResNet3DSettings
from tomosift_worker.training.checkpoint import CheckpointMismatch, load_weights, restore, state_of, weights_of
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer, TrainingDiverged, in_memory

BOX = 12
LABELS = np.repeat(np.arange(3), [24, 12, 4]).astype(np.int64)


@pytest.fixture(autouse=True)
def _deterministic() -> Any:
    before = torch.get_num_threads()
    set_up_cpu(threads=1)
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(before)


def _volumes() -> torch.Tensor:
    """A bright ball, a bar along z, or nothing, in noise."""
    generator = torch.Generator().manual_seed(0)
    z, y, x = torch.meshgrid(*[torch.arange(BOX) - (BOX - 1) / 2] * 3, indexing="ij")
    shapes = torch.stack([(z**2 + y**2 + x**2 < 9.0), (y**2 + x**2 < 3.0), torch.zeros(BOX, BOX, BOX).bool()]).float()
    return 1.5 * shapes[torch.from_numpy(LABELS)].unsqueeze(1) + torch.randn(
        LABELS.size, 1, BOX, BOX, BOX, generator=generator
    )


def _network(width: int = 4) -> VolumeClassifier:
    return place(build_network(ResNet3DSettings(width=width, stem_stride=1), 3, seed=0), torch.device("cpu"))


def _trainer(seed: int = 1, **settings: Any) -> SupervisedTrainer:
    settings = {"steps": 12, "batch_size": 9, "learning_rate": 1e-2, "max_shift_voxels": 1, **settings}
    return SupervisedTrainer(_network(), in_memory(_volumes()), LABELS, TrainingSettings(**settings), seed)


def _run(trainer: SupervisedTrainer, until: int | None = None) -> SupervisedTrainer:
    while not trainer.finished and trainer.step != until:
        trainer.advance()
    return trainer


def _same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def test_it_learns_the_classes() -> None:
    trainer = _run(_trainer(steps=40))
    trainer.network.eval()
    with torch.no_grad():
        predicted = trainer.network(_volumes()).argmax(dim=1).numpy()
    assert trainer.last_loss < 0.3
    assert (predicted == LABELS).mean() > 0.9


@pytest.mark.parametrize(
    ("optimizer", "stopped_at", "threads"),
    [("adamw", 1, 1), ("adamw", 5, 2), ("adamw", 11, 1), ("adamw", 12, 1), ("sgd", 1, 1), ("sgd", 5, 2)],
)
def test_from_a_checkpoint_to_bit_identical_weights(optimizer: str, stopped_at: int, threads: int) -> None:
    set_up_cpu(threads)
    whole = _run(_trainer(optimizer=optimizer))
    interrupted = _run(_trainer(optimizer=optimizer), until=stopped_at)
    file = save(state_of(interrupted))
    resumed = _trainer(optimizer=optimizer)
    restore(resumed, load(file))
    assert resumed.step == stopped_at
    _run(resumed)
    assert _same(state_of(resumed), state_of(whole))
    assert save(weights_of(resumed.network)) == save(weights_of(whole.network))


def test_the_seed_decides() -> None:
    assert _same(weights_of(_run(_trainer(seed=1)).network), weights_of(_run(_trainer(seed=1)).network))
    assert not _same(weights_of(_run(_trainer(seed=1)).network), weights_of(_run(_trainer(seed=2)).network))


@pytest.mark.parametrize(
    "change",
    [
        {"symmetry": "none"},
        {"symmetry": "mirrors"},
        {"max_shift_voxels": 0},
        {"balance": "none"},
        {"schedule": "constant"},
        {"weight_decay": 0.5},
        {"label_smoothing": 0.3},
        {"optimizer": "sgd"},
        {"learning_rate": 1e-3},
        {"batch_size": 8},
    ],
)
def test_every_setting_acts(change: dict[str, Any]) -> None:
    usual, changed = _run(_trainer(steps=3)), _run(_trainer(steps=3, **change))
    assert not _same(weights_of(usual.network), weights_of(changed.network))


def test_momentum_acts_on_sgd() -> None:
    one, two = (_run(_trainer(steps=3, optimizer="sgd", momentum=m)) for m in (0.0, 0.9))
    assert not _same(weights_of(one.network), weights_of(two.network))


def test_a_diverging_loss_is_an_error_that_says_what_to_do() -> None:
    trainer = _trainer(steps=40, optimizer="sgd", learning_rate=10.0, schedule="constant", weight_decay=1.0)
    with torch.no_grad():
        trainer.network.head.weight.fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="after 20 steps; try a learning rate below 10"):
        _run(trainer)


def test_one_class_cannot_be_trained_on() -> None:
    with pytest.raises(ValueError, match="two classes"):
        SupervisedTrainer(_network(), in_memory(_volumes()), np.zeros(40, np.int64), TrainingSettings(), 0)


def test_a_class_with_one_label_trains() -> None:
    labels = np.array([0] * 39 + [2], np.int64)
    trainer = SupervisedTrainer(_network(), in_memory(_volumes()), labels, TrainingSettings(steps=2, batch_size=6), 0)
    assert np.isfinite(_run(trainer).last_loss)


def test_a_checkpoint_of_another_network_is_refused() -> None:
    state = state_of(_run(_trainer(), until=1))
    other = SupervisedTrainer(_network(width=8), in_memory(_volumes()), LABELS, TrainingSettings(), 0)
    with pytest.raises(CheckpointMismatch, match="do not fit"):
        restore(other, state)
    with pytest.raises(CheckpointMismatch, match="do not fit"):
        load_weights(_network(), {"nonsense": np.zeros(3)})
