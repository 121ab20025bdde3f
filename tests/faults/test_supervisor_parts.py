"""The parts alone, as the containers of a lab server run them: the API here, workers there, one data folder."""

import time
from pathlib import Path

import httpx
import pytest
from fixtures.supervised import UpProcess

pytestmark = pytest.mark.faults


def test_api_and_worker_apart(tmp_path: Path, empty_database: str, redis_server: str) -> None:
    home = tmp_path / "home"
    servers = {"TOMOSIFT_DATABASE_URL": empty_database, "TOMOSIFT_REDIS_URL": redis_server}
    # The worker first: it waits until the API's program has made the tables.
    worker = UpProcess(home, STANDIN_PART="worker", **servers)
    another = UpProcess(home, STANDIN_PART="worker", **servers)
    api = UpProcess(home, STANDIN_PART="api", **servers)
    api.wait_until_ready()
    done = tmp_path / "done"
    httpx.post(f"{api.url}/tasks/touch", params={"path": str(done)}, timeout=20, trust_env=False).raise_for_status()
    deadline = time.monotonic() + 60
    while not done.exists():
        assert time.monotonic() < deadline, "no worker took the task"
        time.sleep(0.1)
    # What the parts write belongs to the container's log.
    assert not list((home / "logs").iterdir())
    assert len(api.note_family()) == 1
    # One of the two did the task; the other may still be starting.
    for up in (worker, another):
        up.wait_until_it_said("ready.")
    for up in (worker, another, api):
        assert up.stop() <= 6.0
        assert up.process.returncode == 0
        assert up.survivors() == []
    assert "#token=standin" in api.output()
    assert "#token=standin" not in worker.output()


def test_a_worker_alone_needs_the_services_servers(tmp_path: Path) -> None:
    up = UpProcess(tmp_path / "home", STANDIN_PART="worker")
    up.process.wait(30)
    said = " ".join(up.output().split())
    assert up.process.returncode == 2
    assert "A worker alone needs the database and Redis" in said
