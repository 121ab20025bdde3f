"""kill -9 in training, of the training process and of the whole gpu worker: the cycle goes on where it was, and ends
with the weights of an uninterrupted run, bit for bit."""

import os
import signal
import time
from pathlib import Path

import pytest
from fixtures.cycle_runs import artifacts, job_of, log_of, model_of, queue_of, reread, run_here
from fixtures.cycle_world import TINY, CycleWorld, build_cycle_world
from fixtures.training_processes import gpu_worker, is_running, running_relay, steps_done, wait_for_state, wait_until
from sqlalchemy import select, update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.kit.worker_nodes import newest_catalogue, training_workers_seen
from tomosift.tables import Cycle, Job, WorkerNode

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database"), pytest.mark.timeout(600)]

LONG = pytest.mark.skipif(
    "TOMOSIFT_TEST_LONG" not in os.environ, reason="more than a minute; TOMOSIFT_TEST_LONG=1 runs it"
)
TRAINING = {**TINY["training"], "steps": 200, "checkpoint_seconds": 0.1}


@pytest.fixture
def world(settings: Settings) -> CycleWorld:
    world = build_cycle_world()
    world.label_some(4)
    return world


def weights(cycle: Cycle) -> bytes:
    return artifacts().read_bytes(f"{model_of(cycle).key}.safetensors")


def uninterrupted(world: CycleWorld) -> bytes:
    """The weights of the same training without a break."""
    return weights(run_here(world.launch(training=TRAINING)))


@LONG
def test_the_training_process_is_killed(world: CycleWorld, tmp_path: Path) -> None:
    expected = uninterrupted(world)
    cycle = world.launch(training=TRAINING)
    with running_relay(), gpu_worker(tmp_path / "worker.log") as worker:
        process = worker.training_process(cycle)
        wait_until("a checkpoint", lambda: steps_done(cycle) >= 5)
        killed_at = steps_done(cycle)
        os.kill(process, signal.SIGKILL)

        wait_for_state(cycle, "succeeded")

        done = reread(cycle)
        assert done.stage == "ready"
        assert killed_at < TRAINING["steps"]
        assert weights(done) == expected
        assert job_of(cycle).attempt == 2
        assert "killed by signal 9" in log_of(cycle)
        assert "Going on from step" in log_of(cycle)
        assert len(queue_of(world.project_id, batch=done.number, state="open")) == 6
        announced(worker_name="gpu@")


def announced(worker_name: str) -> None:
    """The worker has said what it can do, and is known to be there."""

    def catalogue() -> object:
        with transaction() as session:
            return newest_catalogue(session)

    found = wait_until("the announcement", catalogue)
    assert found["default_preset"] == "auto"
    with transaction() as session:
        assert training_workers_seen(session) == 1
        assert session.scalars(select(WorkerNode.id)).one().startswith(worker_name)


def test_the_worker_is_stopped_and_then_the_next_one_is_killed(world: CycleWorld, tmp_path: Path) -> None:
    expected = uninterrupted(world)
    cycle = world.launch(training=TRAINING)
    with running_relay():
        with gpu_worker(tmp_path / "first.log") as first:
            wait_until("a checkpoint", lambda: steps_done(cycle) >= 5)
            first.send(signal.SIGTERM)
            asked = time.monotonic()
            assert first.process.wait(30) == 0
            assert time.monotonic() - asked < 8, "a stop of the program waits for no training"
            assert job_of(cycle).state == "queued"
            reached = steps_done(cycle)

        with gpu_worker(tmp_path / "second.log") as second:
            process = second.training_process(cycle)
            wait_until("more steps", lambda: steps_done(cycle) > reached)
            second.send(signal.SIGKILL)
            second.process.wait()
            wait_until("the end of the training process", lambda: not is_running(process), 10.0)
            assert job_of(cycle).state == "running", "nobody could say that it is lost"
            let_the_lease_pass(cycle)
            wait_for_state(cycle, "queued")
            assert steps_done(cycle) < TRAINING["steps"]

        with gpu_worker(tmp_path / "third.log"):
            wait_for_state(cycle, "succeeded")

    done = reread(cycle)
    assert (done.stage, job_of(cycle).attempt) == ("ready", 3)
    assert weights(done) == expected
    assert log_of(cycle).count("Going on from step") == 2
    assert len(queue_of(world.project_id, batch=done.number, state="open")) == 6


def let_the_lease_pass(cycle: Cycle) -> None:
    """As if fifteen seconds had gone by."""
    with transaction() as session:
        session.execute(update(Job).where(Job.id == cycle.job_id).values(lease_expires_at=utc_now()))
