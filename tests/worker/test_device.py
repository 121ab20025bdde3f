"""How torch is set up for the device it runs on."""

import os

import pytest

from tomosift_worker.device import usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system binds no process to cores")
@pytest.mark.parametrize(
    ("wanted", "cores"), [("", 4), ("2", 2), ("3,1", 3), ("16", 4), ("0", 4), ("-1", 4), ("many", 4)]
)
def test_training_uses_no_more_cores_than_it_is_given(monkeypatch: pytest.MonkeyPatch, wanted: str, cores: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 4, 5})
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert usable_cores() == cores
