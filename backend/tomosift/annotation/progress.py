"""How far a project is, and what to do next."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.queue import Asker, queue_status
from tomosift.annotation.schemas import (
    ClassCount,
    EvaluationHalves,
    EvaluationProgress,
    HalfCount,
    LabelCounts,
    NextStep,
    ProgressOut,
    QueueStatus,
)
from tomosift.kit.launch_readiness import LabelCount, Readiness, active_cycle, label_counts, readiness_of
from tomosift.projects.classes import list_classes
from tomosift.tables import Cycle, Job, Source


def project_progress(session: Session, asker: Asker) -> ProgressOut:
    """Everything the project page shows at its top."""
    of_sources = select(func.coalesce(func.sum(Source.row_count), 0)).where(Source.project_id == asker.project_id)
    pool_size = session.execute(of_sources).scalar_one()
    queue = queue_status(session, asker)
    evaluation = _evaluation(session, asker.project_id)
    counts = label_counts(session, asker.project_id)
    readiness = readiness_of(session, asker.project_id, counts)
    labeled = _label_counts(session, asker.project_id, counts, readiness)
    outside = sum(each.count for each in labeled.by_class) + labeled.junk + labeled.unsure
    unlabeled = pool_size - outside - evaluation.labeled
    return ProgressOut(
        pool_size=pool_size,
        labeled=labeled,
        evaluation=evaluation,
        queue=queue,
        next_step=_next_step(session, asker, _Pool(pool_size, unlabeled), queue, readiness),
    )


@dataclass(frozen=True)
class _Pool:
    """How many particles there are, and how many of them nobody has decided."""

    size: int
    unlabeled: int


def _label_counts(session: Session, project_id: uuid.UUID, counts: LabelCount, readiness: Readiness) -> LabelCounts:
    return LabelCounts(
        by_class=[
            ClassCount(class_id=each.id, name=each.name, color=each.color, count=counts.get(("class", each.id), 0))
            for each in list_classes(session, project_id)
        ],
        junk=counts.get(("junk", None), 0),
        unsure=counts.get(("unsure", None), 0),
        skipped=counts.get(("skip", None), 0),
        training_total=readiness.training_labels,
    )


def _evaluation(session: Session, project_id: uuid.UUID) -> EvaluationProgress:
    rows = session.execute(statements.PROGRESS_EVALUATION, {"project": project_id})
    halves = {row.half: HalfCount(size=row.size, labeled=row.labeled) for row in rows}
    none = HalfCount(size=0, labeled=0)
    by_half = EvaluationHalves(calibrate=halves.get("calibrate", none), report=halves.get("report", none))
    return EvaluationProgress(
        size=by_half.calibrate.size + by_half.report.size,
        labeled=by_half.calibrate.labeled + by_half.report.labeled,
        by_half=by_half,
    )


def _next_step(session: Session, asker: Asker, pool: _Pool, queue: QueueStatus, readiness: Readiness) -> NextStep:
    if pool.size == 0:
        return _before_import(session, asker)
    left = _left(queue)
    cycle = active_cycle(session, asker.project_id)
    if cycle is not None:
        meanwhile = f" Meanwhile, label {left}." if left else " Its picks come to the label page by themselves."
        return NextStep(code="cycle-running", text=f"{cycle.sentence()}{meanwhile}", action="label" if left else "wait")
    if queue.is_paused:
        return NextStep(code="paused", text="The queue is paused; a curator resumes it.", action="wait")
    failed = _failed_cycle(session, asker.project_id)
    if queue.open_query:
        also = f" Cycle {failed} failed; its page says why." if failed else ""
        return NextStep(code="label", text=f"Label {_batch(queue)}.{_between(queue)}{also}", action="label")
    if failed and readiness.is_ready:
        text = f"See why cycle {failed} failed, then launch it again. What you labeled is safe."
        return NextStep(code="cycle-failed", text=text, action="launch")
    if pool.unlabeled <= 0:
        text = "Take your particles out: every one of them is labeled."
        return NextStep(code="all-labeled", text=text, action="export")
    if readiness.is_ready:
        rest = f" Still open: {left}." if left else ""
        text = f"This batch is answered: launch a cycle, which learns from it and chooses the next particles.{rest}"
        return NextStep(code="launch", text=text, action="launch")
    label = f"Label {left}." if left else "Label further random particles."
    return NextStep(code="too-few-labels", text=f"{label} {readiness.missing()}", action="label")


def _failed_cycle(session: Session, project_id: uuid.UUID) -> int | None:
    """The number of the newest cycle, if it failed."""
    newest = session.execute(
        select(Cycle.number, Cycle.stage).where(Cycle.project_id == project_id).order_by(Cycle.number.desc()).limit(1)
    ).one_or_none()
    return newest.number if newest is not None and newest.stage == "failed" else None


def _before_import(session: Session, asker: Asker) -> NextStep:
    importing = session.scalar(
        select(Job.id)
        .where(Job.project_id == asker.project_id, Job.kind == "import", Job.state.in_(("queued", "running")))
        .limit(1)
    )
    if importing is not None:
        return NextStep(code="importing", text="Your particles are being imported.", action="wait")
    return NextStep(code="import", text="Import a particle list to begin.", action="import")


def _left(queue: QueueStatus) -> str:
    """What is left to answer, in words; empty for nothing."""
    return " and ".join([_batch(queue)] * (queue.open_query > 0) + _besides(queue))


def _between(queue: QueueStatus) -> str:
    """What is handed out among the batch, as a sentence: nobody has to wait for it to be done."""
    others = _besides(queue)
    return f" Between them come {' and '.join(others)}." if others else ""


def _batch(queue: QueueStatus) -> str:
    count = queue.open_query
    return f"the {_particles(count)} that {'is' if count == 1 else 'are'} left of this batch"


def _besides(queue: QueueStatus) -> list[str]:
    parts = []
    if queue.open_evaluation:
        parts.append(f"{_particles(queue.open_evaluation)} of the evaluation sample")
    if queue.open_second_look:
        parts.append(f"{_particles(queue.open_second_look)} for a second look")
    return parts


def _particles(count: int) -> str:
    return f"{count} particle{'s' if count != 1 else ''}"
