"""The job that derives all labels of a project anew: after its rule changed, and for rules with a model."""

import uuid

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from tomosift.consensus.model_labels import LabelState
from tomosift.consensus.project_labels import Label, ProjectLabels, id_ranges, stored_between
from tomosift.kit import job_control
from tomosift.kit.database import transaction
from tomosift.kit.label_rule import rule_of
from tomosift.kit.running_job import RunningJob
from tomosift.kit.standing_labels import newest_event, snapshot_lock
from tomosift.tables import CurrentLabel, Job, LabelEvent, Project, Subtomogram

_STORE = text("""
    INSERT INTO current_label (project_id, subtomogram_id, kind, class_id, rule, event_id, opinion_count, agreement,
                               confidence, is_disputed)
    SELECT :project, * FROM unnest(
        CAST(:subtomogram_id AS bigint[]), CAST(:kind AS text[]), CAST(:class_id AS uuid[]), CAST(:rule AS text[]),
        CAST(:event_id AS bigint[]), CAST(:opinion_count AS int[]), CAST(:agreement AS real[]),
        CAST(:confidence AS real[]), CAST(:is_disputed AS bool[])
    )
    ON CONFLICT (subtomogram_id) DO UPDATE
    SET kind = excluded.kind, class_id = excluded.class_id, rule = excluded.rule, event_id = excluded.event_id,
        opinion_count = excluded.opinion_count, agreement = excluded.agreement, confidence = excluded.confidence,
        is_disputed = excluded.is_disputed, updated_at = now()
""")


def run_label_derivation(job: RunningJob) -> None:
    """Bring `current_label` up to what the events make by the project's rule, a part at a time.

    Decisions go on meanwhile: an item somebody speaks of after the beginning is left to their event, which asks for a
    further job where the rule needs one.
    """
    with transaction() as session:
        project_id = session.get_one(Job, job.claim.job_id).project_id
        assert project_id is not None  # a labels job has one
        newest = newest_event(session, project_id)
        project = session.get_one(Project, project_id)
        rule, state = rule_of(project.settings), LabelState(newest, project.class_set_version)
    with transaction() as session:
        labels = ProjectLabels(session, project_id, rule, state)
        ranges = list(id_ranges(session, project_id))
    changed = 0
    for done, (first, last) in enumerate(ranges):
        job.report("labels", done, len(ranges), f"{changed:,} labels changed")
        with transaction() as session:
            job_control.hold(session, job.claim.job_id, job.claim.token)
            changed += _bring_up(session, project_id, labels, state, first, last)
    with transaction() as session:
        job_control.write_log(session, job.claim.job_id, f"{changed:,} labels changed by the rule {rule}.")
        result = {"rule": rule, "changed": changed, "up_to_event_id": newest}
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result=result)
        job_control.announce(session, project_id, "decision")


def _bring_up(
    session: Session, project_id: uuid.UUID, labels: ProjectLabels, state: LabelState, first: int, last: int
) -> int:
    """Change what differs in this range of ids; returns how many labels."""
    lock = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
    session.execute(lock, {"name": snapshot_lock(project_id)})
    expected = labels.between(session, first, last)
    stored = stored_between(session, project_id, first, last)
    different = sorted(each for each in stored.keys() | expected.keys() if stored.get(each) != expected.get(each))
    if not different:
        return 0
    locked = select(Subtomogram.id).where(Subtomogram.id.in_(different)).order_by(Subtomogram.id)
    session.execute(locked.with_for_update(key_share=True)).all()
    newer = set(
        session.scalars(
            select(LabelEvent.subtomogram_id).where(
                LabelEvent.project_id == project_id,
                LabelEvent.id > state.up_to_event_id,
                LabelEvent.subtomogram_id.in_(different),
            )
        )
    )
    changed = [each for each in different if each not in newer]
    _store(session, project_id, {each: expected[each] for each in changed if each in expected})
    gone = [each for each in changed if each not in expected]
    session.execute(delete(CurrentLabel).where(CurrentLabel.subtomogram_id.in_(gone)))
    return len(changed)


def _store(session: Session, project_id: uuid.UUID, labels: dict[int, Label]) -> None:
    columns = {name: [getattr(label, name) for label in labels.values()] for name in Label.__dataclass_fields__}
    session.execute(_STORE, {"project": project_id, "subtomogram_id": list(labels), **columns})
