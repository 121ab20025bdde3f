"""Launching a cycle: its row, its job and the message to the workers commit together."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tomosift.cycles.cycle_settings import check_settings, resolve_settings, works_without_labels
from tomosift.kit.job_control import announce, request_cancel
from tomosift.kit.label_rule import rule_of
from tomosift.kit.launch_readiness import ACTIVE_STAGES, active_cycle, launch_readiness
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict, invalid, not_found
from tomosift.kit.serving_model import in_force
from tomosift.kit.standing_labels import newest_event, snapshot_lock
from tomosift.kit.worker_nodes import TRAINING_QUEUE, newest_catalogue
from tomosift.projects.lifecycle import project_settings
from tomosift.tables import CurrentLabel, Cycle, EvaluationItem, Job, Project

RUN_CYCLE_TASK = "tomosift_worker.run_cycle"


@dataclass(frozen=True)
class Launcher:
    """Who launches, or which trigger (`labels`, `nightly`) of whom, and why as a sentence."""

    user_id: uuid.UUID | None
    reason: str
    kind: Literal["manual", "labels", "nightly"] = "manual"

    @classmethod
    def person(cls, user_id: uuid.UUID, display_name: str) -> "Launcher":
        """Somebody who asks for the cycle now."""
        return cls(user_id, f"Launched by {display_name}")


def launch_cycle(session: Session, project_id: uuid.UUID, launcher: Launcher, asked: dict[str, Any]) -> Cycle:
    """A new cycle on the labels as they are now.

    Raises ProblemError: 409 `cycle-running`; 422 `too-few-labels`, and for settings that cannot be.
    """
    # Excludes everybody who is writing a label event, until this transaction ends: the snapshot is sharp. It also
    # makes launches of one project follow one another.
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    session.execute(lock, {"name": snapshot_lock(project_id)})
    _check_none_runs(session, project_id)
    project, catalogue = session.get_one(Project, project_id), newest_catalogue(session)
    settings = resolve_settings(asked, catalogue, project_settings(project).batch_size)
    if not works_without_labels(settings, catalogue):
        _check_labels(session, project_id)
    job = Job(
        project_id=project_id, kind="cycle", task=RUN_CYCLE_TASK, queue=TRAINING_QUEUE, created_by=launcher.user_id
    )
    job.payload = {}
    post_job(session, job)
    cycle = Cycle(
        project_id=project_id,
        number=1 + (session.scalar(select(func.max(Cycle.number)).where(Cycle.project_id == project_id)) or 0),
        job_id=job.id,
        previous_cycle_id=_newest_ready(session, project_id),
        settings=settings,
        trigger={"kind": launcher.kind, "reason": launcher.reason},
        class_set_version=project.class_set_version,
        label_snapshot_event_id=newest_event(session, project_id),
        label_rule=rule_of(project.settings),
        training_label_count=launch_readiness(session, project_id).training_labels,
        evaluation_label_count=_evaluation_labels(session, project_id),
        created_by=launcher.user_id,
    )
    session.add(cycle)
    session.flush()
    session.refresh(cycle)
    job.payload = {"cycle_id": str(cycle.id), "cycle_number": cycle.number}
    announce(session, project_id, "cycle", number=cycle.number, stage=cycle.stage)
    return cycle


def check_launch(
    session: Session, project_id: uuid.UUID, asked: dict[str, Any]
) -> tuple[dict[str, Any] | None, list[dict[str, str]]]:
    """The settings a launch would have, or what is wrong with them (`check_settings`). Nothing is launched."""
    batch_size = project_settings(session.get_one(Project, project_id)).batch_size
    return check_settings(asked, newest_catalogue(session), batch_size)


def cancel_cycle(session: Session, project_id: uuid.UUID, number: int) -> Cycle:
    """Ask for a stop; a queued cycle ends at once. 409 when it is over already."""
    cycle = session.scalars(select(Cycle).where(Cycle.project_id == project_id, Cycle.number == number)).one_or_none()
    if cycle is None:
        raise not_found("cycle")
    if cycle.stage not in ACTIVE_STAGES:
        raise conflict("cycle-over", "This cycle is over", f"Cycle {number} is {cycle.stage}; nothing is left to stop.")
    request_cancel(session, session.get_one(Job, cycle.job_id))
    session.flush()
    session.refresh(cycle)
    announce(session, project_id, "cycle", number=cycle.number, stage=cycle.stage)
    return cycle


def _check_none_runs(session: Session, project_id: uuid.UUID) -> None:
    running = active_cycle(session, project_id)
    if running is not None:
        raise conflict(
            "cycle-running",
            "A cycle is running already",
            f"{running.sentence()} Wait until it is ready, or cancel it.",
            cycle_number=running.number,
        )


def _check_labels(session: Session, project_id: uuid.UUID) -> None:
    readiness = launch_readiness(session, project_id)
    if not readiness.is_ready:
        raise invalid(
            "too-few-labels",
            "There are too few labels yet",
            readiness.missing(),
            training_labels=readiness.training_labels,
            labels_by_class=readiness.by_class,
            junk=readiness.junk,
        )


def _newest_ready(session: Session, project_id: uuid.UUID) -> uuid.UUID | None:
    """The cycle to go on from: the newest, or the one people went back to."""
    return session.scalar(
        select(Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", in_force())
        .order_by(Cycle.number.desc())
        .limit(1)
    )


def _evaluation_labels(session: Session, project_id: uuid.UUID) -> int:
    labeled = (
        select(func.count())
        .select_from(EvaluationItem)
        .join(CurrentLabel, CurrentLabel.subtomogram_id == EvaluationItem.subtomogram_id)
        .where(EvaluationItem.project_id == project_id, CurrentLabel.kind.in_(("class", "junk")))
    )
    return session.scalar(labeled) or 0
