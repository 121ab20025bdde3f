"""What curves say: area under them, labels needed to get where random ends, and whether differences are chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

BASELINE = "random"
Row = dict[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """A strategy's `values` `(seeds, cycles)` at `labels` `(cycles,)`, evaluation labels included."""

    strategy: str
    seeds: tuple[int, ...]
    labels: Floats
    values: Floats

    def areas(self) -> Floats:
        """`(seeds,)`: area under each curve over the range of labels, as a mean height (AUBC)."""
        widths = np.diff(self.labels)
        return ((self.values[:, 1:] + self.values[:, :-1]) / 2 * widths).sum(axis=1) / widths.sum()


def curves_of(rows: list[Row], measure: str = "balanced_accuracy") -> dict[str, Curves]:
    """Each strategy's curves over the seeds for which all its cycles are there."""
    cycles = max(row["cycle"] for row in rows)
    found = {}
    for strategy in dict.fromkeys(row["strategy"] for row in rows):
        by_seed: dict[int, dict[int, Row]] = {}
        for row in rows:
            if row["strategy"] == strategy:
                by_seed.setdefault(row["seed"], {})[row["cycle"]] = row
        whole = {seed: each for seed, each in sorted(by_seed.items()) if len(each) == cycles}
        if whole:
            first = next(iter(whole.values()))
            labels = [first[cycle]["labels"] + first[cycle]["evaluation_labels"] for cycle in range(1, cycles + 1)]
            values = [[each[cycle][measure] for cycle in range(1, cycles + 1)] for each in whole.values()]
            found[strategy] = Curves(strategy, tuple(whole), np.array(labels, float), np.array(values, float))
    return found


def labels_to_reach(labels: Floats, values: Floats, target: float) -> float | None:
    """Where a curve first reaches `target`, straight between its points; None where it stays below."""
    if values[0] >= target:
        return float(labels[0])
    for place in range(1, len(values)):
        if values[place] >= target:
            share = (target - values[place - 1]) / (values[place] - values[place - 1])
            return float(labels[place - 1] + share * (labels[place] - labels[place - 1]))
    return None


def summarise(rows: list[Row]) -> list[dict[str, Any]]:
    """A line for each strategy, beside random over the seeds both have.

    `needed` are labels, evaluation included, at which the mean curve reaches random's mean at the end, `share` what
    part that is of random's labels, `share_training` the same without the evaluation labels. `p` is that of a paired
    t-test of the areas; `below_at` are label counts at which the strategy is below random with p < 0.05.
    """
    curves = curves_of(rows)
    baseline = curves.get(BASELINE)
    evaluation = rows[0]["evaluation_labels"]
    lines = []
    for strategy, found in curves.items():
        line: dict[str, Any] = {
            "strategy": strategy,
            "seeds": len(found.seeds),
            "aubc": float(found.areas().mean()),
            "final": float(found.values[:, -1].mean()),
        }
        if baseline is not None:
            line |= _beside(found, baseline, evaluation)
        lines.append(line)
    return sorted(lines, key=lambda line: -line["aubc"])


def _beside(found: Curves, baseline: Curves, evaluation: int) -> dict[str, Any]:
    shared = sorted(set(found.seeds) & set(baseline.seeds))
    ours = found.values[[found.seeds.index(seed) for seed in shared]]
    theirs = baseline.values[[baseline.seeds.index(seed) for seed in shared]]
    if not shared:
        return {}
    needed = labels_to_reach(found.labels, ours.mean(axis=0), float(theirs[:, -1].mean()))
    of_areas = Curves("", (), found.labels, ours).areas() - Curves("", (), found.labels, theirs).areas()
    below = [
        int(labels)
        for labels, us, them in zip(found.labels, ours.T, theirs.T, strict=True)
        if us.mean() < them.mean() and (paired_p(us, them) or 1.0) < 0.05
    ]
    end = baseline.labels[-1]
    return {
        "needed": needed,
        "share": None if needed is None else needed / end,
        "share_training": None if needed is None else (needed - evaluation) / (end - evaluation),
        "gain": float(of_areas.mean()),
        "p": paired_p(of_areas, np.zeros_like(of_areas)),
        "below_at": below,
    }


def paired_p(one: Floats, other: Floats) -> float | None:
    """p of a paired two-sided t-test; None where there are fewer than two pairs, or they do not differ at all."""
    if len(one) < 2 or np.ptp(one - other) == 0:
        return None
    return float(ttest_rel(one, other).pvalue)


def as_table(lines: list[dict[str, Any]]) -> str:
    """The summary in Markdown."""
    text = [
        "| strategy | seeds | AUBC | at the end | labels to random's end | of random's labels "
        "| without evaluation labels | AUBC against random (p) | significantly below random |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        p = line.get("p")
        needed, share, training = (line.get(name) for name in ("needed", "share", "share_training"))
        text.append(
            f"| `{line['strategy']}` | {line['seeds']} | {line['aubc']:.3f} | {line['final']:.3f} "
            f"| {'not reached' if needed is None else f'{needed:.0f}'} "
            f"| {'' if share is None else f'{share:.2f}'} | {'' if training is None else f'{training:.2f}'} "
            f"| {line.get('gain', 0.0):+.3f}{'' if p is None else f' ({p:.2f})'} "
            f"| {', '.join(map(str, line.get('below_at', []))) or 'nowhere'} |"
        )
    return "\n".join(text)
