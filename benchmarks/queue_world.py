"""A big project for the queue's benchmarks: an embedded PostgreSQL, a pool, a history, an open batch, annotators."""

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import NullPool, create_engine, make_url, text

SLUG = "bench"
_FILL = (
    "INSERT INTO subtomogram (project_id, source_id, source_row, name, tomogram, content_hash, identity) "
    "SELECT :project, :source, g, 'TS/' || g, 'TS_' || g % 50, md5(g::text), decode(md5(g::text), 'hex') "
    "FROM generate_series(0, :pool - 1) g",
    # Written as closed at once: the triggers of open items and of new events have nothing to do for a history.
    "INSERT INTO queue_item (project_id, subtomogram_id, work, position, state, closed_at) "
    "SELECT :project, id, 'query', row_number() OVER (ORDER BY id), 'done', now() "
    "FROM (SELECT id FROM subtomogram ORDER BY id LIMIT :history) s",
    "INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_id, class_set_version, work, "
    "queue_item_id, idempotency_key, payload_hash, response) "
    "SELECT :project, subtomogram_id, (CAST(:users AS uuid[]))[1 + id % :annotators], 'class', :class, 1, 'query', id, "
    "'history-' || id, '', '{}' FROM queue_item",
    "INSERT INTO current_label (subtomogram_id, project_id, kind, class_id, rule, event_id, opinion_count) "
    "SELECT subtomogram_id, :project, 'class', :class, 'single', id, 1 FROM label_event",
    "INSERT INTO evaluation_item (project_id, subtomogram_id, half) "
    "SELECT :project, id, CASE WHEN id % 2 = 0 THEN 'calibrate' ELSE 'report' END "
    "FROM (SELECT id FROM subtomogram ORDER BY id LIMIT :evaluation) s",
)


@dataclass(frozen=True)
class Size:
    """How large a project is: subtomograms, decisions made before, open items, evaluation sample, people."""

    pool: int
    history: int
    batch: int
    evaluation: int
    annotators: int


@dataclass(frozen=True)
class BenchProject:
    """What the clients need: one access token an annotator, one of a curator, a class, and where ids begin and end."""

    project_id: uuid.UUID
    user_ids: list[uuid.UUID]
    tokens: list[str]
    curator_token: str
    class_id: str
    first_id: int
    last_id: int
    fill_seconds: float


@contextlib.contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """The URL of a server of its own, with the settings that the service starts it with."""
    from tomosift.supervisor.embedded_postgres import EmbeddedPostgres
    from tomosift.supervisor.postgres_binaries import find_binaries

    (folder / "run").mkdir(mode=0o700)
    server = EmbeddedPostgres(
        find_binaries(),
        data=folder / "postgres",
        sockets=folder / "run",
        password=uuid.uuid4().hex,
        log=folder / "postgres.log",
    )
    server.create_cluster()
    server.start()
    try:
        yield server.url("postgres")
    finally:
        server.stop(30.0)


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a fresh database with the service's tables; this process uses it while the block lasts."""
    from tomosift.kit.database import reset_engine
    from tomosift.kit.migrations import upgrade_to_head
    from tomosift.kit.settings import get_settings

    name = f"tomosift_bench_{uuid.uuid4().hex[:8]}"
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    upgrade_to_head(url)
    os.environ["TOMOSIFT_DATABASE_URL"] = url
    get_settings.cache_clear()
    reset_engine()
    try:
        yield url
    finally:
        reset_engine()
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def fill(size: Size) -> BenchProject:
    """Write the project into the database of `TOMOSIFT_DATABASE_URL`."""
    from tomosift.accounts.tokens import create_token
    from tomosift.kit.database import transaction
    from tomosift.tables import ParticleClass, Project, ProjectMember, Source, User

    began = time.monotonic()
    with transaction() as session:
        project = Project(slug=SLUG, name="Bench", box_size=32)
        users = [User(name=f"annotator-{number}", display_name="Annotator") for number in range(size.annotators)]
        curator = User(name="curator", display_name="Curator")
        session.add_all([project, curator, *users])
        session.flush()
        session.add_all(ProjectMember(project_id=project.id, user_id=user.id, role="annotator") for user in users)
        session.add(ProjectMember(project_id=project.id, user_id=curator.id, role="curator"))
        classes = [
            ParticleClass(project_id=project.id, position=number, name=f"class {number}", color="#000000")
            for number in range(3)
        ]
        source = Source(
            project_id=project.id,
            name="bench.star",
            flavour="relion-3.1",
            checksum="c",
            row_count=size.pool,
            box_size=32,
            columns=[],
            blocks={},
            table_key="t",
        )
        session.add_all([*classes, source])
        session.flush()
        values = {
            "project": project.id,
            "source": source.id,
            "class": classes[0].id,
            "users": [user.id for user in users],
            "pool": size.pool,
            "history": size.history,
            "evaluation": size.evaluation,
            "annotators": size.annotators,
        }
        for statement in _FILL:
            session.execute(text(statement), values)
        tokens = [create_token(session, user.id, "bench", "write", None)[1] for user in users]
        curator_token = create_token(session, curator.id, "bench", "write", None)[1]
        first, last = session.execute(text("SELECT min(id), max(id) FROM subtomogram")).one()
    queue_batch(project.id, size)
    with create_engine(os.environ["TOMOSIFT_DATABASE_URL"], isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return BenchProject(
        project.id,
        [user.id for user in users],
        tokens,
        curator_token,
        str(classes[1].id),
        first,
        last,
        round(time.monotonic() - began, 1),
    )


def queue_batch(project_id: uuid.UUID, size: Size) -> None:
    """Open a batch at the end of the pool; what is open of an earlier one is closed."""
    from tomosift.kit.database import transaction

    with transaction() as session:
        session.execute(text("UPDATE queue_item SET state = 'superseded', closed_at = now() WHERE state = 'open'"))
        session.execute(
            text(
                "INSERT INTO queue_item (project_id, subtomogram_id, work, batch, position) "
                "SELECT :project, id, 'query', (SELECT max(batch) + 1 FROM queue_item), "
                "row_number() OVER (ORDER BY id) FROM (SELECT s.id FROM subtomogram s WHERE NOT EXISTS "
                "(SELECT 1 FROM label_event e WHERE e.subtomogram_id = s.id) ORDER BY s.id DESC LIMIT :batch) s"
            ),
            {"project": project_id, "batch": size.batch},
        )
