"""A further random batch, for when the chosen one is used up and nobody wants to wait."""

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.queue import Asker, queue_status
from tomosift.annotation.schemas import MoreTasksOut
from tomosift.kit.job_control import announce
from tomosift.kit.queue_layout import Batch, Layout, Pick, queue_rows
from tomosift.tables import Project, QueueItem

REASON = {"acquisition": "random", "text": "Chosen at random: the batch before was used up."}


def add_random_tasks(session: Session, asker: Asker, count: int) -> MoreTasksOut:
    """Queue up to `count` random undecided items, unless the asker has work in the queue as it is.

    They join the newest batch, so a later cycle's picks replace the ones nobody came to.
    """
    project = session.get_one(Project, asker.project_id, with_for_update={"key_share": True})
    if session.execute(statements.HOLDERS, asker.values()).one().free:
        return MoreTasksOut(added=0, queue=queue_status(session, asker))
    chosen = session.scalars(statements.RANDOM_UNTOUCHED, {"project": asker.project_id, "count": count}).all()
    if chosen:
        end = session.execute(statements.END_OF_QUEUE, {"project": asker.project_id}).one()
        batch = Batch(asker.project_id, end.batch, after=end.position)
        picks = [Pick(each, REASON) for each in chosen]
        session.execute(insert(QueueItem), queue_rows(batch, picks, [], Layout.of(project.settings)))
        announce(session, asker.project_id, "queue", reason="random-batch")
    return MoreTasksOut(added=len(chosen), queue=queue_status(session, asker))
