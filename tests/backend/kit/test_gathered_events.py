"""Notices that are sent beside the requests: gathered, and after the database was away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tomosift.kit import gathered_events as module
from tomosift.kit.gathered_events import GatheredEvents
from tomosift.kit.job_control import EVENTS_CHANNEL
from tomosift.kit.listening import libpq_url

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


def _heard(connection: psycopg.Connection, count: int) -> list[str]:
    return [each.payload for each in connection.notifies(timeout=10, stop_after=count)]


def test_the_same_message_is_sent_once() -> None:
    events = GatheredEvents()
    with psycopg.connect(libpq_url(), autocommit=True) as connection:
        connection.execute(f"LISTEN {EVENTS_CHANNEL}")
        for _ in range(50):
            events.add('{"kind":"one"}')
        events.add('{"kind":"two"}')
        assert sorted(_heard(connection, 2)) == ['{"kind":"one"}', '{"kind":"two"}']
        assert not list(connection.notifies(timeout=0.2))


def test_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    failed, real = threading.Event(), module.transaction

    @contextmanager
    def away_at_first() -> Iterator[object]:
        if not failed.is_set():
            failed.set()
            raise OSError("the database is away")
        with real() as session:
            yield session

    monkeypatch.setattr(module, "transaction", away_at_first)
    events = GatheredEvents()
    with psycopg.connect(libpq_url(), autocommit=True) as connection:
        connection.execute(f"LISTEN {EVENTS_CHANNEL}")
        events.add('{"kind":"lost"}')
        assert failed.wait(5)
        events.add('{"kind":"told"}')
        assert _heard(connection, 1) == ['{"kind":"told"}']
