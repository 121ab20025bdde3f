"""Decisions and undo: stored once, never dropped, and the label that follows from them."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world, rows, run_out, scalar
from sqlalchemy import text

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.queue import queue_status
from tomosift.annotation.schemas import DecisionIn, DecisionOut, QueueStatus, Task, UndoOut
from tomosift.annotation.undo import undo_decision
from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=20, queued=8, evaluation=4)


def body_of(world: World, task: Task | None, kind: str = "class", class_number: int = 0, **more: Any) -> DecisionIn:
    values: dict[str, Any] = {"kind": kind, "class_id": world.class_ids[class_number] if kind == "class" else None}
    if task is not None:
        values |= {
            "subtomogram_id": task.subtomogram.id,
            "lease_id": task.lease.id,
            "fencing_token": task.lease.fencing_token,
        }
    return DecisionIn.model_validate(values | more)


def decide(world: World, task: Task | None, user: int = 0, key: str | None = None, **what: Any) -> DecisionOut:
    return record_decision(world.asker(user), body_of(world, task, **what), key or str(uuid.uuid4()))[0]


def undo(world: World, event_id: int, user: int = 0, key: str | None = None) -> UndoOut:
    return undo_decision(world.asker(user), event_id, key or str(uuid.uuid4()))[0]


def label(subtomogram_id: int) -> Any:
    found = rows(
        "SELECT kind, class_id, opinion_count FROM current_label WHERE subtomogram_id = :id", id=subtomogram_id
    )
    return tuple(found[0]) if found else None


def status(world: World, user: int = 0) -> QueueStatus:
    with transaction() as session:
        return queue_status(session, world.asker(user))


def item_state(subtomogram_id: int) -> str:
    return str(scalar("SELECT state FROM queue_item WHERE subtomogram_id = :id", id=subtomogram_id))


def test_a_decision_labels_closes_and_ends_the_lease(world: World) -> None:
    task = world.claim()[0]
    answer = decide(world, task, class_number=1, duration_ms=900, comment="  clear  ")
    assert answer.status == "accepted"
    assert answer.label is not None
    assert answer.label.class_id == world.class_ids[1]
    queue = status(world)
    assert (queue.open_query, queue.batch_done, queue.batch_total) == (7, 1, 8)
    assert label(task.subtomogram.id) == ("class", world.class_ids[1], 1)
    assert item_state(task.subtomogram.id) == "done"
    assert rows("SELECT outcome FROM lease") == [("decided",)]
    assert rows("SELECT work, duration_ms, comment, late, lease_id FROM label_event") == [
        ("query", 900, "clear", False, task.lease.id)
    ]


@pytest.mark.parametrize("kind", ["unsure", "junk"])
def test_unsure_and_junk_close_the_item(world: World, kind: str) -> None:
    task = world.claim()[0]
    decide(world, task, kind=kind)
    assert label(task.subtomogram.id) == (kind, None, 1)
    assert item_state(task.subtomogram.id) == "done"


def test_a_skip_leaves_the_question_to_others(world: World) -> None:
    task = world.claim()[0]
    decide(world, task, kind="skip")
    assert label(task.subtomogram.id) == ("skip", None, 0)
    assert item_state(task.subtomogram.id) == "open"
    queue = status(world)
    assert (queue.open_query, queue.waiting_for_others, queue.batch_done) == (7, 1, 0)
    with_others = [each for _ in range(2) for each in world.claim(1, 8)]
    again = next(each for each in with_others if each.subtomogram.id == task.subtomogram.id)
    decide(world, again, user=1, class_number=2)
    assert label(task.subtomogram.id) == ("class", world.class_ids[2], 1)


def test_repetitions_store_one_event_and_give_the_same_answer(world: World) -> None:
    task = world.claim()[0]
    body, key = body_of(world, task), str(uuid.uuid4())
    first, new = record_decision(world.asker(), body, key)
    decide(world, world.claim()[0])
    second, again = record_decision(world.asker(), body, key)
    assert (new, again) == (True, False)
    assert second == first
    assert scalar("SELECT count(*) FROM label_event") == 2


def test_the_same_key_with_another_content_is_refused(world: World) -> None:
    first, second = world.claim(count=2)
    decide(world, first, key="one-key-for-both")
    for other in (body_of(world, second), body_of(world, first, class_number=2)):
        with pytest.raises(ProblemError) as refused:
            record_decision(world.asker(), other, "one-key-for-both")
        assert (refused.value.status, refused.value.kind) == (409, "key-reused")
    assert scalar("SELECT count(*) FROM label_event") == 1
    assert item_state(second.subtomogram.id) == "open"


def test_two_people_may_use_the_same_key(world: World) -> None:
    decide(world, world.claim(0)[0], 0, key="same-key-by-chance")
    decide(world, world.claim(1)[0], 1, key="same-key-by-chance")
    assert scalar("SELECT count(*) FROM label_event") == 2


def test_a_thousand_repetitions_at_once_store_one_event(world: World) -> None:
    task = world.claim()[0]
    body, key = body_of(world, task), str(uuid.uuid4())
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: record_decision(world.asker(), body, key), range(1000)))
    assert sum(new for _, new in answers) == 1
    assert len({answer.model_dump_json() for answer, _ in answers}) == 1
    assert scalar("SELECT count(*) FROM label_event") == 1


def test_one_key_for_different_items_at_once_stores_one_and_refuses_the_others(world: World) -> None:
    tasks = world.claim(count=8)

    def attempt(task: Task) -> str:
        try:
            record_decision(world.asker(), body_of(world, task), "one-key-for-many")
        except ProblemError as error:
            return error.kind
        return "stored"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, tasks))
    assert outcomes == ["key-reused"] * 7 + ["stored"]


def test_a_lease_that_ran_out_still_counts_while_nobody_took_the_item(world: World) -> None:
    task = world.claim()[0]
    run_out(world)
    assert decide(world, task).status == "accepted"
    assert item_state(task.subtomogram.id) == "done"


def test_a_late_decision_is_kept_but_does_not_overrule(world: World) -> None:
    slow = world.claim(0)[0]
    run_out(world)
    quick = world.claim(1)[0]
    assert quick.subtomogram.id == slow.subtomogram.id
    late = decide(world, slow, 0, class_number=0)
    assert late.status == "late"
    assert label(slow.subtomogram.id) == ("class", world.class_ids[0], 1)  # nobody else has spoken yet
    assert item_state(slow.subtomogram.id) == "open"
    decide(world, quick, 1, class_number=1)
    assert label(slow.subtomogram.id) == ("class", world.class_ids[1], 2)


def test_late_after_the_other_decided(world: World) -> None:
    slow = world.claim(0)[0]
    run_out(world)
    decide(world, world.claim(1)[0], 1, class_number=1)
    assert decide(world, slow, 0, class_number=0).status == "late"
    assert label(slow.subtomogram.id) == ("class", world.class_ids[1], 2)


def test_a_foreign_or_wrong_lease_is_refused(world: World) -> None:
    mine, other = world.claim(0, 2)
    with pytest.raises(ProblemError) as foreign:
        decide(world, mine, user=1)
    with pytest.raises(ProblemError) as mixed:
        decide(world, mine, subtomogram_id=other.subtomogram.id)
    assert foreign.value.kind == mixed.value.kind == "wrong-lease"
    assert scalar("SELECT count(*) FROM label_event") == 0


def test_unknown_things_are_refused(world: World) -> None:
    task = world.claim()[0]
    with pytest.raises(ProblemError) as unknown:
        decide(world, task, class_id=uuid.uuid4())
    assert unknown.value.kind == "unknown-class"
    with pytest.raises(ProblemError) as absent:
        decide(world, None, subtomogram_id=2**40)
    assert absent.value.status == 404


def test_a_free_choice_labels_an_item_outside_the_queue(world: World) -> None:
    outside = world.subtomogram_ids[-1]
    assert decide(world, None, subtomogram_id=outside).status == "accepted"
    assert rows("SELECT work, queue_item_id FROM label_event") == [("choice", None)]
    assert label(outside) == ("class", world.class_ids[0], 1)


def test_a_free_choice_answers_an_open_question(world: World) -> None:
    decide(world, None, subtomogram_id=world.queued[0])
    assert item_state(world.queued[0]) == "done"
    assert world.queued[0] not in [task.subtomogram.id for task in world.claim(1, 8)]


def test_a_later_choice_replaces_the_earlier_word(world: World) -> None:
    task = world.claim()[0]
    decide(world, task, class_number=0)
    decide(world, None, subtomogram_id=task.subtomogram.id, class_number=2)
    assert label(task.subtomogram.id) == ("class", world.class_ids[2], 1)


def test_free_choices_that_are_refused(world: World) -> None:
    held = world.claim(1)[0]
    refusals = {}
    for name, subtomogram_id, kind in (
        ("held", held.subtomogram.id, "class"),
        ("evaluation", world.evaluation[0], "class"),
        ("skip", world.subtomogram_ids[-1], "skip"),
    ):
        with pytest.raises(ProblemError) as refused:
            decide(world, None, subtomogram_id=subtomogram_id, kind=kind)
        refusals[name] = refused.value.kind
    assert refusals == {"held": "held-by-another", "evaluation": "evaluation-only-by-queue", "skip": "nothing-to-skip"}
    assert scalar("SELECT count(*) FROM label_event") == 0


def test_undo_takes_the_label_back_and_brings_the_item_again(world: World) -> None:
    task = world.claim()[0]
    event = decide(world, task).event_id
    answer = undo(world, event)
    assert label(task.subtomogram.id) is None
    assert answer.task is not None
    assert answer.task.subtomogram == task.subtomogram
    assert answer.task.lease.id > task.lease.id
    assert decide(world, answer.task, class_number=2).status == "accepted"
    assert label(task.subtomogram.id) == ("class", world.class_ids[2], 1)


def test_an_undone_item_that_is_given_back_can_come_again(world: World) -> None:
    task = world.claim()[0]
    undo(world, decide(world, task).event_id)
    run_out(world)
    assert world.claim()[0].subtomogram.id == task.subtomogram.id


def test_undo_is_once_own_and_idempotent(world: World) -> None:
    event = decide(world, world.claim()[0]).event_id
    with pytest.raises(ProblemError) as foreign:
        undo(world, event, user=1)
    assert foreign.value.status == 404
    first = undo(world, event, key="undo-key-1")
    assert undo(world, event, key="undo-key-1") == first
    for kind, target in (("already-undone", event), ("cannot-undo-undo", first.event_id)):
        with pytest.raises(ProblemError) as refused:
            undo(world, target)
        assert (refused.value.status, refused.value.kind) == (409, kind)


def test_undo_of_an_older_word_brings_back_what_stands(world: World) -> None:
    task = world.claim()[0]
    decide(world, task, class_number=0)
    newer = decide(world, None, subtomogram_id=task.subtomogram.id, class_number=1).event_id
    undo(world, newer)
    assert label(task.subtomogram.id) == ("class", world.class_ids[0], 1)


def test_undo_of_a_late_word_does_not_reopen(world: World) -> None:
    slow = world.claim(0)[0]
    run_out(world)
    decide(world, world.claim(1)[0], 1, class_number=1)
    late = decide(world, slow, 0, class_number=0).event_id
    assert undo(world, late).task is None
    assert item_state(slow.subtomogram.id) == "done"
    assert label(slow.subtomogram.id) == ("class", world.class_ids[1], 1)


def test_undo_of_a_skip_gives_the_item_if_it_is_free(world: World) -> None:
    first, second = world.claim(0, 2)
    free = decide(world, first, kind="skip").event_id
    taken = decide(world, second, kind="skip").event_id
    held = [task for _ in range(2) for task in world.claim(1, 8)]
    assert undo(world, taken).task is None
    run_out(world, user=1)
    assert len(held) == 12
    task = undo(world, free).task
    assert task is not None
    assert task.subtomogram.id == first.subtomogram.id


def test_history_cannot_be_changed(world: World) -> None:
    decide(world, world.claim()[0])
    for statement in ("UPDATE label_event SET kind = 'junk', class_id = NULL", "DELETE FROM label_event"):
        with pytest.raises(Exception, match="append-only"), transaction() as session:
            session.execute(text(statement))
