"""Webhooks: made by owners for allowed hosts, signed, sent to a real receiver, tried again until it answers."""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.web_client import API, Service, make_project
from fixtures.webhook_receiver import Receiver, is_signed
from sqlalchemy import update

from tomosift.kit import webhook_events
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import claim, finish, request_cancel
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import Job, QueueItem, Webhook, WebhookDelivery
from tomosift.webhooks import addresses, sender

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def owner(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("TOMOSIFT_WEBHOOK_HOSTS", "127.0.0.1, *.example.org")
    get_settings.cache_clear()
    return Service().owner()


@pytest.fixture
def hooks(owner: TestClient) -> str:
    return f"{API}/projects/{make_project(owner)['slug']}/webhooks"


def make(owner: TestClient, hooks: str, url: str, *events: str) -> Any:
    answer = owner.post(hooks, json={"url": url, "events": events or ["cycle.ready"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


def send_all() -> int:
    """Send what is due; how many tries that took."""
    tries = 0
    while sender.send_next(get_settings().webhook_hosts):
        tries += 1
    return tries


def make_due() -> None:
    with transaction() as session:
        session.execute(update(WebhookDelivery).values(next_try_at=utc_now() - timedelta(seconds=1)))


def test_a_ping_fails_first_then_arrives_signed_and_can_be_sent_again(
    owner: TestClient, hooks: str, receiver: Receiver
) -> None:
    made = make(owner, hooks, receiver.url)
    address = f"{hooks}/{made['id']}"
    assert "secret" not in owner.get(address).json()
    assert owner.post(f"{address}/ping").status_code == 202
    receiver.answers = [500, 302]  # a redirect is an answer, not a way
    assert send_all() == 1
    (delivery,) = owner.get(f"{address}/deliveries").json()["items"]
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("waiting", 1, 500)
    make_due()
    assert send_all() == 1
    make_due()
    assert send_all() == 1
    assert len(receiver.got) == 3
    (delivery,) = owner.get(f"{address}/deliveries").json()["items"]
    assert (delivery["state"], delivery["tries"], delivery["next_try_at"]) == ("delivered", 3, None)
    headers, body = receiver.got[-1]
    assert is_signed(made["secret"], headers, body)
    assert not is_signed(made["secret"], headers, body + b" ")
    assert json.loads(body)["type"] == "ping"
    assert len({each["webhook-id"] for each, _ in receiver.got}) == 1
    fresh = owner.post(f"{address}/secret").json()["secret"]
    assert owner.post(f"{address}/deliveries/{delivery['id']}/redeliver").json()["state"] == "waiting"
    assert send_all() == 1
    assert is_signed(fresh, *receiver.got[-1])
    assert not is_signed(made["secret"], *receiver.got[-1])


def test_a_sender_that_died_after_its_claim_only_delays(owner: TestClient, hooks: str, receiver: Receiver) -> None:
    made = make(owner, hooks, receiver.url)
    owner.post(f"{hooks}/{made['id']}/ping")
    assert sender.claim_next() is not None  # and then kill -9
    assert sender.claim_next() is None  # nobody else sends it meanwhile
    make_due()
    assert send_all() == 1
    assert len(receiver.got) == 1


def test_it_is_given_up_after_the_last_try(owner: TestClient, hooks: str, receiver: Receiver) -> None:
    made = make(owner, hooks, receiver.url)
    owner.post(f"{hooks}/{made['id']}/ping")
    receiver.answers = [503] * sender.MOST_TRIES
    pauses = [sender.pause_after(number) for number in range(1, sender.MOST_TRIES)]
    assert pauses == sorted(pauses)
    assert timedelta(hours=12) < sum(pauses, timedelta()) < timedelta(days=3)
    for _ in range(sender.MOST_TRIES):
        make_due()
        assert send_all() == 1
    assert owner.get(f"{hooks}/{made['id']}/deliveries").json()["items"][0]["state"] == "failed"


def test_a_paused_webhook_is_told_nothing_and_changes_name_their_version(
    owner: TestClient, hooks: str, receiver: Receiver
) -> None:
    made = make(owner, hooks, receiver.url)
    address = f"{hooks}/{made['id']}"
    assert owner.patch(address, json={"is_active": False}).status_code == 428
    assert owner.patch(address, json={"is_active": False}, headers={"If-Match": '"7"'}).status_code == 412
    paused = owner.patch(address, json={"is_active": False}, headers={"If-Match": '"1"'})
    assert (paused.status_code, paused.headers["etag"]) == (200, '"2"')
    assert owner.post(f"{address}/ping").json()["type"].endswith("webhook-paused")
    assert send_all() == 0
    assert owner.delete(address).status_code == 204
    assert owner.get(address).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/x",
        "http://127.0.0.1.evil.org/",
        "http://user@127.0.0.1/",
        "http://example.org/",
        "ftp://a.example.org/",
        "http://[::1/",
        "http://127.0.0.1\\@a.evil.org/",
    ],
)
def test_only_listed_hosts_are_taken(owner: TestClient, hooks: str, url: str) -> None:
    assert owner.post(hooks, json={"url": url, "events": ["cycle.ready"]}).status_code == 422


def test_without_listed_hosts_webhooks_are_off(settings: Settings) -> None:
    owner = Service().owner()
    hooks = f"{API}/projects/{make_project(owner)['slug']}/webhooks"
    answer = owner.post(hooks, json={"url": "https://a.example.org/", "events": ["cycle.ready"]})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:tomosift:problem:webhooks-off")
    assert "TOMOSIFT_WEBHOOK_HOSTS" in answer.json()["detail"]


def test_a_pattern_never_leads_into_the_local_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolved_to(address: str) -> None:
        found = [(2, 1, 6, "", (address, 443))]
        monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: found)

    for address in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1"):
        resolved_to(address)
        with pytest.raises(addresses.AddressRefused, match="local network"):
            addresses.resolve("https://a.example.org/x", ["*.example.org"])
    resolved_to("10.1.2.3")
    target = addresses.resolve("https://a.example.org/x", ["*.example.org", "a.example.org"])
    assert (target.url, target.host_header) == ("https://10.1.2.3:443/x", "a.example.org")
    with pytest.raises(addresses.AddressRefused, match="any more"):
        addresses.resolve("https://a.example.org/x", ["b.example.org"])


def test_ends_of_jobs_and_batches_are_told_once_to_those_who_want_them(owner: TestClient, receiver: Receiver) -> None:
    project = make_project(owner, "Told")
    hooks = f"{API}/projects/{project['slug']}/webhooks"
    make(owner, hooks, receiver.url, "import.finished", "cycle.failed", "batch.finished")
    make(owner, hooks, receiver.url, "export.finished")
    project_id = uuid.UUID(str(project["id"]))
    with transaction() as session:
        jobs = [Job(project_id=project_id, kind=kind, task="t", queue="cpu") for kind in ("import", "unpack", "cycle")]
        session.add_all(jobs)
    with transaction() as session:
        taken = claim(session, jobs[0].id, "test")
        assert taken is not None
        finish(session, jobs[0].id, taken.token, "failed", problem={"title": "No", "detail": "x", "errors": [1]})
        for job in jobs[1:]:
            request_cancel(session, session.get_one(Job, job.id))
    with transaction() as session:
        told = [each.payload for each in session.query(WebhookDelivery).order_by(WebhookDelivery.id)]
    assert [each["type"] for each in told] == ["import.finished", "cycle.failed"]
    assert told[0]["data"]["problem"] == {"title": "No", "detail": "x"}


def test_an_answered_batch_is_told_once(owner: TestClient, receiver: Receiver) -> None:
    from fixtures.labeling_world import build_world

    world = build_world(queued=2)
    with transaction() as session:
        session.add(Webhook(project_id=world.project_id, url=receiver.url, secret="whsec_", events=["batch.finished"]))

    def told() -> int:
        with transaction() as session:
            webhook_events.tell_of_batches(session)
        with transaction() as session:
            return session.query(WebhookDelivery).count()

    assert told() == 0
    with transaction() as session:
        session.execute(update(QueueItem).values(state="done", closed_at=utc_now() + timedelta(seconds=1)))
    assert [told(), told()] == [1, 1]
