"""The whole real program under the supervisor: closed by default, and stopped or killed in the middle of training."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fixtures.cycle_world import CycleWorld, build_cycle_world
from fixtures.live_service import LiveService, start_service
from fixtures.supervised import UpProcess, listening_tcp_sockets
from sqlalchemy import select

from tomosift.kit.database import reset_engine, transaction
from tomosift.kit.settings import get_settings
from tomosift.tables import Job

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
LONG_TRAINING = {"network": {"width": 8, "stem_stride": 1}, "training": {"steps": 100_000, "checkpoint_seconds": 1.0}}


Start = Callable[[], LiveService]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def start(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start the program and let this process work in its database and store; stopped after the test at the latest."""
    monkeypatch.setenv("TOMOSIFT_HOME", str(home))
    started: list[UpProcess] = []

    def start() -> LiveService:
        service = start_service(home, "--no-demo")
        started.append(service.process)
        use_database(service, monkeypatch)
        return service

    yield start
    reset_engine()
    get_settings.cache_clear()
    for up in started:
        if up.process.poll() is None:
            up.stop()


def use_database(service: LiveService, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = Path(f"/proc/{service.process.child('api')}/environ").read_bytes().split(b"\0")
    found = dict(line.decode().split("=", 1) for line in variables if b"=" in line)
    monkeypatch.setenv("TOMOSIFT_DATABASE_URL", found["TOMOSIFT_DATABASE_URL"])
    get_settings.cache_clear()
    reset_engine()


def job_of(world: CycleWorld) -> Job:
    with transaction() as session:
        return session.scalars(select(Job).where(Job.project_id == world.project_id)).one()


def train_for_a_while(service: LiveService, world: CycleWorld, attempt: int = 1) -> list[int]:
    """Wait until the training process of an attempt has made some steps; returns the processes that came with it."""

    def is_under_way() -> bool:
        job = job_of(world)
        assert job.state in ("queued", "running"), job.problem
        return job.attempt == attempt and (job.progress or {}).get("done", 0) > 2

    before = set(service.process.family)
    service.wait_for("training", is_under_way)
    return [pid for pid in service.process.note_family() if pid not in before]


def is_training(pid: int) -> bool:
    return "tomosift_worker.cycle" in Path(f"/proc/{pid}/cmdline").read_text()


def test_stopped_and_killed_in_training_it_leaves_nothing_and_goes_on(start: Start) -> None:
    service = start()
    world = build_cycle_world()
    world.label_some()
    world.launch(**LONG_TRAINING)
    training = train_for_a_while(service, world)
    assert any(is_training(pid) for pid in training)
    up = service.process
    assert listening_tcp_sockets([up.process.pid, *up.family]) == {f"127.0.0.1:{up.port}"}

    # Ctrl-C in mid-training.
    assert service.process.stop(signal.SIGINT) <= 6.0
    assert service.process.survivors() == []
    assert "#token=" in service.process.output()

    # The next start takes the training up again; this time the supervisor is killed.
    service = start()
    train_for_a_while(service, world, attempt=2)
    service.process.process.kill()
    assert service.process.survivors(patience_seconds=10.0) == []

    # And once more, on what a killed program left.
    service = start()
    train_for_a_while(service, world, attempt=3)
    assert service.process.stop(signal.SIGTERM) <= 6.0
    assert service.process.survivors() == []
