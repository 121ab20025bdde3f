"""The annotation room over HTTP: statuses, headers, roles."""

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, fresh_key, scalar, signed_in

from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=20, queued=8, evaluation=4, roles=["owner", "annotator", "viewer"])


@pytest.fixture
def owner(world: World) -> TestClient:
    return signed_in(world.user_ids[0])


def decision(world: World, task: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "subtomogram_id": task["subtomogram"]["id"],
        "lease_id": task["lease"]["id"],
        "fencing_token": task["lease"]["fencing_token"],
        "kind": "class",
        "class_id": str(world.class_ids[0]),
        "decided_at": "2026-11-20T12:00:00Z",
        **more,
    }


def claim(client: TestClient, world: World, count: int = 1, **more: Any) -> dict[str, Any]:
    response = client.post(world.path("/tasks/claim"), json={"count": count, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_label_one_item(world: World, owner: TestClient) -> None:
    claimed = claim(owner, world, 3)
    assert claimed["empty"] is None
    assert claimed["queue"] == {
        "open_query": 8,
        "open_evaluation": 4,
        "open_second_look": 0,
        "waiting_for_others": 0,
        "leased_by_others": 0,
        "batch_cycle_number": None,
        "batch_total": 8,
        "batch_done": 0,
        "is_paused": False,
    }
    task = claimed["tasks"][0]
    key = fresh_key()
    first = owner.post(world.path("/decisions"), json=decision(world, task), headers=key)
    again = owner.post(world.path("/decisions"), json=decision(world, task), headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["status"] == "accepted"
    other = owner.post(world.path("/decisions"), json=decision(world, task, comment="no"), headers=key)
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["type"] == "urn:tomosift:problem:key-reused"


def test_undo_over_http(world: World, owner: TestClient) -> None:
    task = claim(owner, world)["tasks"][0]
    event = owner.post(world.path("/decisions"), json=decision(world, task), headers=fresh_key()).json()["event_id"]
    key = fresh_key()
    first = owner.post(world.path(f"/decisions/{event}/undo"), headers=key)
    again = owner.post(world.path(f"/decisions/{event}/undo"), headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["task"]["subtomogram"]["id"] == task["subtomogram"]["id"]
    assert owner.post(world.path(f"/decisions/{event}/undo"), headers=fresh_key()).status_code == 409
    assert owner.post(world.path("/decisions/999999/undo"), headers=fresh_key()).status_code == 404


def test_leases_over_http(world: World, owner: TestClient) -> None:
    lease = claim(owner, world)["tasks"][0]["lease"]["id"]
    assert owner.post(world.path(f"/leases/{lease}/heartbeat")).json()["expires_at"] > "2026"
    assert [owner.delete(world.path(f"/leases/{lease}")).status_code for _ in range(2)] == [204, 204]
    assert owner.post(world.path(f"/leases/{lease}/heartbeat")).status_code == 410
    assert owner.delete(world.path("/leases/999999")).status_code == 404
    assert signed_in(world.user_ids[1]).delete(world.path(f"/leases/{lease}")).status_code == 404


def test_resume_after_a_reload(world: World, owner: TestClient) -> None:
    before = [task["lease"]["id"] for task in claim(owner, world, 2)["tasks"]]
    assert [task["lease"]["id"] for task in claim(owner, world, 2, resume=True)["tasks"]] == before


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "guess"}, "body.kind"),
        ({"class_id": None}, "body"),
        ({"kind": "junk"}, "body"),
        ({"fencing_token": 1}, "body"),
        ({"duration_ms": -1}, "body.duration_ms"),
        ({"decided_at": "2026-11-20T12:00:00"}, "body"),
        ({"comment": "x" * 3000}, "body.comment"),
        ({"subtomogram_id": 2**70}, "body.subtomogram_id"),
        ({"comment": "a\x00b"}, "body.comment"),
        ({"surprise": 1}, "body.surprise"),
    ],
)
def test_bad_decisions_name_the_field(world: World, owner: TestClient, change: dict[str, Any], where: str) -> None:
    task = claim(owner, world)["tasks"][0]
    if "fencing_token" in change:
        change = {"fencing_token": task["lease"]["id"] + 1}
    response = owner.post(world.path("/decisions"), json=decision(world, task, **change), headers=fresh_key())
    assert response.status_code == 422, response.text
    assert where in [each["where"] for each in response.json()["errors"]]
    assert scalar("SELECT count(*) FROM label_event") == 0


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "short"}, {"Idempotency-Key": "with space in it"}])
def test_a_decision_needs_a_key(world: World, owner: TestClient, headers: dict[str, str]) -> None:
    task = claim(owner, world)["tasks"][0]
    assert owner.post(world.path("/decisions"), json=decision(world, task), headers=headers).status_code == 422


