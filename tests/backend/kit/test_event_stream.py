"""Live events: from a committed change to every browser that follows the project, and to no other."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world
from fixtures.launched_cycles import say
from sqlalchemy import text

from tomosift.cycles.launch import Launcher, launch_cycle
from tomosift.kit import event_stream
from tomosift.kit.database import transaction
from tomosift.kit.event_stream import QUEUE_LENGTH, EventHub, running_event_hub, stream_events
from tomosift.kit.job_control import announce, claim, report_progress
from tomosift.kit.settings import Settings
from tomosift.tables import Job

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


class Listener:
    """Reads one stream as a browser would."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.stream = stream

    async def next(self, seconds: float = 5.0) -> tuple[str, Any]:
        """The next event and its data; comments and hints are left out."""
        while True:
            raw = (await asyncio.wait_for(anext(self.stream), seconds)).decode()
            fields = dict(line.split(": ", 1) for line in raw.splitlines() if line and not line.startswith(":"))
            if "event" in fields:
                return fields["event"], json.loads(fields["data"])


def follow(hub: EventHub, project_id: uuid.UUID, **options: Any) -> Listener:
    return Listener(stream_events(hub, project_id, options.pop("still_allowed", lambda: True), **options))


def run(scenario: Callable[[EventHub], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with running_event_hub() as hub:
            await asyncio.sleep(0.3)  # until it listens
            await scenario(hub)

    asyncio.run(asyncio.wait_for(main(), 30))


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=30, queued=12)


def test_hello_then_events_built_from_rows(world: World) -> None:
    async def scenario(hub: EventHub) -> None:
        listener = follow(hub, world.project_id)
        assert (await listener.next())[0] == "hello"
        await asyncio.to_thread(say, world, world.queued)
        labeled = 0
        while labeled < 12:
            name, data = await listener.next()
            assert name == "decision"
            labeled = data["labeled"]
        await asyncio.to_thread(_launch, world)
        events = [await listener.next(), await listener.next()]
        assert ("cycle", {"number": 1, "stage": "queued"}) in events
        with transaction() as session:
            announce(session, world.project_id, "queue", reason="new-batch")
        assert await _until(listener, "queue") == {"cycle_number": None, "reason": "new-batch"}

    run(scenario)


def _launch(world: World) -> None:
    with transaction() as session:
        launch_cycle(session, world.project_id, Launcher.person(world.user_ids[0], "owner"), {})
        announce(session, world.project_id, "queue")


async def _until(listener: Listener, name: str) -> Any:
    while True:
        found, data = await listener.next()
        if found == name:
            return data


def test_job_progress_carries_the_cycle(world: World) -> None:
    async def scenario(hub: EventHub) -> None:
        listener = follow(hub, world.project_id)
        await listener.next()
        await asyncio.to_thread(say, world, world.queued)
        await asyncio.to_thread(_launch, world)
        progress = {"stage": "train", "done": 1, "total": 4}
        with transaction() as session:
            job = session.query(Job).one()
            held = claim(session, job.id, "worker")
            assert held is not None
            report_progress(session, job.id, held.token, progress)
        while True:
            data = await _until(listener, "job")
            if data["job"]["progress"] == progress:
                break
        assert data["cycle_number"] == 1
        assert (data["job"]["kind"], data["job"]["state"], data["job"]["problem"]) == ("cycle", "running", None)

    run(scenario)


def test_other_projects_hear_nothing(world: World) -> None:
    elsewhere = build_world(slug="elsewhere")

    async def scenario(hub: EventHub) -> None:
        listener = follow(hub, elsewhere.project_id)
        await listener.next()
        await asyncio.to_thread(say, world, world.queued)
        with pytest.raises(TimeoutError):
            await listener.next(1.0)

    run(scenario)


def test_many_changes_become_few_messages(world: World) -> None:
    async def scenario(hub: EventHub) -> None:
        listener = follow(hub, world.project_id)
        await listener.next()
        with transaction() as session:
            session.execute(
                text("SELECT pg_notify('tomosift_events', :body || g) FROM generate_series(1, 500) g").bindparams(
                    body=""
                )
            )  # strangers' noise does no harm
        for _ in range(200):
            with transaction() as session:
                announce(session, world.project_id, "decision")
        names = []
        with suppress(TimeoutError):
            while True:
                names.append((await listener.next(1.0))[0])
        assert set(names) == {"decision"}
        assert len(names) < 50

    run(scenario)


def test_a_slow_stream_is_ended(world: World) -> None:
    async def scenario(hub: EventHub) -> None:
        with hub.subscribe(world.project_id) as slow:
            for _ in range(QUEUE_LENGTH):
                assert slow.offer(b"x")
            assert not slow.offer(b"x")
            hub._send_to([slow], b"x")
            received = [slow.messages.get_nowait() for _ in range(slow.messages.qsize())]
            assert received[-1] is None

    run(scenario)


def test_a_lost_database_connection_is_made_anew_and_said(world: World) -> None:
    async def scenario(hub: EventHub) -> None:
        listener = follow(hub, world.project_id)
        await listener.next()
        with transaction() as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND query = 'LISTEN tomosift_events'"
                )
            )
        assert (await listener.next(10.0))[0] == "hello"
        with transaction() as session:
            announce(session, world.project_id, "decision")
        assert (await listener.next())[0] == "decision"

    run(scenario)


def test_a_stream_ends_when_its_user_may_no_longer_read(world: World) -> None:
    async def scenario(hub: EventHub) -> None:
        allowed = True
        stream = stream_events(hub, world.project_id, lambda: allowed, keep_alive=0.1)
        assert b"hello" in await anext(stream)
        assert await anext(stream) == b": keep-alive\n\n"
        allowed = False
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 2)

    run(scenario)


def test_closing_ends_open_streams_and_new_ones(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_SECONDS", 60.0)

    async def scenario(hub: EventHub) -> None:
        stream = stream_events(hub, world.project_id, lambda: True)
        await anext(stream)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 2)
        late = stream_events(hub, world.project_id, lambda: True)
        await anext(late)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(late), 2)

    run(scenario)
