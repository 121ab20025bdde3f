"""Cycles that start by themselves: when they are due, why they say they began, and what keeps them from it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, rows, scalar, signed_in
from fixtures.launched_cycles import announce_worker, finish_cycle, say
from sqlalchemy import select, text, update

from tomosift.cycles.due_cycles import start_due_cycles
from tomosift.cycles.trigger_times import last_moment, next_moment, time_zone
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, CycleTrigger, Job

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=60, queued=10, evaluation=4, roles=["owner", "annotator", "curator"])


@pytest.fixture
def owner(world: World) -> TestClient:
    return signed_in(world.user_ids[0])


@pytest.fixture
def set_triggers(world: World, owner: TestClient) -> Callable[..., Any]:
    def put(**wanted: Any) -> Any:
        response = owner.put(world.path("/cycle-triggers"), json=wanted)
        assert response.status_code == 200, response.text
        return response.json()

    return put


def look() -> int:
    with transaction() as session:
        return start_due_cycles(session)


def end_newest(stage: str) -> None:
    """Let the newest cycle have ended."""
    with transaction() as session:
        cycle = session.scalars(select(Cycle).order_by(Cycle.number.desc()).limit(1)).one()
        cycle.stage, cycle.finished_at = stage, utc_now()
        problem = {"title": "Training diverged"} if stage == "failed" else None
        session.execute(update(Job).where(Job.id == cycle.job_id).values(state=stage, problem=problem))


def changed(**values: Any) -> None:
    with transaction() as session:
        session.execute(update(CycleTrigger).values(**values))


def test_nothing_starts_unless_somebody_sets_it(world: World, owner: TestClient) -> None:
    say(world, world.queued)
    state = owner.get(world.path("/cycle-triggers")).json()
    assert (state["after_labels"], state["nightly_at"], state["set_by"], state["new_labels"]) == (None, None, None, 10)
    assert look() == 0


def test_after_new_labels(world: World, set_triggers: Callable[..., Any]) -> None:
    assert set_triggers(after_labels=11)["new_labels"] == 0
    say(world, world.queued)
    assert look() == 0
    say(world, world.subtomogram_ids[20:22])
    assert look() == 1
    assert look() == 0  # one at a time
    assert rows("SELECT number, trigger->>'kind', trigger->>'reason', created_by FROM cycle") == [
        (1, "labels", "Started after 12 new labels", world.user_ids[0])
    ]
    assert scalar("SELECT actor_name FROM audit_event WHERE action = 'cycle.launched'") == "(the service)"
    finish_cycle(world, 1, None)
    say(world, world.subtomogram_ids[20:25])  # two of them are said anew, three are new: no cycle has seen these five
    assert signed_in(world.user_ids[1]).get(world.path("/cycle-triggers")).json()["new_labels"] == 5
    assert look() == 0


def test_too_few_labels_wait(world: World, set_triggers: Callable[..., Any]) -> None:
    set_triggers(after_labels=2)
    say(world, world.queued[:5])
    assert look() == 0
    assert scalar("SELECT paused_at FROM cycle_trigger") is None
    say(world, world.queued[5:])
    assert look() == 1


def test_nightly_once_a_night_if_there_is_something_new(world: World, set_triggers: Callable[..., Any]) -> None:
    say(world, world.queued)
    clock = (utc_now() - timedelta(minutes=2)).strftime("%H:%M")
    state = set_triggers(nightly_at=clock)
    assert datetime.fromisoformat(state["next_night"]) > utc_now()
    assert look() == 0  # set after the moment: the next one is tomorrow
    changed(set_at=utc_now() - timedelta(days=1))
    assert look() == 1
    assert scalar("SELECT trigger->>'reason' FROM cycle") == f"Started at {clock} (UTC) with 10 new labels"
    end_newest("cancelled")
    assert look() == 0
    changed(night=None)
    assert look() == 0  # nothing new since the cycle before
    say(world, world.subtomogram_ids[20:23])
    assert look() == 0  # that night was left out, and stays so
    changed(night=utc_now() - timedelta(days=1))
    assert look() == 1


def test_a_night_missed_by_hours_is_left_out(world: World, set_triggers: Callable[..., Any]) -> None:
    say(world, world.queued)
    set_triggers(nightly_at=(utc_now() - timedelta(hours=7)).strftime("%H:%M"))
    changed(set_at=utc_now() - timedelta(days=2))
    assert look() == 0


def test_a_failed_cycle_pauses_until_somebody_lets_it_go_on(
    world: World, owner: TestClient, set_triggers: Callable[..., Any]
) -> None:
    wanted = {"after_labels": 10}
    set_triggers(**wanted)
    say(world, world.queued)
    assert look() == 1
    end_newest("failed")
    assert look() == 0
    state = owner.get(world.path("/cycle-triggers")).json()
    assert state["pause_reason"] == "Cycle 1 failed: Training diverged."
    assert scalar("SELECT count(*) FROM audit_event WHERE action = 'cycle-trigger.paused'") == 1
    assert look() == 0
    assert set_triggers(**wanted)["paused_at"] is None
    assert look() == 1  # what the failed cycle would have seen is still new
    assert scalar("SELECT max(number) FROM cycle") == 2


def test_settings_that_cannot_be_any_more_pause_it(world: World, set_triggers: Callable[..., Any]) -> None:
    announce_worker()
    set_triggers(after_labels=10, settings={"acquisition": "random"})
    say(world, world.queued)
    changed(settings={"acquisition": "gone"})
    assert look() == 0
    assert "'gone' is not one of" in scalar("SELECT pause_reason FROM cycle_trigger")


def test_looks_at_once_start_one(world: World, set_triggers: Callable[..., Any]) -> None:
    set_triggers(after_labels=1)
    say(world, world.queued)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: look(), range(4))) == 1
    assert scalar("SELECT count(*) FROM cycle") == 1


def test_a_deleted_project_starts_nothing(world: World, set_triggers: Callable[..., Any]) -> None:
    set_triggers(after_labels=1)
    say(world, world.queued)
    with transaction() as session:
        session.execute(text("UPDATE project SET delete_after = now() + interval '1 day'"))
    assert look() == 0


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ({"nightly_at": "25:00"}, "invalid-request"),
        ({"after_labels": 0}, "invalid-request"),
        ({"nightly_at": "02:00", "time_zone": "Europe/Atlantis"}, "unknown-time-zone"),
        ({"after_labels": 5, "settings": {"acquisition": "best"}}, "unknown-acquisition"),
    ],
)
def test_what_cannot_be_set_is_refused(world: World, owner: TestClient, wanted: dict[str, Any], kind: str) -> None:
    announce_worker()
    response = owner.put(world.path("/cycle-triggers"), json=wanted)
    assert response.status_code == 422
    assert kind in response.json()["type"]
    assert signed_in(world.user_ids[1]).put(world.path("/cycle-triggers"), json={}).status_code == 403
    assert scalar("SELECT count(*) FROM cycle_trigger") == 0


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "before", "after"),
    [
        ("2026-06-01T12:00", "2026-06-01T00:00", "2026-06-02T00:00"),  # 02:00 in summer
        ("2026-12-01T00:30", "2026-11-30T01:00", "2026-12-01T01:00"),  # 02:00 in winter
        ("2026-10-25T12:00", "2026-10-25T01:00", "2026-10-26T01:00"),  # the night the clock is put back
        ("2026-10-24T12:00", "2026-10-24T00:00", "2026-10-25T00:00"),
    ],
)
def test_a_time_is_the_one_on_the_wall(now: str, before: str, after: str) -> None:
    zone = time_zone("Europe/Berlin")
    found = last_moment("02:00", zone, at(now)), next_moment("02:00", zone, at(now))
    hour = timedelta(hours=1)  # twice 02:00 in the night the clock is put back: either will do
    assert abs(found[0] - at(before)) <= (hour if "10-25" in before else timedelta(0))
    assert abs(found[1] - at(after)) <= (hour if "10-25" in after else timedelta(0))
