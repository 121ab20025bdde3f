"""Where denoised volumes lie, and how a worker is asked for them."""

import uuid
from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.database import utc_now
from tomosift.kit.outbox import post_message
from tomosift.tables import DenoisedVolume

TASK = "tomosift_worker.make_denoised"
INSERT_AT_ONCE = 1000


def denoised_key(cycle_id: uuid.UUID, subtomogram_id: int) -> str:
    """The artifact with a denoised volume: `volume`, float16 `(z, y, x)`."""
    return f"cycles/{cycle_id}/denoised/{subtomogram_id}"


def ask_for(session: Session, cycle_id: uuid.UUID, subtomogram_ids: Sequence[int]) -> None:
    """Want these volumes of a cycle's denoiser, and tell a worker. Asking again does no harm."""
    for start in range(0, len(subtomogram_ids), INSERT_AT_ONCE):
        rows = [
            {"cycle_id": cycle_id, "subtomogram_id": each, "state": "wanted", "asked_at": utc_now()}
            for each in subtomogram_ids[start : start + INSERT_AT_ONCE]
        ]
        asked = insert(DenoisedVolume).values(rows)
        session.execute(
            asked.on_conflict_do_update(
                index_elements=["cycle_id", "subtomogram_id"],
                set_={"state": "wanted", "asked_at": asked.excluded.asked_at},
            )
        )
    post_message(session, TASK, GPU_QUEUE, {"cycle_id": str(cycle_id)})
