"""Where cycles keep their files, and what nobody needs any more of them."""

import uuid

from sqlalchemy import select, update

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle


def attempt_prefix(cycle_id: uuid.UUID, attempt: int) -> str:
    """Where an attempt writes its files. Nobody else does, so a fenced-off attempt overwrites nothing."""
    return f"cycles/{cycle_id}/attempt-{attempt}"


def checkpoint_folder(prefix: str) -> str:
    """Where an attempt keeps its checkpoints."""
    return f"{prefix}/checkpoints"


def remove_checkpoints(store: ArtifactStore, cycle_id: uuid.UUID, attempt: int) -> None:
    """After attempt `attempt` has published the cycle: delete its checkpoints and all of the attempts before."""
    store.delete_prefix(checkpoint_folder(attempt_prefix(cycle_id, attempt)))
    for earlier in range(1, attempt):
        store.delete_prefix(attempt_prefix(cycle_id, earlier))


def sweep_unfinished_cycles(settings: Settings) -> int:
    """Delete the files of failed and cancelled cycles; returns of how many. Their rows name a checkpoint until then."""
    with transaction() as session:
        ended = session.scalars(
            select(Cycle.id).where(Cycle.stage.in_(("failed", "cancelled")), Cycle.checkpoint.is_not(None))
        ).all()
    store = ArtifactStore(settings.effective_store_url)
    for cycle_id in ended:
        store.delete_prefix(f"cycles/{cycle_id}")
        with transaction() as session:
            session.execute(update(Cycle).where(Cycle.id == cycle_id).values(checkpoint=None))
    return len(ended)
