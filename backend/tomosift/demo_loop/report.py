"""What the demo found: a table for the terminal, a picture of the curves, and JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

BASELINE = "random"


@dataclass(frozen=True)
class Point:
    """One finished cycle of one arm: labels that went in, accuracy on `n` evaluation labels that came out."""

    cycle: int
    training_labels: int
    evaluation_labels: int
    n: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float | None

    @property
    def labels(self) -> int:
        """Everything the annotator answered: the evaluation sample counts."""
        return self.training_labels + self.evaluation_labels


Curves = Mapping[str, Sequence[Point]]


def result_table(curves: Curves) -> Table:
    """One row a cycle; the arms side by side."""
    table = Table(title="Accuracy on evaluation items no model was trained on (95 % interval)", title_justify="left")
    table.add_column("cycle", justify="right")
    table.add_column("labels, evaluation included", justify="right")
    for arm in curves:
        table.add_column(f"{arm}", justify="right")
        table.add_column("balanced", justify="right", style="dim")
    table.add_column("n", justify="right", style="dim")
    for row in zip(*curves.values(), strict=True):
        labels = " / ".join(dict.fromkeys(f"{point.labels} ({point.evaluation_labels})" for point in row))
        cells = [cell for point in row for cell in (interval(point), _percent(point.balanced_accuracy))]
        table.add_row(str(row[0].cycle), labels, *cells, " / ".join(dict.fromkeys(str(point.n) for point in row)))
    return table


def interval(point: Point) -> str:
    """`78 % (65 to 87)`."""
    return f"{_percent(point.accuracy)} ({100 * point.low:.0f} to {100 * point.high:.0f})"


def verdict(curves: Curves) -> str:
    """One honest sentence about the last cycle, whichever arm is ahead."""
    name, chosen = next((arm, points[-1]) for arm, points in curves.items() if arm != BASELINE)
    baseline = curves[BASELINE][-1]
    begin = (
        f"After {chosen.labels} labels: {name} {_percent(chosen.accuracy)}, {BASELINE} {_percent(baseline.accuracy)}, "
        f"measured on {chosen.n} items."
    )
    if chosen.accuracy == baseline.accuracy:
        return f"{begin} Neither is ahead."
    ahead = name if chosen.accuracy > baseline.accuracy else BASELINE
    if chosen.low <= baseline.high and baseline.low <= chosen.high:
        return f"{begin} {ahead} is ahead, but the intervals overlap: one run of this size cannot tell them apart."
    return f"{begin} {ahead} is ahead by more than the intervals allow for chance."


def write_json(path: Path, curves: Curves, conditions: Mapping[str, Any]) -> None:
    """Everything a later comparison needs."""
    arms = {arm: [{**asdict(point), "labels": point.labels} for point in points] for arm, points in curves.items()}
    path.write_text(json.dumps({**conditions, "arms": arms}, indent=1) + "\n", encoding="utf-8")


def draw_curves(path: Path, curves: Curves, conditions: Mapping[str, Any]) -> bool:
    """Accuracy against labels as a PNG; False where matplotlib is not installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.2, 4.5), dpi=150)
    for (arm, points), color, shift in zip(curves.items(), ("#0072b2", "#767676"), (-1.0, 1.0), strict=False):
        labels = [point.labels for point in points]
        places = [each + shift for each in labels]  # so that equal points do not hide each other
        accuracy = [100 * point.accuracy for point in points]
        error = [
            [100 * (point.accuracy - point.low) for point in points],
            [100 * (point.high - point.accuracy) for point in points],
        ]
        axes.errorbar(places, accuracy, yerr=error, color=color, marker="o", capsize=3, linewidth=1.8, label=arm)
    n = " / ".join(dict.fromkeys(str(point.n) for points in curves.values() for point in points[-1:]))
    axes.set_xlabel("Labels given, evaluation sample included")
    axes.set_ylabel(f"Accuracy (%), 95 % interval, n = {n}")
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    axes.set_title(f"{conditions['particles']} simulated particles, seed {conditions['seed']}: one run", loc="left")
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)
    return True


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"
