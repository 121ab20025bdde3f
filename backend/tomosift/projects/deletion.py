"""Deleting a project in two steps: hidden at once, gone when its time has passed; until then it can be restored."""

import uuid
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tomosift.kit.audit import SYSTEM, Actor, record
from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.database import utc_now
from tomosift.kit.job_control import FINISHED_STATES, request_cancel
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.settings import Settings
from tomosift.tables import Job, Project

PURGE_TASK = "tomosift.purge_project"
PURGE_KIND = "purge"
TRY_AGAIN_AFTER = timedelta(hours=1)


def delete_project(session: Session, actor: Actor, project_id: uuid.UUID, settings: Settings) -> Project:
    """Hide the project from everybody but its owners, stop its jobs, and set the time when it is gone."""
    project = session.get_one(Project, project_id, with_for_update=True)
    project.delete_after = utc_now() + timedelta(days=settings.deleted_project_days)
    project.version += 1
    running = select(Job).where(Job.project_id == project_id, Job.state.not_in(FINISHED_STATES))
    for job in session.scalars(running).all():
        request_cancel(session, job)
    record(session, actor, "project.deleted", project.slug, project, gone_after=project.delete_after.isoformat())
    session.flush()
    return project


def restore_project(session: Session, actor: Actor, project_id: uuid.UUID) -> Project:
    """Take the deletion back. Raises ProblemError 409 if the project is not deleted, 404 if it is gone."""
    project = session.get_one(Project, project_id, with_for_update=True)
    if project.archived_at is not None:
        raise not_found("project")
    if project.delete_after is None:
        raise conflict("project-not-deleted", "The project is not deleted", "There is nothing to restore.")
    project.delete_after = None
    project.version += 1
    record(session, actor, "project.restored", project.slug, project)
    session.flush()
    return project


def post_due_purges(session: Session) -> int:
    """Post a job for every project whose time has passed, and again where such a job has failed; return how many."""
    now = utc_now()
    due = session.execute(
        update(Project)
        .where(Project.delete_after <= now, Project.archived_at.is_(None))
        .values(archived_at=now)
        .returning(Project.id, Project.slug)
    ).all()
    for project in due:
        record(session, SYSTEM, "project.purge-begun", project.slug, project)
    under_way = select(Job.payload["project_id"].as_string()).where(
        Job.kind == PURGE_KIND, or_(Job.state.not_in(FINISHED_STATES), Job.finished_at > now - TRY_AGAIN_AFTER)
    )
    # Whoever still works for the project was asked to stop; nothing of it may be written behind the purge.
    busy = select(Job.project_id).where(Job.project_id.is_not(None), Job.state.not_in(FINISHED_STATES))
    gone = session.scalars(
        select(Project.id).where(Project.delete_after <= now, Project.archived_at.is_not(None), Project.id.not_in(busy))
    )
    waiting = {str(each) for each in gone} - set(session.scalars(under_way))
    for project_id in waiting:
        post_job(session, Job(kind=PURGE_KIND, task=PURGE_TASK, queue=CPU_QUEUE, payload={"project_id": project_id}))
    return len(waiting)
