"""Curators run the queue: second looks, priorities, cancelling, pause, and what others hold."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, fresh_key, rows, scalar, signed_in

from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=20, queued=4, evaluation=2, roles=("owner", "annotator", "annotator"))


@pytest.fixture
def owner(world: World) -> TestClient:
    return signed_in(world.user_ids[0])


def post(client: TestClient, world: World, path: str, body: Any = None, status: int = 200) -> Any:
    response = client.post(world.path(path), json=body, headers=fresh_key())
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def label_all(client: TestClient, world: World) -> None:
    while tasks := post(client, world, "/tasks/claim", {"count": 8})["tasks"]:
        for task in tasks:
            answer(client, world, task)


def answer(client: TestClient, world: World, task: dict[str, Any], kind: str = "junk") -> dict[str, Any]:
    body = {
        "subtomogram_id": task["subtomogram"]["id"],
        "lease_id": task["lease"]["id"],
        "fencing_token": task["lease"]["fencing_token"],
        "kind": kind,
    }
    return dict(post(client, world, "/decisions", body, 201))


def works(client: TestClient, world: World, count: int = 8, **more: Any) -> list[str]:
    return [each["work"] for each in post(client, world, "/tasks/claim", {"count": count, **more})["tasks"]]


def test_what_is_asked_again_and_of_whom(world: World, owner: TestClient) -> None:
    label_all(owner, world)
    asked = world.queued[0]
    body = {"work": "recheck", "subtomogram_ids": [asked, world.evaluation[0], world.subtomogram_ids[-1], 10**9]}
    assert post(owner, world, "/queue/questions", body) == {
        "added": 2,
        "asked_already": 0,
        "undecided": 1,
        "in_evaluation": 0,
        "not_there": 1,
    }
    again = post(owner, world, "/queue/questions", body)
    assert (again["added"], again["asked_already"]) == (0, 2)
    reason = "The model sees a rod here."
    ids = [world.queued[1], world.evaluation[1]]
    found = post(owner, world, "/queue/questions", {"work": "label-error", "subtomogram_ids": ids, "reason": reason})
    assert (found["added"], found["in_evaluation"]) == (1, 1)
    # Its author is asked about a likely error, and about nothing else again.
    mine = post(owner, world, "/tasks/claim", {"count": 8})["tasks"]
    assert [(each["work"], each["pick"]["reason"]) for each in mine] == [("label-error", reason)]
    annotator = signed_in(world.user_ids[1])
    assert works(annotator, world) == ["evaluation", "recheck"]
    assert answer(owner, world, mine[0], "unsure")["label"] == {"kind": "unsure", "class_id": None}
    assert rows("SELECT work, count(*) FROM label_event WHERE work = 'label-error' GROUP BY 1") == [("label-error", 1)]


def test_a_random_share_of_the_labeled(world: World, owner: TestClient) -> None:
    label_all(owner, world)
    assert post(owner, world, "/queue/questions", {"work": "recheck", "labeled_share": 1})["added"] == 4
    assert scalar("SELECT count(*) FROM queue_item WHERE state = 'open' AND work = 'recheck'") == 4


def test_adjudication_only_for_curators_who_ask_for_it(world: World, owner: TestClient) -> None:
    label_all(owner, world)
    post(owner, world, "/queue/questions", {"work": "adjudication", "subtomogram_ids": world.queued[:1]})
    assert works(owner, world) == []
    annotator = signed_in(world.user_ids[1])
    assert post(annotator, world, "/tasks/claim", {"work": ["adjudication"]}, 403)["status"] == 403
    assert works(owner, world, work=["adjudication"]) == ["adjudication"]
    empty = post(signed_in(world.user_ids[1]), world, "/tasks/claim", {"work": ["recheck"]})["empty"]
    assert empty["code"] == "no-such-work"


def test_priority_and_cancel(world: World, owner: TestClient) -> None:
    label_all(owner, world)
    post(owner, world, "/queue/questions", {"work": "recheck", "subtomogram_ids": world.queued[:3]})
    annotator = signed_in(world.user_ids[1])
    first = world.queued[2]
    assert post(owner, world, "/queue/priority", {"subtomogram_ids": [first], "priority": 7}) == {"changed": 1}
    claimed = post(annotator, world, "/tasks/claim", {"count": 1})["tasks"]
    assert [each["subtomogram"]["id"] for each in claimed] == [first]
    queue = owner.get(world.path("/queue")).json()
    assert queue["works"] == [{"work": "recheck", "open": 3, "held": 1, "highest_priority": 7, "lowest_priority": -10}]
    # What somebody has before them stays theirs.
    assert post(owner, world, "/queue/cancel", {"work": "recheck"}) == {"changed": 2}
    answer(annotator, world, claimed[0])
    assert works(annotator, world) == []


def test_a_paused_queue_hands_nothing_out_but_takes_decisions(world: World, owner: TestClient) -> None:
    held = post(owner, world, "/tasks/claim", {"count": 1})["tasks"]
    post(owner, world, "/queue/pause", status=204)
    claimed = post(owner, world, "/tasks/claim", {"count": 2, "resume": True})
    assert (claimed["tasks"], claimed["empty"]["code"], claimed["queue"]["is_paused"]) == ([], "paused", True)
    assert post(owner, world, "/tasks/more")["added"] == 0
    assert answer(owner, world, held[0])["status"] == "accepted"
    assert owner.get(world.path("/progress")).json()["next_step"]["code"] == "paused"
    post(owner, world, "/queue/resume", status=204)
    assert len(works(owner, world, 2)) == 2


def test_who_holds_what_and_taking_it_away(world: World, owner: TestClient) -> None:
    annotator = signed_in(world.user_ids[1])
    tasks = post(annotator, world, "/tasks/claim", {"count": 2})["tasks"]
    page = owner.get(world.path("/leases?limit=1")).json()
    assert [each["user"] for each in page["items"]] == ["world-annotator-1"]
    assert page["items"][0]["subtomogram_id"] == tasks[0]["subtomogram"]["id"]
    rest = owner.get(world.path(f"/leases?after={page['next']}")).json()
    assert [each["lease_id"] for each in rest["items"]] == [tasks[1]["lease"]["id"]]
    assert signed_in(world.user_ids[2]).get(world.path("/leases")).status_code == 403
    assert owner.delete(world.path(f"/leases/{tasks[0]['lease']['id']}")).status_code == 204
    kept = post(annotator, world, "/leases/heartbeat", {"lease_ids": [each["lease"]["id"] for each in tasks]})
    assert [each["id"] for each in kept["renewed"]] == [tasks[1]["lease"]["id"]]
    assert kept["ended_ids"] == [tasks[0]["lease"]["id"]]


def test_nobody_holds_more_than_the_limit(
    world: World, owner: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "lease_limit", 3)
    assert len(works(owner, world, 2)) == 2
    assert len(works(owner, world, 2)) == 1
    empty = post(owner, world, "/tasks/claim", {"count": 2})["empty"]
    assert empty["code"] == "lease-limit"
    assert len(works(owner, world, 3, resume=True)) == 3


def test_the_queue_goes_on_by_itself_where_the_project_says_so(settings: Settings) -> None:
    world = build_world(pool=9, queued=1, settings={"when_empty": "random"}, slug="going-on")
    owner = signed_in(world.user_ids[0])
    label_all(owner, world)
    assert scalar("SELECT count(*) FROM current_label") == 9
