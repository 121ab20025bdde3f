"""What every stage of a cycle has at hand."""

import uuid
from dataclasses import dataclass
from typing import Any

import torch

from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.running_job import RunningJob
from tomosift.tables import Cycle
from tomosift_worker.cycle.leftovers import attempt_prefix
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.cycle.snapshot import Snapshot
from tomosift_worker.cycle.volumes import PoolVolumes


@dataclass(frozen=True)
class CycleContext:
    """A cycle in work. `job` reports and says when to stop; `settings` are complete, the seed included."""

    job: RunningJob
    settings: CycleSettings
    snapshot: Snapshot
    artifacts: ArtifactStore
    volumes: PoolVolumes
    device: torch.device
    threads: int

    @property
    def cycle_id(self) -> uuid.UUID:
        """The cycle's id."""
        return self.snapshot.cycle.id

    @property
    def prefix(self) -> str:
        """Where this attempt writes its files."""
        return attempt_prefix(self.cycle_id, self.job.claim.attempt)

    @property
    def seed(self) -> int:
        """The seed of everything random in the cycle."""
        if self.settings.seed is None:
            raise ValueError("a cycle in work has a seed; complete its settings first")
        return self.settings.seed

    def enter(self, stage: str) -> None:
        """Say in the cycle's row which stage begins. Raises FencedOff, Stopping."""
        self.job.check()
        self.update_cycle(stage=stage)

    def update_cycle(self, **values: Any) -> None:
        """Change columns of the cycle's row, if this attempt still holds the job. Raises FencedOff."""
        with transaction() as session:
            job_control.hold(session, self.job.claim.job_id, self.job.claim.token)
            cycle = session.get_one(Cycle, self.cycle_id)
            for name, value in values.items():
                setattr(cycle, name, value)
            if "stage" in values:
                job_control.announce(session, cycle.project_id, "cycle", number=cycle.number, stage=values["stage"])
