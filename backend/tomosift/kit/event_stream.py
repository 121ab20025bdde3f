"""Live events for browsers: one LISTEN connection a process, fanned out to any number of server-sent-event streams.

Events say that something changed; the rows say what. So nothing is lost for good: whoever was cut off reads the state
again when `hello` arrives, which comes first on every stream and again after this process has lost its database.
"""

import asyncio
import json
import signal
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import psycopg
import structlog

from tomosift.kit.database import transaction
from tomosift.kit.event_payloads import event_payload
from tomosift.kit.job_control import EVENTS_CHANNEL
from tomosift.kit.listening import libpq_url

KEEP_ALIVE_SECONDS = 15.0
GATHER_SECONDS = 0.2
"""Events about the same thing within this time become one: a hundred decisions a second are a few messages."""
QUEUE_LENGTH = 64
"""A stream that lags this many messages behind is cut; its browser connects again and reads the state anew."""

log = structlog.get_logger(__name__)


def sse_message(event: str, data: dict[str, Any]) -> bytes:
    """One message in the server-sent-events format."""
    return f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


@dataclass(eq=False)
class Subscription:
    """One open stream: the project it follows and the messages it has yet to send. None ends it."""

    project_id: uuid.UUID
    messages: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))

    def offer(self, message: bytes) -> bool:
        """Queue a message; False when the stream is too slow."""
        if self.messages.full():
            return False
        self.messages.put_nowait(message)
        return True

    def end(self) -> None:
        """Let the stream end soon, whatever waits in it."""
        while self.messages.full():
            self.messages.get_nowait()
        self.messages.put_nowait(None)


class EventHub:
    """Listens to Postgres and hands each project's events to its streams. Lives in one event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._waiting: dict[tuple[uuid.UUID, str, str | None], dict[str, Any]] = {}
        self._something_waits = asyncio.Event()
        self._closed = False

    @contextmanager
    def subscribe(self, project_id: uuid.UUID) -> Iterator[Subscription]:
        """Follow a project while the block lasts."""
        subscription = Subscription(project_id)
        self._subscriptions.add(subscription)
        if self._closed:
            subscription.end()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End all streams, so that the server can stop; later ones end at once."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.end()

    async def run(self) -> None:
        """Listen and deliver until cancelled; outlives restarts of the database."""
        delivering = asyncio.create_task(self._deliver_for_ever())
        pause = 0.25
        try:
            while True:
                started = time.monotonic()
                try:
                    await self._listen()
                except (psycopg.Error, OSError) as error:
                    log.warning("event stream lost the database", error=type(error).__name__)
                pause = 0.25 if time.monotonic() - started > 5 else min(pause * 2, 5.0)
                await asyncio.sleep(pause)
        finally:
            delivering.cancel()
            with suppress(asyncio.CancelledError):
                await delivering

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(libpq_url(), autocommit=True, connect_timeout=5)
        async with connection:
            await connection.execute(f"LISTEN {EVENTS_CHANNEL}")
            self._send_to(list(self._subscriptions), hello_message())
            async for notification in connection.notifies():
                self._take(notification.payload)

    def _take(self, payload: str) -> None:
        try:
            body = json.loads(payload)
            project_id, kind = uuid.UUID(body.pop("project_id")), str(body.pop("kind"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # not one of ours, or an event of no project
        if any(each.project_id == project_id for each in self._subscriptions):
            self._waiting[(project_id, kind, body.get("job_id"))] = body
            self._something_waits.set()

    async def _deliver_for_ever(self) -> None:
        while True:
            await self._something_waits.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._something_waits.clear()
            taken, self._waiting = self._waiting, {}
            for (project_id, kind, _), details in taken.items():
                followers = [each for each in self._subscriptions if each.project_id == project_id]
                try:
                    data = await asyncio.to_thread(_build, project_id, kind, details) if followers else None
                except Exception as error:  # the database is away: `hello` follows when it is back
                    log.warning("event not sent", kind=kind, error=type(error).__name__)
                    continue
                if data is not None:
                    self._send_to(followers, sse_message(kind, data))

    @staticmethod
    def _send_to(followers: list[Subscription], message: bytes) -> None:
        for each in followers:
            if not each.offer(message):
                each.end()


def _build(project_id: uuid.UUID, kind: str, details: dict[str, Any]) -> dict[str, Any] | None:
    with transaction() as session:
        return event_payload(session, project_id, kind, details)


def hello_message() -> bytes:
    """The message that says: you are connected, read the state now."""
    return sse_message("hello", {"keep_alive_seconds": KEEP_ALIVE_SECONDS})


async def stream_events(
    hub: EventHub, project_id: uuid.UUID, still_allowed: Callable[[], bool], *, keep_alive: float = KEEP_ALIVE_SECONDS
) -> AsyncIterator[bytes]:
    """The body of one server-sent-events response.

    `still_allowed` runs in a thread at every keep-alive: a stream ends soon after its user may no longer read.
    """
    with hub.subscribe(project_id) as subscription:
        yield b"retry: 2000\n\n" + hello_message()
        checked = time.monotonic()
        while True:
            try:
                message = await asyncio.wait_for(subscription.messages.get(), keep_alive)
            except TimeoutError:
                message = b": keep-alive\n\n"
            if time.monotonic() - checked >= keep_alive:
                checked = time.monotonic()
                if not await asyncio.to_thread(still_allowed):
                    return
            if message is None:
                return
            yield message


@asynccontextmanager
async def running_event_hub() -> AsyncIterator[EventHub]:
    """A hub that listens while the block lasts (the application's lifespan)."""
    hub = EventHub()
    task = asyncio.create_task(hub.run(), name="event-hub")
    restore = _close_when_signalled(hub)
    try:
        yield hub
    finally:
        restore()
        hub.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _close_when_signalled(hub: EventHub) -> Callable[[], None]:
    """End the streams at SIGTERM/SIGINT. A server that stops waits for open responses first, and these never end."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def close_then_stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.close)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, close_then_stop)

    def restore() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is close_then_stop:
                signal.signal(number, handler)

    return restore
