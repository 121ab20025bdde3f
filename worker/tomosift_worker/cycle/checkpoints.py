"""Checkpoints of a cycle's training: written under the attempt's own path, published in the cycle's row."""

import hashlib
import json
import time
from typing import Any

from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.leftovers import checkpoint_folder
from tomosift_worker.training.checkpoint import CheckpointMismatch, restore, state_of
from tomosift_worker.training.supervised import SupervisedTrainer


class Checkpoints:
    """The checkpoints of one training; an attempt goes on from the newest one any attempt before it has published."""

    def __init__(self, context: CycleContext) -> None:
        self._context = context
        self._fingerprint = _fingerprint(context)
        self._written_at = time.monotonic()
        self._newest: dict[str, Any] | None = context.snapshot.cycle.checkpoint
        self._is_ours = self._newest is not None and self._newest.get("fingerprint") == self._fingerprint
        if self._newest is not None and not self._is_ours:
            context.job.log("The checkpoint found is of another training; starting anew.", "warning")

    @property
    def batch_size(self) -> int:
        """The batch size to go on with: that of the checkpoint, which a lack of memory may have made smaller."""
        settings_size = self._context.settings.training.batch_size
        return int(self._newest["batch_size"]) if self._newest is not None and self._is_ours else settings_size

    def resume(self, trainer: SupervisedTrainer) -> float:
        """Put a fresh trainer where the newest checkpoint is; returns the seconds of training up to there."""
        if self._newest is None or not self._is_ours:
            return 0.0
        job = self._context.job
        try:
            restore(trainer, self._context.artifacts.read_tensors(self._newest["key"]))
        except (ArtifactMissing, ArtifactUnreadable, CheckpointMismatch) as error:
            job.log(f"The checkpoint cannot be used, starting anew: {error}.", "warning")
            self._is_ours = False
            return 0.0
        job.log(f"Going on from step {trainer.step}, which attempt {self._newest['attempt']} had reached.")
        return float(self._newest["seconds"])

    def write_if_due(self, trainer: SupervisedTrainer, seconds: float) -> None:
        """Write when the time between checkpoints has passed."""
        if time.monotonic() - self._written_at >= self._context.settings.training.checkpoint_seconds:
            self.write(trainer, seconds)

    def write(self, trainer: SupervisedTrainer, seconds: float) -> None:
        """Write and publish; then the one before is deleted. Nothing to do where this step is published already.

        `seconds` is the time trained so far, over all attempts. Raises FencedOff.
        """
        if self._newest is not None and self._is_ours and self._newest["step"] == trainer.step:
            return
        context = self._context
        key = f"{checkpoint_folder(context.prefix)}/step-{trainer.step:08d}.safetensors"
        context.artifacts.write_tensors(key, state_of(trainer))
        before = self._newest
        self._newest = {
            "key": key,
            "step": trainer.step,
            "attempt": context.job.claim.attempt,
            "seconds": round(seconds, 3),
            "batch_size": trainer.settings.batch_size,
            "threads": context.threads,
            "fingerprint": self._fingerprint,
        }
        self._is_ours = True
        context.update_cycle(checkpoint=self._newest)
        if before is not None and before["key"] != key:
            context.artifacts.delete_prefix(before["key"])
        self._written_at = time.monotonic()


def _fingerprint(context: CycleContext) -> str:
    """Of what must be equal for a checkpoint to be of this training: settings that act on it, labels, seed."""
    settings, labeled = context.settings, context.snapshot.training
    parts = {
        "network": settings.network.model_dump(),
        "preprocessing": settings.preprocessing.model_dump(),
        "training": settings.training.model_dump(exclude={"checkpoint_seconds"}),
        "starts_warm": settings.starts_warm,
        "classes": labeled.classes,
        "items": labeled.items.ids.tolist(),
        "labels": labeled.labels.tolist(),
        "seed": context.seed,
    }
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()
