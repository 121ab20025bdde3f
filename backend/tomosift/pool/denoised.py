"""Denoised volumes: given where they are in the cache, else asked of a worker."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.denoised_files import ask_for, denoised_key
from tomosift.kit.problems import conflict
from tomosift.pool.subtomograms import find_subtomogram
from tomosift.tables import Cycle, DenoisedVolume

ASK_AGAIN_AFTER = timedelta(seconds=60)
"""Somebody who waits for a volume asks every few seconds; a worker that died is asked again after this."""
NOTE_USE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Wait:
    """A worker was asked for the volume. `ahead`: how many it makes before; it may have to learn to denoise first."""

    ahead: int
    is_trained: bool


def denoised_volume(store_url: str, project_id: uuid.UUID, subtomogram_id: int) -> NDArray[np.float32] | Wait:
    """The volume `(z, y, x)` as the newest denoiser shows it, or how long a worker that makes it will be.

    Raises ProblemError: 404 where there is no such particle, 409 where no cycle has a denoiser or this volume has none.
    """
    with transaction() as session:
        find_subtomogram(session, project_id, subtomogram_id)
        cycle_id, is_trained = _newest_denoiser(session, project_id)
        row = session.get(DenoisedVolume, (cycle_id, subtomogram_id), with_for_update=True)
        if row is not None and row.state == "refused":
            raise conflict(
                "no-denoised-volume", "It cannot be denoised", "Voxels of this particle are no numbers; import it anew."
            )
        if row is None or (row.state == "wanted" and utc_now() - row.asked_at > ASK_AGAIN_AFTER):
            ask_for(session, cycle_id, [subtomogram_id])
        if row is None or row.state == "wanted":
            return Wait(_wanted_before(session, cycle_id, row), is_trained)
        if row.used_at is None or utc_now() - row.used_at > NOTE_USE_AFTER:
            row.used_at = utc_now()
    try:
        columns = ArtifactStore(store_url).read_tensors(denoised_key(cycle_id, subtomogram_id))
        return columns["volume"].astype(np.float32)
    except (ArtifactMissing, ArtifactUnreadable):
        # It has left the cache just now.
        with transaction() as session:
            ask_for(session, cycle_id, [subtomogram_id])
            return Wait(_wanted_before(session, cycle_id, None), is_trained)


def _wanted_before(session: Session, cycle_id: uuid.UUID, row: DenoisedVolume | None) -> int:
    """How many volumes are wanted that were asked for before this one; None stands for one asked for just now."""
    wanted = select(func.count()).where(DenoisedVolume.cycle_id == cycle_id, DenoisedVolume.state == "wanted")
    if row is not None:
        wanted = wanted.where(DenoisedVolume.asked_at < row.asked_at)
    return int(session.scalar(wanted) or 0) - (row is None)


def _newest_denoiser(session: Session, project_id: uuid.UUID) -> tuple[uuid.UUID, bool]:
    """The cycle, and whether its denoiser has been trained: that waits for the first volume that is wanted."""
    cycle = session.execute(
        select(Cycle.id, Cycle.metrics["denoiser"]["key"].as_string().label("key"))
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", Cycle.metrics.has_key("denoiser"))
        .order_by(Cycle.number.desc())
        .limit(1)
    ).one_or_none()
    if cycle is None:
        raise conflict(
            "no-denoiser",
            "No cycle has learned to denoise",
            "Launch a cycle with the setting denoiser on, or one that trains the network ac3d by the method ac3d.",
        )
    return cycle.id, cycle.key is not None