@pytest.mark.parametrize("count", [0, 9, "many"])
def test_claim_takes_one_to_eight(world: World, owner: TestClient, count: object) -> None:
    assert owner.post(world.path("/tasks/claim"), json={"count": count}).status_code == 422


def test_empty_claim_explains_itself(world: World, owner: TestClient) -> None:
    claim(owner, world, 8)
    claim(owner, world, 8)
    answer = claim(signed_in(world.user_ids[1]), world)
    assert answer["tasks"] == []
    assert answer["empty"]["code"] == "all-held"
    more = owner.post(world.path("/tasks/more")).json()
    assert (more["added"], more["queue"]["batch_total"]) == (8, 16)


def test_history_pages_and_is_ones_own(world: World, owner: TestClient) -> None:
    for task in claim(owner, world, 5)["tasks"]:
        owner.post(world.path("/decisions"), json=decision(world, task), headers=fresh_key())
    first = owner.get(world.path("/decisions?limit=3")).json()
    rest = owner.get(world.path(f"/decisions?limit=3&after={first['next']}")).json()
    ids = [each["event_id"] for each in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    assert rest["next"] is None
    annotator = signed_in(world.user_ids[1])
    assert annotator.get(world.path("/decisions")).json()["items"] == []
    assert annotator.get(world.path("/decisions?mine=false")).status_code == 403
    assert len(owner.get(world.path("/decisions?mine=false")).json()["items"]) == 5
    assert owner.get(world.path("/decisions?after=nonsense")).status_code == 422


def test_roles(world: World) -> None:
    viewer, stranger = signed_in(world.user_ids[2]), signed_in(build_world(slug="elsewhere").user_ids[0])
    writes: list[tuple[str, str, Any]] = [
        ("POST", "/tasks/claim", {"count": 1}),
        ("POST", "/tasks/more", None),
        ("POST", "/leases/1/heartbeat", None),
        ("DELETE", "/leases/1", None),
        ("POST", "/decisions", {"subtomogram_id": 1, "kind": "junk"}),
        ("POST", "/decisions/1/undo", None),
    ]
    for method, path, body in writes:
        for client, expected in ((viewer, 403), (stranger, 404)):
            response = client.request(method, world.path(path), json=body, headers=fresh_key())
            assert response.status_code == expected, (method, path)
    for path in ("/progress", "/decisions"):
        assert viewer.get(world.path(path)).status_code == 200
        assert stranger.get(world.path(path)).status_code == 404


def test_an_item_of_another_project_cannot_be_decided(world: World, owner: TestClient) -> None:
    elsewhere = build_world(slug="elsewhere")
    body = {"subtomogram_id": elsewhere.subtomogram_ids[0], "kind": "junk"}
    assert owner.post(world.path("/decisions"), json=body, headers=fresh_key()).status_code == 404
    other = signed_in(elsewhere.user_ids[0])
    lease = claim(other, elsewhere)["tasks"][0]["lease"]["id"]
    stolen = {
        "subtomogram_id": world.queued[0],
        "lease_id": lease,
        "fencing_token": lease,
        "kind": "class",
        "class_id": str(uuid.uuid4()),
    }
    assert owner.post(world.path("/decisions"), json=stolen, headers=fresh_key()).status_code == 422
    assert scalar("SELECT count(*) FROM label_event") == 0
