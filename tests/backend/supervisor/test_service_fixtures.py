"""The test services themselves: what one test commits, the next does not see."""

import redis
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from tomosift.kit.database import transaction
from tomosift.kit.redis_urls import client_url
from tomosift.kit.settings import Settings
from tomosift.tables import AuditEvent, Base, OutboxMessage


def test_database_is_postgres_built_by_migrations(session: Session) -> None:
    assert session.scalar(text("SHOW server_version_num")) >= "150000"
    assert session.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_rollback_first_half(session: Session) -> None:
    session.add(OutboxMessage(task="a", queue="cpu", arguments={}))
    session.commit()
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


def test_rollback_second_half(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_real_commits(settings: Settings, clean_database: str) -> None:
    with transaction() as session:
        session.add(OutboxMessage(task="a", queue="cpu", arguments={}))
        session.add(AuditEvent(actor_name="ada", action="role.given", target="ben"))
    with create_engine(clean_database).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM outbox_message")) == 1


def test_real_commits_are_gone_and_numbers_begin_anew(session: Session) -> None:
    for table in Base.metadata.sorted_tables:
        assert session.scalar(select(func.count()).select_from(table)) == 0, table.name
    used = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
    assert session.scalars(text(used)).all() == []


def test_redis_answers(redis_server: str) -> None:
    url = client_url(redis_server)
    assert url is not None
    with redis.Redis.from_url(url) as client:
        assert client.ping()
