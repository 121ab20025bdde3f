"""The training recipe, part by part: balanced accuracy with each part switched off or changed, on simulated pools.

    python benchmarks/recipe.py --set demo --labels 80 240 --seeds 3 --json recipe.json

`demo` is the demo project's kind of data (six phantoms and junk, unequal classes, 28 voxels); `templates` is twelve
complexes from a folder of density maps (`--templates`), long-tailed, 32 voxels, SNR 0.1, with junk. Training labels
are a random sample of the pool; balanced accuracy is on a test set of other particles with equal classes. Runs that are
in the JSON file already are not done again, so a long table can be built up bit by bit.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray

from tomosift.simulation.dataset import DEMO_BOX, DEMO_COUNTS, DEMO_JUNK, DEMO_SNR, simulate_pool
from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.device import choose_device, place, usable_cores
from tomosift_worker.evaluation.classification import classify_quality
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.supervised import SupervisedTrainer, in_memory

TEST_PER_CLASS = 90
TEMPLATES_BOX, TEMPLATES_SNR, TEMPLATES_JUNK = 32, 0.1, 80
LONG_TAIL = (259, 203, 159, 125, 98, 77, 60, 47, 37, 29, 22, 17)
TEST_SEED_OFFSET = 10_000

# Each arm changes one part of the base recipe.
ARMS: dict[str, dict[str, dict[str, Any]]] = {
    "base": {},
    "no balancing": {"training": {"balance": "none"}},
    "no low-pass": {"preprocessing": {"low_pass_sigma_voxels": 0.0}},
    "low-pass 1.5": {"preprocessing": {"low_pass_sigma_voxels": 1.5}},
    "low-pass 2": {"preprocessing": {"low_pass_sigma_voxels": 2.0}},
    "no shifts": {"training": {"max_shift_voxels": 0}},
    "no half turns": {"training": {"symmetry": "none"}},
    "mirrors": {"training": {"symmetry": "mirrors"}},
    "learning rate 1e-3": {"training": {"learning_rate": 1e-3}},
    "learning rate 1e-2": {"training": {"learning_rate": 1e-2}},
    "SGD 0.1": {"training": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 5e-4}},
    "label smoothing 0.1": {"training": {"label_smoothing": 0.1}},
    "batch 16": {"training": {"batch_size": 16}},
    "batch 48": {"training": {"batch_size": 48}},
    "half the steps": {"training": {"steps": 75}},
    "400 steps": {"training": {"steps": 400}},
    "width 16": {"network": {"width": 16}},
    "class weights": {"training": {"balance": "weights"}},
    "averaged weights": {"training": {"average": "ema", "average_decay": 0.98, "final_weights": "average"}},
    "sub-voxel shifts": {"training": {"subvoxel_shifts": True}},
    "free rotation": {"training": {"free_rotation": True}},
    "random wedge": {"training": {"narrower_tilts_degrees": 15.0}},
    "low-pass jitter": {"training": {"low_pass_jitter_voxels": 1.0}},
    "contrast jitter": {"training": {"contrast_jitter": 0.3}},
    "noise jitter": {"training": {"noise_jitter": 0.5}},
}


@dataclass(frozen=True)
class LabeledVolumes:
    """Raw volumes `(n, z, y, x)` with class numbers `(n,)`."""

    volumes: NDArray[np.float32]
    labels: NDArray[np.int64]


def main() -> None:
    """Do the runs that are missing, print the table."""
    options = _parse_options()
    torch.set_num_threads(options.threads)
    runs: list[dict[str, Any]] = json.loads(options.json.read_text()) if options.json.exists() else []
    known = {(run["set"], run["arm"], run["labels"], run["seed"]) for run in runs}
    for seed in range(options.seeds):
        for arm in options.arms:
            for labels in options.labels:
                if (options.set, arm, labels, seed) not in known:
                    runs.append(_run(options, arm, labels, seed))
                    options.json.write_text(json.dumps(runs, indent=1))
                    last = runs[-1]
                    print(f"  {arm}, {labels} labels, seed {seed}: {last['balanced_accuracy']:.3f}", flush=True)
    _print_table(runs, options)


def _run(options: argparse.Namespace, arm: str, labels: int, seed: int) -> dict[str, Any]:
    settings = _settings(arm)
    pool, test = (_simulated(options, seed, part) for part in ("pool", "test"))
    chosen = np.random.default_rng(seed).permutation(len(pool.labels))[:labels]
    device = choose_device("auto")
    class_count = int(test.labels.max()) + 1
    network = place(build_network(settings.network, class_count, seed), device)
    prepared = prepare(torch.from_numpy(pool.volumes[chosen]).unsqueeze(1).to(device), settings.preprocessing)
    trainer = SupervisedTrainer(network, in_memory(prepared), pool.labels[chosen], settings.training, seed)
    started = time.perf_counter()
    while not trainer.finished:
        trainer.advance()
    seconds = time.perf_counter() - started
    predicted = []
    network.eval()
    with torch.inference_mode():
        for at in range(0, len(test.labels), 64):
            raw = torch.from_numpy(test.volumes[at : at + 64]).unsqueeze(1).to(device)
            predicted.append(network(prepare(raw, settings.preprocessing)).argmax(dim=1).cpu().numpy())
    quality = classify_quality(test.labels, np.concatenate(predicted), [str(each) for each in range(class_count)])
    assert quality is not None
    return {
        "set": options.set,
        "arm": arm,
        "labels": labels,
        "seed": seed,
        "balanced_accuracy": quality.balanced_accuracy,
        "final_loss": trainer.last_loss,
        "seconds": round(seconds, 1),
    }


def _settings(arm: str) -> CycleSettings:
    values = PRESETS["cpu-quick"].settings.model_dump()
    for group, changes in ARMS[arm].items():
        values[group] |= changes
    return CycleSettings.model_validate(values)


def _simulated(options: argparse.Namespace, seed: int, part: str) -> LabeledVolumes:
    """A pool by seed, or the test set that goes with it; kept in the cache folder."""
    path = options.cache / f"{options.set}-{seed}-{part}.npz"
    if not path.exists():
        made = _simulate(options, seed if part == "pool" else TEST_SEED_OFFSET + seed, equal=part == "test")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, volumes=made.volumes, labels=made.labels)
    with np.load(path, allow_pickle=False) as file:
        return LabeledVolumes(file["volumes"], file["labels"])


def _simulate(options: argparse.Namespace, seed: int, *, equal: bool) -> LabeledVolumes:
    if options.set == "demo":
        counts, junk = dict(DEMO_COUNTS), DEMO_JUNK
        templates, box, snr = None, DEMO_BOX, DEMO_SNR
    else:
        templates, box, snr, junk = options.templates, TEMPLATES_BOX, TEMPLATES_SNR, TEMPLATES_JUNK
        counts = dict(zip(sorted(path.stem for path in templates.glob("*.mrc")), LONG_TAIL, strict=True))
    if equal:
        counts, junk = dict.fromkeys(counts, TEST_PER_CLASS), TEST_PER_CLASS
    pool = simulate_pool(templates=templates, counts_per_class=counts, box=box, snr=snr, seed=seed, junk_count=junk)
    names = [*counts, "junk"]
    return LabeledVolumes(pool.volumes, np.array([names.index(name) for name in pool.class_names], np.int64))


def _print_table(runs: list[dict[str, Any]], options: argparse.Namespace) -> None:
    print(f"\nBalanced accuracy on the set {options.set}: mean (lowest to highest) over seeds")
    print(f"{'':<22}" + "".join(f"{f'{labels} labels':>26}" for labels in options.labels))
    for arm in options.arms:
        cells = []
        for labels in options.labels:
            found = [
                run["balanced_accuracy"]
                for run in runs
                if (run["set"], run["arm"], run["labels"]) == (options.set, arm, labels) and run["seed"] < options.seeds
            ]
            cells.append(f"{statistics.mean(found):.3f} ({min(found):.3f} to {max(found):.3f})")
        print(f"{arm:<22}" + "".join(f"{cell:>26}" for cell in cells))


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("demo", "templates"), default="demo")
    parser.add_argument("--templates", type=Path, default=Path("../shared/data/templates_10A"), help="twelve .mrc maps")
    parser.add_argument("--labels", type=int, nargs="+", default=[80, 240], help="training labels")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each, with other pools and other labels")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS), metavar="ARM", help=", ".join(ARMS))
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tomosift-recipe")
    parser.add_argument("--json", type=Path, default=Path("recipe.json"), help="results; what is there is not redone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
