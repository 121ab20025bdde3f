"""Review: who sees whose opinions, how a dispute is settled, and what the figures count."""

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, fresh_key, rows, scalar, signed_in

from tomosift.consensus.project_labels import labels_agree
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=12, queued=0, evaluation=2, roles=["owner", "curator", "annotator", "annotator"])


def decide(world: World, user: int, about: int, number: int | None = 0, **more: Any) -> int:
    """An opinion (junk for no number) outside the queue; returns its event."""
    what = {"kind": "junk"} if number is None else {"kind": "class", "class_id": str(world.class_ids[number])}
    body = {"subtomogram_id": about, "duration_ms": 1000} | what | more
    answer = signed_in(world.user_ids[user]).post(world.path("/decisions"), json=body, headers=fresh_key())
    assert answer.status_code == 201, answer.text
    return int(answer.json()["event_id"])


def get(client: TestClient, world: World, rest: str, **query: Any) -> Any:
    answer = client.get(world.path(f"/review/{rest}"), params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_dispute_is_seen_settled_and_opened_again(world: World) -> None:
    curator = signed_in(world.user_ids[1])
    first, second, third = world.subtomogram_ids[2:5]
    for about in (first, second):
        decide(world, 2, about, 0, comment="two rings", confidence=2)
        decide(world, 3, about, 1)
    decide(world, 2, third)
    page = get(curator, world, "disputed", limit=1)
    assert [each["subtomogram"]["id"] for each in page["items"]] == [first]
    assert [
        (each["user"][-1], each["class_id"], each["confidence"], each["comment"])
        for each in page["items"][0]["opinions"]
    ] == [("2", str(world.class_ids[0]), 2, "two rings"), ("3", str(world.class_ids[1]), None, None)]
    page = get(curator, world, "disputed", limit=1, after=page["next"])
    assert ([each["subtomogram"]["id"] for each in page["items"]], page["next"]) == ([second], None)

    path, key = world.path(f"/review/subtomograms/{first}/adjudication"), fresh_key()
    body = {"kind": "class", "class_id": str(world.class_ids[2])}
    made, again = curator.post(path, json=body, headers=key), curator.post(path, json=body, headers=key)
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == made.json()
    assert curator.post(path, json={"kind": "junk"}, headers=key).status_code == 409
    item = get(curator, world, f"subtomograms/{first}")
    assert item["label"] == {
        "kind": "class",
        "class_id": str(world.class_ids[2]),
        "rule": "adjudicated",
        "opinion_count": 3,
        "agreement": 0.0,
        "confidence": None,
        "is_disputed": False,
    }
    assert [each["subtomogram"]["id"] for each in get(curator, world, "disputed")["items"]] == [second]
    undo = curator.post(world.path(f"/decisions/{made.json()['event_id']}/undo"), headers=fresh_key())
    assert undo.status_code == 201
    assert [each["subtomogram"]["id"] for each in get(curator, world, "disputed")["items"]] == [first, second]
    with transaction() as session:
        assert labels_agree(session, world.project_id)


def test_nobody_adjudicates_what_nobody_decided(world: World) -> None:
    curator, about = signed_in(world.user_ids[1]), world.subtomogram_ids[3]
    path = world.path(f"/review/subtomograms/{about}/adjudication")
    assert curator.post(path, json={"kind": "junk"}, headers=fresh_key()).status_code == 409
    assert signed_in(world.user_ids[2]).post(path, json={"kind": "junk"}, headers=fresh_key()).status_code == 403
    assert scalar("SELECT count(*) FROM label_event") == 0


def test_an_annotator_is_blind_until_they_have_decided(world: World) -> None:
    about, annotator = world.subtomogram_ids[3], signed_in(world.user_ids[3])
    path = world.path(f"/review/subtomograms/{about}")
    decide(world, 2, about)
    said = decide(world, 3, about, kind="comment", class_id=None, duration_ms=None, comment="is this one?")
    assert annotator.get(path).status_code == 403, "words are no decision"
    assert scalar("SELECT response->'label' FROM label_event WHERE id = :id", id=said) is None
    decide(world, 3, about, 1)
    assert [each["kind"] for each in get(annotator, world, f"subtomograms/{about}")["opinions"]] == [
        "class",
        "comment",
        "class",
    ]
    assert annotator.get(world.path("/review/disputed")).status_code == 403
    assert signed_in(world.user_ids[1]).get(world.path("/review/subtomograms/999999999")).status_code == 404


def test_evaluation_items_stay_blind_for_curators_too(world: World) -> None:
    about, curator = world.evaluation[0], signed_in(world.user_ids[1])
    path = world.path(f"/review/subtomograms/{about}")
    assert curator.get(path).status_code == 403
    task = next(each for each in world.claim(2, 2) if each.subtomogram.id == about)
    decide(world, 2, about, lease_id=task.lease.id, fencing_token=task.lease.fencing_token)
    assert curator.get(path).status_code == 200


def test_figures_count_one_opinion_of_each_person(world: World) -> None:
    curator, ids = signed_in(world.user_ids[1]), world.subtomogram_ids[2:8]
    for about in ids:
        decide(world, 2, about, 2)  # changed below: the newer word counts
        decide(world, 2, about, 0 if about != ids[0] else None)
        decide(world, 3, about, 0 if about not in ids[:2] else None)
    decide(world, 2, world.subtomogram_ids[9])
    figures = get(curator, world, "agreement")
    assert (figures["subtomograms"], figures["opinions"]) == (6, 12)
    # 5 of 6 pairs are equal; 9 times a class and 3 times junk: chance (81 + 9) / 144.
    assert figures["overall"]["observed"] == pytest.approx(5 / 6)
    assert figures["overall"]["value"] == pytest.approx((5 / 6 - 0.625) / 0.375)
    assert [(pair["n"], [name[-1] for name in pair["users"]]) for pair in figures["pairs"]] == [(6, ["2", "3"])]
    # First: junk 1, class 5; second: junk 2, class 4; chance (5 * 4 + 1 * 2) / 36.
    assert figures["pairs"][0]["value"] == pytest.approx((5 / 6 - 22 / 36) / (14 / 36))
    assert {(each["kind"], each["n"], each["opinions"]) for each in figures["by_value"]} == {
        ("class", 5, 9),
        ("junk", 2, 3),
    }

    people = {each["user"][-1]: each for each in get(curator, world, "annotators")["annotators"]}
    assert set(people) == {"2", "3"}
    assert (people["2"]["decisions"], people["3"]["decisions"]) == (7, 6)
    assert (people["2"]["with_others"]["n"], people["2"]["with_others"]["value"]) == (6, pytest.approx(5 / 6))
    assert people["2"]["median_seconds"] == 1.0
    assert people["3"]["with_consensus"]["value"] == 1.0, "theirs is the newest word, and the rule is single"
    own = get(signed_in(world.user_ids[3]), world, "annotators")["annotators"]
    assert [each["user"][-1] for each in own] == ["3"]

    path = world.path(f"/review/subtomograms/{ids[1]}/adjudication")
    body = {"kind": "class", "class_id": str(world.class_ids[0])}
    assert curator.post(path, json=body, headers=fresh_key()).status_code == 201
    people = {each["user"][-1]: each for each in get(curator, world, "annotators")["annotators"]}
    assert (people["2"]["with_adjudicator"]["value"], people["3"]["with_adjudicator"]["value"]) == (1.0, 0.0)
    assert people["1"]["adjudications"] == 1


def test_a_rule_is_previewed_and_set(world: World) -> None:
    owner, (first, second) = signed_in(world.user_ids[0]), world.subtomogram_ids[2:4]
    decide(world, 2, first)
    decide(world, 3, first, 1)
    decide(world, 2, second)
    before = rows("SELECT * FROM current_label ORDER BY subtomogram_id")
    preview = get(owner, world, "label-rule", rule="majority")
    assert (preview["now"], preview["labels"], preview["changed"], preview["disputed"]) == ("single", 2, 1, 1)
    assert (preview["training_labels_before"], preview["training_labels_after"]) == (2, 1)
    assert preview["changes"] == [
        {
            "before": {"kind": "class", "class_id": str(world.class_ids[1])},
            "after": {"kind": "unsure", "class_id": None},
            "count": 1,
        }
    ]
    by_model = get(owner, world, "label-rule", rule="crowdlab")
    assert by_model["note"].startswith("No model's outputs")
    assert (by_model["labels"], by_model["disputed"]) == (2, 1), "derived by the database or by the model, not by both"
    assert by_model["by_rule"] == {"dawid-skene": 1, "majority": 1}
    assert rows("SELECT * FROM current_label ORDER BY subtomogram_id") == before
    etag = owner.get(world.path("")).headers["ETag"]
    patch = {"settings": {"label_rule": "majority"}}
    assert owner.patch(world.path(""), json=patch, headers={"If-Match": etag}).status_code == 200
    assert scalar("SELECT count(*) FROM job WHERE kind = 'labels' AND state = 'queued'") == 1
    decide(world, 3, second, 1)
    assert rows("SELECT kind, rule FROM current_label WHERE subtomogram_id = :id", id=second) == [
        ("unsure", "majority")
    ]
    assert owner.get(world.path("/review/label-rule"), params={"rule": str(uuid.uuid4())}).status_code == 422
