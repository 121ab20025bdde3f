"""kill -9 of the API in the middle of decisions: what was acknowledged is there, once; and a stop is quick."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fixtures.labeling_world import World, build_world, rows, scalar

from tomosift.accounts.tokens import create_token
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]
DECISIONS = 200
KILLS = 4


class ApiProcess:
    """The real API in a process of its own, which can be killed and started again on the same port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tomosift.api_process"],
            env={**os.environ, "TOMOSIFT_PORT": str(self.port)},
            stdin=subprocess.DEVNULL,
        )

    def wait_until_up(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/healthz", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail("the API did not start")

    def send(self, number: signal.Signals) -> float:
        """Send a signal and wait for the end; how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - began


@pytest.fixture
def api(settings: Settings) -> Iterator[ApiProcess]:
    process = ApiProcess()
    process.start()
    process.wait_until_up()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.send(signal.SIGKILL)


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
