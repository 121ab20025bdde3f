"""`tomosift up` from outside: starting, what can be reached, stopping, being killed. Real servers, stand-in program."""

import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from fixtures.supervised import UpProcess, listening_tcp_sockets
from sqlalchemy import make_url

from tomosift.supervisor.process_table import birth_mark

pytestmark = pytest.mark.faults
STOP_LIMIT_SECONDS = 6.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpProcess]:
    """One running program for the tests that leave it running."""
    running = UpProcess(tmp_path_factory.mktemp("shared") / "home")
    running.wait_until_ready()
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGTERM)


def wait_for(path: Path, seconds: float = 20.0) -> str:
    deadline = time.monotonic() + seconds
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)
    return path.read_text()


def start_training(up: UpProcess, pid_file: Path) -> int:
    httpx.post(f"{up.url}/tasks/train", params={"path": str(pid_file)}, timeout=20, trust_env=False).raise_for_status()
    return int(wait_for(pid_file))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_in_order_and_leaves_nothing(home: Path, number: signal.Signals, tmp_path: Path) -> None:
    marker = tmp_path / "after"
    up = UpProcess(home, STANDIN_AFTER_READY=str(marker))
    up.wait_until_ready()
    assert "postgresql+psycopg://" in wait_for(marker)
    if number == signal.SIGTERM:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{up.url}/slow", timeout=0.5, trust_env=False)
    time.sleep(0.2)
    assert up.stop(number) <= STOP_LIMIT_SECONDS
    assert up.process.returncode == 0
    assert up.survivors() == []
    assert (home / "lock").read_text() == ""
    assert not (home / "service.json").exists()
    # An orderly stop of Postgres: no recovery at the next start.
    assert "database system is shut down" in (home / "logs" / "postgres.log").read_text()
    said = up.output()
    assert said.count("#token=standin") == 1
    assert "PostgreSQL 18 ready in" in said
    assert "Impossible worker not started: the Python package no_such_module is not installed" in said
    assert "Stopped in" in said


def test_stops_in_time_in_the_middle_of_training(home: Path, tmp_path: Path) -> None:
    up = UpProcess(home)
    up.wait_until_ready()
    training = start_training(up, tmp_path / "pid")
    born = birth_mark(training)
    assert born is not None
    assert up.stop() <= STOP_LIMIT_SECONDS
    assert up.survivors() == []
    assert birth_mark(training) != born


def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_start_works(home: Path, tmp_path: Path) -> None:
    up = UpProcess(home)
    up.wait_until_ready()
    start_training(up, tmp_path / "pid")
    assert len(up.note_family()) > 8
    up.process.kill()
    # At once, while the children are still on their way out, on the same folder and port.
    after = UpProcess(home, port=up.port)
    after.wait_until_ready()
    # The worker's own training process is the only one without a net here: it is no Tomosift process.
    stubborn = int((tmp_path / "pid").read_text())
    up.family.pop(stubborn, None)
    assert up.survivors(patience_seconds=6.0) == []
    assert after.stop() <= STOP_LIMIT_SECONDS
    os.kill(stubborn, signal.SIGKILL)


def test_closed_by_default(shared: UpProcess) -> None:
    up, home = shared, shared.home
    family = [up.process.pid, *up.note_family()]
    assert listening_tcp_sockets(family) == {f"127.0.0.1:{up.port}"}
    for path in (home, *(entry for entry in home.rglob("*") if entry.is_dir())):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in (*(home / "secrets").iterdir(), home / "lock", home / "service.json", *(home / "logs").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    password = (home / "secrets" / "postgres_password").read_text().strip()
    assert len(password) >= 32
    for pid in family:
        assert password not in Path(f"/proc/{pid}/cmdline").read_text()
    rules = [line for line in (home / "postgres" / "pg_hba.conf").read_text().splitlines() if line[:1] not in ("", "#")]
    assert rules == ["local all all scram-sha-256"]
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host=str(home / "run"), user="tomosift", dbname="tomosift")


