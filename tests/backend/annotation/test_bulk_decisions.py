"""Many items in one request: all or none of them, once, and taken back together."""

import uuid
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world, fresh_key, rows, scalar, signed_in

from tomosift.consensus.project_labels import labels_agree
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=12, queued=6, evaluation=2)


def send(world: World, ids: list[int], key: dict[str, str] | None = None, **more: Any) -> Any:
    body = {"subtomogram_ids": ids, "kind": "class", "class_id": str(world.class_ids[0])} | more
    return signed_in(world.user_ids[0]).post(world.path("/decisions/bulk"), json=body, headers=key or fresh_key())


def test_each_item_is_an_event_and_answers_its_question(world: World) -> None:
    held = world.claim(1, 1)[0].subtomogram.id
    ids = [*world.queued, world.subtomogram_ids[-1]]
    answer = send(world, ids, duration_ms=7000, comment="clear")
    assert answer.status_code == 201
    assert answer.json()["decided"] == 6
    assert answer.json()["held_by_others"] == [held]
    events = rows("SELECT subtomogram_id, work, duration_ms, comment, bulk_id FROM label_event ORDER BY id")
    assert [tuple(row) for row in events] == [
        (each, "choice", 1000, "clear", uuid.UUID(answer.json()["bulk_id"])) for each in ids if each != held
    ]
    closed = rows("SELECT subtomogram_id FROM queue_item WHERE state = 'done' ORDER BY subtomogram_id")
    assert [row[0] for row in closed] == [each for each in world.queued if each != held]
    with transaction() as session:
        assert labels_agree(session, world.project_id)


def test_evaluation_items_are_refused_with_their_number_and_nothing_is_done(world: World) -> None:
    answer = send(world, [*world.queued, *world.evaluation])
    assert (answer.status_code, answer.json()["evaluation_items"]) == (409, 2)
    assert answer.json()["type"].endswith("evaluation-only-by-queue")
    assert send(world, [world.queued[0], 10**9]).status_code == 404
    assert send(world, [world.queued[0]], class_id=str(uuid.uuid4())).status_code == 422
    assert send(world, [world.queued[0]] * 2).status_code == 422
    assert scalar("SELECT count(*) FROM label_event") == 0


def test_a_key_stands_for_one_content(world: World) -> None:
    key = fresh_key()
    first, again = send(world, world.queued[:3], key), send(world, world.queued[:3], key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert send(world, world.queued[:4], key).status_code == 409
    single = {"subtomogram_id": world.queued[4], "kind": "junk"}
    answer = signed_in(world.user_ids[0]).post(world.path("/decisions"), json=single, headers=key)
    assert answer.status_code == 409
    assert scalar("SELECT count(*) FROM label_event") == 3


def test_all_of_it_is_taken_back_together(world: World) -> None:
    client, key = signed_in(world.user_ids[0]), fresh_key()
    before = send(world, world.queued[:1], kind="junk", class_id=None).json()
    made = send(world, world.queued[:4]).json()
    undo = world.path(f"/decisions/bulk/{made['bulk_id']}/undo")
    assert signed_in(world.user_ids[1]).post(undo, headers=fresh_key()).status_code == 404
    first, again = client.post(undo, headers=key), client.post(undo, headers=key)
    assert (first.status_code, first.json()) == (201, {"undone": 4})
    assert (again.status_code, again.json()) == (200, {"undone": 4})
    assert client.post(undo, headers=fresh_key()).status_code == 409
    assert [tuple(row) for row in rows("SELECT subtomogram_id, kind FROM current_label")] == [
        (world.queued[0], "junk")
    ], "what was said before stands again"
    open_items = rows("SELECT subtomogram_id FROM queue_item WHERE state = 'open' AND work = 'query' ORDER BY position")
    assert {row[0] for row in open_items} == set(world.queued[1:])
    assert before["decided"] == 1
