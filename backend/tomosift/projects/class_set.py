"""Changes of the class set that touch existing labels: merge, retire, split, restore. Shown before they are done."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.orm import Session

from tomosift.kit.class_meanings import counts_for
from tomosift.kit.job_control import announce
from tomosift.kit.label_jobs import LABELS_JOB, post_labels_job
from tomosift.kit.label_rule import MODEL_RULES, rule_of
from tomosift.kit.problems import conflict
from tomosift.kit.queue_layout import PRIORITY_OF
from tomosift.kit.standing_labels import drop_unspoken_labels, newest_event, store_labels
from tomosift.kit.versions import check_version
from tomosift.projects.class_set_schemas import ClassSetChanged, ClassSetChangeIn, Consequence
from tomosift.projects.class_set_words import say_consequence
from tomosift.projects.classes import (
    all_classes,
    check_name_is_free,
    find_class,
    lock_project,
    new_class,
    next_version,
)
from tomosift.tables import ClassExample, ClassMeaning, Cycle, Job, LabelEvent, Model, ParticleClass, Project

MOST_AT_ONCE = 50_000
"""So many items are given their new labels in the request itself, or asked about again; more labels take a job."""

_CONCERNED = text("""
    SELECT count(*) FILTER (WHERE e.subtomogram_id IS NULL) AS pool, count(e.subtomogram_id) AS evaluation
    FROM (
        SELECT l.subtomogram_id FROM current_label l
        WHERE l.project_id = :project AND l.kind = 'class' AND l.class_id = :class AND NOT :by_events
        UNION
        SELECT v.subtomogram_id FROM label_event v
        WHERE :by_events AND v.project_id = :project AND v.class_id = ANY(:family)
    ) c LEFT JOIN evaluation_item e ON e.subtomogram_id = c.subtomogram_id
""")
# A second look goes to anybody, and tells why; evaluation items are asked blind, as ever. Items about which the same
# question is open are not queued twice.
_ASK_AGAIN = text("""
    INSERT INTO queue_item (project_id, subtomogram_id, work, slot, priority, position, reason)
    SELECT :project, l.subtomogram_id, w.work,
           1 + coalesce((SELECT max(q.slot) FROM queue_item q WHERE q.subtomogram_id = l.subtomogram_id), 0),
           CASE w.work WHEN 'evaluation' THEN CAST(:evaluation AS integer) ELSE CAST(:second_look AS integer) END,
           (SELECT coalesce(max(position), 0) FROM queue_item WHERE project_id = :project AND state = 'open')
               + row_number() OVER (ORDER BY l.subtomogram_id),
           CASE w.work WHEN 'evaluation' THEN NULL ELSE CAST(:reason AS jsonb) END
    FROM current_label l
    LEFT JOIN evaluation_item e ON e.subtomogram_id = l.subtomogram_id
    CROSS JOIN LATERAL (SELECT CASE WHEN e.subtomogram_id IS NULL THEN 'label-error' ELSE 'evaluation' END AS work) w
    WHERE l.project_id = :project AND l.kind = 'class' AND l.class_id = :class
      AND NOT EXISTS (
          SELECT 1 FROM queue_item q
          WHERE q.subtomogram_id = l.subtomogram_id AND q.state = 'open' AND q.work = w.work
      )
""")
# The trigger of the table works out anew who has answered.
_REFRESH_ANSWERS = text("""
    UPDATE queue_item q SET state = 'open'
    WHERE q.project_id = :project AND q.state = 'open'
      AND q.subtomogram_id IN (
          SELECT l.subtomogram_id FROM current_label l WHERE l.project_id = :project AND l.class_id = :class
      )
