"""The database's schema at the start of the program: checked, dumped, brought up to date.

A database outlives the program: a newer schema than the program's is refused, an older one is dumped before it is
changed.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from tomosift.kit.migrations import current_revision, head_revision, knows_revision, upgrade_to_head
from tomosift.supervisor.children import run_to_end
from tomosift.supervisor.embedded_postgres import clean_environment
from tomosift.supervisor.postgres_binaries import PostgresBinaries, find_pg_dump
from tomosift.supervisor.problems import StartProblem

KEPT_DUMPS = 5


@dataclass(frozen=True)
class SchemaUpdate:
    """What was done: revisions before and after (equal: nothing), and the dump made in between."""

    before: str | None
    after: str | None
    dump: Path | None = None

    @property
    def changed(self) -> bool:
        """Whether any migration was applied."""
        return self.before != self.after


def bring_up_to_date(
    database_url: str, *, server_major: int, dumps: Path, binaries: PostgresBinaries | None = None
) -> SchemaUpdate:
    """Check the schema, dump the database if it holds an older one, migrate it. Raises `StartProblem`.

    `binaries`: the installation whose pg_dump fits the server; looked for when not given.
    """
    before, head = current_revision(database_url), head_revision()
    if before == head:
        return SchemaUpdate(before, head)
    if before is None:
        _refuse_foreign_tables(database_url)
        dump = None
    elif not knows_revision(before):
        raise StartProblem(
            f"The database was made by a newer Tomosift: its schema is {before}, this program's is {head}.",
            "Nothing was changed. Install the newer version again, or load a dump of the older schema "
            "(HOME/dumps/ of the embedded database, named by schema) into an empty database.",
        )
    else:
        dump = dump_database(database_url, server_major=server_major, dumps=dumps, label=before, binaries=binaries)
    try:
        upgrade_to_head(database_url)
    except SQLAlchemyError as problem:
        kept = f" A dump from before is {dump}." if dump else ""
        raise StartProblem(
            f"The database could not be brought from schema {before} to {head}: {_why(problem)}",
            f"It was left as it was.{kept} Stop other programs that use it and start again.",
        ) from None
    return SchemaUpdate(before, head, dump)


def _why(problem: SQLAlchemyError) -> str:
    original = getattr(problem, "orig", problem)
    if isinstance(original, LockNotAvailable):
        return "a table is in use by another program, which did not let go of it in time; nothing was changed."
    if isinstance(original, QueryCanceled):
        return "a step took longer than it may; nothing was changed."
    return " ".join(str(original).split())[:400]


def wait_for_schema(database_url: str, seconds: float) -> None:
    """Wait until another process has brought the schema up to date. Raises `StartProblem`."""
    deadline = time.monotonic() + seconds
    head = head_revision()
    while (current := current_revision(database_url)) != head:
        if time.monotonic() > deadline:
            raise StartProblem(
                f"The database's schema is {current or 'empty'}, and this program's is {head}.",
                "Start the service (`tomosift up`) in the same version; it brings the schema up to date.",
            )
        time.sleep(0.5)


def dump_database(
    database_url: str,
    *,
    server_major: int,
    dumps: Path,
    label: str,
    binaries: PostgresBinaries | None = None,
    now: datetime | None = None,
) -> Path:
    """Write the database in pg_dump's custom format, keep the newest `KEPT_DUMPS`, and return the new file."""
    binaries = binaries or find_pg_dump(server_major)
    if binaries is None:
        raise StartProblem(
            f"The database must be dumped before its migration, but there is no pg_dump for PostgreSQL {server_major}.",
            f"Install the client programs of PostgreSQL {server_major} or newer (Debian: postgresql-client-"
            f"{server_major}), and start again.",
        )
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S")
    final = dumps / f"tomosift-{moment}-schema-{label}.dump"
    draft = final.with_suffix(".part")
    url = make_url(database_url)
    # libpq's parameters; the password travels in the environment, which other users cannot read, unlike arguments.
    target = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    target |= {name: value for name, value in url.query.items() if isinstance(value, str)}
    conninfo = " ".join(f"{name}={_quoted(str(value))}" for name, value in target.items() if value is not None)
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600))
    made = run_to_end(
        [binaries.program("pg_dump"), "--format=custom", "--no-password", f"--file={draft}", f"--dbname={conninfo}"],
        env=clean_environment() | ({"PGPASSWORD": str(url.password)} if url.password else {}),
    )
    if made.returncode != 0:
        draft.unlink(missing_ok=True)
        raise StartProblem(
            f"The database could not be dumped before its migration: {' '.join(made.stderr.split())[:400]}",
            f"Nothing was changed. Check the free space where {dumps} is, and start again.",
        )
    draft.replace(final)
    for old in sorted(dumps.glob("tomosift-*.dump"))[:-KEPT_DUMPS]:
        old.unlink()
    return final


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _refuse_foreign_tables(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    tables = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    if tables:
        raise StartProblem(
            f"The database holds tables of another program ({', '.join(tables[:3])}, …).",
            "Give Tomosift a database of its own: CREATE DATABASE tomosift.",
        )
