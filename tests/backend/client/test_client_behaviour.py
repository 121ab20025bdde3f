"""How both clients behave: typed answers, pages, safe repetition, problems; against the real application."""

import asyncio
import uuid
from collections.abc import Iterator

import httpx
import pytest
from fixtures.web_client import BASE_URL, Service

from tomosift.client import ApiProblem, AsyncTomosift, NoService, ServiceAddress, Tomosift, async_client, sync_client
from tomosift.client.calls import EventReader, ServerEvent
from tomosift.kit.settings import Settings
from tomosift.projects.schemas import ClassIn, ProjectIn, ProjectOut

pytestmark = pytest.mark.usefixtures("clean_database")
CLASSES = [ClassIn(name="barrel")]


class Trouble(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """The application behind a line that loses some answers, or a service that asks to wait."""

    def __init__(self, service: Service) -> None:
        self.asked: list[httpx.Request] = []
        self.lost: list[bool] = []
        self.busy: list[int] = []
        self._sync = service.script(service.owner_id())._transport
        self._async = httpx.ASGITransport(service.app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.busy:
            return self._wait(request)
        self.asked.append(request)
        answer = self._sync.handle_request(request)
        self._lose()
        return answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.busy:
            return self._wait(request)
        self.asked.append(request)
        answer = await self._async.handle_async_request(request)
        self._lose()
        return answer

    def _wait(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        problem = {"title": "Busy", "detail": "Wait."}
        return httpx.Response(self.busy.pop(0), headers={"Retry-After": "7"}, json=problem)

    def _lose(self) -> None:
        if self.lost and self.lost.pop(0):
            raise httpx.ReadError("the answer was lost")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(sync_client.time, "sleep", waited.append)
    monkeypatch.setattr(async_client.asyncio, "sleep", note)
    return waited


@pytest.fixture
def address(settings: Settings) -> ServiceAddress:
    service = Service()
    script = service.script(service.owner_id())
    return ServiceAddress(BASE_URL, script.headers["Authorization"].removeprefix("Bearer "), is_local=False)


@pytest.fixture
def trouble(settings: Settings) -> Trouble:
    return Trouble(Service())


@pytest.fixture
def client(address: ServiceAddress, trouble: Trouble) -> Iterator[Tomosift]:
    with Tomosift(address, transport=trouble) as client:
        yield client


def test_a_create_whose_answer_is_lost_is_done_once(client: Tomosift, trouble: Trouble, pauses: list[float]) -> None:
    trouble.lost = [True, True]
    made = client.projects.create(ProjectIn(name="Once", classes=CLASSES))
    assert isinstance(made, ProjectOut)
    assert len(trouble.asked) == 3
    assert len({each.headers["Idempotency-Key"] for each in trouble.asked}) == 1
    assert len(pauses) == 2
    assert [each.slug for each in client.projects.all()] == ["once"]
    key = trouble.asked[0].headers["Idempotency-Key"]
    again = client.projects.create(ProjectIn(name="Once", classes=CLASSES), key=key)
    assert again == made
    with pytest.raises(ApiProblem) as caught:
        client.projects.create({"name": "Other", "classes": CLASSES}, key=key)
    assert (caught.value.status, caught.value.kind) == (409, "key-reused")


def test_a_secret_is_shown_once(client: Tomosift) -> None:
    key = str(uuid.uuid4())
    made = client.accounts.create_token({"name": "nightly"}, key=key)
    with pytest.raises(ApiProblem) as caught:
        client.accounts.create_token({"name": "nightly"}, key=key)
    assert (caught.value.kind, caught.value.body["id"]) == ("secret-shown-once", str(made.id))


def test_lists_are_walked_page_by_page(client: Tomosift, trouble: Trouble) -> None:
    for number in range(5):
        client.projects.create({"name": f"P {number}", "classes": CLASSES})
    trouble.asked.clear()
    names = client.projects.all(limit=2)
    assert next(names).name == "P 0"
    assert len(trouble.asked) == 1
    assert [each.name for each in names] == [f"P {number}" for number in range(1, 5)]
    assert len(trouble.asked) == 3


def test_what_is_not_safe_is_not_repeated(client: Tomosift, trouble: Trouble, pauses: list[float]) -> None:
    made = client.projects.create({"name": "Mine", "classes": CLASSES})
    trouble.asked.clear()
    trouble.lost = [True]
    with pytest.raises(NoService, match="does not answer"):
        client.projects.change("mine", {"description": "x"}, version=made.version)
    assert (len(trouble.asked), pauses) == (1, [])
    with pytest.raises(ApiProblem) as caught:  # it had arrived: the version is another one now
        client.projects.change("mine", {"description": "y"}, version=made.version)
    assert caught.value.kind == "changed-meanwhile"


def test_a_busy_service_is_given_the_time_it_asks_for(client: Tomosift, trouble: Trouble, pauses: list[float]) -> None:
    trouble.busy = [503, 429]
    assert client.accounts.read_session().user.is_admin
    assert pauses == [7.0, 7.0]


def test_a_parameter_the_service_does_not_know_is_refused_by_name(client: Tomosift) -> None:
    with pytest.raises(ApiProblem) as caught:
        client.get_bytes("/api/v1/projects", limt=3)
    assert (caught.value.status, caught.value.kind) == (422, "unknown-parameter")
    assert caught.value.body["allowed"] == ["after", "limit"]


def test_the_asynchronous_client_does_the_same(address: ServiceAddress, trouble: Trouble, pauses: list[float]) -> None:
    async def use() -> tuple[list[str], str]:
        async with AsyncTomosift(address, transport=trouble) as client:
            trouble.lost = [True]
            for number in range(3):
                await client.projects.create({"name": f"P {number}", "classes": CLASSES})
            names = [each.name async for each in client.projects.all(limit=2)]
            with pytest.raises(ApiProblem) as caught:
                await client.projects.read("absent")
            return names, caught.value.kind

    assert asyncio.run(use()) == (["P 0", "P 1", "P 2"], "not-found")
    assert len(pauses) == 1


def test_server_sent_events_are_put_together_from_lines() -> None:
    reader = EventReader()
    lines = [": keep alive", "", "event: job", 'data: {"a":', "data: 1}", "", "data: {}", ""]
    told = [event for line in lines if (event := reader.feed(line))]
    assert told == [ServerEvent("job", {"a": 1}), ServerEvent("message", {})]
