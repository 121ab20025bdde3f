"""What curators ask for beside the batch: second looks, an order of their own, nothing at all for a while."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from tomosift.annotation.queue_schemas import MOST_AT_ONCE, QuestionsIn, QuestionsOut, QueueOut, WorkCount
from tomosift.annotation.schemas import Work
from tomosift.kit.database import utc_now
from tomosift.kit.job_control import announce
from tomosift.kit.queue_layout import PRIORITY_OF
from tomosift.tables import Project

# Locked in the order of ids, as everywhere; whoever decides about one of them waits.
_ASKED_ABOUT = text("""
    SELECT s.id, l.subtomogram_id IS NOT NULL AS is_decided, e.subtomogram_id IS NOT NULL AS in_evaluation,
           EXISTS (SELECT 1 FROM queue_item q
                    WHERE q.subtomogram_id = s.id AND q.state = 'open'
                      AND (q.work = :work OR (:work = 'recheck' AND q.work = 'evaluation'))) AS is_asked
    FROM subtomogram s
    LEFT JOIN current_label l ON l.subtomogram_id = s.id AND l.kind <> 'skip'
    LEFT JOIN evaluation_item e ON e.subtomogram_id = s.id
    WHERE s.project_id = :project AND s.id = ANY(:ids)
    ORDER BY s.id
    FOR NO KEY UPDATE OF s
""")
_DRAW_LABELED = text("""
    SELECT l.subtomogram_id FROM current_label l
    WHERE l.project_id = :project AND l.kind <> 'skip' AND random() < :share
      AND NOT EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = l.subtomogram_id)
    ORDER BY random() LIMIT :most
""")
# A slot of its own, so that what was asked before stays as it is.
_ASK = text("""
    INSERT INTO queue_item (project_id, subtomogram_id, work, slot, priority, position, reason)
    SELECT :project, i.id, i.work,
           1 + coalesce((SELECT max(q.slot) FROM queue_item q WHERE q.subtomogram_id = i.id), 0),
           i.priority, e.position + i.place, CAST(:reason AS jsonb)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:works AS text[]), CAST(:priorities AS integer[]))
         WITH ORDINALITY AS i (id, work, priority, place),
         (SELECT coalesce(max(position), 0) AS position FROM queue_item
           WHERE project_id = :project AND state = 'open') e
""")
_HELD = "EXISTS (SELECT 1 FROM lease l WHERE l.queue_item_id = q.id AND l.ended_at IS NULL AND l.expires_at > now())"
_SET_PRIORITY = text("""
    UPDATE queue_item q SET priority = :priority
    WHERE q.project_id = :project AND q.state = 'open'
      AND (q.work = :work OR q.subtomogram_id = ANY(CAST(:ids AS bigint[])))
""")
_CANCEL = text(f"""
    UPDATE queue_item q SET state = 'superseded', closed_at = now()
    WHERE q.project_id = :project AND q.state = 'open' AND q.work = :work AND NOT {_HELD}
""")  # noqa: S608 - a constant of this file
_WORKS = text("""
    SELECT q.work, count(*) AS open, count(l.id) AS held,
           max(q.priority) AS highest_priority, min(q.priority) AS lowest_priority
    FROM queue_item q
    LEFT JOIN lease l ON l.queue_item_id = q.id AND l.ended_at IS NULL AND l.expires_at > now()
    WHERE q.project_id = :project AND q.state = 'open'
    GROUP BY q.work
    ORDER BY max(q.priority) DESC, min(q.position)
