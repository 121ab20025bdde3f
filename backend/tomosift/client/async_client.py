"""The asynchronous client: `async with AsyncTomosift() as client: await client.projects.read("demo")`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from tomosift.client.async_routes.groups import AsyncRouteGroups
from tomosift.client.calls import (
    STREAM_TIMEOUT,
    TIMEOUT,
    TRIES,
    Call,
    Json,
    ServerEvent,
    async_events_in,
    checked,
    is_busy,
    pause_before,
)
from tomosift.client.problems import no_answer
from tomosift.client.service_address import ServiceAddress, address_of

Model = TypeVar("Model", bound=BaseModel)


class AsyncTomosift(AsyncRouteGroups):
    """What `Tomosift` is, for asyncio: the same groups and methods, to be awaited; lists are walked by `async for`."""

    def __init__(
        self,
        service: ServiceAddress | str | None = None,
        token: str | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(self)
        self.address = address_of(service, token)
        self._http = httpx.AsyncClient(
            base_url=self.address.url,
            headers={"Authorization": f"Bearer {self.address.token}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,  # a proxy of the environment must not see the token
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call, *, tries: int = TRIES) -> httpx.Response:
        """Send a request, and again where that is safe: after a lost connection, or when the service asks to wait."""
        for attempt in range(tries):
            try:
                answer = await self._http.request(**call.arguments())
            except httpx.TransportError as error:
                if not call.may_be_repeated or attempt == tries - 1:
                    raise no_answer(self.address.url, error) from error
                await asyncio.sleep(pause_before(attempt))
                continue
            if not is_busy(call, answer, attempt):
                return checked(answer)
            await asyncio.sleep(pause_before(attempt, answer))
        raise AssertionError("the loop returns or raises")

    async def read(self, call: Call, model: type[Model]) -> Model:
        """The JSON of an answer."""
        return model.model_validate_json((await self.send(call)).content)

    async def read_list(self, call: Call, item: type[Model]) -> list[Model]:
        """The JSON of an answer that is one whole list."""
        return TypeAdapter(list[item]).validate_json((await self.send(call)).content)  # type: ignore[valid-type]

    async def pages(self, call: Call, item: type[Model]) -> AsyncIterator[Model]:
        """Every item of a list, a page at a time."""
        after: str | None = None
        while True:
            page = (await self.send(call.page_after(after))).json()
            for each in page["items"]:
                yield item.model_validate(each)
            after = page["next"]
            if after is None:
                return

    async def lines(self, call: Call) -> AsyncIterator[Json]:
        """An answer of one JSON object a line, as it comes."""
        async with self.stream(call) as answer:
            async for line in answer.aiter_lines():
                if line:
                    yield json.loads(line)

    async def events(self, call: Call) -> AsyncIterator[ServerEvent]:
        """Server-sent events, until the connection ends."""
        async with self.stream(call) as answer:
            async for event in async_events_in(answer.aiter_lines()):
                yield event

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[httpx.Response]:
        """An answer that is read as it comes, once."""
        try:
            async with self._http.stream(**call.arguments(), timeout=STREAM_TIMEOUT) as answer:
                if not answer.is_success:
                    await answer.aread()
                yield checked(answer)
        except httpx.TransportError as error:
            raise no_answer(self.address.url, error) from error
