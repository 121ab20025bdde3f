"""Attempts of one cycle: the next goes on where the last was, and one that was given up can publish nothing."""

from collections.abc import Iterator

import pytest
from fixtures.cycle_runs import artifacts, job_of, log_of, model_count, model_of, queue_of, reread, run_here, take
from fixtures.cycle_world import CycleWorld
from sqlalchemy import update

from tomosift.kit import job_control, running_job
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import FencedOff
from tomosift.kit.problems import ProblemError
from tomosift.kit.running_job import RunningJob, Stopping
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, Job
from tomosift_worker.cycle.leftovers import sweep_unfinished_cycles
from tomosift_worker.cycle.run import held_job, record_problem, run_cycle
from tomosift_worker.training.supervised import SupervisedTrainer

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """Do something when a training has done so many steps: `{"step": n, "do": function}`."""
    plan: dict[str, object] = {"step": None, "do": None}
    advance = SupervisedTrainer.advance

    def watched(trainer: SupervisedTrainer) -> None:
        advance(trainer)
        if trainer.step == plan["step"]:
            plan["step"] = None
            plan["do"]()  # type: ignore[operator]

    monkeypatch.setattr(SupervisedTrainer, "advance", watched)
    yield plan
    running_job._stopping.clear()


def lose(cycle: Cycle) -> None:
    """The worker gives no more sign of life, its lease passes, and the reaper notices."""
    with transaction() as session:
        session.execute(update(Job).where(Job.id == cycle.job_id).values(lease_expires_at=utc_now()))
    with transaction() as session:
        assert job_control.reap_lost_jobs(session) == 1


def weights(cycle: Cycle) -> bytes:
    return artifacts().read_bytes(f"{model_of(cycle).key}.safetensors")


def finish_after(cycle: Cycle, settings: Settings, stop: type[BaseException]) -> RunningJob:
    """Run an attempt that ends with `stop`; returns its job."""
    job = take(cycle.job_id)
    with pytest.raises(stop):
        run_cycle(job, settings)
    return job


def test_an_interrupted_training_ends_with_the_same_bits(
    world: CycleWorld, settings: Settings, stop_at: dict[str, object]
) -> None:
    straight = run_here(world.launch())
    cycle = world.launch()
    stop_at.update(step=5, do=running_job.stop_running_jobs)
    finish_after(cycle, settings, Stopping)
    checkpoint = reread(cycle).checkpoint
    assert checkpoint is not None
    assert (checkpoint["step"], checkpoint["attempt"]) == (5, 1)
    running_job._stopping.clear()
    lose(cycle)

    done = run_here(cycle)

    assert weights(done) == weights(straight)
    assert "Going on from step 5, which attempt 1 had reached." in log_of(done)
    assert job_of(done).attempt == 2
    assert (done.metrics or {})["report"] == (straight.metrics or {})["report"]
    assert not artifacts().exists(checkpoint["key"])


def test_an_attempt_lost_after_training_does_not_train_again(
    world: CycleWorld, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = run_here(world.launch())
    cycle = world.launch()
    with monkeypatch.context() as broken:
        broken.setattr("tomosift_worker.cycle.run.evaluate", lambda *_: (_ for _ in ()).throw(SystemExit))
        finish_after(cycle, settings, SystemExit)
    lose(cycle)

    done = run_here(cycle)

    assert weights(done) == weights(straight)
    assert "Going on from step 12" in log_of(done)
    training = (done.metrics or {})["training"]
    assert training["final_loss"] == (straight.metrics or {})["training"]["final_loss"]
    assert training["samples_per_second"] is None


def test_a_damaged_checkpoint_starts_the_training_anew(
    world: CycleWorld, settings: Settings, stop_at: dict[str, object]
) -> None:
    straight = run_here(world.launch())
    cycle = world.launch()
    stop_at.update(step=5, do=running_job.stop_running_jobs)
    finish_after(cycle, settings, Stopping)
    running_job._stopping.clear()
    artifacts().write_bytes((reread(cycle).checkpoint or {})["key"], b"half a file")
    lose(cycle)

    done = run_here(cycle)

    assert "cannot be used, starting anew" in log_of(done)
    assert weights(done) == weights(straight)


def test_a_checkpoint_of_another_training_is_not_used(
    world: CycleWorld, settings: Settings, stop_at: dict[str, object]
) -> None:
    cycle = world.launch()
    stop_at.update(step=5, do=running_job.stop_running_jobs)
    finish_after(cycle, settings, Stopping)
    running_job._stopping.clear()
    lose(cycle)
    with transaction() as session:
        row = session.get_one(Cycle, cycle.id)
        row.settings = {**row.settings, "seed": 8}

    done = run_here(cycle)

    assert "is of another training" in log_of(done)
    assert weights(done) == weights(run_here(world.launch(seed=8)))


def test_an_attempt_that_was_given_up_stops_and_publishes_nothing(
    world: CycleWorld, settings: Settings, stop_at: dict[str, object]
) -> None:
    cycle = world.launch()
    stop_at.update(step=6, do=lambda: lose(cycle))

    finish_after(cycle, settings, FencedOff)

    assert job_of(cycle).state == "queued"
    assert (reread(cycle).checkpoint or {}).get("step", 0) <= 6
    assert model_count() == 0
    assert queue_of(world.project_id, batch=1) == []


def test_an_attempt_that_wakes_up_at_the_very_end_publishes_nothing(
    world: CycleWorld, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old attempt has trained, scored and written its files when the new one, which goes on, is done already."""
    cycle = world.launch()
    from tomosift_worker.cycle import run

    publish = run.publish
    winner: list[Cycle] = []

    def publish_late(*arguments: object) -> None:
        monkeypatch.setattr(run, "publish", publish)
        lose(cycle)
        winner.append(run_here(cycle))
        publish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "publish", publish_late)

    finish_after(cycle, settings, FencedOff)

    assert winner[0].stage == "ready"
    assert reread(cycle).scores_key == f"cycles/{cycle.id}/attempt-2/scores.safetensors"
    assert model_of(cycle).key == f"cycles/{cycle.id}/attempt-2/model"
    assert model_count() == 1
    assert len(queue_of(world.project_id, batch=1)) == 6


def test_an_old_token_can_neither_take_the_job_nor_fail_it(world: CycleWorld) -> None:
    cycle = world.launch()
    old = take(cycle.job_id)
    lose(cycle)

    with pytest.raises(FencedOff):
        held_job(cycle.job_id, old.claim.token)
    with pytest.raises(FencedOff):
        record_problem(old, ProblemError(500, "late", "Late", "Too late."))

    assert job_of(cycle).state == "queued"
    assert reread(cycle).stage == "queued"


def test_files_of_a_failed_cycle_are_swept(world: CycleWorld, settings: Settings, stop_at: dict[str, object]) -> None:
    cycle = world.launch()
    stop_at.update(step=5, do=running_job.stop_running_jobs)
    job = finish_after(cycle, settings, Stopping)
    key = (reread(cycle).checkpoint or {})["key"]
    assert sweep_unfinished_cycles(settings) == 0, "a cycle that goes on keeps its checkpoint"
    assert artifacts().exists(key)
    record_problem(job, ProblemError(500, "broken", "Broken", "It broke."))

    assert sweep_unfinished_cycles(settings) == 1

    assert not artifacts().exists(key)
    assert reread(cycle).checkpoint is None
