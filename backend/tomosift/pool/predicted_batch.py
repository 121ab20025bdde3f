"""A first batch that covers every predicted class: drawn again when predictions come, while nobody has trained yet."""

import uuid
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.orm import Session

from tomosift.kit.open_picks import take_out_open_picks
from tomosift.kit.queue_layout import Batch, Layout, Pick, queue_rows
from tomosift.tables import Cycle, ParticleClass, Project, QueueItem

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
    project = session.get_one(Project, project_id, with_for_update={"key_share": True})
    if session.scalar(
        select(Cycle.id).where(Cycle.project_id == project_id, Cycle.stage.not_in(("failed", "cancelled"))).limit(1)
    ):
        return 0
    taken_out = take_out_open_picks(session, project_id)
    names = {
        each.id: each.name
        for each in session.scalars(select(ParticleClass).where(ParticleClass.project_id == project_id))
    }
    drawn = _draw(session, project_id, len(taken_out))
    layout = Layout.of(project.settings)
    for place, (before, row) in enumerate(zip(taken_out, drawn, strict=False), start=1):
        pick = Pick(row.id, _reason(names.get(row.predicted_class_id) if row.by_class else None), place)
        # In the place of the one before it, between the evaluation items.
        batch = Batch(project_id, before.batch, after=before.position - 1)
        session.execute(insert(QueueItem), queue_rows(batch, [pick], [], layout))
    return len(drawn)


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
