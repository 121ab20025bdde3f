"""The export job: read what is known at one moment, stream the files into the artifact store, publish them by a row.

Until the job's row says so nothing can be fetched. An attempt that died leaves files that nobody sees; the next one
starts again under its own path and deletes them.
"""

import hashlib
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tomosift.exports.attempt_files import MANIFEST, AttemptFiles, attempt_prefix
from tomosift.exports.geometry import StoredGeometry
from tomosift.exports.list_files import ExportPlan, ListPass
from tomosift.exports.list_groups import divide, group_sources
from tomosift.exports.manifest import WITHOUT_POSITION, ExportFacts, write_descriptions
from tomosift.exports.outcome import decide
from tomosift.exports.precision import PrecisionMeasure
from tomosift.exports.preview import count_classes, read_known, see_one_moment
from tomosift.exports.requests import EXPORT_KIND
from tomosift.exports.schemas import ExportIn
from tomosift.formats.problem import FormatProblem
from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import FINISHED_STATES
from tomosift.kit.problems import ProblemError
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import Job, Project, User
from tomosift.volumes.store import VolumeStore
from tomosift.volumes.trusted_metadata import VolumeStoreProblem

logger = logging.getLogger(__name__)

SWEEP_BACK = timedelta(days=30)


@dataclass(frozen=True)
class _Order:
    """What the job was asked for, by whom and when."""

    request: ExportIn
    project: Project
    created_at: datetime
    created_by: str | None


def run_export(job: RunningJob) -> None:
    """Do a claimed export job. Raises ProblemError where it cannot be done; then nothing of it can be fetched."""
    settings = get_settings()
    artifacts = ArtifactStore(settings.effective_store_url)
    for attempt in range(1, job.claim.attempt):
        _delete_unless_published(artifacts, job.claim.job_id, attempt)
    files = AttemptFiles(artifacts, attempt_prefix(job.claim.job_id, job.claim.attempt))
    try:
        _export(job, files, artifacts, VolumeStore(settings.effective_store_url))
    except FormatProblem as problem:
        raise ProblemError(422, "not-writable", "This format cannot hold these particles", f"{problem}.") from problem
    except (ArtifactMissing, ArtifactUnreadable, VolumeStoreProblem) as problem:
        detail = "A table, the outputs of a model or volumes are gone from the store; the worker's log names them."
        logger.error("export %s: %s", job.claim.job_id, problem)
        raise ProblemError(409, "store-incomplete", "The store is incomplete", detail) from problem
    finally:
        _delete_unless_published(artifacts, job.claim.job_id, job.claim.attempt)
    sweep_exports(settings)


def sweep_exports(settings: Settings) -> None:
    """Delete what is left of failed exports, and the files of exports older than `export_days`."""
    artifacts = ArtifactStore(settings.effective_store_url)
    kept = timedelta(days=settings.export_days)
    with transaction() as session:
        over = session.execute(
            select(Job.id, Job.state, Job.attempt, Job.finished_at).where(
                Job.kind == EXPORT_KIND, Job.state.in_(FINISHED_STATES), Job.finished_at > utc_now() - kept - SWEEP_BACK
            )
        ).all()
    for job_id, state, attempts, finished_at in over:
        if state != "succeeded" or finished_at is None or finished_at < utc_now() - kept:
            for attempt in range(1, attempts + 1):
                artifacts.delete_prefix(attempt_prefix(job_id, attempt))


def _export(job: RunningJob, files: AttemptFiles, artifacts: ArtifactStore, volumes: VolumeStore) -> None:
    job.report("collect", 0, 1, "collecting labels and predictions")
    order, plan = _collect(job, artifacts)

    def tell(done: int) -> None:
        job.report("write", done, plan.total, "writing particles")

    tell(0)
    lists = ListPass(plan, files, artifacts, volumes, tell)
    lists.run()
    sums = lists.sums.write(files) if lists.sums is not None else []
    job.report("finish", 0, 1, "writing the manifest")
    measure = PrecisionMeasure(plan.known.facts, plan.known.predictions)
    counts = count_classes(plan.known, plan.outcome, measure, plan.request.filters)
    facts = ExportFacts(order.project, order.created_at, order.created_by, counts, lists.converted, sums)
    manifest = json.dumps(write_descriptions(files, plan, facts), indent=1, allow_nan=False).encode()
    with files.open(MANIFEST) as file:
        file.write(manifest)
    _publish(job, files, plan, facts, hashlib.sha256(manifest).hexdigest())


def _collect(job: RunningJob, artifacts: ArtifactStore) -> tuple[_Order, ExportPlan]:
    """Everything the database has to say, as it is at one moment. Raises ProblemError."""
    with transaction() as session:
        see_one_moment(session)
        stored = session.get_one(Job, job.claim.job_id)
        project = session.get_one(Project, stored.project_id)
        user = session.get(User, stored.created_by) if stored.created_by else None
        request = ExportIn.model_validate(stored.payload["request"])
        known = read_known(session, project.id, request.cycle, artifacts)
        outcome = decide(known.facts, known.predictions, request)
        sources = known.facts.sources
        groups = group_sources(sources, request.format)
        is_foreign = any(sources[each].format != group.writer.key for group in groups for each in group.sources)
        is_asked = is_foreign or request.class_sums
        geometry = StoredGeometry(session, project.id, known.facts).of if is_asked else None
    order = _Order(request, project, utc_now(), user.display_name if user else None)
    return order, ExportPlan(request, known, outcome, geometry, groups, divide(request.layout, known.facts, outcome))


def _publish(job: RunningJob, files: AttemptFiles, plan: ExportPlan, facts: ExportFacts, manifest_sha256: str) -> None:
    claim = job.claim
    written = files.written
    size = sum(each.bytes for each in written)
    with transaction() as session:
        job_control.hold(session, claim.job_id, claim.token)
        message = f"{plan.total:,} particles in {len(written):,} files ({size / 1e6:,.1f} MB) can be fetched"
        job_control.write_log(session, claim.job_id, message)
        if missing := facts.converted.without_position:
            job_control.write_log(session, claim.job_id, WITHOUT_POSITION.format(missing), "warning")
        job_control.finish(
            session,
            claim.job_id,
            claim.token,
            "succeeded",
            result={
                "attempt": claim.attempt,
                "particles": plan.total,
                "file_count": len(written),
                "bytes": size,
                "classes": [each.model_dump(mode="json") for each in facts.counts],
                "manifest_sha256": manifest_sha256,
            },
        )


def _delete_unless_published(artifacts: ArtifactStore, job_id: uuid.UUID, attempt: int) -> None:
    """Delete an attempt's files. A commit whose answer was lost may have published them: ask first."""
    try:
        with transaction() as session:
            job = session.get(Job, job_id)
            if job is not None and (job.result or {}).get("attempt") == attempt:
                return
    except SQLAlchemyError:
        logger.warning("export %s is left in the store for now: the database cannot say if it counts", job_id)
        return
    artifacts.delete_prefix(attempt_prefix(job_id, attempt))
