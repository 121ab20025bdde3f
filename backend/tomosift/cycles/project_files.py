"""What cycles keep in files for a project, to be deleted with it: models, scores, checkpoints."""

import uuid

from sqlalchemy import select

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle


def remove_cycle_files(settings: Settings, project_id: uuid.UUID) -> None:
    """Delete the files of every cycle of the project."""
    with transaction() as session:
        cycles = session.scalars(select(Cycle.id).where(Cycle.project_id == project_id)).all()
    artifacts = ArtifactStore(settings.effective_store_url)
    for cycle_id in cycles:
        artifacts.delete_prefix(f"cycles/{cycle_id}")
