"""A first batch that covers every predicted class: drawn again when predictions come, while nobody has trained yet."""

import uuid
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.tables import Cycle, Lease, ParticleClass, Project, QueueItem

# Equal shares by the order of a hash: random, and the same for the same project however often it is drawn.
_DRAW = text("""
    WITH free AS (
        SELECT s.id, s.predicted_class_id,
               row_number() OVER (PARTITION BY s.predicted_class_id ORDER BY md5(:seed || s.id), s.id) AS place
        FROM subtomogram s
        WHERE s.project_id = :project
          AND NOT EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = s.id)
          AND NOT EXISTS (SELECT 1 FROM current_label l WHERE l.subtomogram_id = s.id)
          AND NOT EXISTS (SELECT 1 FROM queue_item q WHERE q.subtomogram_id = s.id AND q.state = 'open')
    ), shared AS (
        SELECT id, predicted_class_id, true AS by_class FROM free
        WHERE predicted_class_id IS NOT NULL AND place <= :share
    ), others AS (
        SELECT id, predicted_class_id, false AS by_class FROM free
        WHERE id NOT IN (SELECT id FROM shared)
        ORDER BY md5(:seed || id), id
        LIMIT greatest(0, :count - (SELECT count(*) FROM shared))
    )
    SELECT id, predicted_class_id, by_class FROM (SELECT * FROM shared UNION ALL SELECT * FROM others) drawn
    ORDER BY md5(:seed || 'order' || id), id
    LIMIT :count
""")


def redraw_first_batch(session: Session, project_id: uuid.UUID) -> int:
    """Replace the open picks of the first batch by equal shares of the predicted classes; returns how many.

    What people hold or have answered stays. Once a cycle was launched the batch is its business: then nothing changes.
    """
    session.get_one(Project, project_id, with_for_update={"key_share": True})
    if session.scalar(
        select(Cycle.id).where(Cycle.project_id == project_id, Cycle.stage.not_in(("failed", "cancelled"))).limit(1)
    ):
        return 0
    open_items = _take_out(session, project_id)
    names = {
        each.id: each.name
        for each in session.scalars(select(ParticleClass).where(ParticleClass.project_id == project_id))
    }
    drawn = _draw(session, project_id, len(open_items))
    for item, (place, row) in zip(open_items, enumerate(drawn, start=1), strict=False):
        session.add(
            QueueItem(
                project_id=project_id,
                subtomogram_id=row.id,
                work="query",
                batch=item.batch,
                position=item.position,
                rank=place,
                reason=_reason(names.get(row.predicted_class_id) if row.by_class else None),
            )
        )
    session.flush()
    return len(drawn)


def _take_out(session: Session, project_id: uuid.UUID) -> list[QueueItem]:
    """The open picks that nobody holds, superseded, in their order."""
    open_picks = (QueueItem.project_id == project_id, QueueItem.state == "open", QueueItem.work == "query")
    # Two statements: locking waits for claims under way, and only a statement that begins afterwards sees their leases.
    session.execute(select(QueueItem.id).where(*open_picks).order_by(QueueItem.id).with_for_update()).all()
    held = select(Lease.id).where(
        Lease.queue_item_id == QueueItem.id, Lease.ended_at.is_(None), Lease.expires_at > utc_now()
    )
    items = list(session.scalars(select(QueueItem).where(*open_picks, ~held.exists()).order_by(QueueItem.position)))
    session.execute(
        update(QueueItem)
        .where(QueueItem.id.in_([each.id for each in items]))
        .values(state="superseded", closed_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    return items


def _draw(session: Session, project_id: uuid.UUID, count: int) -> list[Row[Any]]:
    classes = session.scalar(
        text(
            "SELECT count(DISTINCT predicted_class_id) FROM subtomogram "
            "WHERE project_id = :project AND predicted_class_id IS NOT NULL"
        ),
        {"project": project_id},
    )
    values = {
        "project": project_id,
        "seed": str(project_id),
        "count": count,
        "share": count // max(1, int(classes or 0)),
    }
    return list(session.execute(_DRAW, values))


def _reason(predicted: str | None) -> dict[str, Any]:
    text = (
        f"One of an equal share of every predicted class: the imported predictions call it {predicted}."
        if predicted is not None
        else "Chosen at random, beside equal shares of the classes that the imported predictions name."
    )
    return {"acquisition": "random", "text": text}
