"""Several people asked about an item: never the same one twice, each blind, and one person alone is not held up."""

import threading
import uuid
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world, rows, scalar, signed_in
from sqlalchemy import text

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.empty_queue import explain_empty_queue
from tomosift.annotation.queue import EVERYBODYS_WORK, queue_status
from tomosift.annotation.schemas import DecisionIn, Task
from tomosift.annotation.undo import undo_decision
from tomosift.kit.database import transaction
from tomosift.kit.queue_layout import Batch, Layout, Pick, queue_rows
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")

OVERLAP = {"overlap_share": 1.0, "overlap_opinions": 2}


@pytest.fixture
def world(settings: Settings) -> World:
    """Three picks and two evaluation items; all are asked of two people."""
    return build_world(pool=8, queued=3, evaluation=2, settings=OVERLAP)


def decide(world: World, task: Task, user: int, kind: str = "junk") -> int:
    body = {
        "subtomogram_id": task.subtomogram.id,
        "lease_id": task.lease.id,
        "fencing_token": task.lease.id,
        "kind": kind,
    }
    return record_decision(world.asker(user), DecisionIn.model_validate(body), uuid.uuid4().hex)[0].event_id


def choose(world: World, subtomogram_id: int, user: int) -> None:
    body = DecisionIn.model_validate({"subtomogram_id": subtomogram_id, "kind": "junk"})
    record_decision(world.asker(user), body, uuid.uuid4().hex)


def open_slots(subtomogram_id: int) -> int:
    return int(
        scalar("SELECT count(*) FROM queue_item WHERE subtomogram_id = :id AND state = 'open'", id=subtomogram_id)
    )


def test_the_share_hangs_on_ids_alone() -> None:
    third = Layout(overlap_share=0.3, overlap_opinions=3)
    shared = {each for each in range(4000) if third.opinions_wanted(each) == 3}
    assert 1100 < len(shared) < 1300
    assert shared <= {each for each in range(4000) if Layout(overlap_share=0.5).opinions_wanted(each) == 2}
    assert all(Layout().opinions_wanted(each) == 1 for each in range(100))


def test_further_opinions_of_picks_are_re_checks_that_tell_nothing() -> None:
    laid_out = queue_rows(Batch(uuid.uuid4(), 4), [Pick(1, {"text": "why"}, 1, 0.5)], [2], Layout(1, 1.0, 3))
    shown = [(row["subtomogram_id"], row["work"], row["slot"], row["reason"], row["score"]) for row in laid_out]
    assert shown == [
        (1, "query", 1, {"text": "why"}, 0.5),
        (1, "recheck", 2, None, None),
        (1, "recheck", 3, None, None),
        (2, "evaluation", 1, None, None),
        (2, "evaluation", 2, None, None),
        (2, "evaluation", 3, None, None),
    ]


def test_one_person_alone_answers_each_item_once_and_is_not_held_up(world: World) -> None:
    seen = []
    while tasks := world.claim(0, 2):
        for task in tasks:
            seen.append(task.subtomogram.id)
            decide(world, task, 0)
    assert sorted(seen) == sorted(world.queued + world.evaluation)
    with transaction() as session:
        assert queue_status(session, world.asker(0)).waiting_for_others == 5
        empty = explain_empty_queue(session, world.asker(0), EVERYBODYS_WORK, may_launch=True)
        assert queue_status(session, world.asker(1)).open_second_look == 3
    assert empty.code == "too-few-classes"
    assert empty.detail.endswith("5 particles that you have answered wait for a second person.")


def test_the_second_person_gets_the_rest_blind(world: World) -> None:
    for task in world.claim(0, 8):
        decide(world, task, 0)
    tasks = world.claim(1, 8)
    assert [task.work for task in tasks] == ["evaluation", "evaluation", "recheck", "recheck", "recheck"]
    assert all(task.pick is None for task in tasks)
    for task in tasks:
        decide(world, task, 1, "unsure")
    assert world.claim(2, 8) == []
    assert scalar("SELECT count(*) FROM queue_item WHERE state = 'open'") == 0
    assert rows("SELECT DISTINCT opinion_count FROM current_label") == [(2,)]


