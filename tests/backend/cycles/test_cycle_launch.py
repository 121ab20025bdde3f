"""Launching cycles over HTTP: what is needed, what is stored, what is refused."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, fresh_key, rows, scalar, signed_in
from fixtures.launched_cycles import REPORT, announce_worker, finish_cycle, say
from sqlalchemy import text

from tomosift.cycles.launch import Launcher, launch_cycle
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.kit.standing_labels import snapshot_lock

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=60, queued=10, evaluation=4, roles=["owner", "annotator", "curator"])


@pytest.fixture
def owner(world: World) -> TestClient:
    return signed_in(world.user_ids[0])


def launch(client: TestClient, world: World, settings: dict[str, Any] | None = None, **headers: str) -> Any:
    return client.post(world.path("/cycles"), json={"settings": settings or {}}, headers=headers)


def test_a_launch_stores_cycle_job_and_message_together(world: World, owner: TestClient) -> None:
    announce_worker()
    events = say(world, [*world.queued, world.subtomogram_ids[-1]])
    response = launch(owner, world, {"acquisition": "random", "training": {"steps": 7}})
    assert response.status_code == 202, response.text
    cycle = response.json()
    assert (cycle["number"], cycle["stage"], cycle["job"]["state"], cycle["warning"]) == (1, "queued", "queued", None)
    assert cycle["settings"] == {
        "version": 1,
        "preset": "quick",
        "acquisition": "random",
        "batch_size": 40,
        "training": {"steps": 7, "rate": 0.1},
    }
    assert cycle["trigger"] == {"kind": "manual", "reason": "Launched by owner"}
    assert (cycle["training_label_count"], cycle["evaluation_label_count"]) == (11, 0)
    stored = rows(
        "SELECT c.label_snapshot_event_id, j.kind, j.task, j.queue, j.payload, o.task, o.queue, o.arguments, j.id "
        "FROM cycle c JOIN job j ON j.id = c.job_id JOIN outbox_message o ON o.arguments->>'job_id' = j.id::text"
    )
    assert len(stored) == 1
    snapshot, kind, task, queue, payload, sent_task, sent_queue, arguments, job_id = stored[0]
    assert snapshot == max(events)
    assert (kind, task, queue) == ("cycle", "tomosift_worker.run_cycle", "gpu") == (kind, sent_task, sent_queue)
    assert arguments == {"job_id": str(job_id)}
    assert payload["cycle_number"] == 1


@pytest.mark.parametrize(
    ("labels", "classes", "missing"),
    [(0, 2, "10 more labels"), (9, 2, "1 more labels"), (12, 1, "2 different classes (all so far are barrel)")],
)
def test_too_few_labels_says_what_is_missing(
    world: World, owner: TestClient, labels: int, classes: int, missing: str
) -> None:
    say(world, world.subtomogram_ids[4 : 4 + labels], classes=classes)
    response = launch(owner, world)
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "urn:tomosift:problem:too-few-labels"
    assert missing in problem["detail"]
    assert problem["training_labels"] == labels
    assert scalar("SELECT count(*) FROM job") == 0


def test_evaluation_labels_do_not_count_for_training(world: World, owner: TestClient) -> None:
    say(world, world.queued[:9])
    for task in world.claim(1, 8):
        if task.work == "evaluation":
            body = {
                "subtomogram_id": task.subtomogram.id,
                "lease_id": task.lease.id,
                "fencing_token": task.lease.id,
                "kind": "class",
                "class_id": str(world.class_ids[0]),
            }
            annotator = signed_in(world.user_ids[1])
            assert annotator.post(world.path("/decisions"), json=body, headers=fresh_key()).status_code == 201
    assert launch(owner, world).json()["training_labels"] == 9


def test_one_cycle_at_a_time(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    assert launch(owner, world).status_code == 202
    response = launch(owner, world)
    assert (response.status_code, response.json()["type"]) == (409, "urn:tomosift:problem:cycle-running")
    assert "Cycle 1 waits for a worker" in response.json()["detail"]


def test_launches_at_once_start_one(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(response.status_code for response in pool.map(lambda _: launch(owner, world), range(6)))
    assert statuses == [202] + [409] * 5
    assert scalar("SELECT count(*) FROM cycle") == scalar("SELECT count(*) FROM outbox_message") == 1


def test_a_repeated_launch_is_the_same_cycle(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    key = str(uuid.uuid4())
    first = launch(owner, world, **{"Idempotency-Key": key})
    again = launch(owner, world, **{"Idempotency-Key": key})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["number"] == again.json()["number"] == 1
    other = launch(owner, world, {"batch_size": 3}, **{"Idempotency-Key": key})
    assert (other.status_code, other.json()["type"]) == (409, "urn:tomosift:problem:key-reused")
    assert scalar("SELECT count(*) FROM cycle") == 1


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"acquisition": "best"}, "unknown-acquisition", "entropy, random"),
        ({"acquisition": 7}, "unknown-acquisition", "entropy, random"),
        ({"preset": "fast"}, "unknown-preset", "quick"),
        ({"preset": []}, "unknown-preset", "quick"),
        ({"batch_size": 0}, "bad-settings", "batch_size"),
        ({"training": {"steps": "many"}}, "bad-settings", "training.steps"),
        ({"traning": {}}, "bad-settings", "traning"),
    ],
)
def test_wrong_settings_name_what_is_wrong(
    world: World, owner: TestClient, asked: dict[str, Any], kind: str, said: str
) -> None:
    announce_worker()
    say(world, world.queued)
    response = launch(owner, world, asked)
    assert response.status_code == 422
    assert response.json()["type"] == f"urn:tomosift:problem:{kind}"
    assert said in response.json()["detail"]
    assert scalar("SELECT count(*) FROM cycle") == 0


def test_settings_are_checked_without_a_launch(world: World, owner: TestClient) -> None:
    announce_worker()

    def check(settings: dict[str, Any]) -> Any:
        response = owner.post(world.path("/cycles/check"), json={"settings": settings})
        assert response.status_code == 200, response.text
        return response.json()

    whole = check({"training": {"steps": 7}})
    assert (whole["settings"]["training"], whole["errors"]) == ({"steps": 7, "rate": 0.1}, [])
    wrong = check({"training": {"steps": "many"}, "batch_size": 0})
    assert wrong["settings"] is None
    assert {each["where"] for each in wrong["errors"]} == {"training.steps", "batch_size"}
    assert [each["where"] for each in check({"preset": "fast"})["errors"]] == ["preset"]
    assert [each["where"] for each in check({"acquisition": "best"})["errors"]] == ["acquisition"]
    assert scalar("SELECT count(*) FROM cycle") == 0


def test_without_a_worker_the_cycle_waits_and_says_so(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    cycle = launch(owner, world, {"preset": "whatever"}).json()
    assert cycle["settings"] == {"preset": "whatever", "batch_size": 40}
    assert "No worker that can train" in cycle["warning"]


def test_cancel(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    launch(owner, world)
    cycle = owner.post(world.path("/cycles/1/cancel")).json()
    assert (cycle["stage"], cycle["job"]["state"]) == ("cancelled", "cancelled")
    assert owner.post(world.path("/cycles/1/cancel")).status_code == 409
    assert owner.post(world.path("/cycles/2/cancel")).status_code == 404
    assert launch(owner, world).json()["number"] == 2


def test_cycles_pages_and_learning_curve(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    for number in (1, 2, 3):
        assert launch(owner, world).status_code == 202
        finish_cycle(world, number, {"report": REPORT, "reason": None} if number != 2 else {"reason": "too few"})
    first = owner.get(world.path("/cycles?limit=2")).json()
    assert [cycle["number"] for cycle in first["items"]] == [3, 2]
    rest = owner.get(world.path(f"/cycles?limit=2&after={first['next']}")).json()
    assert [cycle["number"] for cycle in rest["items"]] == [1]
    assert rest["items"][0]["metrics"]["report"]["accuracy"] == 0.75
    one = owner.get(world.path("/cycles/3")).json()
    assert one["model_id"] == owner.get(world.path("/models")).json()["items"][0]["id"]
    assert scalar("SELECT count(*) FROM cycle WHERE previous_cycle_id IS NOT NULL") == 2
    assert owner.get(world.path("/learning-curve")).json()["points"] == [
        {
            "cycle_number": number,
            "training_labels": 10,
            "evaluation_labels": 20,
            "total_labels": 50,
            "accuracy": 0.75,
            "low": 0.53,
            "high": 0.89,
            "balanced_accuracy": 0.7,
            "acquisition": "unknown",
        }
        for number in (1, 3)
    ]


def test_roles(world: World) -> None:
    annotator, curator = signed_in(world.user_ids[1]), signed_in(world.user_ids[2])
    say(world, world.queued)
    assert launch(annotator, world).status_code == 403
    assert launch(curator, world).status_code == 202
    assert annotator.post(world.path("/cycles/1/cancel")).status_code == 403
    assert annotator.get(world.path("/cycles/1")).status_code == 200
    stranger = signed_in(build_world(slug="elsewhere").user_ids[0])
    for path in ("/cycles", "/cycles/1", "/learning-curve", "/models", "/events"):
        assert stranger.get(world.path(path)).status_code == 404


def test_the_snapshot_waits_for_decisions_under_way(world: World) -> None:
    say(world, world.queued)
    launched = threading.Event()

    def launch_it() -> None:
        with transaction() as session:
            launch_cycle(session, world.project_id, Launcher.person(world.user_ids[0], "owner"), {})
        launched.set()

    with transaction() as session:  # somebody is writing an event
        lock = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
        session.execute(lock, {"name": snapshot_lock(world.project_id)})
        thread = threading.Thread(target=launch_it)
        thread.start()
        time.sleep(0.3)
        assert not launched.is_set()
    thread.join(5)
    assert launched.is_set()
