"""Tests of training run torch deterministically in one thread; tests of other things find it as it was."""

from collections.abc import Iterator

import pytest
import torch

from tomosift_worker.device import set_up_cpu


@pytest.fixture(autouse=True)
def deterministic() -> Iterator[None]:
    """Set torch up, and put it back."""
    threads, before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    set_up_cpu(threads=1)
    yield
    torch.use_deterministic_algorithms(before)
    torch.set_num_threads(threads)
