"""What may happen to a labeling service in a lab: no acknowledged decision is lost, none is there twice.

One service for all of these: a Postgres and a Redis of its own, which may be stopped, and the real API process.
"""

import itertools
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import redis
from fixtures.api_process import ApiProcess
from fixtures.cut_cable import CutCable
from fixtures.insistent_labelers import Labelers, check_labeling, token_of
from fixtures.labeling_world import World, build_world, scalar
from fixtures.services import make_database

from tomosift.kit.database import reset_engine, transaction
from tomosift.kit.migrations import upgrade_to_head
from tomosift.kit.redis_urls import client_url
from tomosift.kit.settings import get_settings
from tomosift.supervisor.embedded_postgres import EmbeddedPostgres
from tomosift.supervisor.embedded_redis import EmbeddedRedis, find_redis_server
from tomosift.supervisor.postgres_binaries import find_binaries
from tomosift.tables import AccessToken

pytestmark = pytest.mark.faults
NUMBERS = itertools.count()
DUPLICATES = 1000
OVERLAP = {"overlap_share": 0.4, "overlap_opinions": 2}
CUT_SECONDS = float(os.environ.get("TOMOSIFT_TEST_CUT_SECONDS", "0.3"))
"""How long the cable is pulled, three times; a minute each by TOMOSIFT_TEST_CUT_SECONDS=60."""


@dataclass(frozen=True)
class Lab:
    """The running service and what it stands on."""

    api: ApiProcess
    postgres: EmbeddedPostgres
    redis_url: str

    def world(self, queued: int) -> World:
        """A project with two people; some of its items are asked of both."""
        return build_world(
            pool=queued,
            queued=queued,
            roles=("owner", "annotator"),
            slug=f"lab-{next(NUMBERS)}",
            settings=OVERLAP,
        )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "run").mkdir(mode=0o700)
    (folder / "home").mkdir(mode=0o700)
    binaries, password = find_binaries(), uuid.uuid4().hex
    postgres = EmbeddedPostgres(
        binaries, data=folder / "pg", sockets=folder / "run", password=password, log=folder / "pg.log"
    )
    postgres.create_cluster()
    postgres.start()
    program = find_redis_server()
    assert program is not None
    broker = EmbeddedRedis(program, data=folder, sockets=folder, log=folder / "redis.log")
    broker.launch()
    broker.wait_until_ready()
    url = make_database(postgres.url("postgres"))
    upgrade_to_head(url)
    before = {name: value for name, value in os.environ.items() if name.startswith("TOMOSIFT_")}
    ours = {"HOME": str(folder / "home"), "DATABASE_URL": url, "REDIS_URL": broker.url, "LOG_LEVEL": "error"}
    os.environ.update({f"TOMOSIFT_{name}": value for name, value in ours.items()})
    _forget_settings()
    api = ApiProcess()
    api.start()
    api.wait_until_up()
    yield Lab(api, postgres, broker.url)
    assert api.process is not None
    api.process.kill()
    api.process.wait(30)
    for name in ours:
        del os.environ[f"TOMOSIFT_{name}"]
    os.environ.update(before)
    _forget_settings()
    postgres.stop(10.0)
    broker.stop(5.0)


def _forget_settings() -> None:
    reset_engine()
    get_settings.cache_clear()


def test_postgres_restarted_and_redis_emptied(lab: Lab) -> None:
    world = lab.world(queued=60)
    labelers = Labelers(world, lab.api.url, users=[0, 1, 1]).begin()
    labelers.wait_for(10)
    with redis.Redis.from_url(client_url(lab.redis_url)) as client:
        client.flushall()
    labelers.wait_for(25)
    lab.postgres.stop(0.0)
    lab.postgres.start_again()
    labelers.finish()
    _forget_settings()
    check_labeling(world, labelers.acknowledged)
    assert scalar("SELECT count(*) FROM queue_item WHERE project_id = :id AND state = 'open'", id=world.project_id) == 0


def test_the_cable_is_pulled(lab: Lab) -> None:
    world = lab.world(queued=60)
    cable = CutCable(lab.api.port)
    labelers = Labelers(world, cable.url, users=[0, 1, 1]).begin()
    for decisions in (10, 30, 50):
        labelers.wait_for(decisions)
        cable.cut()
        time.sleep(CUT_SECONDS)
        cable.mend()
    labelers.finish()
    cable.close()
    check_labeling(world, labelers.acknowledged)


def test_a_thousand_submissions_of_one_decision(lab: Lab) -> None:
    world = lab.world(queued=4)
    headers = {**token_of(world, 0), "Idempotency-Key": str(uuid.uuid4())}
    body = {"subtomogram_id": world.queued[0], "kind": "junk"}
    answers: list[tuple[int, int]] = []

    def send(count: int) -> None:
        with httpx.Client(base_url=lab.api.url, headers=headers, timeout=60, trust_env=False) as client:
            for _ in range(count):
                response = client.post(world.path("/decisions"), json=body)
                answers.append((response.status_code, response.json()["event_id"]))

    threads = [threading.Thread(target=send, args=(DUPLICATES // 4,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert len(answers) == DUPLICATES
    assert sorted(status for status, _ in answers) == [200] * (DUPLICATES - 1) + [201]
    check_labeling(world, {headers["Idempotency-Key"]: answers[0][1]})


def test_a_token_revoked_in_the_middle(lab: Lab) -> None:
    world = lab.world(queued=4)
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    with httpx.Client(base_url=lab.api.url, headers=token_of(world, 0), timeout=60, trust_env=False) as client:
        tasks = client.post(world.path("/tasks/claim"), json={"count": 2}).json()["tasks"]
        bodies = [
            {
                "subtomogram_id": task["subtomogram"]["id"],
                "lease_id": task["lease"]["id"],
                "fencing_token": task["lease"]["id"],
                "kind": "unsure",
            }
            for task in tasks
        ]
        stored = client.post(world.path("/decisions"), json=bodies[0], headers={"Idempotency-Key": first})
        assert stored.status_code == 201
        with transaction() as session:
            for token in session.query(AccessToken).filter(AccessToken.user_id == world.user_ids[0]):
                session.delete(token)
        refused = client.post(world.path("/decisions"), json=bodies[1], headers={"Idempotency-Key": second})
        assert refused.status_code == 401
    check_labeling(world, {first: stored.json()["event_id"]})
    # Signed in again, the same decisions are sent once more, as the browser's outbox does.
    with httpx.Client(base_url=lab.api.url, headers=token_of(world, 0), timeout=60, trust_env=False) as client:
        again = [
            client.post(world.path("/decisions"), json=body, headers={"Idempotency-Key": key})
            for body, key in zip(bodies, (first, second), strict=True)
        ]
    assert [response.status_code for response in again] == [200, 201]
    check_labeling(world, {first: stored.json()["event_id"], second: again[1].json()["event_id"]})
