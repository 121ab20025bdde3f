"""Claiming: the order, who never gets what, leases that end, and no item given twice."""

import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fixtures.labeling_world import World, build_world, rows, run_out, scalar
from sqlalchemy import create_engine, text

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.leases import release_lease, renew_lease
from tomosift.annotation.schemas import DecisionIn, Task
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.lease_ends import end_expired_leases
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=20, queued=8, evaluation=4)


def _decide(world: World, task: Task, user: int = 0, kind: str = "junk") -> None:
    body = DecisionIn.model_validate(
        {
            "subtomogram_id": task.subtomogram.id,
            "lease_id": task.lease.id,
            "fencing_token": task.lease.fencing_token,
            "kind": kind,
            "class_id": world.class_ids[0] if kind == "class" else None,
        }
    )
    record_decision(world.asker(user), body, f"key-{random.getrandbits(60):015x}")


def test_items_come_in_queue_order_with_evaluation_between(world: World) -> None:
    tasks = world.claim(count=8)
    assert [task.work for task in tasks] == ["query", "query", "evaluation"] * 2 + ["query", "query"]
    assert [task.subtomogram.id for task in tasks if task.work == "query"] == world.queued[:6]
    assert all((task.pick is None) == (task.work == "evaluation") for task in tasks)


def test_priority_goes_before_position(world: World) -> None:
    with transaction() as session:
        session.execute(text("UPDATE queue_item SET priority = 5 WHERE subtomogram_id = :id"), {"id": world.queued[-1]})
    assert world.claim()[0].subtomogram.id == world.queued[-1]


def test_first_batch_says_it_is_random(world: World) -> None:
    pick = world.claim()[0].pick
    assert pick is not None
    assert pick.cycle_number is None
    assert pick.acquisition == "random"
    assert "random" in pick.reason


def test_volume_address_carries_the_content_hash(world: World) -> None:
    task = world.claim()[0]
    assert task.subtomogram.volume_url.startswith(
        f"/api/v1/projects/world/subtomograms/{task.subtomogram.id}/volume?h="
    )
    assert task.subtomogram.box_size == 28


def test_a_held_item_is_nobody_elses(world: World) -> None:
    mine, others = world.claim(0, 8), world.claim(1, 8)
    assert len(mine) == 8
    assert len(others) == 4
    assert not {task.subtomogram.id for task in mine} & {task.subtomogram.id for task in others}
    assert world.claim(2, 8) == []


def test_own_held_items_do_not_come_again_unless_resumed(world: World) -> None:
    held = world.claim(0, 3)
    assert {task.lease.id for task in world.claim(0, 3)}.isdisjoint(task.lease.id for task in held)
    resumed = world.claim(0, 4, resume=True)
    assert [task.lease.id for task in resumed[:3]] == [task.lease.id for task in held]
    assert resumed[0].lease.expires_at >= held[0].lease.expires_at


def test_a_lease_that_ran_out_goes_to_the_next(world: World) -> None:
    before = world.claim(0, 8)
    run_out(world)
    after = world.claim(1, 8)
    assert [task.subtomogram.id for task in after] == [task.subtomogram.id for task in before]
    assert {task.lease.id for task in after}.isdisjoint(task.lease.id for task in before)
    assert rows("SELECT DISTINCT outcome FROM lease WHERE ended_at IS NOT NULL") == [("expired",)]


def test_what_i_decided_or_skipped_never_comes_again(world: World) -> None:
    decided, skipped = world.claim(0, 2)
    _decide(world, decided)
    _decide(world, skipped, kind="skip")
    seen = [task.subtomogram.id for task in world.claim(0, 8) + world.claim(0, 8)]
    assert len(seen) == 10
    assert decided.subtomogram.id not in seen
    assert skipped.subtomogram.id not in seen


def test_a_skipped_item_comes_last_for_others(world: World) -> None:
    skipped = world.claim(0, 1)[0]
    _decide(world, skipped, kind="skip")
    seen = [task.subtomogram.id for task in world.claim(1, 8) + world.claim(1, 8)]
    assert seen[-1] == skipped.subtomogram.id
    assert len(seen) == 12


