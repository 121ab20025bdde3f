"""How a cycle's picks become the queue: order, evaluation items between them, what stays and what goes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from fixtures.cycle_runs import artifacts, queue_of, reread, take
from fixtures.cycle_world import CycleWorld, build_cycle_world
from sqlalchemy import select, update

from tomosift.annotation.queue import Asker, claim_tasks
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Lease
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.plan_stage import plan_cycle
from tomosift_worker.cycle.presets import complete_settings
from tomosift_worker.cycle.publication import CycleResults
from tomosift_worker.cycle.queue_refill import refill_queue
from tomosift_worker.cycle.scoring_stage import Scored
from tomosift_worker.cycle.selection_stage import select_batch
from tomosift_worker.cycle.snapshot import read_snapshot
from tomosift_worker.cycle.volumes import PoolVolumes

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> CycleWorld:
    world = build_cycle_world()
    world.label_some(3)
    return world


def launch(world: CycleWorld, settings: Settings, **more: Any) -> CycleContext:
    """A cycle up to the point where it has scores."""
    cycle = world.launch(**more)
    job = take(cycle.job_id)
    with transaction() as session:
        snapshot = read_snapshot(session, cycle.job_id)
    return CycleContext(
        job=job,
        settings=complete_settings(cycle.settings, "cpu", 0),
        snapshot=snapshot,
        artifacts=artifacts(),
        volumes=PoolVolumes(settings.effective_store_url),
        device=torch.device("cpu"),
        threads=1,
    )


def choose(context: CycleContext, ids: Sequence[int], scores: Sequence[float] | None = None) -> CycleResults:
    """What a cycle picks of these ids, scored from high to low unless scores are given."""
    values = np.linspace(1.0, 0.0, len(ids)) if scores is None else np.array(scores, float)
    outputs = PoolOutputs(np.array(ids, np.int64), np.zeros((len(ids), 2), np.float32), np.zeros((len(ids), 1)), seed=7)
    scored, plan = Scored(outputs, values, "none", unlike=None), plan_cycle(context)
    return CycleResults(None, {}, plan, scored, select_batch(context, scored, plan))


def put_in_queue(context: CycleContext, results: CycleResults) -> int:
    with transaction() as session:
        return refill_queue(session, context, results.scored, results.picks, results.plan)


def refill(context: CycleContext, ids: Sequence[int], scores: Sequence[float] | None = None) -> int:
    """Choose of these ids and put them in the queue."""
    return put_in_queue(context, choose(context, ids, scores))


def undecided(world: CycleWorld) -> list[int]:
    """Subtomograms nobody has said anything about."""
    labeled = {each for name in set(world.truth.values()) for each in world.of_class(name)[:3]}
    return [each for each in world.others if each not in labeled]


def open_evaluation(world: CycleWorld) -> list[int]:
    return [item.subtomogram_id for item in queue_of(world.project_id, work="evaluation", state="open")]


def test_the_best_come_first_with_rank_score_and_reason(world: CycleWorld, settings: Settings) -> None:
    context = launch(world, settings, acquisition="entropy")
    best = undecided(world)[::-1][:8]

    assert refill(context, best) == 6

    picks = queue_of(world.project_id, work="query", state="open")
    assert [item.subtomogram_id for item in picks] == best[:6]
    assert [item.rank for item in picks] == [1, 2, 3, 4, 5, 6]
    assert [item.score for item in picks] == sorted((item.score for item in picks), key=lambda value: -(value or 0))
    assert {(item.batch, item.cycle_id) for item in picks} == {(1, context.cycle_id)}
    assert picks[0].reason == {
        "acquisition": "entropy",
        "text": "The model is most undecided about volumes like this one.",
    }


def test_an_evaluation_item_follows_every_second_pick(world: CycleWorld, settings: Settings) -> None:
    before = open_evaluation(world)
    context = launch(world, settings)

    refill(context, undecided(world))

    works = [item.work for item in queue_of(world.project_id, state="open")]
    assert works[:9] == ["query", "query", "evaluation"] * 3
    assert set(works[9:]) == {"evaluation"}
    assert open_evaluation(world) == before


def test_the_project_says_how_often_evaluation_items_come(settings: Settings) -> None:
    world = build_cycle_world(settings={"interleave": 3})
    world.label_some(3)

    refill(launch(world, settings), undecided(world))

    works = [item.work for item in queue_of(world.project_id, state="open")]
    assert works[:8] == ["query", "query", "query", "evaluation"] * 2


def test_the_batch_before_is_superseded_but_not_what_somebody_holds(world: CycleWorld, settings: Settings) -> None:
    with transaction() as session:
        held = claim_tasks(session, Asker(world.project_id, world.slug, world.user_id), 1)[0][0].subtomogram.id
    context = launch(world, settings)
    assert held in world.queued

    refill(context, undecided(world))

    old = {item.subtomogram_id: item.state for item in queue_of(world.project_id, batch=0, work="query")}
    assert old == {each: "open" if each == held else "superseded" for each in world.queued}
    picked = [item.subtomogram_id for item in queue_of(world.project_id, batch=1)]
    assert held not in picked


def test_a_lease_that_ran_out_holds_nothing(world: CycleWorld, settings: Settings) -> None:
    with transaction() as session:
        assert len(claim_tasks(session, Asker(world.project_id, world.slug, world.user_id), 2)[0]) == 2
        session.execute(update(Lease).values(expires_at=Lease.claimed_at))

    assert {item.state for item in queue_of(world.project_id, batch=0, work="query")} == {"open"}

    refill(launch(world, settings), undecided(world))

    assert {item.state for item in queue_of(world.project_id, batch=0, work="query")} == {"superseded"}


def test_what_was_decided_meanwhile_is_not_asked_again(world: CycleWorld, settings: Settings) -> None:
    context = launch(world, settings)
    first, second, third, *rest = undecided(world)
    world.label([first])
    chosen = choose(context, [first, second, third, *rest])
    world.label([second])
    world.label([third], "unsure")

    assert put_in_queue(context, chosen) == 6

    assert [item.subtomogram_id for item in queue_of(world.project_id, batch=1)] == rest[:6]


def test_the_evaluation_sample_is_never_picked(world: CycleWorld, settings: Settings) -> None:
    refill(launch(world, settings), [*world.evaluation, *undecided(world)])

    picked = {item.subtomogram_id for item in queue_of(world.project_id, batch=1)}
    assert len(picked) == 6
    assert not picked & set(world.evaluation)


def test_fewer_than_asked_where_no_more_are_left(world: CycleWorld, settings: Settings) -> None:
    assert refill(launch(world, settings, batch_size=50), undecided(world)[:3]) == 3


def test_scores_that_are_no_number_come_last_and_are_stored_as_none(world: CycleWorld, settings: Settings) -> None:
    ids = undecided(world)[:3]

    refill(launch(world, settings), ids, [float("nan"), 0.2, 0.7])

    picks = queue_of(world.project_id, batch=1)
    assert [(item.subtomogram_id, item.score) for item in picks] == [(ids[2], 0.7), (ids[1], 0.2), (ids[0], None)]


def test_the_holder_of_an_old_item_can_still_decide_and_then_sees_the_new_batch(
    world: CycleWorld, settings: Settings
) -> None:
    asker = Asker(world.project_id, world.slug, world.user_id)
    with transaction() as session:
        held = claim_tasks(session, asker, 1)[0][0].lease.id
    context = launch(world, settings)
    refill(context, undecided(world))

    with transaction() as session:
        assert session.scalars(select(Lease.id).where(Lease.id == held, Lease.ended_at.is_(None))).one() == held
        following = claim_tasks(session, asker, 1)[0][0]

    assert following.pick is not None
    assert (following.pick.cycle_number, following.pick.rank) == (context.snapshot.cycle.number, 1)


def refill_and_fail(context: CycleContext, ids: Sequence[int]) -> None:
    results = choose(context, ids)
    with transaction() as session:
        refill_queue(session, context, results.scored, results.picks, results.plan)
        raise RuntimeError("the database went away")


def test_nothing_changes_before_the_transaction_commits(world: CycleWorld, settings: Settings) -> None:
    context = launch(world, settings)
    before = [(item.id, item.state, item.position) for item in queue_of(world.project_id)]

    with pytest.raises(RuntimeError):
        refill_and_fail(context, undecided(world))

    assert [(item.id, item.state, item.position) for item in queue_of(world.project_id)] == before
    assert reread(context.snapshot.cycle).stage == "queued"
