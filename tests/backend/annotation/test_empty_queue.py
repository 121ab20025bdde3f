"""An empty queue says why, and there is always a way on."""

import uuid

import pytest
from fixtures.labeling_world import World, build_world, run_out, scalar
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.empty_queue import explain_empty_queue
from tomosift.annotation.more_tasks import add_random_tasks
from tomosift.annotation.progress import project_progress
from tomosift.annotation.queue import EVERYBODYS_WORK
from tomosift.annotation.schemas import DecisionIn, EmptyQueue, ProgressOut
from tomosift.cycles.launch import Launcher, launch_cycle
from tomosift.kit.database import transaction
from tomosift.tables import Cycle, Job

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


def explain(world: World, user: int = 0, *, may_launch: bool = True) -> EmptyQueue:
    with transaction() as session:
        return explain_empty_queue(session, world.asker(user), EVERYBODYS_WORK, may_launch=may_launch)


def progress(world: World, user: int = 0) -> ProgressOut:
    with transaction() as session:
        return project_progress(session, world.asker(user))


def label_all(world: World, classes: int, user: int = 0, kind: str = "class") -> int:
    """Answer everything the queue gives, cycling through the first `classes` classes."""
    count = 0
    while tasks := world.claim(user, 8):
        for task in tasks:
            body = {
                "subtomogram_id": task.subtomogram.id,
                "lease_id": task.lease.id,
                "fencing_token": task.lease.id,
                "kind": kind,
                "class_id": world.class_ids[count % classes] if kind == "class" else None,
            }
            record_decision(world.asker(user), DecisionIn.model_validate(body), str(uuid.uuid4()))
            count += 1
    return count


def start_cycle(world: World) -> None:
    with transaction() as session:
        job = Job(
            project_id=world.project_id,
            kind="cycle",
            task="t",
            queue="gpu",
            state="running",
            progress={"done": 2, "total": 5},
        )
        session.add(job)
        session.flush()
        session.add(
            Cycle(
                project_id=world.project_id,
                number=1,
                job_id=job.id,
                stage="train",
                settings={},
                trigger={},
                class_set_version=1,
                label_snapshot_event_id=0,
            )
        )


def test_nothing_imported() -> None:
    world = build_world(pool=0, queued=0)
    assert world.claim() == []
    assert explain(world).code == "nothing-imported"
    assert progress(world).next_step.action == "import"


def test_others_hold_the_rest() -> None:
    world = build_world(queued=3)
    world.claim(0, 8)
    empty = explain(world, 1)
    assert (empty.code, empty.may_add_random) == ("all-held", True)
    assert "3 of this batch are open at other people's places" in empty.detail
    assert "20 minutes" in empty.detail


def test_you_hold_the_rest_yourself() -> None:
    world = build_world(queued=3)
    world.claim(0, 8)
    empty = explain(world, 0)
    assert empty.code == "all-held"
    assert "You hold the last 3 yourself" in empty.detail


def test_the_batch_is_done() -> None:
    world = build_world(queued=12)
    assert label_all(world, classes=2) == 12
    empty = explain(world)
    assert (empty.code, empty.may_add_random) == ("batch-done-launch", True)
    assert empty.detail.startswith("Launch a cycle")
    assert explain(world, may_launch=False).detail.startswith("Ask a curator")
    step = progress(world).next_step
    assert (step.code, step.action) == ("launch", "launch")


def test_the_next_step_after_a_failure_and_at_the_end() -> None:
    world = build_world(pool=12, queued=12)
    label_all(world, classes=2)
    assert (progress(world).next_step.code, progress(world).next_step.action) == ("all-labeled", "export")
    with transaction() as session:
        launch_cycle(session, world.project_id, Launcher.person(world.user_ids[0], "owner"), {})
        session.execute(update(Cycle).values(stage="failed"))
    step = progress(world).next_step
    assert (step.code, step.action) == ("cycle-failed", "launch")
    assert step.text.startswith("See why cycle 1 failed")


def test_skipped_items_do_not_keep_the_batch_open_for_the_one_who_skipped() -> None:
    world = build_world(pool=40, queued=14)
    task = world.claim()[0]
    body = {"subtomogram_id": task.subtomogram.id, "lease_id": task.lease.id, "fencing_token": task.lease.id}
    record_decision(world.asker(), DecisionIn.model_validate({**body, "kind": "skip"}), str(uuid.uuid4()))
    label_all(world, classes=2)
    assert explain(world).code == "batch-done-launch"
    assert progress(world).next_step.action == "launch"
    assert progress(world, 1).queue.open_query == 1


