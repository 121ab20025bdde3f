"""Cycles as people see them: with their job, its log, their numbers, and the learning curve they make."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tomosift.cycles.cycle_settings import acquisition_id
from tomosift.cycles.random_reference import random_reference
from tomosift.cycles.schemas import CurvePoint, CycleJob, CycleMetrics, CycleOut, LearningCurve, LogLine
from tomosift.kit.problems import not_found
from tomosift.kit.serving_model import serving_cycle
from tomosift.kit.worker_nodes import NO_WORKER, training_workers_seen
from tomosift.tables import Cycle, Job, JobLogLine, Model

LOG_LINES = 200
LABEL_ERRORS = "likely_label_errors"
SHOWN_OF_TRIGGER = ("kind", "reason")
LEAST_ACCURACY_TO_JUDGE = 0.8
"""Below it, most labels that a network contradicts are its own errors, and their number says nothing of the labels."""


def list_cycles(session: Session, project_id: uuid.UUID, limit: int, before_number: int | None) -> Sequence[CycleOut]:
    """Up to `limit + 1` cycles below `before_number`, newest first, without their logs."""
    query = _cycles(project_id).order_by(Cycle.number.desc()).limit(limit + 1)
    if before_number is not None:
        query = query.where(Cycle.number < before_number)
    around = _around(session, project_id)
    return [_cycle_out(row, [], around) for row in session.execute(query)]


def read_cycle(session: Session, project_id: uuid.UUID, number: int) -> CycleOut:
    """One cycle with the newest lines of its log. 404 when there is none of that number."""
    row = session.execute(_cycles(project_id).where(Cycle.number == number)).one_or_none()
    if row is None:
        raise not_found("cycle")
    newest = session.execute(
        select(JobLogLine.at, JobLogLine.level, JobLogLine.message)
        .where(JobLogLine.job_id == row.Job.id)
        .order_by(JobLogLine.id.desc())
        .limit(LOG_LINES)
    ).all()
    log = [LogLine(at=line.at, level=line.level, message=line.message) for line in reversed(newest)]
    return _cycle_out(row, log, _around(session, project_id))


def expected_label_errors(metrics: dict[str, Any]) -> int | None:
    """About how many training labels are wrong; None where the network is right too rarely to tell."""
    counts, report = metrics.get("label_errors"), metrics.get("report")
    if counts is None or report is None or report["accuracy"] < LEAST_ACCURACY_TO_JUDGE:
        return None
    return int(counts["expected"])


def learning_curve(session: Session, project_id: uuid.UUID) -> LearningCurve:
    """A point for each finished cycle that could be measured, in order, and what random picks are expected to reach."""
    cycles = session.scalars(
        select(Cycle).where(Cycle.project_id == project_id, Cycle.stage == "ready").order_by(Cycle.number)
    )
    measured = [(point, cycle.label_snapshot_event_id) for cycle in cycles if (point := _point(cycle)) is not None]
    points, snapshots = [point for point, _ in measured], [snapshot for _, snapshot in measured]
    reference = random_reference(session, project_id, points, snapshots) if points else None
    return LearningCurve(points=points, reference=reference)


def _point(cycle: Cycle) -> CurvePoint | None:
    report = CycleMetrics.model_validate(cycle.metrics or {}).report
    if report is None:
        return None
    training = cycle.training_label_count or 0
    return CurvePoint(
        cycle_number=cycle.number,
        training_labels=training,
        evaluation_labels=report.n,
        total_labels=training + (cycle.evaluation_label_count or 0),
        accuracy=report.accuracy,
        low=report.low,
        high=report.high,
        balanced_accuracy=report.balanced_accuracy,
        acquisition=acquisition_id(cycle.settings),
    )


def _cycles(project_id: uuid.UUID) -> "Select[Cycle, Job, uuid.UUID]":
    return (
        select(Cycle, Job, Model.id.label("model_id"))
        .join(Job, Job.id == Cycle.job_id)
        .outerjoin(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id)
    )


def _shown_metrics(metrics: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without the list of likely label errors: it is long, and not for everybody. Their number as far as it holds."""
    if not metrics:
        return metrics
    shown = {name: value for name, value in metrics.items() if name != LABEL_ERRORS}
    if "label_errors" in shown:
        shown["label_errors"] = {**shown["label_errors"], "expected": expected_label_errors(metrics)}
    return shown


@dataclass(frozen=True)
class _Around:
    """What the rows of cycles do not say: the workers that were seen, and whose model serves."""

    workers: int
    serving: uuid.UUID | None


def _around(session: Session, project_id: uuid.UUID) -> _Around:
    serving = serving_cycle(session, project_id)
    return _Around(training_workers_seen(session), None if serving is None else serving.id)


def _cycle_out(row: Any, log: list[LogLine], around: _Around) -> CycleOut:
    cycle: Cycle = row.Cycle
    job: Job = row.Job
    return CycleOut.model_validate(
        {
            "number": cycle.number,
            "stage": cycle.stage,
            "settings": cycle.settings,
            "trigger": {name: cycle.trigger[name] for name in SHOWN_OF_TRIGGER if name in cycle.trigger},
            "job": CycleJob.model_validate(
                {"state": job.state, "progress": job.progress, "problem": job.problem, "log": log}
            ),
            "training_label_count": cycle.training_label_count,
            "evaluation_label_count": cycle.evaluation_label_count,
            "metrics": _shown_metrics(cycle.metrics),
            "model_id": row.model_id,
            "serves": cycle.id == around.serving,
            "created_at": cycle.created_at,
            "finished_at": cycle.finished_at,
            "warning": NO_WORKER if cycle.stage == "queued" and around.workers == 0 else None,
        }
    )
