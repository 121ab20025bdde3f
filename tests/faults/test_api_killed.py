"""kill -9 of the API in the middle of decisions and deliveries: what was acknowledged is there, once, webhooks are told
of everything; and a stop is quick."""

import json
import signal
import threading
import time
import uuid
from collections.abc import Iterator

import httpx
import pytest
from fixtures.api_process import ApiProcess
from fixtures.insistent_labelers import Labelers, check_labeling, token_of
from fixtures.labeling_world import World, build_world, rows, scalar
from fixtures.webhook_receiver import Receiver, is_signed
from sqlalchemy import update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.kit.webhook_events import add_delivery
from tomosift.tables import Webhook, WebhookDelivery
from tomosift.webhooks.signature import new_secret

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]
DECISIONS = 200
DELIVERIES = 40
KILLS = 3


@pytest.fixture
def receiver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Takes a while with each delivery, so that a process is killed while it waits for the answer."""
    monkeypatch.setenv("TOMOSIFT_WEBHOOK_HOSTS", "127.0.0.1")
    receiver = Receiver()
    receiver.takes_seconds = 0.3
    yield receiver
    receiver.close()


def tell(world: World, url: str) -> str:
    """Put deliveries on a webhook's list; its secret."""
    secret = new_secret()
    with transaction() as session:
        webhook = Webhook(project_id=world.project_id, url=url, secret=secret, events=["cycle.ready"])
        session.add(webhook)
        session.flush()
        for number in range(DELIVERIES):
            add_delivery(session, webhook, "cycle.ready", {"cycle": number})
    return secret


def send_the_rest() -> None:
    """What a killed process had claimed is due a minute later: let that have passed."""
    with transaction() as session:
        session.execute(update(WebhookDelivery).where(WebhookDelivery.state == "waiting").values(next_try_at=utc_now()))
    end = time.monotonic() + 60
    while scalar("SELECT count(*) FROM webhook_delivery WHERE state = 'waiting'") and time.monotonic() < end:
        time.sleep(0.05)


def test_killed_during_two_hundred_decisions(receiver: Receiver, api: ApiProcess) -> None:
    world = build_world(pool=DECISIONS, queued=DECISIONS)
    secret = tell(world, receiver.url)
    labelers = Labelers(world, api.url, users=[0, 1, 2]).begin()
    for number in range(1, KILLS + 1):
        labelers.wait_for(number * DECISIONS // (KILLS + 1))
        receiver.has_one_in_hand.wait(3)
        api.send(signal.SIGKILL)
        api.start()
    labelers.finish()
    check_labeling(world, labelers.acknowledged)
    assert len(labelers.acknowledged) == DECISIONS
    assert scalar("SELECT count(*) FROM queue_item WHERE state = 'done'") == DECISIONS
    assert scalar("SELECT count(*) FROM lease WHERE ended_at IS NULL") == 0
    receiver.takes_seconds = 0.0
    send_the_rest()
    assert all(is_signed(secret, headers, body) for headers, body in receiver.got)
    told = [(headers["webhook-id"], json.loads(body)["data"]["cycle"]) for headers, body in receiver.got]
    assert sorted(cycle for _, cycle in set(told)) == list(range(DELIVERIES)), "each one, under one id"
    assert 0 < len(told) - DELIVERIES <= KILLS, "again is sent only what was under way when the process was killed"
    assert rows("SELECT DISTINCT state, last_status FROM webhook_delivery") == [("delivered", 204)]


def test_events_flow_and_an_open_stream_does_not_hold_up_a_stop(api: ApiProcess) -> None:
    world = build_world(pool=20, queued=12)
    headers = token_of(world, 0)
    events: list[str] = []
    heard = threading.Event()

    def listen() -> None:
        with httpx.stream(
            "GET", api.url + world.path("/events"), headers=headers, timeout=30, trust_env=False
        ) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response.iter_lines():
                events.append(line)
                if line.startswith("event:"):
                    heard.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert heard.wait(10)
    heard.clear()
    body = {"subtomogram_id": world.queued[0], "kind": "junk"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with httpx.Client(base_url=api.url, headers=headers, trust_env=False) as client:
        assert client.post(world.path("/decisions"), json=body, headers=key).status_code == 201
    assert heard.wait(10)
    assert "event: decision" in events
    assert api.send(signal.SIGTERM) < 3.0
    listener.join(5)
    assert not listener.is_alive()
