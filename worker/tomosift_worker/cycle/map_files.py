"""A cycle's map in the artifact store, and the map of the cycle before."""

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.database import transaction
from tomosift.kit.stored_columns import open_columns
from tomosift.tables import Cycle
from tomosift_worker.layout.alignment import EarlierMap

MAP = "map"
"""The entry of a cycle's numbers that says where its map is."""
MAP_JOB = "map"
MAP_TASK = "tomosift_worker.make_map"


def write_map(
    artifacts: ArtifactStore, key: str, method: str, item_ids: NDArray[np.int64], points: NDArray[np.float32]
) -> dict[str, Any]:
    """Store places `(n, 2)` in the order of the cycle's scores; returns what its numbers say of the map."""
    artifacts.write_tensors(key, {"item_ids": item_ids, "points": points}, {"method": method})
    return {"key": key, "method": method}


def earlier_map(artifacts: ArtifactStore, previous_cycle_id: uuid.UUID | None) -> EarlierMap | None:
    """The map of the cycle before, if it has one that can be read."""
    if previous_cycle_id is None:
        return None
    with transaction() as session:
        previous = session.get(Cycle, previous_cycle_id)
    described = ((previous and previous.metrics) or {}).get(MAP)
    if described is None:
        return None
    try:
        with open_columns(artifacts, described["key"]) as columns:
            return EarlierMap(columns.read("item_ids"), columns.read("points"))
    except (ArtifactMissing, ArtifactUnreadable):
        return None
