"""A further random batch, for when the chosen one is used up and nobody wants to wait."""

import uuid
from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tomosift.annotation import queue_statements as statements
from tomosift.annotation.queue import EVERYBODYS_WORK, Asker, holders, queue_status
from tomosift.annotation.schemas import MoreTasksOut, Work
from tomosift.kit.job_control import announce
from tomosift.kit.queue_layout import Batch, Layout, Pick, queue_rows
from tomosift.tables import Project, QueueItem

REASON = {"acquisition": "random", "text": "Chosen at random: the batch before was used up."}


def add_random_tasks(session: Session, asker: Asker, count: int) -> MoreTasksOut:
    """Queue up to `count` random undecided items, unless the asker has work in the queue as it is or it is paused.

    They join the newest batch, so a later cycle's picks replace the ones nobody came to.
    """
    project = session.get_one(Project, asker.project_id, with_for_update={"key_share": True})
    added = 0
    if project.queue_paused_at is None and not holders(session, asker, EVERYBODYS_WORK).free:
        added = _add(session, project, count)
    return MoreTasksOut(added=added, queue=queue_status(session, asker))


def add_fallback_tasks(session: Session, asker: Asker, count: int, works: Sequence[Work]) -> bool:
    """Queue `count` random undecided items for somebody who got nothing, where the project wants that by itself."""
    wants = select(Project.id).where(Project.id == asker.project_id, Project.settings["when_empty"].astext == "random")
    if "query" not in works or session.scalar(wants) is None:
        return False
    return add_random_tasks(session, asker, count).added > 0


def has_untouched(session: Session, project_id: uuid.UUID) -> bool:
    """Whether there is anything that nobody has decided and nobody is asked about."""
    return bool(_draw_untouched(session, project_id, 1))


def _add(session: Session, project: Project, count: int) -> int:
    chosen = _draw_untouched(session, project.id, count)
    if chosen:
        end = session.execute(statements.END_OF_QUEUE, {"project": project.id}).one()
        batch = Batch(project.id, end.batch, after=end.position)
        picks = [Pick(each, REASON) for each in chosen]
        session.execute(insert(QueueItem), queue_rows(batch, picks, [], Layout.of(project.settings)))
        announce(session, project.id, "queue", reason="random-batch")
    return len(chosen)


def _draw_untouched(session: Session, project_id: uuid.UUID, count: int) -> Sequence[int]:
    values = {"project": project_id, "count": count}
    thrown = session.scalars(statements.THROWN_UNTOUCHED, values).all()
    return thrown if len(thrown) == count else session.scalars(statements.ALL_UNTOUCHED, values).all()
