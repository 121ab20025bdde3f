"""Whether a cycle may be launched: one rule for the queue's advice and for the launch itself."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.kit.figures import percent
from tomosift.tables import Cycle, Job, ParticleClass

FEWEST_CLASSES = 2
FEWEST_TRAINING_LABELS = 10
LabelCount = dict[tuple[str, uuid.UUID | None], int]
"""Labels by kind and class."""
ACTIVE_STAGES = ("queued", "train", "evaluate", "score", "select")

# Counted from the index alone; the few of the evaluation sample are taken off, not looked up for every label.
LABEL_COUNTS = """
    SELECT kind, class_id, CAST(sum(labels) AS integer) AS labels FROM (
        SELECT l.kind, l.class_id, count(*) AS labels FROM current_label l
        WHERE l.project_id = :project GROUP BY l.kind, l.class_id
        UNION ALL
        SELECT l.kind, l.class_id, -count(*)
        FROM evaluation_item e JOIN current_label l ON l.subtomogram_id = e.subtomogram_id
        WHERE e.project_id = :project GROUP BY l.kind, l.class_id
    ) counted
    GROUP BY kind, class_id HAVING sum(labels) > 0
"""
_LABEL_COUNTS = text(LABEL_COUNTS)
_TRAINED_CLASSES = select(ParticleClass.id, ParticleClass.name).where(ParticleClass.retired_in_version.is_(None))


@dataclass(frozen=True)
class Readiness:
    """Labels a cycle may train on, and what is missing for a launch."""

    by_class: dict[str, int]
    junk: int

    @property
    def training_labels(self) -> int:
        """All labels that train."""
        return sum(self.by_class.values()) + self.junk

    @property
    def lacks_classes(self) -> bool:
        """Everything labeled so far is of one kind."""
        return len(self.by_class) + (self.junk > 0) < FEWEST_CLASSES

    @property
    def lacks_labels(self) -> bool:
        """Too few labels, whatever their classes."""
        return self.training_labels < FEWEST_TRAINING_LABELS

    @property
    def is_ready(self) -> bool:
        """A cycle may be launched."""
        return not (self.lacks_classes or self.lacks_labels)

    def missing(self) -> str:
        """What is missing, as a sentence; empty when ready."""
        wants = []
        if self.lacks_labels:
            wants.append(
                f"{FEWEST_TRAINING_LABELS - self.training_labels} more labels (there are {self.training_labels}; "
                f"a cycle needs {FEWEST_TRAINING_LABELS}, evaluation items not counted)"
            )
        if self.lacks_classes:
            seen = next(iter(self.by_class), "junk" if self.junk else None)
            wants.append(f"labels of {FEWEST_CLASSES} different classes{f' (all so far are {seen})' if seen else ''}")
        return f"A cycle still needs {' and '.join(wants)}." if wants else ""


def launch_readiness(session: Session, project_id: uuid.UUID) -> Readiness:
    """The training labels of a project as they stand now."""
    return readiness_of(session, project_id, label_counts(session, project_id))


def label_counts(session: Session, project_id: uuid.UUID) -> LabelCount:
    """How many labels there are of each kind and class, those of the evaluation sample left out."""
    rows = session.execute(_LABEL_COUNTS, {"project": project_id})
    return {(row.kind, row.class_id): row.labels for row in rows}


def readiness_of(session: Session, project_id: uuid.UUID, counts: LabelCount) -> Readiness:
    """The same for labels that have been counted, which takes a while in a large project.

    Junk trains as a class of its own, so it counts as one. Retired classes are not trained on.
    """
    classes = session.execute(_TRAINED_CLASSES.where(ParticleClass.project_id == project_id))
    by_class = {each.name: counts[("class", each.id)] for each in classes if ("class", each.id) in counts}
    return Readiness(by_class, junk=counts.get(("junk", None), 0))


@dataclass(frozen=True)
class ActiveCycle:
    """The cycle that is under way, and how far its stage is (0..1; None where unknown)."""

    number: int
    stage: str
    fraction: float | None

    def sentence(self) -> str:
        """What it is doing, for people."""
        doing = {"queued": "waits for a worker", "train": "is training", "evaluate": "is measuring its accuracy"}
        share = f" ({percent(self.fraction)})" if self.fraction is not None else ""
        return f"Cycle {self.number} {doing.get(self.stage, 'is choosing the next items')}{share}."


def active_cycle(session: Session, project_id: uuid.UUID) -> ActiveCycle | None:
    """The project's cycle under way; a unique index lets there be one at most."""
    row = session.execute(
        select(Cycle.number, Cycle.stage, Job.progress)
        .join(Job, Job.id == Cycle.job_id)
        .where(Cycle.project_id == project_id, Cycle.stage.in_(ACTIVE_STAGES))
    ).one_or_none()
    if row is None:
        return None
    done, total = row.progress.get("done"), row.progress.get("total")
    return ActiveCycle(row.number, row.stage, min(done / total, 1.0) if done is not None and total else None)
