"""kill -9 of the API in the middle of decisions: what was acknowledged is there, once; and a stop is quick."""

import signal
import threading
import time
import uuid
from typing import Any

import httpx
import pytest
from fixtures.api_process import ApiProcess
from fixtures.labeling_world import World, build_world, rows, scalar

from tomosift.accounts.tokens import create_token
from tomosift.kit.database import transaction

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]
DECISIONS = 200
KILLS = 4


def token_of(world: World, user: int) -> dict[str, str]:
    with transaction() as session:
        _, secret = create_token(session, world.user_ids[user], "faults", "write", None)
    return {"Authorization": f"Bearer {secret}"}


def insist(client: httpx.Client, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    """POST until there is an answer, as the browser's outbox does."""
    while True:
        try:
            response = client.post(path, json=body, headers=headers)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if response.status_code < 500:
            return response
        time.sleep(0.05)


def label_all(api: ApiProcess, world: World, acknowledged: dict[str, int]) -> None:
    """One person works through the queue; `acknowledged` is what the service said it has: key to event."""
    with httpx.Client(base_url=api.url, headers=token_of(world, 0), timeout=20, trust_env=False) as client:
        while True:
            claimed = insist(client, world.path("/tasks/claim"), {"count": 4, "resume": True}, {}).json()
            if not claimed["tasks"]:
                return
            for task in claimed["tasks"]:
                key = str(uuid.uuid4())
                body = {
                    "subtomogram_id": task["subtomogram"]["id"],
                    "lease_id": task["lease"]["id"],
                    "fencing_token": task["lease"]["fencing_token"],
                    "kind": "class",
                    "class_id": str(world.class_ids[len(acknowledged) % 3]),
                }
                response = insist(client, world.path("/decisions"), body, {"Idempotency-Key": key})
                assert response.status_code in (200, 201), response.text
                acknowledged[key] = response.json()["event_id"]


def test_killed_during_two_hundred_decisions(api: ApiProcess) -> None:
    world = build_world(pool=DECISIONS, queued=DECISIONS)
    acknowledged: dict[str, int] = {}
    worker = threading.Thread(target=label_all, args=(api, world, acknowledged))
    worker.start()
    for number in range(1, KILLS + 1):
        while worker.is_alive() and len(acknowledged) < number * DECISIONS // (KILLS + 1):
            time.sleep(0.005)
        api.send(signal.SIGKILL)
        api.start()
    worker.join(200)
    assert not worker.is_alive()
    stored = {row.idempotency_key: row.id for row in rows("SELECT id, idempotency_key FROM label_event")}
    assert stored == acknowledged
    assert len(stored) == DECISIONS
    assert scalar("SELECT count(DISTINCT subtomogram_id) FROM label_event") == DECISIONS
    assert scalar("SELECT count(*) FROM current_label l JOIN label_event e ON e.id = l.event_id") == DECISIONS
    assert scalar("SELECT count(*) FROM queue_item WHERE state = 'done'") == DECISIONS
    assert scalar("SELECT count(*) FROM lease WHERE ended_at IS NULL") == 0


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
