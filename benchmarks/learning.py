"""How many labels each acquisition function saves: simulated pools, several seeds, one training recipe for all.

    python benchmarks/learning.py --check                              # a few minutes: the demo's kind of data
    python benchmarks/learning.py --templates maps --seeds 3           # hours on two cores; goes on where it stopped
    python benchmarks/learning.py --templates maps --only-seed 1       # one seed, so that several can run at once
    python benchmarks/learning.py --draw                               # tables and curves of what is there
    python benchmarks/learning.py --templates maps --sets long-tail-0.1 long-tail-0.05 balanced-0.1 balanced-0.05 \\
        --strategies all --schedule ten-to-forty --preset gpu-standard # with a GPU

A strategy and all others start from the same random batch, and from the same weights in each cycle; the evaluation
sample is taken out of the pool and its labels count. Accuracy is on a test set of other particles, equally many of
each class. Rows are kept in `--results`, a file a set and seed, and not done again; trained models in `--models`.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from label_efficiency.curve import Experiment, Schedule
from label_efficiency.figure import draw
from label_efficiency.results import OtherRecipe, Results, describe, read_results
from label_efficiency.strategies import CPU_STRATEGIES, STRATEGIES
from label_efficiency.summary import as_table, summarise
from simulated_sets import SETS, add_options, simulated

from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.device import choose_device, usable_cores

RESULTS = Path(__file__).parent / "results" / "learning"
# Shares of what is left of the pool beside the evaluation sample; the published ones are DAL's and gradnorm's.
PUBLISHED = {"ten-to-forty": tuple(range(10, 41, 5)), "ten-to-thirty": tuple(range(10, 31, 5))}
SHORT = {"cpu": (72, 144, 216, 288, 360), "check": (40, 80, 120)}
CHECK = {"sets": ["demo"], "strategies": ["random", "auto"], "schedule": "check", "preset": "cpu-quick", "seeds": 2}
CHECK_FLOOR = 0.6  # balanced accuracy on the demo's kind of data that no working recipe stays below


def main() -> None:
    """Do the cycles that are missing, print the tables, draw the curves."""
    options = _parse_options()
    torch.set_num_threads(options.threads)
    if not options.draw:
        for seed in [options.only_seed] if options.only_seed is not None else range(options.seeds):
            for name in options.sets:
                _run(options, name, seed)
    for name in options.sets:
        _summarise(options, name)


def _run(options: argparse.Namespace, name: str, seed: int) -> None:
    device = choose_device("auto")
    pool, test = (simulated(name, seed, options, test=test) for test in (False, True))
    evaluation_labels = max(100, round(0.02 * len(pool.labels)))
    labels = _labels(options.schedule, len(pool.labels) - evaluation_labels)
    recipe = STRATEGIES["random"].settings(options.preset, labels[-1], device.type)
    made_by = {"set": name, "seed": seed, "labels": labels, "evaluation_labels": evaluation_labels, **describe(recipe)}
    try:
        results = Results(_file(options, name, seed), made_by)
    except OtherRecipe as problem:
        sys.exit(str(problem))
    experiment = Experiment(
        pool, test, evaluation_labels, Schedule(tuple(labels)), seed, device, options.models / f"{name}-{seed}"
    )
    for strategy in options.strategies:
        for row in experiment.curve(strategy, STRATEGIES[strategy], options.preset, results.of(strategy)):
            results.add(row, device)
            print(
                f"{name}, seed {seed}, {strategy}, {row['labels']} labels: {row['balanced_accuracy']:.3f} "
                f"({row['seconds']} s)",
                flush=True,
            )


def _labels(schedule: str, candidates: int) -> list[int]:
    if schedule in SHORT:
        return list(SHORT[schedule])
    return [round(share / 100 * candidates) for share in PUBLISHED[schedule]]


def _file(options: argparse.Namespace, name: str, seed: int) -> Path:
    return Path(options.results) / f"{name}-{options.schedule}-{options.preset}-seed{seed}.json"


def _summarise(options: argparse.Namespace, name: str) -> None:
    found = sorted(options.results.glob(_file(options, name, 0).name.replace("seed0", "seed*")))
    rows: list[dict[str, Any]] = []
    for path in found:
        kept = read_results(path)
        about = {each: kept["made_by"][each] for each in ("seed", "evaluation_labels")}
        rows += [{**row, **about} for row in kept["rows"]]
    lines = summarise(rows) if rows else []
    if not lines:
        print(f"{name}: no curve is whole yet")
        return
    picture = options.results / f"{name}-{options.schedule}-{options.preset}.png"
    draw(rows, f"{name}, {options.preset}", picture)
    text = f"{name}, {options.preset}, schedule {options.schedule}\n\n{as_table(lines)}\n\n![Curves]({picture.name})\n"
    picture.with_suffix(".md").write_text(text)
    print(f"\n{text}\nIn {options.results}")
    if options.check and min(line["final"] for line in lines) < CHECK_FLOOR:
        sys.exit(f"The check failed: balanced accuracy below {CHECK_FLOOR} at the end.")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sets", nargs="+", choices=SETS, default=["long-tail-0.1"], metavar="SET", help=", ".join(SETS)
    )
    parser.add_argument(
        "--strategies",
        nargs="+",
        choices=[*STRATEGIES, "all"],
        default=list(CPU_STRATEGIES),
        metavar="STRATEGY",
        help=f"all, or: {', '.join(STRATEGIES)}",
    )
    parser.add_argument("--schedule", choices=[*SHORT, *PUBLISHED], default="cpu", help="training labels of the cycles")
    parser.add_argument("--preset", choices=PRESETS, default="cpu-standard", help="the recipe")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, ...: other pools, tests, labels and weights")
    parser.add_argument("--only-seed", type=int, help="this seed alone")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "tomosift-learning")
    parser.add_argument("--draw", action="store_true", help="run nothing: tables and curves of the kept results")
    parser.add_argument("--check", action="store_true", help="a short run that shows everything works, kept apart")
    add_options(parser)
    options = parser.parse_args()
    if options.check:
        for name, value in CHECK.items():
            setattr(options, name, value)
        options.results = options.models / "check"
    if "all" in options.strategies:
        options.strategies = list(STRATEGIES)
    return options


if __name__ == "__main__":
    main()
