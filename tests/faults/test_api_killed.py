"""kill -9 of the API in the middle of decisions: what was acknowledged is there, once; and a stop is quick."""

import signal
import threading
import uuid

import httpx
import pytest
from fixtures.api_process import ApiProcess
from fixtures.insistent_labelers import Labelers, check_labeling, token_of
from fixtures.labeling_world import build_world, scalar

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]
DECISIONS = 200
KILLS = 3


def test_killed_during_two_hundred_decisions(api: ApiProcess) -> None:
    world = build_world(pool=DECISIONS, queued=DECISIONS)
    labelers = Labelers(world, api.url, users=[0, 1, 2]).begin()
    for number in range(1, KILLS + 1):
        labelers.wait_for(number * DECISIONS // (KILLS + 1))
        api.send(signal.SIGKILL)
        api.start()
    labelers.finish()
    check_labeling(world, labelers.acknowledged)
    assert len(labelers.acknowledged) == DECISIONS
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
