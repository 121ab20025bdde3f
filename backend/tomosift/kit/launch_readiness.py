"""Whether a cycle may be launched: one rule for the queue's advice and for the launch itself."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.tables import Cycle, Job

FEWEST_CLASSES = 2
FEWEST_TRAINING_LABELS = 10
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
# Junk trains as a class of its own, so it counts as one here. Retired classes are not trained on.
_TRAINING_LABELS = text(f"""
    SELECT l.kind, c.name, l.labels
    FROM ({LABEL_COUNTS}) l
    LEFT JOIN particle_class c ON c.id = l.class_id
    WHERE l.kind IN ('class', 'junk') AND c.retired_in_version IS NULL
""")  # noqa: S608 - a constant of this file


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
    rows = session.execute(_TRAINING_LABELS, {"project": project_id}).all()
    by_class = {row.name: row.labels for row in rows if row.kind == "class"}
    return Readiness(by_class, junk=sum(row.labels for row in rows if row.kind == "junk"))


@dataclass(frozen=True)
class ActiveCycle:
    """The cycle that is under way, and how far its stage is (0..1; None where unknown)."""

    number: int
    stage: str
    fraction: float | None

    def sentence(self) -> str:
        """What it is doing, for people."""
        doing = {"queued": "waits for a worker", "train": "is training", "evaluate": "is measuring its accuracy"}
        share = f" ({self.fraction:.0%})" if self.fraction is not None else ""
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
