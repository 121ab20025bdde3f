"""What a cycle's results come from, kept with its numbers: checksums of labels and code, versions, device."""

import hashlib
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any

import monai
import torch

import tomosift
import tomosift_worker
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.snapshot import EvaluationSet, TrainingSet
from tomosift_worker.device import device_name


def origin(context: CycleContext) -> dict[str, Any]:
    """`{labels, code, versions, device}`, JSON-able."""
    snapshot = context.snapshot
    return {
        "labels": labels_checksum(snapshot.training, snapshot.evaluation),
        "code": code_checksum(),
        "versions": versions(),
        "device": device_name(context.device),
    }


def versions() -> dict[str, str]:
    """The programs that decide a result."""
    return {
        "tomosift": tomosift.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "monai": str(monai.__version__),
    }


def labels_checksum(training: TrainingSet, evaluation: EvaluationSet) -> str:
    """Which subtomograms have which class for training and evaluation, and which half the latter are in: BLAKE2b."""
    digest = hashlib.blake2b(digest_size=16)
    for ids, numbers, names in (
        (training.items.ids, training.labels, [str(each["id"]) for each in training.classes]),
        (evaluation.items.ids, evaluation.truth, evaluation.names),
    ):
        digest.update("\n".join(names).encode() + b"\0")
        digest.update(ids.astype("<i8").tobytes() + numbers.astype("<i8").tobytes())
    digest.update(evaluation.reports.tobytes())
    return f"blake2b:{digest.hexdigest()}"


@lru_cache(maxsize=1)
def code_checksum() -> str:
    """The Python source of the service and the worker: BLAKE2b of names and contents, in order of the names."""
    digest = hashlib.blake2b(digest_size=16)
    for package in (tomosift, tomosift_worker):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package.__name__}/{path.relative_to(root).as_posix()}\0".encode())
            digest.update(path.read_bytes() + b"\0")
    return f"blake2b:{digest.hexdigest()}"
