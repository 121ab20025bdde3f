"""What a cycle of each acquisition function costs, beside the ratios that DAL (table 1) and gradnorm (table 9) give.

    python benchmarks/method_times.py --json benchmarks/results/method_times.json

A cycle is a training of the preset, one pass over the pool, and picking. The training's steps all cost the same, so
`--steps` of them are timed and scaled up; the pool is `--items` made-up volumes, on whose content no time depends.
The papers' hours are those of whole runs of seven cycles on other data: only their ratios compare.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from label_efficiency.strategies import OWN_START, STRATEGIES, Strategy

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.picks import NO_GROUP
from tomosift_worker.acquisition.plan import AUTO
from tomosift_worker.acquisition.pool_pass import PoolBatch, ReferenceOutputs, run_pool_pass
from tomosift_worker.acquisition.selection import BatchRequest, pick_batch
from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.device import choose_device, device_name, place, usable_cores
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.preprocessing import prepare, prepared_box
from tomosift_worker.training.readers import UnlabeledVolumes, in_memory
from tomosift_worker.training.supervised import SupervisedTrainer

CLASSES = 12
REFERENCE = "entropy-gradnorm"
WARM_UP_STEPS = 2
# Hours: DAL's simulated set; gradnorm's Cifar10, Cifar100, SVHN and Caltech101. DAL's own method is the mean model,
# which regularises the training too.
TRAINED_WITH_MEAN = "mean-model in training"
DAL_HOURS = {"mc-dropout": 3.98, "core-set": 2.57, "ll4al": 1.18, TRAINED_WITH_MEAN: 1.6}
GRADNORM_HOURS = {
    "mc-dropout": (4.38, 4.49, 6.35, 1.43),
    "core-set": (11.13, 11.25, 26.61, 1.01),
    "ll4al": (2.51, 2.18, 3.42, 0.86),
    "expected-gradnorm": (2.33, 2.42, 3.28, 0.93),
    REFERENCE: (2.29, 2.36, 3.17, 0.9),
}
MEASURED = {
    **{name: each for name, each in STRATEGIES.items() if name not in (AUTO, OWN_START)},
    TRAINED_WITH_MEAN: Strategy("mean-model", {"training": {"method": "mean-model"}}),
}


def main() -> None:
    """Time each, print the table, write JSON."""
    options = _parse_options()
    torch.set_num_threads(options.threads)
    device = choose_device("auto")
    rows = [_measure(options, name, device) for name in options.strategies]
    print(f"{device_name(device)}, {options.preset}, {options.items} volumes of {options.box}, {options.picks} picks")
    _print_table({row["name"]: row for row in rows})
    if options.json:
        about = {name: getattr(options, name) for name in ("preset", "items", "box", "picks", "steps", "clock")}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"device": device_name(device), **about, "rows": rows}, indent=1) + "\n")


def _print_table(rows: dict[str, dict[str, Any]]) -> None:
    totals = {name: row["train"] + row["score"] + row["pick"] for name, row in rows.items()}
    print("| strategy | train s | score s | pick s | to entropy-gradnorm | gradnorm, four sets | to ll4al | DAL |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        hours = GRADNORM_HOURS.get(name)
        of_gradnorm = [] if hours is None else np.divide(hours, GRADNORM_HOURS[REFERENCE]).tolist()
        cells = [
            *(f"{row[part]:.1f}" for part in ("train", "score", "pick")),
            f"{totals[name] / totals[REFERENCE]:.2f}" if REFERENCE in totals else "",
            ", ".join(f"{each:.2f}" for each in of_gradnorm),
            f"{totals[name] / totals['ll4al']:.2f}" if "ll4al" in totals else "",
            f"{DAL_HOURS[name] / DAL_HOURS['ll4al']:.2f}" if name in DAL_HOURS else "",
        ]
        print(f"| `{name}` | {' | '.join(cells)} |")


def _measure(options: argparse.Namespace, name: str, device: torch.device) -> dict[str, Any]:
    strategy = MEASURED[name]
    settings = strategy.settings(options.preset, 10**6, device.type)
    function = ACQUISITION_FUNCTIONS[strategy.acquisition]
    clock: Callable[[], float] = time.process_time if options.clock == "cpu" else time.perf_counter
    volumes = np.random.default_rng(0).normal(size=(options.items, *3 * [options.box])).astype(np.float32)

    trainer = _trainer(settings, volumes, device)
    for _ in range(WARM_UP_STEPS):
        trainer.advance()
    _wait(device)
    started = clock()
    for _ in range(options.steps):
        trainer.advance()
    _wait(device)
    train = (clock() - started) * trainer.settings.steps / options.steps

    started, size = clock(), settings.scoring.batch_size
    averaged = None if trainer.averaged is None else trainer.averaged.network
    stored = {each: np.zeros(CLASSES, np.float32) for each in range(options.items)}
    outputs = run_pool_pass(
        trainer.network,
        (
            PoolBatch(np.arange(at, min(at + size, len(volumes))), volumes[at : at + size])
            for at in range(0, len(volumes), size)
        ),
        lambda raw: prepare(raw, settings.preprocessing),
        gradient_norms="gradient_norms" in function.needs,
        reference=ReferenceOutputs(trainer.network, stored) if "previous_model" in function.needs else None,
        averaged=averaged if function.needs & {"moving_average", "mean_weights"} else None,
        dropout_passes=settings.scoring.dropout_passes if "dropout" in function.needs else 0,
    )
    scored = clock()
    is_labeled = np.arange(options.items) < options.items // 10
    request = BatchRequest(options.picks, ~is_labeled, is_labeled, np.full(options.items, NO_GROUP, np.int64))
    scores = None if function.score is None else function.score(outputs, settings.scoring)
    pick_batch(function, outputs, scores, settings.scoring, settings.selection, request)
    row = {"name": name, "train": train, "score": scored - started, "pick": clock() - scored}
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}


def _trainer(settings: CycleSettings, volumes: np.ndarray, device: torch.device) -> SupervisedTrainer:
    labeled = max(2 * CLASSES, len(volumes) // 10)
    prepared = prepare(torch.from_numpy(volumes[: 2 * labeled]).unsqueeze(1).to(device), settings.preprocessing)
    assert prepared.shape[-1] == prepared_box(volumes.shape[-1], settings.preprocessing)
    network = place(build_network(settings.network, CLASSES, 0), device)
    method = TRAINING_METHODS[settings.training.method]
    unlabeled = UnlabeledVolumes(in_memory(prepared[labeled:]), len(prepared) - labeled)
    labels = np.arange(labeled) % CLASSES
    return method.trainer(network, in_memory(prepared[:labeled]), labels, settings.training, 0, unlabeled)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="cpu-standard")
    parser.add_argument("--strategies", nargs="+", choices=MEASURED, default=list(MEASURED), metavar="STRATEGY")
    parser.add_argument("--items", type=int, default=1000, help="volumes in the pool")
    parser.add_argument("--box", type=int, default=32, help="voxels a side")
    parser.add_argument("--picks", type=int, default=100)
    parser.add_argument("--steps", type=int, default=10, help="training steps that are timed")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu leaves other programs' time out")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--json", type=Path, help="where to write the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
