"""The further processes of a data-parallel training, as the cycle's own process starts, feeds and ends them.

They get what they need as a file, read the volumes themselves, take the state of the training from the first process,
and write nothing. When one is lost, the attempt is over, and the next goes on from the checkpoint.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from tomosift.kit.job_control import Claim
from tomosift.kit.parent_watch import PARENT_PIPE_VARIABLE
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.exit_codes import OUT_OF_MEMORY
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.cycle.snapshot import Snapshot
from tomosift_worker.training.checkpoint import restore, state_of
from tomosift_worker.training.supervised import SupervisedTrainer, TrainingDiverged

LONGEST_WAIT = timedelta(minutes=10)
WORK, MEETING_POINT = "work.pickle", "meeting-point"
POLL_SECONDS = 0.05
LAST_WORDS_SECONDS = 3.0


class ReplicaLost(RuntimeError):
    """A further process of the training has ended before its time."""


@dataclass(frozen=True)
class ReplicaWork:
    """What a further process works on: the cycle's settings with the batch size in use, and what was read for it."""

    claim: Claim
    settings: CycleSettings
    snapshot: Snapshot
    device_type: str
    threads: int


@contextmanager
def replicas(context: CycleContext, batch_size: int) -> Iterator[None]:
    """Run the block as the first of the training's processes; the others have joined when it begins.

    Raises MemoryError where another one ran out of memory, ReplicaLost where one has ended otherwise.
    """
    count = context.settings.training.processes
    if count == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="tomosift-replicas-") as name:
        folder = Path(name)
        _write_work(context, batch_size, folder)
        others = [_start(folder, number) for number in range(1, count)]
        try:
            _await_arrivals(context, folder, others)
            join(folder, 0, count, context.device.type)
            (folder / WORK).unlink()  # it may be large, and a process that is killed leaves the folder behind
            yield
        except RuntimeError as error:
            if isinstance(error, TrainingDiverged):
                raise
            _raise_as_theirs(others, error)
            raise
        finally:
            for each in others:
                each.kill()
            for each in others:
                each.communicate()
            if distributed.is_initialized():
                distributed.destroy_process_group()


def join(folder: Path, number: int, count: int, device_type: str) -> None:
    """Make this process number `number` of `count` that meet in a folder; returns when all are there."""
    if sys.platform == "linux":
        # All are on this computer, whatever its name resolves to.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    store = distributed.FileStore(str(folder / MEETING_POINT), count)  # type: ignore[attr-defined]
    backend = "cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=number, world_size=count, timeout=LONGEST_WAIT)


def arrival_of(folder: Path, number: int) -> Path:
    """The file by which a further process says that it is about to join."""
    return folder / f"arrived-{number}"


def share_state(trainer: SupervisedTrainer) -> None:
    """Give the trainers of all processes the state of the first one's. Call it in each."""
    if not distributed.is_initialized():
        return
    first = distributed.get_rank() == 0
    state: list[Any] = [state_of(trainer) if first else None]
    distributed.broadcast_object_list(state, src=0, device=torch.device("cpu"))
    if not first:
        restore(trainer, state[0])


def _write_work(context: CycleContext, batch_size: int, folder: Path) -> None:
    training = context.settings.training.model_copy(update={"batch_size": batch_size})
    settings = context.settings.model_copy(update={"training": training})
    work = ReplicaWork(context.job.claim, settings, context.snapshot, context.device.type, context.threads)
    (folder / WORK).write_bytes(pickle.dumps(work))


def _start(folder: Path, number: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tomosift_worker.cycle.replica_process", str(folder), str(number)],
        stdin=subprocess.PIPE,  # closes with this process, which ends that one
        env={**os.environ, PARENT_PIPE_VARIABLE: "1"},
    )


def _await_arrivals(context: CycleContext, folder: Path, others: list["subprocess.Popen[bytes]"]) -> None:
    while not all(arrival_of(folder, number).exists() for number in range(1, len(others) + 1)):
        context.job.check()
        if any(each.poll() is not None for each in others):
            raise ReplicaLost("a further process of the training ended before it began")
        time.sleep(POLL_SECONDS)


def _raise_as_theirs(others: list["subprocess.Popen[bytes]"], error: RuntimeError) -> None:
    """Say it as it is where an error here only tells that another process is gone."""
    until = time.monotonic() + LAST_WORDS_SECONDS
    while not any(codes := [each.poll() for each in others]):
        if time.monotonic() > until:
            return
        time.sleep(POLL_SECONDS)
    if OUT_OF_MEMORY in codes:
        raise MemoryError("a further process of the training ran out of memory") from error
    raise ReplicaLost("a further process of the training has ended before its time") from error
