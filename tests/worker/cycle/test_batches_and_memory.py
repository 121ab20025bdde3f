"""Smaller batches when memory runs out; reading ahead."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tomosift_worker.acquisition.pool_pass import PoolBatch
from tomosift_worker.cycle.memory import is_out_of_memory, with_smaller_batches
from tomosift_worker.cycle.volumes import read_ahead


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried …"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        MemoryError(),
    ],
)
def test_every_device_may_say_it_its_way(error: Exception) -> None:
    assert is_out_of_memory(error)


def test_other_errors_are_not_taken_for_it() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_the_batch_is_halved_until_it_fits_and_each_time_said() -> None:
    tried, said = [], []

    def work(size: int) -> str:
        tried.append(size)
        if size > 6:
            raise torch.OutOfMemoryError("full")
        return f"done with {size}"

    assert with_smaller_batches(work, 24, 2, said.append) == "done with 6"
    assert (tried, said) == ([24, 12, 6], [12, 6])


def test_a_real_failure_to_allocate_is_recognised() -> None:
    def work(size: int) -> int:
        if size > 1:
            torch.empty(2**58, dtype=torch.float32)
        return size

    assert with_smaller_batches(work, 4, 1, lambda size: None) == 1


def test_below_the_smallest_batch_the_error_comes_through() -> None:
    def work(size: int) -> None:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        with_smaller_batches(work, 5, 2, lambda size: None)


def batch(number: int) -> PoolBatch:
    return PoolBatch(np.array([number]), np.zeros((1, 2, 2, 2), np.float32))


def test_reading_ahead_keeps_the_order() -> None:
    read = [int(each.item_ids[0]) for each in read_ahead(batch(number) for number in range(9))]

    assert read == list(range(9))


def test_an_error_while_reading_reaches_the_reader() -> None:
    def broken() -> Iterator[PoolBatch]:
        yield batch(0)
        raise OSError("the disk is gone")

    ahead = read_ahead(broken())
    assert next(ahead).item_ids[0] == 0
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_a_reader_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    ahead = read_ahead(batch(number) for number in range(100))
    next(ahead)

    ahead.close()  # type: ignore[attr-defined]

    assert threading.active_count() == before
