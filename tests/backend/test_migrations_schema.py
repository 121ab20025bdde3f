"""Migrations and tables agree; migrations run from nothing to the head and back; label events are append-only."""

import uuid
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.kit.migrations import alembic_config, current_revision, head_revision, upgrade_to_head
from tomosift.tables import (
    Base,
    LabelEvent,
    ParticleClass,
    Project,
    QueueItem,
    Source,
    Subtomogram,
    User,
)


@pytest.fixture
def connection(empty_database: str) -> Iterator[Connection]:
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_migrations_build_exactly_the_tables(empty_database: str, connection: Connection) -> None:
    upgrade_to_head(empty_database)
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, Base.metadata) == []
    assert current_revision(empty_database) == head_revision()


def test_every_check_constraint_is_there_and_reads_the_same(empty_database: str, connection: Connection) -> None:
    """Autogenerate does not compare CHECK constraints: build the tables from the metadata too, and compare."""
    upgrade_to_head(empty_database)
    migrated = check_constraints(connection)
    connection.execute(text("CREATE SCHEMA twin"))
    connection.execute(text("SET search_path TO twin"))
    Base.metadata.create_all(connection)
    assert check_constraints(connection) == migrated
    assert migrated, "there are some"


def check_constraints(connection: Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        text(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'c' AND connamespace = current_schema()::regnamespace"
        )
    )
    return {(row[0].rpartition(".")[2], row[1], row[2]) for row in rows}


def test_migrations_go_down_again(empty_database: str, connection: Connection) -> None:
    upgrade_to_head(empty_database)
    command.downgrade(alembic_config(empty_database), "base")
    assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade_to_head(empty_database)


@pytest.fixture
def event(session: Session) -> LabelEvent:
    user, project = User(name="ada", display_name="Ada"), Project(slug="p", name="P")
    session.add_all([user, project])
    session.flush()
    source = Source(
        project_id=project.id,
        name="a.star",
        flavour="relion-3.1",
        checksum="c",
        row_count=1,
        box_size=28,
        columns=[],
        blocks={},
        table_key="t",
    )
    added = ParticleClass(project_id=project.id, position=0, name="rod", color="#000000")
    session.add_all([source, added])
    session.flush()
    cube = Subtomogram(project_id=project.id, source_id=source.id, source_row=0, name="1", content_hash="0")
    session.add(cube)
    session.flush()
    item = QueueItem(project_id=project.id, subtomogram_id=cube.id, work="query", position=1)
    session.add(item)
    session.flush()
    event = LabelEvent(
        project_id=project.id,
        subtomogram_id=cube.id,
        user_id=user.id,
        kind="class",
        class_id=added.id,
        class_set_version=1,
        work="query",
        queue_item_id=item.id,
        idempotency_key=uuid.uuid4().hex,
        payload_hash=b"",
        response={},
    )
    session.add(event)
    session.flush()
    return event


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE label_event SET comment = 'changed'",
        "UPDATE label_event SET kind = 'junk', class_id = NULL",
        "UPDATE label_event SET queue_item_id = NULL",
        "DELETE FROM label_event",
        "DELETE FROM queue_item",
    ],
)
def test_label_events_are_append_only(session: Session, event: LabelEvent, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text(statement))
    assert session.scalar(text("SELECT kind FROM label_event")) == "class"


def test_deleting_a_project_says_so_and_then_takes_its_events_along(session: Session, event: LabelEvent) -> None:
    session.execute(text("SET LOCAL tomosift.allow_delete = 'on'"))
    session.execute(text("DELETE FROM queue_item"))
    assert session.execute(text("SELECT queue_item_id, kind FROM label_event")).one() == (None, "class")
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE label_event SET comment = 'changed'"))
    session.execute(text("DELETE FROM label_event"))
    assert session.scalar(text("SELECT count(*) FROM label_event")) == 0
