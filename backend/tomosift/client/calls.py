"""Requests as values, and the rules about them that both clients keep: what is repeated, and when."""

import json
import random
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from tomosift.client.problems import problem_of

API = "/api/v1"
TRIES = 6
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(60.0, connect=5.0, read=60.0)
LONGEST_PAUSE_SECONDS = 4.0
LONGEST_WAIT_SECONDS = 30.0
BUSY = (429, 503)

Json = dict[str, Any]
Body = BaseModel | Mapping[str, Any] | None


@dataclass(frozen=True)
class Call:
    """One request below /api/v1: JSON from `body`, or raw `content` of that `media_type`."""

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = None
    content: bytes | None = None
    media_type: str = "application/json"

    @property
    def may_be_repeated(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.method in ("GET", "PUT") or "Idempotency-Key" in self.headers

    def page_after(self, cursor: str | None) -> "Call":
        """The same list from there on."""
        return self if cursor is None else replace(self, query={**self.query, "after": cursor})

    def arguments(self) -> dict[str, Any]:
        """What httpx takes."""
        content, headers = self.content, dict(self.headers)
        if self.body is not None:
            content = _json_of(self.body)
        if content is not None:
            headers["Content-Type"] = self.media_type
        query = {name: _text(value) for name, value in self.query.items() if value is not None}
        return {"method": self.method, "url": API + self.path, "params": query, "headers": headers, "content": content}


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event: its name, and its data."""

    name: str
    data: Json


def segment(value: object) -> str:
    """A value as one piece of a path."""
    return quote(str(value), safe="")


def new_key() -> str:
    """A fresh Idempotency-Key."""
    return str(uuid.uuid4())


def version_tag(version: int | str) -> str:
    """What If-Match says: a version's ETag, or `*` for whatever it is."""
    return version if isinstance(version, str) else f'"{version}"'


def pause_before(attempt: int, answer: httpx.Response | None = None) -> float:
    """Seconds to wait before the next try: what the service asked for, else growing, with some chance in it."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    if asked.isdigit():
        return min(LONGEST_WAIT_SECONDS, float(asked))
    return min(LONGEST_PAUSE_SECONDS, 0.25 * 2.0**attempt) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def is_busy(call: Call, answer: httpx.Response, attempt: int) -> bool:
    """Whether the service asked to come again, and the call may."""
    return answer.status_code in BUSY and call.may_be_repeated and attempt < TRIES - 1


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer of a success. Raises ApiProblem."""
    if not answer.is_success:
        raise problem_of(answer)
    return answer


class EventReader:
    """Puts server-sent events together from lines."""

    def __init__(self) -> None:
        self._name, self._data = "message", ""

    def feed(self, line: str) -> ServerEvent | None:
        """The event that this line ends, if it does."""
        field_name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field_name == "event":
            self._name = value
        elif field_name == "data":
            self._data += value
        elif not line and self._data:
            event = ServerEvent(self._name, json.loads(self._data))
            self._name, self._data = "message", ""
            return event
        return None


def events_in(lines: Iterator[str]) -> Iterator[ServerEvent]:
    """Server-sent events, as they come."""
    reader = EventReader()
    for line in lines:
        if event := reader.feed(line):
            yield event


async def async_events_in(lines: AsyncIterator[str]) -> AsyncIterator[ServerEvent]:
    """Server-sent events, as they come."""
    reader = EventReader()
    async for line in lines:
        if event := reader.feed(line):
            yield event


def _json_of(body: BaseModel | Mapping[str, Any]) -> bytes:
    if isinstance(body, BaseModel):
        return body.model_dump_json(by_alias=True, exclude_unset=True).encode()
    return json.dumps(body, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)
