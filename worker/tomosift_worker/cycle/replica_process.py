"""A further process of a data-parallel training: `python -m tomosift_worker.cycle.replica_process FOLDER NUMBER`.

It advances as the first one does and writes nothing: no row, no file, no log of the cycle. It ends with the training,
or when the process that started it is gone.
"""

import argparse
import pickle
import sys
from pathlib import Path

import torch

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.logging import configure_logging
from tomosift.kit.parent_watch import exit_when_stdin_closes
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import get_settings
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.exit_codes import FINISHED, OUT_OF_MEMORY
from tomosift_worker.cycle.labeled_volumes import labeled_volumes, unlabeled_volumes
from tomosift_worker.cycle.memory import is_out_of_memory
from tomosift_worker.cycle.replicas import WORK, ReplicaWork, arrival_of, join, share_state
from tomosift_worker.cycle.volumes import PoolVolumes
from tomosift_worker.device import place, set_up_cpu
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.training.catalogue import TRAINING_METHODS


class _SilentJob(RunningJob):
    """The first process reports for all."""

    def report(self, stage: str, done: int, total: int, message: str = "") -> None:
        """Nothing."""

    def log(self, message: str, level: str = "info") -> None:
        """Nothing."""


def main() -> int:
    """Take part in a training. The exit code is one of `exit_codes`."""
    parser = argparse.ArgumentParser(description="Take part in a training; the training process starts this.")
    parser.add_argument("folder", type=Path, help="where the processes meet")
    parser.add_argument("number", type=int, help="which of them this is, from 1")
    arguments = parser.parse_args()
    exit_when_stdin_closes()
    configure_logging(get_settings())
    try:
        _train(arguments.folder, arguments.number)
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            return OUT_OF_MEMORY
        raise
    return FINISHED


def _train(folder: Path, number: int) -> None:
    # The first process wrote it, into a folder that only this user may enter.
    work: ReplicaWork = pickle.loads((folder / WORK).read_bytes())  # noqa: S301
    arrival_of(folder, number).touch()
    join(folder, number, work.settings.training.processes, work.device_type)
    context = _context(work, number)
    labeled = labeled_volumes(context)
    settings, seed = work.settings.training, context.seed
    method = TRAINING_METHODS[settings.method]
    network = build_network(work.settings.network, len(work.snapshot.training.classes), seed)
    trainer = method.trainer(
        place(network, context.device),
        labeled.read,
        labeled.labels,
        settings,
        seed,
        unlabeled_volumes(context) if method.uses_unlabeled else None,
    )
    share_state(trainer)
    while not trainer.finished:
        trainer.advance()


def _context(work: ReplicaWork, number: int) -> CycleContext:
    store_url = get_settings().effective_store_url
    device = torch.device("cuda", number) if work.device_type == "cuda" else torch.device(work.device_type)
    if device.type == "cpu":
        set_up_cpu(work.threads)
    else:
        torch.cuda.set_device(device)
    return CycleContext(
        job=_SilentJob(work.claim),
        settings=work.settings,
        snapshot=work.snapshot,
        artifacts=ArtifactStore(store_url),
        volumes=PoolVolumes(store_url),
        device=device,
        threads=work.threads,
    )


if __name__ == "__main__":
    sys.exit(main())