def test_two_tabs_of_one_person_never_hold_or_fill_two_slots(world: World) -> None:
    """Claims and decisions of one person at once, from many threads: each item is answered by them once."""
    given: list[int] = []

    def tab() -> None:
        while tasks := world.claim(0, 1):
            given.extend(task.subtomogram.id for task in tasks)
            decide(world, tasks[0], 0)

    tabs = [threading.Thread(target=tab) for _ in range(4)]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join(60)
    assert sorted(given) == sorted(world.queued + world.evaluation)
    assert scalar("SELECT count(*) FROM queue_item WHERE state = 'done'") == 5


@pytest.mark.parametrize("speaks", ["decides", "chooses", "undoes"])
def test_a_claim_in_progress_and_ones_own_word_wait_in_one_order(world: World, speaks: str) -> None:
    """A claim of the same person in another tab has the item's other slot, and then asks whether they hold the item."""
    task = world.claim(0)[0]
    item = task.subtomogram.id
    event = decide(world, task, 0) if speaks == "undoes" else 0
    failures: list[Exception] = []

    def speak() -> None:
        try:
            if speaks == "decides":
                decide(world, task, 0)
            elif speaks == "chooses":
                choose(world, item, 0)
            else:
                undo_decision(world.asker(0), event, uuid.uuid4().hex)
        except Exception as failure:  # a deadlock's loser, whichever side it is
            failures.append(failure)

    speaking = threading.Thread(target=speak)
    with transaction() as claiming:
        values = {"item": item, "user": world.user_ids[0], "project": world.project_id}
        other = claiming.execute(
            text(
                "SELECT id FROM queue_item q WHERE subtomogram_id = :item AND state = 'open' "
                "AND id <> (SELECT min(queue_item_id) FROM lease WHERE subtomogram_id = :item) FOR UPDATE"
            ),
            values,
        ).scalar_one()
        speaking.start()
        while not scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            assert speaking.is_alive()
        claiming.execute(
            text(
                "INSERT INTO lease (project_id, queue_item_id, subtomogram_id, user_id, claimed_at, expires_at) "
                "VALUES (:project, :other, :item, :user, now(), now() + interval '1 minute') ON CONFLICT DO NOTHING"
            ),
            {**values, "other": other},
        )
        claiming.rollback()
    speaking.join(20)
    assert failures == []


def test_a_free_choice_fills_one_slot_and_a_change_of_mind_none(world: World) -> None:
    item = world.queued[0]
    choose(world, item, 0)
    choose(world, item, 0)
    assert open_slots(item) == 1
    choose(world, item, 1)
    assert open_slots(item) == 0


def test_an_undo_opens_the_same_slot_for_its_author(world: World) -> None:
    task = world.claim(0)[0]
    event = decide(world, task, 0)
    choose(world, task.subtomogram.id, 1)
    answer, _ = undo_decision(world.asker(0), event, uuid.uuid4().hex)
    assert answer.task is not None
    assert answer.task.work == "query"
    assert open_slots(task.subtomogram.id) == 1
    assert task.subtomogram.id not in [each.subtomogram.id for each in world.claim(1, 8)]


def test_labels_are_hidden_from_those_who_may_still_be_asked(world: World) -> None:
    query, evaluation = world.queued[0], world.evaluation[0]
    for task in world.claim(0, 8):
        decide(world, task, 0)
    owner, annotator = signed_in(world.user_ids[0]), signed_in(world.user_ids[1])

    def label(client: Any, subtomogram_id: int) -> Any:
        listed = client.get(world.path("/subtomograms")).json()["items"]
        return next(each["label"] for each in listed if each["id"] == subtomogram_id)

    assert label(owner, query)["kind"] == label(owner, evaluation)["kind"] == "junk"
    assert label(annotator, query) is None
    assert label(annotator, evaluation) is None
    assert annotator.get(world.path("/subtomograms?label=junk")).json()["items"] == []
    for task in world.claim(1, 8):
        decide(world, task, 1)
    assert label(annotator, query)["kind"] == "junk"
    others = signed_in(world.user_ids[2])
    assert label(others, query)["kind"] == "junk"
    assert label(others, evaluation) is None
