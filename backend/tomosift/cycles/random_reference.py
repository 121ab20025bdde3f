"""What random picks would be expected to reach: the yardstick of the learning curve, as far as the project can tell.

It rests on the cycles that learned from randomly picked labels alone. The logit of their accuracy is fitted by a line
in log2 of the labels (weighted by their binomial variance, Agresti, Categorical Data Analysis, 3.1); two such cycles
make a line, and it is drawn no further than four times the labels of the last of them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from tomosift.cycles.schemas import CurvePoint, RandomReference, ReferencePoint

Z_95 = 1.959963984540054
FEWEST_CYCLES = 2
FURTHEST = 4.0
"""How many times the labels of the last cycle it rests on the line goes."""

# The first label that did not come of a random pick: a cycle launched before it learned from random picks alone. Second
# opinions add no item. A batch that was stratified, by a cycle or by imported predictions, is no random one.
_FIRST_OTHER = text("""
    SELECT e.id FROM label_event e
    LEFT JOIN queue_item q ON q.id = e.queue_item_id
    LEFT JOIN cycle c ON c.id = q.cycle_id
    JOIN subtomogram t ON t.id = e.subtomogram_id
    WHERE e.project_id = :project AND e.kind IN ('class', 'junk') AND e.work IN ('query', 'choice', 'import')
      AND NOT EXISTS (SELECT 1 FROM evaluation_item s WHERE s.subtomogram_id = e.subtomogram_id)
      AND (q.id IS NULL OR q.reason->>'acquisition' IS DISTINCT FROM 'random'
           OR c.settings->'selection'->>'stratify' = 'true'
           OR (q.cycle_id IS NULL AND t.predicted_class_id IS NOT NULL))
    ORDER BY e.id LIMIT 1
""")


@dataclass(frozen=True)
class _Line:
    """`logit(accuracy) = at · (1, log2 labels)` with the covariance of `at`."""

    at: NDArray[np.float64]
    covariance: NDArray[np.float64]

    def expected(self, labels: int) -> tuple[float, float, float]:
        """The expected accuracy and its 95 % interval."""
        row = np.array([1.0, np.log2(labels)])
        middle, spread = float(row @ self.at), Z_95 * float(np.sqrt(row @ self.covariance @ row))
        expected, low, high = (
            float(1.0 / (1.0 + np.exp(-each))) for each in (middle, middle - spread, middle + spread)
        )
        return expected, low, high


def random_reference(
    session: Session, project_id: uuid.UUID, points: Sequence[CurvePoint], snapshots: Sequence[int]
) -> RandomReference:
    """The reference of a curve; `snapshots` are the last label events its cycles saw."""
    first_other = session.scalar(_FIRST_OTHER, {"project": project_id})
    rests_on = [
        point
        for point, snapshot in zip(points, snapshots, strict=True)
        if point.training_labels > 0 and (first_other is None or snapshot < first_other)
    ]
    numbers = [point.cycle_number for point in rests_on]
    if len({point.training_labels for point in rests_on}) < FEWEST_CYCLES:
        return RandomReference(rests_on=numbers, points=[], text=_why_not(numbers))
    line = fit(rests_on)
    furthest = FURTHEST * max(point.training_labels for point in rests_on)
    expected = [_point(line, point) for point in points if 0 < point.training_labels <= furthest]
    return RandomReference(rests_on=numbers, points=expected, text=_what_it_is(numbers))


def fit(points: Sequence[CurvePoint]) -> _Line:
    """The line through measured accuracies, of two different numbers of labels at least.

    Where the points scatter more than their evaluation samples explain, the covariance grows by as much.
    """
    n = np.array([point.evaluation_labels for point in points], np.float64)
    share = (np.array([point.accuracy for point in points]) * n + 0.5) / (n + 1.0)  # finite logits at 0 and 1
    weight = n * share * (1.0 - share)
    rows = np.stack([np.ones(len(points)), np.log2([point.training_labels for point in points])], axis=1)
    covariance = np.linalg.inv(rows.T @ (rows * weight[:, None]))
    logit = np.log(share / (1.0 - share))
    at = covariance @ rows.T @ (weight * logit)
    spare = len(points) - len(at)
    scatter = float((weight * (logit - rows @ at) ** 2).sum()) / spare if spare > 0 else 1.0
    return _Line(at, np.asarray(covariance * max(1.0, scatter), np.float64))


def _point(line: _Line, point: CurvePoint) -> ReferencePoint:
    expected, low, high = line.expected(point.training_labels)
    return ReferencePoint(
        cycle_number=point.cycle_number, total_labels=point.total_labels, expected=expected, low=low, high=high
    )


def _why_not(numbers: Sequence[int]) -> str:
    if not numbers:
        return (
            "There is no curve of random picks beside it: every cycle that was measured learned from chosen labels too."
        )
    return (
        f"There is no curve of random picks beside it: only cycle {numbers[0]} learned from random picks alone, and "
        "one cycle makes no curve."
    )


def _what_it_is(numbers: Sequence[int]) -> str:
    named = ", ".join(str(each) for each in numbers)
    return (
        f"Expected of random picks: a line through cycles {named}, which learned from random picks alone (logit of the "
        "accuracy against log2 of the labels), with its 95 % interval."
    )