""")


@dataclass(frozen=True)
class _Plan:
    """A change that can be made: about which class, and all classes whose decisions it concerns."""

    project: Project
    change: ClassSetChangeIn
    row: ParticleClass
    into: ParticleClass | None
    family: Sequence[uuid.UUID]

    @property
    def asks_again(self) -> bool:
        """Whether items go back into the queue."""
        return self.change.kind == "split" or (self.change.kind == "retire" and self.change.ask_again)

    @property
    def retires(self) -> bool:
        """Whether the class is given no more."""
        return self.change.kind in ("merge", "retire") or (self.change.kind == "split" and not self.change.keep)


def preview_change(session: Session, project_id: uuid.UUID, change: ClassSetChangeIn) -> Consequence:
    """What the change would do. Raises ProblemError as `change_class_set` would."""
    return _consequence(session, _plan(session, session.get_one(Project, project_id), change))


def change_class_set(
    session: Session, project_id: uuid.UUID, if_match: str | None, change: ClassSetChangeIn, by: uuid.UUID
) -> ClassSetChanged:
    """Make the change in this transaction, with all that follows from it.

    Events stay as they were said. Labels are derived anew at once, or by a job where there are many. Raises
    ProblemError: 404 for a class that is not there, 409 `class-exists`, `last-class`, `merge-with-itself`,
    `too-many-to-ask-again`, `not-retired`, 412 and 428 for the version, 422 for a name that cannot be.
    """
    project = lock_project(session, project_id)
    check_version(if_match, project.version, "project")
    newest_event(session, project_id)  # whoever is writing an event ends first, others wait until this is done
    plan = _plan(session, project, change)
    consequence = _consequence(session, plan)
    details = consequence.model_dump(exclude={"kind", "sentences"})
    if plan.into is not None:
        details["into"] = plan.into.name
    if change.kind == "split":
        details["into"] = [each.name for each in change.into]
    next_version(session, project, change.kind, by, **details)
    _apply(session, plan)
    _derive(session, plan, by_job=consequence.by_job)
    announce(session, project_id, "queue", reason="class-set")
    announce(session, project_id, "decision")
    return ClassSetChanged(
        class_set_version=project.class_set_version, version=project.version, consequence=consequence
    )


def _plan(session: Session, project: Project, change: ClassSetChangeIn) -> _Plan:
    rows = all_classes(session, project.id)
    given = [each for each in rows if each.retired_in_version is None]
    into = None
    if change.kind == "restore":
        row = find_class(rows, change.class_id)
        if row.retired_in_version is None:
            raise conflict("not-retired", "This class is not retired", f"{row.name!r} is in use; nothing to restore.")
    else:
        row = find_class(given, change.class_id)
    if change.kind == "merge":
        into = find_class(given, change.into_id)
        if into is row:
            raise conflict("merge-with-itself", "A class cannot be merged with itself", "Choose two classes.")
    if change.kind == "retire" and len(given) == 1:
        raise conflict("last-class", "This is the last class", "Add another class first; a project needs one.")
    if change.kind == "split":
        for each in change.into:
            check_name_is_free(each.name, rows)
    return _Plan(project, change, row, into, _family(rows, row))


def _family(rows: Sequence[ParticleClass], row: ParticleClass) -> list[uuid.UUID]:
    """The class and all that were merged into it, straight or by way of others."""
    family = [row.id]
    for member in family:
        family += [each.id for each in rows if each.merged_into_id == member]
    return family


def _consequence(session: Session, plan: _Plan) -> Consequence:
    values = {
        "project": plan.project.id,
        "class": plan.row.id,
        "family": list(plan.family),
        "by_events": plan.change.kind == "restore",
    }
    concerned = session.execute(_CONCERNED, values).one()
    count = concerned.pool + concerned.evaluation
    if plan.asks_again and count > MOST_AT_ONCE:
        raise conflict(
            "too-many-to-ask-again",
            "Too many items to ask about again",
            f"{count:,} items have this label, and at most {MOST_AT_ONCE:,} can be asked about again at once. Retire "
            "the class without asking, and let a cycle choose what to look at.",
        )
    knows = select(func.count()).select_from(Model).join(Cycle, Cycle.id == Model.cycle_id)
    examples = select(func.count()).select_from(ClassExample).where(ClassExample.class_id == plan.row.id)
    facts = Consequence(
        kind=plan.change.kind,
        class_name=plan.row.name,
        labels=concerned.pool,
        evaluation_labels=concerned.evaluation,
        models=session.scalar(
            knows.where(Cycle.project_id == plan.project.id, Model.classes.contains([{"id": str(plan.row.id)}]))
        )
        or 0,
        examples=session.scalar(examples) or 0,
        asked_again=count if plan.asks_again else 0,
        by_job=count > MOST_AT_ONCE,
        sentences=[],
    )
    return facts.model_copy(
        update={"sentences": say_consequence(plan.change, facts, plan.into.name if plan.into else None)}
    )


def _apply(session: Session, plan: _Plan) -> None:
    """Change the classes, ask again, and write what every class counts for from this version on."""
    version, row, change = plan.project.class_set_version, plan.row, plan.change
    if change.kind == "split":
        existing = list(all_classes(session, plan.project.id))
        for each in change.into:
            existing.append(new_class(session, plan.project, each, existing))
    if change.kind == "restore":
        row.retired_in_version = row.merged_into_id = None
    if plan.retires:
        row.retired_in_version, row.hotkey = version, None
        row.merged_into_id = None if plan.into is None else plan.into.id
    if plan.asks_again:
        session.execute(
            update(ParticleClass).where(ParticleClass.id.in_(plan.family)).values(asked_anew_in_version=version)
        )
    session.flush()
    if plan.asks_again:
        _ask_again(session, plan)
    _write_meanings(session, plan.project)


def _ask_again(session: Session, plan: _Plan) -> None:
    values = {"project": plan.project.id, "class": plan.row.id}
    why = f"The class {plan.row.name} was {'split' if plan.change.kind == 'split' else 'retired'}: what is it now?"
    session.execute(_REFRESH_ANSWERS, values)
    session.execute(
        _ASK_AGAIN,
        {
            **values,
            "evaluation": PRIORITY_OF["evaluation"],
            "second_look": PRIORITY_OF["label-error"],
            "reason": json.dumps({"acquisition": "asked", "text": why}),
        },
    )


def _write_meanings(session: Session, project: Project) -> None:
    """Close the rows of `class_meaning` that hold no longer, and open those that hold from this version on."""
    version, rows = project.class_set_version, all_classes(session, project.id)
    wanted = {each: counted for each, counted in counts_for(rows).items() if counted != each}
    ids = [each.id for each in rows]
    open_rows = session.scalars(
        select(ClassMeaning).where(ClassMeaning.class_id.in_(ids), ClassMeaning.until_version.is_(None))
    ).all()
    same = {each.class_id for each in open_rows if wanted.get(each.class_id, each.class_id) == each.counts_for_id}
    for each in open_rows:
        if each.class_id not in same:
            each.until_version = version
    session.add_all(
        ClassMeaning(class_id=each, from_version=version, counts_for_id=counted)
        for each, counted in wanted.items()
        if each not in same
    )
    session.flush()


def _derive(session: Session, plan: _Plan, *, by_job: bool) -> None:
    """Bring the labels of all items that somebody said the class of up to date. The snapshot lock is held."""
    project = plan.project
    rule = rule_of(project.settings)
    at_work = exists().where(Job.project_id == project.id, Job.kind == LABELS_JOB, Job.state == "running")
    if by_job or rule in MODEL_RULES or session.scalar(select(at_work)):
        post_labels_job(session, project.id)  # a job at work may still write labels by the class set of before
    if not by_job:
        concerned = (
            select(LabelEvent.subtomogram_id)
            .where(LabelEvent.project_id == project.id, LabelEvent.class_id.in_(plan.family))
            .distinct()
        )
        store_labels(session, project.id, concerned, rule)
        drop_unspoken_labels(session, concerned)
