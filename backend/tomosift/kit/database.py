"""The database: one engine a process, one transaction a unit of work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from tomosift.kit.settings import get_settings

POOL_SIZE = 20
"""Connections that stay open: one a request thread and some for the rest. Those beyond are closed after each use, and a
new one is dear: it knows no tables and has no statement prepared."""
TRUSTED_SECONDS = 2.0
"""A connection used so short a time ago is taken for alive; asking it costs as much as a small query."""


class DatabaseNotConfigured(RuntimeError):
    """No database URL is set: the program was not started by `tomosift up`."""


@lru_cache
def get_engine() -> Engine:
    """The process's engine on `Settings.database_url` (the supervisor sets it for its children)."""
    url = get_settings().database_url
    if url is None:
        raise DatabaseNotConfigured("TOMOSIFT_DATABASE_URL is not set; start the service with `tomosift up`")
    # The connection used last is used next: few stay busy, and those have the statements prepared.
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=10, pool_use_lifo=True)
    _check_idle_connections(engine)
    return engine


@lru_cache
def _session_factory() -> sessionmaker[Session]:
    return sessionmaker(get_engine(), expire_on_commit=False)


_joined: ContextVar[Session | None] = ContextVar("joined", default=None)


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: commits when the block ends, rolls back when it raises.

    Endpoints and tasks open it themselves, so that the commit happens before the response is sent.
    """
    joined = _joined.get()
    if joined is not None:
        yield joined
        joined.flush()
        return
    with _session_factory()() as session, session.begin():
        yield session


@contextmanager
def joined_transaction() -> Iterator[Session]:
    """A transaction that every `transaction()` inside the block joins: all of them commit together at its end."""
    with transaction() as session:
        token = _joined.set(session)
        try:
            yield session
        finally:
            _joined.reset(token)


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for single statements that read: without a transaction around them, which costs two more trips."""
    with get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@contextmanager
def single_statements() -> Iterator[Session]:
    """A session in which every statement is a transaction of its own: two trips less, for work that needs no more."""
    with Session(get_engine().execution_options(isolation_level="AUTOCOMMIT")) as session:
        yield session


def _check_idle_connections(engine: Engine) -> None:
    """Before a connection that has rested is used, ask it whether it is alive; a dead one is replaced."""

    @event.listens_for(engine, "checkin")
    def _note_use(_: object, entry: ConnectionPoolEntry) -> None:
        entry.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: psycopg.Connection, entry: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - entry.info.get("used_at", time.monotonic()) < TRUSTED_SECONDS:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.Error as error:
            raise DisconnectionError("the connection died while it rested") from error


def reset_engine() -> None:
    """Forget the engine, after a change of settings or a fork (tests use it)."""
    if get_engine.cache_info().currsize:
        get_engine().dispose()
    get_engine.cache_clear()
    _session_factory.cache_clear()


def plan_for_these_values(session: Session) -> None:
    """Have Postgres plan this transaction's statements for the values they come with, also those it has prepared.

    For lists with filters: a plan for any value takes a rare class for a frequent one, and a page for a tenth of all.
    What is looked at is in memory or on a disk without heads, so that single rows are cheap. Several processes at once
    would only take the processor from other requests.
    """
    session.execute(_PLAN_FOR_THESE_VALUES)


_PLAN_FOR_THESE_VALUES = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('random_page_cost', '1.1', true), "
    "set_config('max_parallel_workers_per_gather', '0', true)"
)


def notify(session: Session, channel: str, payload: str) -> None:
    """Send a Postgres notification when this transaction commits."""
    session.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload})


def utc_now() -> datetime:
    """The current time, with its zone."""
    return datetime.now(UTC)
