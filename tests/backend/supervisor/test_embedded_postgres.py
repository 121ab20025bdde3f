"""The embedded database server itself: who gets in, what a crash leaves, what a restart meets."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tomosift.supervisor.embedded_postgres import EmbeddedPostgres, cluster_major
from tomosift.supervisor.postgres_binaries import find_binaries
from tomosift.supervisor.problems import ServiceProblem, StartProblem
from tomosift.supervisor.process_table import birth_mark, descendants


def make_server(folder: Path, password: str = "right", **options: bool) -> EmbeddedPostgres:
    sockets = folder / "run"
    sockets.mkdir(mode=0o700, exist_ok=True)
    return EmbeddedPostgres(
        find_binaries(),
        data=folder / "postgres",
        sockets=sockets,
        password=password,
        log=folder / "postgres.log",
        **options,
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh cluster, to copy."""
    folder = tmp_path_factory.mktemp("t")
    make_server(folder).create_cluster()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A folder with a cluster of the test's own."""
    shutil.copytree(template / "postgres", tmp_path / "postgres", copy_function=shutil.copy2)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = make_server(folder)
    server.start()
    yield server
    server.stop(5.0)


def test_the_cluster_is_private_and_asks_for_a_password(template: Path) -> None:
    data = template / "postgres"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert "trust" not in (data / "pg_hba.conf").read_text()
    assert cluster_major(data) == find_binaries().major
    assert sorted(path.name for path in template.iterdir()) == ["postgres", "run"]


def test_no_tcp_and_no_entry_without_the_password(server: EmbeddedPostgres) -> None:
    with server.connect("postgres") as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'tomosift'").fetchone()
        assert stored is not None
        assert str(stored[0]).startswith("SCRAM-SHA-256$")
    for password in (None, "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(server.sockets), user="tomosift", dbname="postgres", password=password)


def test_the_url_works_for_sqlalchemy(server: EmbeddedPostgres) -> None:
    server.create_database("some name")
    server.create_database("some name")
    with create_engine(server.url("some name")).connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == "some name"


def test_variables_of_the_user_do_not_reach_the_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=1GB")
    server = make_server(folder)
    server.start()
    assert (server.sockets / ".s.PGSQL.5432").is_socket()
    server.stop(5.0)


def test_kill_9_loses_no_committed_row(folder: Path) -> None:
    server = make_server(folder)
    server.start()
    with server.connect("postgres") as connection:
        connection.execute("CREATE TABLE t (x int)")
        connection.execute("INSERT INTO t SELECT generate_series(1, 1000)")
    server.child.signal(signal.SIGKILL)
    # At once: the killed server's own children may still be there.
    again = make_server(folder)
    again.start()
    with again.connect("postgres") as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    again.stop(5.0)
    server.child.close()


def test_a_start_waits_for_a_server_that_is_still_stopping(folder: Path) -> None:
    first = make_server(folder)
    first.start()
    # A smart shutdown waits for this session, as a slow one would for its checkpoint.
    session = first.connect("postgres")
    first.child.signal(signal.SIGTERM)
    second = make_server(folder)
    code = "import sys, time, os; time.sleep(1.5); os.kill(int(sys.argv[1]), 2)"
    helper = subprocess.Popen([sys.executable, "-c", code, str(first.child.pid)])
    began = time.monotonic()
    second.start()
    assert time.monotonic() - began > 0.5
    with second.connect("postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    session.close()
    helper.wait()
    second.stop(5.0)
    first.child.close()


def test_a_stale_lock_file_of_a_reused_process_number_does_not_block(folder: Path) -> None:
    # As after a crash in a container, where process numbers come back: 1 or this test, alive and no server.
    (folder / "postgres" / "postmaster.pid").write_text(
        f"{os.getppid()}\n{folder / 'postgres'}\n0\n5432\n\n\n\nready\n"
    )
    server = make_server(folder)
    server.start()
    server.stop(5.0)


def test_initdb_cut_short_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    half = tmp_path / ".postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = make_server(tmp_path)
    server.create_cluster()
    assert not half.exists()
    server.start()
    server.stop(5.0)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "thesis.tex").touch()
    with pytest.raises(StartProblem, match="holds something that is not a database"):
        make_server(tmp_path).create_cluster()
    assert (tmp_path / "postgres" / "thesis.tex").exists()


def test_a_lost_password_is_explained(folder: Path) -> None:
    server = make_server(folder, password="wrong")
    with pytest.raises(StartProblem, match="Restore that file from a backup"):
        server.start()
    assert not server.child.running


def test_a_damaged_cluster_is_explained(folder: Path) -> None:
    (folder / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(ServiceProblem, match=r"PostgreSQL did not start\. .*Its log is .*postgres\.log"):
        make_server(folder).start()


def test_a_stop_that_is_too_slow_becomes_a_hard_one(folder: Path) -> None:
    server = make_server(folder)
    server.start()
    family = {pid: birth_mark(pid) for pid in descendants(server.child.pid or 0)}
    assert family
    os.kill(server.child.pid or 0, signal.SIGSTOP)  # it cannot even receive the request
    began = time.monotonic()
    server.stop(1.0)
    assert time.monotonic() - began < 3.0
    deadline = time.monotonic() + 5
    while [pid for pid, mark in family.items() if mark and birth_mark(pid) == mark]:
        assert time.monotonic() < deadline, "processes of the server are left"
        time.sleep(0.05)
    again = make_server(folder)
    again.start()
    again.stop(5.0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_user_namespaces_runs_the_server_as_nobody() -> None:
    with tempfile.TemporaryDirectory(prefix="tomosift-test-", dir="/tmp") as name:
        folder = Path(name)
        server = make_server(folder, user_namespace=False)
        server.create_cluster()
        server.start()
        uid = Path(f"/proc/{server.child.pid}").stat().st_uid
        assert uid == (folder / "postgres").stat().st_uid != 0
        assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
        server.stop(5.0)
        # And back: the next start may find namespaces allowed.
        again = make_server(folder)
        again.create_cluster()
        again.start()
        again.stop(5.0)
