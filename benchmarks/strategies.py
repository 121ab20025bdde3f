"""How long strategies take to pick from many embeddings: `python benchmarks/strategies.py --json strategies.json`.

The pool is made up: 12 Gaussian clouds, with logits that have nothing to do with them. What is measured does not depend
on either.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Eligible, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

CLASSES = 12
STRATEGIES = {function.id: function for function in ACQUISITION_FUNCTIONS.values() if function.select is not None}


def main() -> None:
    """Time each strategy once, print, write JSON."""
    options = _parse_options()
    pool, is_labeled = made_up_pool(options.items, options.numbers), np.arange(options.items) < options.labeled
    rows = []
    for name in options.strategies:
        task = PickTask(Eligible(~is_labeled, options.picks), is_labeled, options.picks, options.picks)
        select = STRATEGIES[name].select
        assert select is not None
        wall, cpu = time.perf_counter(), time.process_time()
        picked = len(select(pool, ScoringSettings(), task))
        row = {
            "strategy": name,
            "picked": picked,
            "wall_seconds": round(time.perf_counter() - wall, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
        }
        rows.append(row)
        print(f"{name:>12}: {picked} picks, {row['wall_seconds']} s ({row['cpu_seconds']} s of processor)", flush=True)
    if options.json:
        settings = {name: getattr(options, name) for name in ("items", "numbers", "labeled", "picks")}
        options.json.write_text(json.dumps({"cores": os.cpu_count(), "settings": settings, "rows": rows}, indent=1))


def made_up_pool(items: int, numbers: int) -> PoolOutputs:
    """`items` embeddings of `numbers` numbers in 12 clouds, with random logits."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(CLASSES, numbers))
    embeddings = centres[generator.integers(0, CLASSES, items)] + generator.normal(size=(items, numbers))
    logits = 2.0 * generator.normal(size=(items, CLASSES))
    return PoolOutputs(
        np.arange(items, dtype=np.int64), logits.astype(np.float32), embeddings.astype(np.float16), seed=1
    )


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000, help="embeddings to pick from")
    parser.add_argument("--numbers", type=int, default=128, help="numbers of an embedding")
    parser.add_argument("--labeled", type=int, default=500, help="how many of them are labeled")
    parser.add_argument("--picks", type=int, default=1000)
    parser.add_argument("--strategies", nargs="+", choices=sorted(STRATEGIES), default=list(STRATEGIES))
    parser.add_argument("--json", type=Path, help="where to write the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
