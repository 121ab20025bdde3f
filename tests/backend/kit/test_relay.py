"""The relay: what is in the outbox goes out, once it is there; one relay at a time; lost work comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fixtures.labeling_world import build_world, rows, run_out, scalar
from sqlalchemy import text, update

from tomosift.kit.broker import get_celery
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import claim
from tomosift.kit.outbox import post_job, post_message
from tomosift.kit.relay import RELAY_LOCK, Chore, Relay, default_chores
from tomosift.kit.settings import Settings
from tomosift.tables import Job, OutboxMessage

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


class Broker:
    """Takes messages as Celery's `send_task` does, or refuses them."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.refuses = False

    def __call__(self, name: str, *, kwargs: dict[str, Any], queue: str) -> object:
        if self.refuses:
            raise ConnectionError("the broker is away")
        self.sent.append({"name": name, "queue": queue, **kwargs})
        return None


@pytest.fixture
def start() -> Iterator[Callable[..., Relay]]:
    running: list[Relay] = []

    def begin(broker: Any, chores: list[Chore] | None = None) -> Relay:
        relay = Relay(broker, chores)
        relay.start()
        running.append(relay)
        return relay

    yield begin
    for relay in running:
        relay.stop()


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def post(number: int) -> None:
    with transaction() as session:
        post_message(session, "task", "cpu", {"number": number})


def test_messages_leave_in_order_as_soon_as_they_are_committed(
    start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomosift.kit.relay.LONGEST_WAIT_SECONDS", 4.0)  # what comes sooner was woken by the commit
    broker = Broker()
    post(1)  # before there was a relay
    relay = start(broker, [])
    until(lambda: relay.is_leading and broker.sent)
    with transaction() as session:
        post_message(session, "task", "cpu", {"number": 2})
        time.sleep(0.2)
        assert len(broker.sent) == 1  # not before the commit
    began = time.monotonic()
    until(lambda: len(broker.sent) == 2)
    assert time.monotonic() - began < 3.0
    for number in range(3, 250):
        post(number)
    until(lambda: len(broker.sent) == 249)
    assert [each["number"] for each in broker.sent] == list(range(1, 250))
    until(lambda: scalar("SELECT count(*) FROM outbox_message WHERE sent_at IS NULL") == 0)


def test_a_broker_that_is_away_only_delays(start: Callable[..., Relay]) -> None:
    broker = Broker()
    broker.refuses = True
    start(broker, [])
    post(1)
    until(lambda: scalar("SELECT coalesce(sum(tries), 0) FROM outbox_message") > 0)
    broker.refuses = False
    # The broker has it a moment before the outbox knows.
    until(lambda: scalar("SELECT count(*) FROM outbox_message WHERE sent_at IS NOT NULL") == 1)
    assert len(broker.sent) == 1


def test_one_relay_works_and_the_next_takes_over(start: Callable[..., Relay]) -> None:
    first_broker, second_broker = Broker(), Broker()
    first = start(first_broker, [])
    until(lambda: first.is_leading)
    second = start(second_broker, [])
    post(1)
    until(lambda: first_broker.sent)
    assert not second.is_leading
    first.stop()
    until(lambda: second.is_leading)
    post(2)
    until(lambda: second_broker.sent)
    assert len(first_broker.sent) == 1


def test_a_cut_connection_is_made_anew(start: Callable[..., Relay]) -> None:
    broker = Broker()
    relay = start(broker, [])
    until(lambda: relay.is_leading)
    with transaction() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND objid = :key AND pid <> pg_backend_pid()"
            ),
            {"key": RELAY_LOCK},
        )
    until(lambda: not relay.is_leading)
    post(1)
    until(lambda: broker.sent)


def test_a_failing_chore_does_not_end_the_relay(start: Callable[..., Relay]) -> None:
    broker, failures = Broker(), threading.Event()

    def fail(_: object) -> None:
        failures.set()
        raise RuntimeError("a chore went wrong")

    start(broker, [Chore("fail", 0.05, fail)])
    until(failures.is_set)
    post(1)
    until(lambda: broker.sent)


def test_lost_jobs_and_leases_come_back(start: Callable[..., Relay]) -> None:
    world = build_world(queued=3)
    world.claim(0, 2)
    run_out(world)
    job = Job(project_id=world.project_id, kind="cycle", task="run", queue="gpu")
    with transaction() as session:
        post_job(session, job)
    with transaction() as session:
        assert claim(session, job.id, "gone") is not None
        session.execute(update(Job).values(lease_expires_at=utc_now() - timedelta(seconds=1)))
        session.execute(update(OutboxMessage).values(sent_at=utc_now()))
    broker = Broker()
    start(broker, default_chores())
    until(lambda: broker.sent)
    assert broker.sent == [{"name": "run", "queue": "gpu", "job_id": str(job.id)}]
    assert rows("SELECT state, fencing_token FROM job") == [("queued", 2)]
    until(lambda: scalar("SELECT count(*) FROM lease WHERE outcome = 'expired'") == 2)


def test_messages_reach_a_real_broker(start: Callable[..., Relay], settings: Settings) -> None:
    get_celery.cache_clear()
    celery = get_celery()
    start(celery.send_task, [])
    post(7)
    with celery.connection_for_read() as connection, connection.SimpleQueue("cpu") as queue:
        message = queue.get(timeout=10)
        message.ack()
    assert message.payload[1] == {"number": 7}
    celery.close()
    get_celery.cache_clear()
