"""Children get the settings of the supervisor, whatever way it got them."""

import os
from pathlib import Path

import pytest

from tomosift.kit.settings import Settings
from tomosift.supervisor.program import TOMOSIFT, settings_environment


def test_settings_survive_the_way_through_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("TOMOSIFT_")]:
        monkeypatch.delenv(name)
    settings = Settings(
        home=tmp_path,
        port=9000,
        allowed_hosts=["a.example", "b.example"],
        import_roots=[Path("/data/one"), Path("/data/two")],
        lease_minutes=3.5,
        store_options={"endpoint_url": "http://minio:9000", "client_kwargs": {"region_name": "eu"}},
        log_format="json",
        database_url="postgresql+psycopg://x/y",
    )
    environment = settings_environment(settings)
    assert "TOMOSIFT_REDIS_URL" not in environment
    assert "TOMOSIFT_DEVICE" not in environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_the_training_worker_needs_torch_and_one_thread() -> None:
    cpu, gpu = TOMOSIFT.workers
    assert cpu.can_run
    assert (gpu.queue, gpu.concurrency, gpu.needs) == ("gpu", 1, "torch")
