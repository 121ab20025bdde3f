"""Annotators of the queue's benchmarks: connections that claim and decide over HTTP, with or without time to think."""

import asyncio
import json
import multiprocessing
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

CLAIM_COUNT = 2


@dataclass(frozen=True)
class Work:
    """What annotators do: how long they look at an item (seconds, from..to) and for how long they work at most."""

    port: int
    slug: str
    class_id: str
    seconds: float
    think_seconds: tuple[float, float] = (0.0, 0.0)


@dataclass
class Times:
    """Seconds that requests took, by kind, and how long the work lasted."""

    of: dict[str, list[float]] = field(default_factory=lambda: {"claim": [], "decision": []})
    seconds: float = 0.0


def annotate(work: Work, tokens: list[str]) -> Times:
    """All annotators work at once, in a process of their own, until the batch is done or the time is over."""
    results: Any = multiprocessing.Queue()
    process = multiprocessing.Process(target=_client_process, args=(work, tokens, results))
    process.start()
    times: Times = results.get()
    process.join()
    return times


def _client_process(work: Work, tokens: list[str], results: Any) -> None:
    times = Times()
    began = time.monotonic()
    asyncio.run(_all_at_once(work, tokens, times))
    times.seconds = time.monotonic() - began
    results.put(times)


async def _all_at_once(work: Work, tokens: list[str], times: Times) -> None:
    until = time.monotonic() + work.seconds
    await asyncio.gather(*(_annotator(work, token, until, times) for token in tokens))


async def _annotator(work: Work, token: str, until: float, times: Times) -> None:
    client = Client(work.port, token)
    await client.connect()
    path = f"/api/v1/projects/{work.slug}"
    await asyncio.sleep(random.uniform(0, work.think_seconds[1]))  # people do not begin at the same moment
    while time.monotonic() < until:
        claimed = await client.timed("POST", f"{path}/tasks/claim", {"count": CLAIM_COUNT}, times.of["claim"])
        if not claimed["tasks"]:
            break
        for task in claimed["tasks"]:
            await asyncio.sleep(random.uniform(*work.think_seconds))
            body = {
                "subtomogram_id": task["subtomogram"]["id"],
                "lease_id": task["lease"]["id"],
                "fencing_token": task["lease"]["fencing_token"],
                "kind": "class",
                "class_id": work.class_id,
            }
            await client.timed("POST", f"{path}/decisions", body, times.of["decision"])
    client.close()


class Client:
    """One connection that is kept, with as little work on this side as can be: it shares the computer."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def connect(self) -> None:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    async def timed(self, method: str, path: str, body: Any, times: list[float]) -> Any:
        """Send a request, note how long the answer took, and return it."""
        began = time.perf_counter()
        status, answer = await self._exchange(method, path, json.dumps(body).encode() if body is not None else b"")
        times.append(time.perf_counter() - began)
        if status >= 300:
            raise RuntimeError(f"{path}: {status} {answer!r}")
        return json.loads(answer)

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")
        )
        return int(head.split(" ", 2)[1]), await self._reader.readexactly(length)