def test_one_class_only() -> None:
    world = build_world(pool=40, queued=12)
    label_all(world, classes=1)
    empty = explain(world)
    assert (empty.code, empty.may_add_random) == ("too-few-classes", True)
    assert "all so far are barrel" in empty.detail
    assert progress(world).next_step.code == "too-few-labels"


def test_too_few_labels() -> None:
    world = build_world(queued=4)
    label_all(world, classes=2)
    empty = explain(world)
    assert empty.code == "too-few-labels"
    assert "6 more labels" in empty.detail


def test_a_cycle_is_running() -> None:
    world = build_world(queued=12)
    label_all(world, classes=2)
    start_cycle(world)
    empty = explain(world)
    assert (empty.code, empty.may_add_random) == ("cycle-running", True)
    assert "Cycle 1 is training (40 %)" in empty.detail
    assert progress(world).next_step.action == "wait"


def test_the_whole_pool_is_decided() -> None:
    world = build_world(pool=12, queued=12)
    label_all(world, classes=2)
    empty = explain(world)
    assert (empty.code, empty.may_add_random) == ("pool-exhausted", False)


def test_more_random_items() -> None:
    world = build_world(pool=40, queued=4, evaluation=3)
    with transaction() as session:
        assert add_random_tasks(session, world.asker(), 10).added == 0  # there is work as it is
    label_all(world, classes=2)
    with transaction() as session:
        more = add_random_tasks(session, world.asker(), 10)
    assert (more.added, more.queue.open_query, more.queue.batch_total, more.queue.batch_done) == (10, 10, 14, 4)
    tasks = world.claim(0, 8)
    assert {task.work for task in tasks} == {"query"}
    assert {task.subtomogram.id for task in tasks}.isdisjoint(world.queued + world.evaluation)
    assert all(task.pick is not None and "used up" in task.pick.reason for task in tasks)
    run_out(world)
    label_all(world, classes=2)
    with transaction() as session:
        assert add_random_tasks(session, world.asker(), 100).added == 23
    label_all(world, classes=2)
    with transaction() as session:
        assert add_random_tasks(session, world.asker(), 100).added == 0
    assert scalar("SELECT count(*) FROM current_label") == 40


def test_two_who_ask_for_more_at_once_get_one_batch() -> None:
    world = build_world(pool=40, queued=0)
    with transaction() as session:
        assert add_random_tasks(session, world.asker(0), 5).added == 5
        with transaction() as other, pytest.raises(OperationalError, match="lock timeout"):
            ask_with_short_patience(other, world)
    with transaction() as session:
        assert add_random_tasks(session, world.asker(1), 5).added == 0


def ask_with_short_patience(session: Session, world: World) -> None:
    """The second one waits for the first one's commit, and would then find work."""
    session.execute(text("SET LOCAL lock_timeout = '200ms'"))
    with session.begin_nested():
        add_random_tasks(session, world.asker(1), 5)


def test_progress_counts_training_and_evaluation_apart() -> None:
    world = build_world(pool=30, queued=6, evaluation=4)
    label_all(world, classes=3)
    counts = progress(world)
    assert counts.pool_size == 30
    assert [each.name for each in counts.labeled.by_class] == ["barrel", "rod", "sphere"]
    assert sum(each.count for each in counts.labeled.by_class) == 6 == counts.labeled.training_total
    assert (counts.evaluation.size, counts.evaluation.labeled) == (4, 4)
    assert counts.evaluation.by_half.calibrate.size == counts.evaluation.by_half.report.size == 2
    assert counts.next_step.code == "too-few-labels"


def test_progress_names_what_is_left() -> None:
    world = build_world(pool=30, queued=6, evaluation=4)
    step = progress(world).next_step
    assert step.action == "label"
    batch, others = "6 particles that are left of this batch", "4 particles of the evaluation sample"
    assert step.text == f"Label the {batch}. Between them come {others}."


def test_junk_counts_as_a_kind_of_its_own() -> None:
    world = build_world(pool=40, queued=12)
    label_all(world, classes=1, kind="junk")
    assert explain(world).code == "too-few-classes"
    with transaction() as session:
        add_random_tasks(session, world.asker(), 2)
    label_all(world, classes=1)
    assert explain(world).code == "batch-done-launch"
