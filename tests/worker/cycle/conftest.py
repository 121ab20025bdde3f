"""Cycles set torch up for themselves; tests of other things find it as it was."""

from collections.abc import Iterator

import pytest
import torch
from fixtures.cycle_world import CycleWorld, build_cycle_world

from tomosift.kit.settings import Settings


@pytest.fixture(autouse=True)
def torch_as_before() -> Iterator[None]:
    """Put torch's threads and determinism back after a test."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


@pytest.fixture
def world(settings: Settings) -> CycleWorld:
    """A project with four labels of every class, and its evaluation sample labeled."""
    world = build_cycle_world()
    world.label_some(4)
    return world