def test_second_start_is_quick_and_keeps_the_data(home: Path, tmp_path: Path) -> None:
    marker = tmp_path / "url"
    first = UpProcess(home, STANDIN_AFTER_READY=str(marker))
    first.wait_until_ready()
    url = make_url(wait_for(marker)).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (x int)")
    first.stop()
    second = UpProcess(home)
    assert second.wait_until_ready() <= 10.0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    second.stop()


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    home = tmp_path / ("long " * 12) / ("name, with 'odd' \"letters\" " * 3)
    up = UpProcess(home)
    up.wait_until_ready()
    sockets = Path((home / "run" / "socket_folder").read_text())
    assert len(str(sockets)) < 60
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert (sockets / ".s.PGSQL.5432").is_socket()
    assert (sockets / "redis.sock").is_socket()
    up.stop()
    assert not sockets.exists()


@pytest.mark.parametrize("name", ["postgres", "redis", "api", "worker-cpu", "worker-gpu"])
def test_a_killed_child_is_started_again(shared: UpProcess, name: str, tmp_path: Path) -> None:
    up = shared
    before = up.child(name)
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while up.child(name) == before:
        assert time.monotonic() < deadline, "not started again"
        time.sleep(0.05)
    up.wait_for_answer("/readyz")
    done = tmp_path / "done"
    deadline = time.monotonic() + 30
    while not done.exists():
        assert time.monotonic() < deadline, "the worker does not work"
        try:
            httpx.post(f"{up.url}/tasks/touch", params={"path": str(done)}, timeout=20, trust_env=False)
        except httpx.HTTPError:
            pass
        time.sleep(0.3)


def test_requests_wait_while_the_service_restarts(shared: UpProcess) -> None:
    before = httpx.get(f"{shared.url}/pid", trust_env=False).json()
    os.kill(before, signal.SIGKILL)
    answer = httpx.get(f"{shared.url}/pid", timeout=20, trust_env=False)
    assert answer.json() != before


def test_several_processes_answer_on_one_socket(home: Path) -> None:
    up = UpProcess(home, TOMOSIFT_API_PROCESSES="2")
    up.wait_until_ready()
    answering: set[int] = set()
    deadline = time.monotonic() + 30
    while len(answering) < 2:
        assert time.monotonic() < deadline, f"only {answering} answer"
        answering |= pids_of_requests_at_once(up, 20)
    assert answering == {up.child("api"), up.child("api-2")}
    killed = up.child("api")
    os.kill(killed, signal.SIGKILL)
    assert killed not in pids_of_requests_at_once(up, 5)
    up.stop()


def pids_of_requests_at_once(up: UpProcess, count: int) -> set[int]:
    """Which processes answer, on connections that are open at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return set(pool.map(lambda _: httpx.get(f"{up.url}/pid", timeout=20, trust_env=False).json(), range(count)))


def test_lock_file_tells_the_address(shared: UpProcess) -> None:
    assert json.loads((shared.home / "lock").read_text()) == {"pid": shared.process.pid, "url": shared.url}


def test_gives_up_on_a_child_that_keeps_failing(shared: UpProcess) -> None:
    """Runs last: it ends the shared program."""
    up, home = shared, shared.home
    up.note_family()
    killed: set[int] = set()
    deadline = time.monotonic() + 60
    while up.process.poll() is None:
        assert time.monotonic() < deadline
        try:
            pid = up.child("worker-cpu")
        except FileNotFoundError:
            break
        if pid not in killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    up.process.wait(10)
    assert up.process.returncode == 1
    said = up.output()
    assert "PostgreSQL 18 was killed by signal 9; starting it again" in said
    assert "CPU worker ended 5 times within a minute" in said
    assert str(home / "logs" / "worker-cpu.log") in said.replace("\n", "")
    assert up.survivors() == []
