"""The synchronous client: `with Tomosift() as client: client.projects.all()`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from tomosift.client.calls import (
    API,
    STREAM_TIMEOUT,
    TIMEOUT,
    TRIES,
    Call,
    Json,
    ServerEvent,
    checked,
    events_in,
    is_busy,
    pause_before,
)
from tomosift.client.problems import no_answer
from tomosift.client.routes.groups import RouteGroups
from tomosift.client.service_address import ServiceAddress, address_of

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


class Tomosift(RouteGroups):
    """One service, as one user. Use it as a context, or `close` it.

    Without arguments it is the service `tomosift up` runs on this computer; another one takes its URL and an access
    token (or TOMOSIFT_TOKEN). Every route is a method of a group: `projects`, `pool`, `annotation`, `cycles`, ….
    They raise ApiProblem when the service refuses and NoService when it does not answer.
    """

    def __init__(
        self,
        service: ServiceAddress | str | None = None,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(self)
        self.address = address_of(service, token)
        self._http = httpx.Client(
            base_url=self.address.url,
            headers={"Authorization": f"Bearer {self.address.token}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,  # a proxy of the environment must not see the token
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call, *, tries: int = TRIES) -> httpx.Response:
        """Send a request, and again where that is safe: after a lost connection, or when the service asks to wait."""
        for attempt in range(tries):
            try:
                answer = self._http.request(**call.arguments())
            except httpx.TransportError as error:
                if not call.may_be_repeated or attempt == tries - 1:
                    raise no_answer(self.address.url, error) from error
                time.sleep(pause_before(attempt))
                continue
            if not is_busy(call, answer, attempt):
                return checked(answer)
            time.sleep(pause_before(attempt, answer))
        raise AssertionError("the loop returns or raises")

    def read(self, call: Call, model: type[Model]) -> Model:
        """The JSON of an answer."""
        return model.model_validate_json(self.send(call).content)

    def read_list(self, call: Call, item: type[Model]) -> list[Model]:
        """The JSON of an answer that is one whole list."""
        return TypeAdapter(list[item]).validate_json(self.send(call).content)  # type: ignore[valid-type]

    def pages(self, call: Call, item: type[Model]) -> Iterator[Model]:
        """Every item of a list, a page at a time."""
        after: str | None = None
        while True:
            page = self.send(call.page_after(after)).json()
            yield from (item.model_validate(each) for each in page["items"])
            after = page["next"]
            if after is None:
                return

    def lines(self, call: Call) -> Iterator[Json]:
        """An answer of one JSON object a line, as it comes."""
        with self.stream(call) as answer:
            for line in answer.iter_lines():
                if line:
                    yield json.loads(line)

    def events(self, call: Call) -> Iterator[ServerEvent]:
        """Server-sent events, until the connection ends."""
        with self.stream(call) as answer:
            yield from events_in(answer.iter_lines())

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """An answer that is read as it comes, once."""
        try:
            with self._http.stream(**call.arguments(), timeout=STREAM_TIMEOUT) as answer:
                if not answer.is_success:
                    answer.read()
                yield checked(answer)
        except httpx.TransportError as error:
            raise no_answer(self.address.url, error) from error

    def get_bytes(self, address: str, **query: object) -> httpx.Response:
        """GET an address that an answer named, such as a `volume_url`."""
        return self.send(Call("GET", address.removeprefix(API), query=query))

    def download(self, path: str, target: Path) -> None:
        """GET a file below /api/v1 into `target`; after a lost connection it goes on where it was, if it can."""
        target.unlink(missing_ok=True)
        for attempt in range(TRIES):
            try:
                self._append(path, target)
                return
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    raise no_answer(self.address.url, error) from error
                time.sleep(pause_before(attempt))

    def _append(self, path: str, target: Path) -> None:
        there = target.stat().st_size if target.exists() else 0
        headers = {"Range": f"bytes={there}-"} if there else {}
        with self._http.stream(**Call("GET", path, headers=headers).arguments()) as answer:
            if not answer.is_success:
                answer.read()
            checked(answer)
            with target.open("ab" if answer.status_code == httpx.codes.PARTIAL_CONTENT else "wb") as file:
                for piece in answer.iter_bytes():
                    file.write(piece)

    def follow(self, ask: Callable[[], T], is_over: Callable[[T], bool], pause: float = 0.5) -> Iterator[T]:
        """What `ask` gives, again and again until it is over; the last one is the one that is."""
        while True:
            state = ask()
            yield state
            if is_over(state):
                return
            time.sleep(pause)