""")


_REASONS = {
    "label-error": "A curator asks for a second look at this one.",
    "adjudication": "A curator's last word is wanted.",
}


def ask_again(session: Session, project_id: uuid.UUID, wanted: QuestionsIn) -> QuestionsOut:
    """Queue the questions, in the order of the given ids.

    A re-check goes to somebody who has not decided the item, without a word of why; in the evaluation sample it is an
    evaluation item like the others. The other kinds go to anyone, for a new opinion.
    """
    session.get_one(Project, project_id, with_for_update={"key_share": True})
    ids = wanted.subtomogram_ids or _draw(session, project_id, wanted.labeled_share or 0.0)
    values = {"project": project_id, "work": wanted.work}
    found = {row.id: row for row in session.execute(_ASKED_ABOUT, {**values, "ids": sorted(set(ids))})}
    asked = [row for each in dict.fromkeys(ids) if (row := found.get(each)) and _may_ask(row, wanted.work)]
    if asked:
        works = ["evaluation" if row.in_evaluation and wanted.work == "recheck" else wanted.work for row in asked]
        session.execute(
            _ASK,
            {
                "project": project_id,
                "ids": [row.id for row in asked],
                "works": works,
                "priorities": [PRIORITY_OF[work] for work in works],
                "reason": _reason(wanted),
            },
        )
        announce(session, project_id, "queue", reason="asked-again")
    rows = found.values()
    return QuestionsOut(
        added=len(asked),
        undecided=sum(not row.is_decided for row in rows),
        in_evaluation=sum(row.is_decided and _would_tell(row, wanted.work) for row in rows),
        asked_already=sum(row.is_decided and row.is_asked and not _would_tell(row, wanted.work) for row in rows),
        not_there=len(set(ids)) - len(found),
    )


def set_priority(
    session: Session, project_id: uuid.UUID, priority: int, *, work: Work | None, ids: Sequence[int] | None
) -> int:
    """Give what is open of a kind of work, or of certain items, this priority; returns how many questions that were."""
    values = {"project": project_id, "priority": priority, "work": work, "ids": list(ids or [])}
    return _changed(session, project_id, _SET_PRIORITY, values)


def cancel_questions(session: Session, project_id: uuid.UUID, work: Work) -> int:
    """Take the open questions of a kind out of the queue, but for those that people have before them; how many."""
    return _changed(session, project_id, _CANCEL, {"project": project_id, "work": work})


def pause_queue(session: Session, project_id: uuid.UUID, *, is_paused: bool) -> None:
    """Hand nothing out any more, or go on. What people have before them can be decided all the same."""
    project = session.get_one(Project, project_id, with_for_update={"key_share": True})
    if (project.queue_paused_at is not None) != is_paused:
        project.queue_paused_at = utc_now() if is_paused else None
        announce(session, project_id, "queue", reason="paused" if is_paused else "resumed")


def read_queue(session: Session, project_id: uuid.UUID) -> QueueOut:
    """What is open, by kind of work."""
    rows = session.execute(_WORKS, {"project": project_id})
    paused_at = session.get_one(Project, project_id).queue_paused_at
    return QueueOut(paused_at=paused_at, works=[WorkCount.model_validate(row._mapping) for row in rows])


def _draw(session: Session, project_id: uuid.UUID, share: float) -> list[int]:
    return list(session.scalars(_DRAW_LABELED, {"project": project_id, "share": share, "most": MOST_AT_ONCE}))


def _may_ask(row: Row[Any], work: str) -> bool:
    return row.is_decided and not row.is_asked and not _would_tell(row, work)


def _would_tell(row: Row[Any], work: str) -> bool:
    """A likely error in the evaluation sample: asking about it would tell of the label, and of the model's."""
    return bool(row.in_evaluation) and work == "label-error"


def _reason(wanted: QuestionsIn) -> str | None:
    if wanted.work == "recheck":
        return None
    return json.dumps({"acquisition": "asked", "text": wanted.reason or _REASONS[wanted.work]})


def _changed(session: Session, project_id: uuid.UUID, statement: TextClause, values: dict[str, Any]) -> int:
    # Imports and cycles lock the project too: one after the other changes the queue.
    session.get_one(Project, project_id, with_for_update={"key_share": True})
    changed = int(session.execute(statement, values).rowcount)  # type: ignore[attr-defined]  # of an UPDATE
    if changed:
        announce(session, project_id, "queue", reason="changed")
    return changed
