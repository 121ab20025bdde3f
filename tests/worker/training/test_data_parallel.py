"""Two processes train as one does with the whole batch."""

import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributed

from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import AC3DSettings, NetworkSettings, ResNet3DSettings
from tomosift_worker.training import data_parallel
from tomosift_worker.training.batches import BatchPlan
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.readers import UnlabeledVolumes, in_memory
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.weights import Arrays, weights_of

PROCESSES, STEPS, BATCH = 2, 3, 6
# SGD: AdamW divides rounding errors by themselves where a gradient is nearly nothing.
PLAIN = TrainingSettings(
    steps=STEPS, batch_size=BATCH, optimizer="sgd", learning_rate=0.05, max_shift_voxels=0, symmetry="none"
)
TRAININGS: dict[str, tuple[NetworkSettings, TrainingSettings]] = {
    "supervised": (ResNet3DSettings(width=4, stem_stride=2), PLAIN),
    "tod": (ResNet3DSettings(width=4, stem_stride=2), PLAIN.model_copy(update={"method": "tod"})),
    "ac3d": (AC3DSettings(width=4, box_size=12, code_size=8), PLAIN.model_copy(update={"method": "ac3d"})),
}


def trained(name: str) -> tuple[Arrays, float, list[int]]:
    """Weights and loss after a few steps, and the labeled volumes this process read."""
    network_settings, settings = TRAININGS[name]
    generator = np.random.default_rng(0)
    labels = np.arange(20) % 3
    volumes = torch.from_numpy(generator.standard_normal((20, 1, 12, 12, 12)))
    seen: list[int] = []

    def read(positions: Any, upcoming: Any) -> torch.Tensor:
        seen.extend(positions.tolist())
        return in_memory(volumes)(positions, upcoming)

    # In double precision, so that what differs is not rounding.
    network = build_network(network_settings, 3, seed=5).double()
    unlabeled = UnlabeledVolumes(in_memory(-volumes), 20)
    trainer = TRAINING_METHODS[name].trainer(network, read, labels, settings, 7, unlabeled)
    while not trainer.finished:
        trainer.advance()
    return weights_of(network), trainer.last_loss, seen


def take_part(number: int, folder: str, answers: Any) -> None:
    """One of the processes: every training, in the same order."""
    torch.set_num_threads(1)
    store = distributed.FileStore(f"{folder}/meet", PROCESSES)
    distributed.init_process_group(
        "gloo", store=store, rank=number, world_size=PROCESSES, timeout=timedelta(seconds=60)
    )
    answers.put((number, {name: trained(name) for name in TRAININGS}, data_parallel.own_seed(1)))
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[dict[str, Any], int]]:
    """What each of two processes found."""
    folder: Path = tmp_path_factory.mktemp("replicas")
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLOO_SOCKET_IFNAME", "lo")
        processes = [context.Process(target=take_part, args=(each, str(folder), queue)) for each in range(PROCESSES)]
        for each in processes:
            each.start()
    found = {number: (trainings, seed) for number, trainings, seed in (queue.get(timeout=200) for _ in processes)}
    for each in processes:
        each.join(30)
    assert [each.exitcode for each in processes] == [0, 0]
    return found


@pytest.mark.parametrize("name", TRAININGS)
def test_two_processes_give_the_weights_of_one_with_the_whole_batch(
    name: str, answers: dict[int, tuple[dict[str, Any], int]]
) -> None:
    alone, loss, seen = trained(name)
    (first, first_loss, first_seen), (second, second_loss, second_seen) = (answers[each][0][name] for each in (0, 1))
    assert sorted(first_seen + second_seen) == sorted(seen)
    assert len(first_seen) == len(second_seen) == STEPS * BATCH // PROCESSES
    for weight, array in alone.items():
        np.testing.assert_array_equal(first[weight], second[weight], err_msg=weight)
        np.testing.assert_allclose(first[weight], array, rtol=1e-4, atol=1e-6, err_msg=weight)
    assert first_loss == second_loss == pytest.approx(loss, rel=1e-4)


def test_processes_draw_random_changes_of_their_own(answers: dict[int, tuple[dict[str, Any], int]]) -> None:
    assert answers[0][1] == 1
    assert answers[1][1] != 1


def test_unequal_shares_are_weighted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_parallel, "process_count", lambda: 2)
    shares = []
    for number in (0, 1):
        monkeypatch.setattr(data_parallel, "process_number", lambda number=number: number)
        shares.append(data_parallel.own_share(5))
    assert shares == [6 / 5, 4 / 5]


def test_alone_a_batch_is_whole() -> None:
    assert len(BatchPlan(np.arange(20) % 3, 6, "none", 0).indices(0)) == 6
    assert data_parallel.own_share(5) == 1.0
    assert data_parallel.agreed(0.3) == 0.3
