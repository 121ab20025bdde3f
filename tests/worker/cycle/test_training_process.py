"""The training process and the task that watches over it: how they end, and who says so."""

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from fixtures.cycle_runs import artifacts, job_of, log_of, reread, take
from fixtures.cycle_world import TINY, CycleWorld
from fixtures.training_processes import steps_done, training_process_of, wait_until
from sqlalchemy import update

from tomosift.kit.database import transaction
from tomosift.kit.job_control import request_cancel
from tomosift.kit.parent_watch import PARENT_PIPE_VARIABLE
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, Job
from tomosift.volumes.store import VolumeStore
from tomosift_worker.cycle import supervision
from tomosift_worker.cycle.exit_codes import FENCED_OFF, STOPPED
from tomosift_worker.cycle.supervision import supervise_cycle

pytestmark = pytest.mark.usefixtures("clean_database")

LONG = {**TINY["training"], "steps": 100_000}


@pytest.fixture
def watched() -> Iterator[list[threading.Thread]]:
    """Threads of tasks that a test started; all have ended when it is over."""
    threads: list[threading.Thread] = []
    yield threads
    supervision._stopping.set()
    for thread in threads:
        thread.join(30)
    supervision._stopping.clear()
    assert not any(thread.is_alive() for thread in threads)


def start_task(cycle: Cycle, threads: list[threading.Thread]) -> threading.Thread:
    """The task, as Celery's thread runs it."""
    thread = threading.Thread(target=supervise_cycle, args=(cycle.job_id, "gpu@test"))
    threads.append(thread)
    thread.start()
    return thread


def test_a_cancel_stops_the_training_within_seconds(world: CycleWorld, watched: list[threading.Thread]) -> None:
    cycle = world.launch(training=LONG)
    task = start_task(cycle, watched)
    wait_until("a checkpoint", lambda: steps_done(cycle) > 3)
    process = training_process_of(cycle, os.getpid())
    progress = job_of(cycle).progress
    folder = artifacts().local_path(f"cycles/{cycle.id}")

    with transaction() as session:
        request_cancel(session, session.get_one(Job, cycle.job_id))
    asked = time.monotonic()
    task.join(30)

    assert time.monotonic() - asked < 12
    assert (job_of(cycle).state, reread(cycle).stage) == ("cancelled", "cancelled")
    assert process is not None
    assert training_process_of(cycle, os.getpid()) is None
    assert (progress["stage"], progress["total"]) == ("train", 100_000)
    assert folder is not None
    assert not folder.exists(), "a cancelled cycle leaves no files"


def test_a_program_that_stops_gives_the_job_back_with_a_checkpoint(
    world: CycleWorld, watched: list[threading.Thread]
) -> None:
    cycle = world.launch(training=LONG)
    task = start_task(cycle, watched)
    wait_until("a checkpoint", lambda: steps_done(cycle) > 3)

    supervision.stop_supervising()
    asked = time.monotonic()
    task.join(30)

    assert time.monotonic() - asked < 8
    job = job_of(cycle)
    assert (job.state, job.attempt, reread(cycle).stage) == ("queued", 1, "train")
    assert steps_done(cycle) > 3
    assert "the job goes on when a worker is there again" in log_of(cycle)


def test_a_job_somebody_else_holds_is_left_alone(world: CycleWorld) -> None:
    cycle = world.launch()
    take(cycle.job_id)

    supervise_cycle(cycle.job_id, "gpu@test")
    supervise_cycle(uuid.uuid4(), "gpu@test")

    assert job_of(cycle).attempt == 1


def start_process(cycle: Cycle, token: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tomosift_worker.cycle", str(cycle.job_id), str(token)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, PARENT_PIPE_VARIABLE: "1"},
    )


def test_the_process_ends_with_a_checkpoint_when_its_parent_is_gone(world: CycleWorld) -> None:
    cycle = world.launch(training={**LONG, "checkpoint_seconds": 3600.0})
    process = start_process(cycle, take(cycle.job_id).claim.token)
    try:
        wait_until("training", lambda: job_of(cycle).progress.get("done", 0) > 3)
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(30) == STOPPED
        assert steps_done(cycle) > 3
    finally:
        process.kill()
        process.wait()


def test_a_fenced_off_process_stops_by_itself(world: CycleWorld) -> None:
    cycle = world.launch(training=LONG)
    process = start_process(cycle, take(cycle.job_id).claim.token)
    try:
        wait_until("training", lambda: steps_done(cycle) > 3)
        with transaction() as session:
            session.execute(update(Job).where(Job.id == cycle.job_id).values(fencing_token=Job.fencing_token + 1))

        assert process.wait(30) == FENCED_OFF
    finally:
        process.kill()
        process.wait()


def test_a_failure_ends_job_and_cycle_with_a_problem_people_can_read(world: CycleWorld, settings: Settings) -> None:
    VolumeStore(settings.effective_store_url).delete(str(world.source_id))
    cycle = world.launch()

    supervise_cycle(cycle.job_id, "gpu@test")

    job = job_of(cycle)
    assert (job.state, reread(cycle).stage) == ("failed", "failed")
    assert (job.problem or {})["type"] == "urn:tomosift:problem:volumes-missing"
    assert "import the source again" in (job.problem or {})["detail"]
    assert "import the source again" in log_of(cycle)
    # The project is free for the next cycle.
    assert world.launch().number == cycle.number + 1