def test_heartbeat_renews_and_release_frees(world: World) -> None:
    task = world.claim(0)[0]
    with transaction() as session:
        session.execute(text("UPDATE lease SET expires_at = now() + interval '5 seconds'"))
    with transaction() as session:
        renewed = renew_lease(session, world.asker(0), task.lease.id)
    assert renewed.timestamp() > time.time() + 600
    with transaction() as session:
        release_lease(session, world.asker(0), task.lease.id)
    assert world.claim(1)[0].subtomogram.id == task.subtomogram.id
    with transaction() as session, pytest.raises(ProblemError) as gone:
        renew_lease(session, world.asker(0), task.lease.id)
    assert gone.value.status == 410
    with transaction() as session:
        release_lease(session, world.asker(0), task.lease.id)  # a second time: nothing happens
    with transaction() as session, pytest.raises(ProblemError) as foreign:
        release_lease(session, world.asker(1), task.lease.id)
    assert foreign.value.status == 404


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_leases_go_by_the_databases_clock(world: World, monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    """The clock of the service's computer jumps: what is held stays held, for as long as before."""
    held = world.claim(0)[0]
    started = datetime.now(UTC)
    monkeypatch.setattr(time, "time", lambda: (started + jump).timestamp())
    for module in [each for each in list(sys.modules.values()) if getattr(each, "utc_now", None) is utc_now]:
        monkeypatch.setattr(module, "utc_now", lambda: started + jump)
    with transaction() as session:
        assert end_expired_leases(session) == 0
        renewed = renew_lease(session, world.asker(0), held.lease.id)
    assert timedelta(minutes=19) < renewed - started < timedelta(minutes=21)
    assert world.claim(1)[0].subtomogram.id != held.subtomogram.id


def _replace_batch(world: World) -> None:
    """What a cycle's selection does: unheld questions of older batches leave, new ones come."""
    with transaction() as session:
        session.execute(
            text(
                "UPDATE queue_item q SET state = 'superseded', closed_at = now() WHERE q.work = 'query' "
                "AND q.state = 'open' AND NOT EXISTS "
                "(SELECT 1 FROM lease l WHERE l.queue_item_id = q.id AND l.ended_at IS NULL)"
            )
        )
        session.execute(
            text(
                "INSERT INTO queue_item (project_id, subtomogram_id, work, batch, position) "
                "VALUES (:project, :subtomogram, 'query', 1, 1)"
            ),
            {"project": world.project_id, "subtomogram": world.subtomogram_ids[-1]},
        )


@pytest.mark.parametrize("end", ["released", "expired"])
def test_a_held_item_of_a_replaced_batch_leaves_with_its_lease(world: World, end: str) -> None:
    held = world.claim(0)[0]
    _replace_batch(world)
    with transaction() as session:
        if end == "released":
            release_lease(session, world.asker(0), held.lease.id)
        else:
            session.execute(text("UPDATE lease SET expires_at = now() - interval '1 second'"))
            end_expired_leases(session)
    assert rows("SELECT outcome FROM lease WHERE id = :id", id=held.lease.id) == [("superseded",)]
    assert scalar("SELECT state FROM queue_item WHERE subtomogram_id = :id", id=held.subtomogram.id) == "superseded"
    assert [task.subtomogram.id for task in world.claim(1, 8) if task.work == "query"] == [world.subtomogram_ids[-1]]


def test_an_outdated_item_is_not_given_out_before_the_sweep(world: World) -> None:
    held = world.claim(0)[0]
    _replace_batch(world)
    run_out(world)
    assert held.subtomogram.id not in [task.subtomogram.id for task in world.claim(1, 8)]


def test_a_page_that_opens_anew_shows_the_new_batch(world: World) -> None:
    held = [task for task in world.claim(0, 4) if task.work == "query"]
    assert held
    _replace_batch(world)
    resumed = {task.lease.id for task in world.claim(0, 4, resume=True)}
    assert resumed.isdisjoint(task.lease.id for task in held)


def test_a_decision_on_a_held_item_of_a_replaced_batch_counts(world: World) -> None:
    held = world.claim(0)[0]
    _replace_batch(world)
    _decide(world, held)
    assert rows("SELECT late, kind FROM label_event") == [(False, "junk")]
    assert scalar("SELECT kind FROM current_label") == "junk"


def test_the_sweep_ends_leases_and_leaves_busy_ones(world: World) -> None:
    busy, idle = world.claim(0, 2)
    run_out(world)
    with create_engine(scalar_url()).connect() as other, other.begin():
        other.execute(
            text("SELECT 1 FROM queue_item WHERE subtomogram_id = :id FOR UPDATE"), {"id": busy.subtomogram.id}
        )
        with transaction() as session:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            assert end_expired_leases(session) == 1
    assert rows("SELECT id FROM lease WHERE ended_at IS NOT NULL") == [(idle.lease.id,)]


def scalar_url() -> str:
    """The database's URL, for a second connection."""
    with transaction() as session:
        return session.get_bind().engine.url.render_as_string(hide_password=False)


def test_fifty_claimers_never_get_the_same_item(settings: Settings) -> None:
    """50 threads work through 2,000 items; some crash after the claim, some before the decision is sent."""
    world = build_world(pool=2000, queued=2000, roles=["annotator"] * 50, slug="crowd")
    given: list[tuple[int, int]] = []
    record = threading.Lock()

    def work(user: int) -> None:
        chance = random.Random(user)
        while True:
            tasks = world.claim(user, chance.randint(1, 4))
            if not tasks:
                return
            with record:
                given.extend((task.subtomogram.id, task.lease.id) for task in tasks)
            for task in tasks:
                if chance.random() < 0.05:
                    continue  # crashed: the lease stays until it runs out
                _decide(world, task, user, kind="class")

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(work, range(50)))
    assert len({lease for _, lease in given}) == len(given)
    twice = [item for item, count in Counter(item for item, _ in given).items() if count > 1]
    assert twice == []
    assert len(given) == 2000
    decided = scalar("SELECT count(*) FROM label_event")
    assert (
        decided
        == scalar("SELECT count(*) FROM current_label")
        == scalar("SELECT count(*) FROM queue_item WHERE state = 'done'")
    )
    assert 1700 < decided < 2000
    run_out(world)
    lost = {task.subtomogram.id for user in range(50) for task in world.claim(user, 8)}
    assert len(lost) == min(2000 - decided, 400)
