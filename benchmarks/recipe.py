"""The training recipe, part by part: balanced accuracy with each part switched off or changed, on simulated pools.

    python benchmarks/recipe.py --set demo --labels 80 240 --seeds 3
    python benchmarks/recipe.py --set long-tail-0.1 --preset cpu-standard --labels 360 --steps 300

`demo` is the demo project's kind of data (six phantoms and junk, unequal classes, 28 voxels); the sets of twelve
complexes come from a folder of density maps (`--templates`). Training labels are a random sample of the pool; balanced
accuracy is on a test set of other particles with equal classes. Runs that are in the JSON file already are not done
again, so a long table can be built up bit by bit.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from simulated_sets import SETS, add_options, simulated

from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.device import choose_device, place, usable_cores
from tomosift_worker.evaluation.classification import classify_quality
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.supervised import SupervisedTrainer, in_memory

# Each arm changes one part of the recipe as it is.
ARMS: dict[str, dict[str, dict[str, Any]]] = {
    "as it is": {},
    "no balancing": {"training": {"balance": "none"}},
    "class weights": {"training": {"balance": "weights"}},
    "no low-pass": {"preprocessing": {"low_pass_sigma_voxels": 0.0}},
    "low-pass 1.5": {"preprocessing": {"low_pass_sigma_voxels": 1.5}},
    "whole band": {"preprocessing": {"kept_band": 1.0}},
    "no shifts": {"training": {"max_shift_voxels": 0}},
    "shifts of 1": {"training": {"max_shift_voxels": 1}},
    "shifts of 2": {"training": {"max_shift_voxels": 2}},
    "sub-voxel shifts": {"training": {"subvoxel_shifts": True}},
    "no flips": {"training": {"symmetry": "none"}},
    "half turns": {"training": {"symmetry": "half-turns"}},
    "mirrors": {"training": {"symmetry": "mirrors"}},
    "free rotation": {"training": {"free_rotation": True}},
    "random wedge": {"training": {"narrower_tilts_degrees": 15.0}},
    "low-pass jitter": {"training": {"low_pass_jitter_voxels": 1.0}},
    "contrast jitter": {"training": {"contrast_jitter": 0.3}},
    "noise jitter": {"training": {"noise_jitter": 0.5}},
    "learning rate 1e-3": {"training": {"learning_rate": 1e-3}},
    "learning rate 1e-2": {"training": {"learning_rate": 1e-2}},
    "SGD 0.1": {"training": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 5e-4}},
    "label smoothing 0.1": {"training": {"label_smoothing": 0.1}},
    "averaged weights": {"training": {"average": "ema", "average_decay": 0.98, "final_weights": "average"}},
    "batch 48": {"training": {"batch_size": 48}},
    "width 8": {"network": {"width": 8}},
    "width 12": {"network": {"width": 12}},
    "width 16": {"network": {"width": 16}},
}
_RECIPE = ("set", "preset", "steps")
STEP_FACTORS = {"half the steps": 0.5, "twice the steps": 2.0}


def main() -> None:
    """Do the runs that are missing, print the table."""
    options = _parse_options()
    torch.set_num_threads(options.threads)
    runs: list[dict[str, Any]] = json.loads(options.json.read_text()) if options.json.exists() else []
    known = {tuple(run[name] for name in (*_RECIPE, "arm", "labels", "seed")) for run in runs}
    recipe = _recipe(options)
    for seed in range(options.seeds):
        for arm in options.arms:
            for labels in options.labels:
                if (*recipe.values(), arm, labels, seed) not in known:
                    runs.append(_run(options, arm, labels, seed))
                    options.json.parent.mkdir(parents=True, exist_ok=True)
                    options.json.write_text("[\n" + ",\n".join(json.dumps(run) for run in runs) + "\n]\n")
                    last = runs[-1]
                    print(f"  {arm}, {labels} labels, seed {seed}: {last['balanced_accuracy']:.3f}", flush=True)
    text = tables(runs)
    print(f"\n{text}")
    options.json.with_suffix(".md").write_text(text)


def _run(options: argparse.Namespace, arm: str, labels: int, seed: int) -> dict[str, Any]:
    settings = _settings(options, arm)
    pool, test = (simulated(options.set, seed, options, test=test) for test in (False, True))
    chosen = np.random.default_rng(seed).permutation(len(pool.labels))[:labels]
    device = choose_device("auto")
    class_count = int(test.labels.max()) + 1
    network = place(build_network(settings.network, class_count, seed), device)
    prepared = prepare(torch.from_numpy(pool.volumes[chosen]).unsqueeze(1).to(device), settings.preprocessing)
    trainer = SupervisedTrainer(network, in_memory(prepared), pool.labels[chosen], settings.training, seed)
    started, cpu = time.perf_counter(), time.process_time()
    while not trainer.finished:
        trainer.advance()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    predicted = []
    network.eval()
    with torch.inference_mode():
        for at in range(0, len(test.labels), 64):
            raw = torch.from_numpy(test.volumes[at : at + 64]).unsqueeze(1).to(device)
            predicted.append(network(prepare(raw, settings.preprocessing)).argmax(dim=1).cpu().numpy())
    quality = classify_quality(test.labels, np.concatenate(predicted), [str(each) for each in range(class_count)])
    assert quality is not None
    return {
        **_recipe(options),
        "arm": arm,
        "labels": labels,
        "seed": seed,
        "balanced_accuracy": round(quality.balanced_accuracy, 4),
        "final_loss": round(trainer.last_loss, 4),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
    }


def _settings(options: argparse.Namespace, arm: str) -> CycleSettings:
    values = PRESETS[options.preset].settings.model_dump()
    for group, changes in ARMS.get(arm, {}).items():
        values[group] |= changes
    values["training"]["steps"] = round(_base_steps(options) * STEP_FACTORS.get(arm, 1.0))
    return CycleSettings.model_validate(values)


def _recipe(options: argparse.Namespace) -> dict[str, Any]:
    """What a table is about."""
    return dict(zip(_RECIPE, (options.set, options.preset, _base_steps(options)), strict=True))


def _base_steps(options: argparse.Namespace) -> int:
    steps: int = options.steps or PRESETS[options.preset].settings.training.steps
    return steps


def tables(runs: list[dict[str, Any]]) -> str:
    """Markdown: a table for each recipe, arms by label counts."""
    text = []
    for recipe in dict.fromkeys(tuple(run[name] for name in _RECIPE) for run in runs):
        mine = [run for run in runs if tuple(run[name] for name in _RECIPE) == recipe]
        counts = sorted({run["labels"] for run in mine})
        seeds = len({run["seed"] for run in mine})
        set_name, preset, steps = recipe
        text += [
            f"Balanced accuracy on {set_name} with {preset}, {steps} steps from random weights: mean (lowest to "
            f"highest; number of runs where fewer than {seeds})",
            "",
            "| recipe | " + " | ".join(f"{labels} labels" for labels in counts) + " |",
            "|---|" + "---|" * len(counts),
        ]
        for arm in dict.fromkeys(run["arm"] for run in mine):
            cells = [
                _cell([run["balanced_accuracy"] for run in mine if (run["arm"], run["labels"]) == (arm, labels)], seeds)
                for labels in counts
            ]
            text.append(f"| {arm} | {' | '.join(cells)} |")
        text.append("")
    return "\n".join(text)


def _cell(found: list[float], seeds: int) -> str:
    if not found:
        return ""
    fewer = "" if len(found) == seeds else f"; {len(found)}"
    return f"{statistics.mean(found):.3f} ({min(found):.3f} to {max(found):.3f}{fewer})"


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="demo")
    parser.add_argument("--preset", choices=PRESETS, default="cpu-quick", help="the recipe as it is")
    parser.add_argument("--labels", type=int, nargs="+", default=[80, 240], help="training labels")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each, with other pools and other labels")
    every = [*ARMS, *STEP_FACTORS]
    parser.add_argument("--arms", nargs="+", choices=every, default=every, metavar="ARM", help=", ".join(every))
    parser.add_argument("--steps", type=int, help="steps of the recipe as it is (default: the preset's)")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument(
        "--json", type=Path, default=Path(__file__).parent / "results" / "recipe.json", help="kept results"
    )
    add_options(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
