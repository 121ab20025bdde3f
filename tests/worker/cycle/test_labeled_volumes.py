"""Labeled volumes that are read as the training needs them, a step ahead."""

import threading

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tomosift_worker.cycle.labeled_volumes import StreamedVolumes
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import ResNet3DSettings
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.settings import PreprocessingSettings, TrainingSettings
from tomosift_worker.training.supervised import ReadVolumes, SupervisedTrainer, in_memory

RAW = np.random.default_rng(0).standard_normal((20, 8, 8, 8)).astype(np.float32)
LABELS = np.arange(20) % 2
CPU, PREPROCESSING = torch.device("cpu"), PreprocessingSettings()


class Reads:
    """Tells what was read, and in which thread."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[int], bool]] = []
        self.done = threading.Semaphore(0)

    def __call__(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        self.asked.append((positions.tolist(), threading.current_thread() is threading.main_thread()))
        self.done.release()
        return RAW[positions]


def _positions(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def _trained(read: ReadVolumes) -> dict[str, torch.Tensor]:
    network = build_network(ResNet3DSettings(width=4, stem_stride=2), 2, 0)
    trainer = SupervisedTrainer(network, read, LABELS, TrainingSettings(steps=4, batch_size=6), seed=3)
    while not trainer.finished:
        trainer.advance()
    return network.state_dict()


def test_what_was_announced_is_read_by_another_thread_before_it_is_asked_for() -> None:
    reads = Reads()
    streamed = StreamedVolumes(reads, PREPROCESSING, CPU)
    streamed(_positions(4, 2), _positions(7, 7, 1))
    reads.done.acquire()
    assert reads.done.acquire(timeout=20)
    volumes = streamed(_positions(7, 7, 1), None)
    assert reads.asked == [([4, 2], True), ([7, 7, 1], False)]
    torch.testing.assert_close(volumes, prepare(torch.from_numpy(RAW[[7, 7, 1]]).unsqueeze(1), PREPROCESSING))


def test_other_volumes_than_announced_are_read_all_the_same() -> None:
    streamed = StreamedVolumes(Reads(), PREPROCESSING, CPU)
    streamed(_positions(0), _positions(1))
    volumes = streamed(_positions(5), None)
    torch.testing.assert_close(volumes, prepare(torch.from_numpy(RAW[[5]]).unsqueeze(1), PREPROCESSING))


def test_an_error_of_the_reading_thread_is_raised_where_its_volumes_are_asked_for() -> None:
    def read(positions: NDArray[np.int64]) -> NDArray[np.float32]:
        if positions[0] == 9:
            raise OSError("the disk is gone")
        return RAW[positions]

    streamed = StreamedVolumes(read, PREPROCESSING, CPU)
    streamed(_positions(0), _positions(9))
    with pytest.raises(OSError, match="the disk is gone"):
        streamed(_positions(9), None)


def test_training_is_the_same_from_the_store_and_from_memory() -> None:
    reads = Reads()
    streamed = _trained(StreamedVolumes(reads, PREPROCESSING, CPU))
    kept = _trained(in_memory(prepare(torch.from_numpy(RAW).unsqueeze(1), PREPROCESSING)))
    for name, weights in streamed.items():
        torch.testing.assert_close(weights, kept[name], msg=name)
    # Only the first step's volumes were not read ahead.
    assert [in_main for _, in_main in reads.asked] == [True, False, False, False]
