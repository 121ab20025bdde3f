"""The schema at the start of the program: newer ones refused, older ones dumped and migrated."""

import shutil
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, make_url, text

from tomosift.kit import migrations
from tomosift.kit.schema_revision import SCHEMA_REVISION
from tomosift.supervisor.children import run_to_end
from tomosift.supervisor.embedded_postgres import clean_environment
from tomosift.supervisor.postgres_binaries import find_binaries
from tomosift.supervisor.problems import StartProblem
from tomosift.supervisor.schema_update import SchemaUpdate, bring_up_to_date, dump_database, wait_for_schema

NEXT = '''
"""One more table."""
from alembic import op

revision = "9001"
down_revision = "{head}"
branch_labels = None
depends_on = None

def upgrade():
    op.execute("CREATE TABLE one_more (x int)")
    op.execute("{statement}")

def downgrade():
    pass
'''


@pytest.fixture
def dumps(tmp_path: Path) -> Path:
    folder = tmp_path / "dumps"
    folder.mkdir()
    return folder


@pytest.fixture
def head() -> str:
    revision = migrations.head_revision()
    assert revision is not None
    return revision


def test_the_written_revision_is_the_newest_migration(head: str) -> None:
    assert head == SCHEMA_REVISION


@pytest.fixture
def add_migration(tmp_path: Path, head: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the program know one migration more; returns its file, which a test may rewrite."""
    scripts = tmp_path / "scripts"
    shutil.copytree(migrations.scripts_folder(), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "scripts_folder", lambda: scripts)
    path = scripts / "versions" / "9001_one_more.py"
    path.write_text(NEXT.format(head=head, statement="SELECT 1"))
    return path


def major(url: str) -> int:
    with create_engine(url).connect() as connection:
        return int(connection.scalar(text("SHOW server_version_num"))) // 10_000


def bring(url: str, dumps: Path) -> SchemaUpdate:
    return bring_up_to_date(url, server_major=major(url), dumps=dumps)


def test_an_empty_database_gets_its_tables_without_a_dump(empty_database: str, dumps: Path, head: str) -> None:
    update = bring(empty_database, dumps)
    assert (update.before, update.after, update.dump) == (None, head, None)
    assert inspect(create_engine(empty_database)).has_table("project")
    again = bring(empty_database, dumps)
    assert not again.changed
    assert list(dumps.iterdir()) == []


@pytest.mark.usefixtures("add_migration")
def test_a_dump_is_made_before_a_migration_and_can_be_loaded(
    empty_database: str, dumps: Path, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The program of yesterday made the database; today's knows one migration more.
    command.upgrade(migrations.alembic_config(empty_database), head)
    with create_engine(empty_database).begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 42 AS answer"))
    monkeypatch.setenv("PGPASSWORD", "of somebody else")
    update = bring(empty_database, dumps)
    assert (update.before, update.after) == (head, "9001")
    assert update.dump is not None
    assert f"schema-{head}" in update.dump.name
    assert stat.S_IMODE(update.dump.stat().st_mode) == 0o600
    assert inspect(create_engine(empty_database)).has_table("one_more")
    with create_engine(empty_database).begin() as connection:
        for table in ("kept", "one_more"):
            connection.execute(text(f"DROP TABLE {table}"))
    url = make_url(empty_database)
    restored = run_to_end(
        [
            find_binaries().program("pg_restore"),
            *("--host", str(url.query.get("host", url.host))),
            *("--username", str(url.username)),
            *("--dbname", str(url.database)),
            *("--table", "kept", str(update.dump)),
        ],
        env=clean_environment() | {"PGPASSWORD": str(url.password)},
    )
    assert restored.returncode == 0, restored.stderr
    with create_engine(empty_database).connect() as connection:
        assert connection.scalar(text("SELECT answer FROM kept")) == 42


def test_a_failed_migration_leaves_the_database_as_it_was(
    empty_database: str, dumps: Path, head: str, add_migration: Path
) -> None:
    command.upgrade(migrations.alembic_config(empty_database), head)
    add_migration.write_text(NEXT.format(head=head, statement="SELECT 1 / 0"))
    with pytest.raises(StartProblem, match=r"division by zero.* left as it was\. A dump from before is"):
        bring(empty_database, dumps)
    assert migrations.current_revision(empty_database) == head
    assert not inspect(create_engine(empty_database)).has_table("one_more")


def test_the_schema_of_a_newer_program_is_refused(empty_database: str, dumps: Path) -> None:
    migrations.upgrade_to_head(empty_database)
    with create_engine(empty_database).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '4711'"))
    with pytest.raises(StartProblem, match="made by a newer Tomosift: its schema is 4711"):
        bring(empty_database, dumps)
    assert list(dumps.iterdir()) == []


def test_tables_of_another_program_are_left_alone(empty_database: str, dumps: Path) -> None:
    with create_engine(empty_database).begin() as connection:
        connection.execute(text("CREATE TABLE invoices (x int)"))
    with pytest.raises(StartProblem, match=r"tables of another program \(invoices"):
        bring(empty_database, dumps)
    assert not inspect(create_engine(empty_database)).has_table("project")


def test_two_programs_at_once(empty_database: str) -> None:
    upgrade = "import sys; from tomosift.kit.migrations import upgrade_to_head; upgrade_to_head(sys.argv[1])"
    # The advisory lock of the migrations, held here: neither may begin.
    engine = create_engine(empty_database)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(815043211)"))
        programs = [subprocess.Popen([sys.executable, "-P", "-c", upgrade, empty_database]) for _ in range(2)]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while connection.scalar(text(waiting)) < 2:
            assert all(program.poll() is None for program in programs)
            time.sleep(0.05)
        assert not inspect(connection).has_table("project")
    engine.dispose()
    assert [program.wait(60) for program in programs] == [0, 0]
    assert migrations.current_revision(empty_database) == migrations.head_revision()


def test_only_the_newest_dumps_are_kept(database_url: str, dumps: Path) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        dump_database(
            database_url, server_major=major(database_url), dumps=dumps, label="1", now=start + timedelta(days=day)
        )
        for day in range(7)
    ]
    assert sorted(dumps.iterdir()) == made[2:]


def test_a_failed_dump_stops_the_migration(tmp_path: Path, database_url: str) -> None:
    url = make_url(database_url).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(StartProblem, match=r"could not be dumped before its migration.*Nothing was changed"):
        dump_database(url, server_major=major(database_url), dumps=tmp_path, label="1")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_waits_for_the_schema(empty_database: str) -> None:
    timer = threading.Timer(0.7, migrations.upgrade_to_head, [empty_database])
    timer.start()
    wait_for_schema(empty_database, 30)
    timer.join()
    assert migrations.current_revision(empty_database) == migrations.head_revision()


def test_a_worker_does_not_wait_for_ever(empty_database: str) -> None:
    with pytest.raises(StartProblem, match="schema is empty"):
        wait_for_schema(empty_database, 0.1)
