"""A cycle trained by two processes: what happens when one is lost, and when it is cancelled."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.cycle_runs import job_of, log_of, reread
from fixtures.cycle_world import TINY, CycleWorld, build_cycle_world
from fixtures.training_processes import is_running, steps_done, training_process_of, wait_until

from tomosift.kit.database import transaction
from tomosift.kit.job_control import request_cancel
from tomosift.kit.settings import Settings
from tomosift.supervisor.process_table import descendants
from tomosift.tables import Cycle, Job
from tomosift_worker.cycle import supervision
from tomosift_worker.cycle.supervision import supervise_cycle

# Two processes that import torch, one after the other, on a busy computer.
SECONDS = 400.0

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database"), pytest.mark.timeout(900)]
LONG = pytest.mark.skipif(
    "TOMOSIFT_TEST_LONG" not in os.environ, reason="more than a minute; TOMOSIFT_TEST_LONG=1 runs it"
)


@pytest.fixture
def world(settings: Settings) -> CycleWorld:
    world = build_cycle_world()
    world.label_some(4)
    return world


@pytest.fixture
def watched() -> Iterator[list[threading.Thread]]:
    """Threads of tasks that a test started; all have ended when it is over."""
    threads: list[threading.Thread] = []
    yield threads
    supervision.stop_supervising()
    for thread in threads:
        thread.join(30)
    supervision._stopping.clear()


def start_task(cycle: Cycle, threads: list[threading.Thread]) -> threading.Thread:
    """The task, as Celery's thread runs it."""
    thread = threading.Thread(target=supervise_cycle, args=(cycle.job_id, "gpu@test"))
    threads.append(thread)
    thread.start()
    return thread


def launch(world: CycleWorld, steps: int) -> Cycle:
    return world.launch(training={**TINY["training"], "steps": steps, "processes": 2})


def replica_of(cycle: Cycle) -> int:
    """The further process of a cycle's training."""
    first = training_process_of(cycle, os.getpid())
    assert first is not None
    found = [pid for pid in descendants(first) if b"replica_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(found) == 1
    return found[0]


@LONG
def test_a_lost_process_ends_the_attempt_and_the_next_goes_on_from_the_checkpoint(
    world: CycleWorld, watched: list[threading.Thread]
) -> None:
    cycle = launch(world, steps=200)
    task = start_task(cycle, watched)
    wait_until("a checkpoint", lambda: steps_done(cycle) > 3, SECONDS)
    os.kill(replica_of(cycle), signal.SIGKILL)
    task.join(120)
    assert (job_of(cycle).state, job_of(cycle).attempt) == ("queued", 1)
    assert "One of the processes that trained together was lost" in log_of(cycle)
    assert training_process_of(cycle, os.getpid()) is None

    supervise_cycle(cycle.job_id, "gpu@test")

    assert (job_of(cycle).state, reread(cycle).stage) == ("succeeded", "ready")
    assert "Going on from step" in log_of(cycle)
    assert (reread(cycle).metrics or {})["training"]["steps"] == 200


def test_a_cancel_ends_both_processes(world: CycleWorld, watched: list[threading.Thread]) -> None:
    cycle = launch(world, steps=100_000)
    task = start_task(cycle, watched)
    wait_until("a checkpoint", lambda: steps_done(cycle) > 3, SECONDS)
    replica = replica_of(cycle)
    with transaction() as session:
        request_cancel(session, session.get_one(Job, cycle.job_id))
    task.join(120)
    assert (job_of(cycle).state, reread(cycle).stage) == ("cancelled", "cancelled")
    wait_until("the end of the other process", lambda: not is_running(replica), 20.0)
