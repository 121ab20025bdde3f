"""Curves with bands, as PNG."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

from label_efficiency.summary import curves_of

mpl.use("Agg")
from matplotlib import pyplot as plt


def draw(rows: list[dict[str, Any]], title: str, path: Path) -> None:
    """Each strategy's mean over seeds, the band from its lowest to its highest seed."""
    figure, axes = plt.subplots(figsize=(7.0, 4.6), layout="constrained")
    for number, curves in enumerate(curves_of(rows).values()):
        style = {"color": f"C{number}", "linestyle": "--" if curves.strategy == "random" else "-"}
        label = f"{curves.strategy} ({len(curves.seeds)})"
        axes.plot(curves.labels, curves.values.mean(axis=0), marker="o", markersize=3.5, label=label, **style)
        axes.fill_between(curves.labels, curves.values.min(axis=0), curves.values.max(axis=0), alpha=0.12, **style)
    axes.set(title=title, xlabel="labels, evaluation sample included", ylabel="balanced accuracy")
    axes.grid(alpha=0.3)
    axes.legend(title="strategy (seeds)", fontsize="small")
    figure.savefig(path, dpi=130)
    plt.close(figure)
