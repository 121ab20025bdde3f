"""Learning from unlabeled volumes, as AC3D's tables 2 and 3 compare it: accuracy at 5, 10 and 20 % labels.

    python benchmarks/semi_supervised.py --seeds 1                         # an hour on a CPU core
    python benchmarks/semi_supervised.py --set eight-64 --published        # AC3D's size and settings, with a GPU

All methods train the same network (ac3d) on the same labels; the pool's other volumes are unlabeled. `pretrained` has
as many steps for the autoencoder as for the classes, each as many as the other methods. The mean squared error is that
of reconstructed test volumes, prepared (standard deviation 1); the plain autoencoder is the first part of `pretrained`.
Runs that are in the JSON file already are not done again.
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
from numpy.typing import NDArray
from simulated_sets import SETS, LabeledVolumes, add_options, simulated
from torch import Tensor

from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.device import choose_device, place, usable_cores
from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import AC3DSettings, for_box
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.readers import UnlabeledVolumes, in_memory
from tomosift_worker.training.settings import PreprocessingSettings, TrainingSettings

METHODS = ("supervised", "self-trained", "pretrained", "ac3d", "tod")
AUTOENCODER = "autoencoder"
AT_ONCE = 64
CPU_NETWORK = AC3DSettings(width=16)
CPU_PREPROCESSING = PreprocessingSettings(kept_band=0.75)
CPU_TRAINING = TrainingSettings(batch_size=24, learning_rate=2e-3, symmetry="mirrors")

Row = dict[str, Any]


def main() -> None:
    """Do the runs that are missing, print both tables."""
    options = _parse_options()
    torch.set_num_threads(options.threads)
    rows: list[Row] = json.loads(options.json.read_text()) if options.json.exists() else []
    known = {(row["set"], row["method"], row["share"], row["seed"]) for row in rows}
    for seed in range(options.seeds):
        for share in options.shares:
            for method in options.methods:
                if (options.set, method, share, seed) not in known:
                    for row in _run(options, method, share, seed):
                        rows.append(row)
                        print(json.dumps(row), flush=True)
                    options.json.parent.mkdir(parents=True, exist_ok=True)
                    options.json.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    text = tables(rows)
    print(f"\n{text}")
    options.json.with_suffix(".md").write_text(text)


def _run(options: argparse.Namespace, method: str, share: float, seed: int) -> list[Row]:
    """Train once; a row for the method, and for `pretrained` one for its autoencoder too."""
    device = choose_device("auto")
    pool, test = (simulated(options.set, seed, options, test=test) for test in (False, True))
    network_settings, preprocessing, settings = _settings(options, method)
    volumes = _prepared(pool, preprocessing, device)
    labeled, rest = _labeled_share(pool.labels, share, seed)
    network = place(build_network(for_box(network_settings, volumes.shape[-1]), len(pool.names), seed), device)
    assert isinstance(network, AC3D)
    trainer = TRAINING_METHODS[method].trainer(
        network,
        in_memory(volumes[labeled]),
        pool.labels[labeled],
        settings,
        seed,
        UnlabeledVolumes(in_memory(volumes[rest]), len(rest)),
    )
    unseen = _prepared(test, preprocessing, device)
    about = {"set": options.set, "share": share, "labels": len(labeled), "seed": seed, "published": options.published}
    rows: list[Row] = []
    started, cpu = time.monotonic(), time.process_time()
    while not trainer.finished:
        if method == "pretrained" and trainer.step == round(settings.pretraining_share * settings.steps):
            rows.append({**about, "method": AUTOENCODER, "error": _reconstruction_error(network, unseen)})
        trainer.advance()
    rows.append(
        {
            **about,
            "method": method,
            "accuracy": _accuracy(network, unseen, test.labels),
            "error": _reconstruction_error(network, unseen) if method == "ac3d" else None,
            "steps": trainer.step,
            "final_loss": round(trainer.last_loss, 4),
            "seconds": round(time.monotonic() - started, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
        }
    )
    return rows


def _settings(options: argparse.Namespace, method: str) -> tuple[AC3DSettings, PreprocessingSettings, TrainingSettings]:
    if options.published:
        preset = PRESETS["ac3d"].settings
        assert isinstance(preset.network, AC3DSettings)
        network, preprocessing, training = preset.network, preset.preprocessing, preset.training
    else:
        network, preprocessing = CPU_NETWORK, CPU_PREPROCESSING
        training = CPU_TRAINING.model_copy(update={"steps": options.steps})
    steps = training.steps * 2 if method == "pretrained" else training.steps
    return network, preprocessing, training.model_copy(update={"method": method, "steps": steps})


def _labeled_share(labels: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the labeled volumes, equally many of each class, and of the others."""
    generator = np.random.default_rng(seed)
    chosen = []
    for each in np.unique(labels):
        members = np.flatnonzero(labels == each)
        chosen.append(generator.permutation(members)[: max(1, round(share * len(members)))])
    labeled = np.sort(np.concatenate(chosen))
    return labeled, np.setdiff1d(np.arange(len(labels)), labeled)


def _prepared(data: LabeledVolumes, preprocessing: PreprocessingSettings, device: torch.device) -> Tensor:
    batches = torch.from_numpy(data.volumes).unsqueeze(1).split(AT_ONCE)
    return torch.cat([prepare(each.to(device), preprocessing) for each in batches])


@torch.inference_mode()
def _accuracy(network: AC3D, volumes: Tensor, labels: NDArray[np.int64]) -> float:
    network.eval()
    predicted = torch.cat([network(each).argmax(dim=1) for each in volumes.split(AT_ONCE)]).cpu().numpy()
    return round(float((predicted == labels).mean()), 4)


@torch.inference_mode()
def _reconstruction_error(network: AC3D, volumes: Tensor) -> float:
    network.eval()
    errors = [(network.reconstruct(each) - each).square().mean(dim=(1, 2, 3, 4)) for each in volumes.split(AT_ONCE)]
    return round(float(torch.cat(errors).mean()), 4)


def tables(rows: list[Row]) -> str:
    """Markdown: accuracy and error of reconstruction for each set, methods by labeled shares."""
    text = []
    for set_name, published in dict.fromkeys((row["set"], row["published"]) for row in rows):
        mine = [row for row in rows if (row["set"], row["published"]) == (set_name, published)]
        shares, seeds = sorted({row["share"] for row in mine}), len({row["seed"] for row in mine})
        for title, measure in (("Accuracy", "accuracy"), ("Mean squared error of reconstruction", "error")):
            how = "settings as published" if published else "settings for a CPU"
            text += [
                f"{title} on {set_name}, {how}: mean (lowest to highest) over {seeds} seeds",
                "",
                "| method | " + " | ".join(f"{share:.0%}" for share in shares) + " |",
                "|---|" + "---|" * len(shares),
            ]
            known = [row for row in mine if row.get(measure) is not None]
            for method in dict.fromkeys(row["method"] for row in known):
                cells = [
                    _cell([row[measure] for row in known if (row["method"], row["share"]) == (method, share)])
                    for share in shares
                ]
                text.append(f"| `{method}` | {' | '.join(cells)} |")
            text.append("")
    return "\n".join(text)


def _cell(found: list[float]) -> str:
    return f"{statistics.mean(found):.3f} ({min(found):.3f} to {max(found):.3f})" if found else ""


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="eight-32")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.05, 0.1, 0.2], help="labeled shares of the pool")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=3, help="runs of each, with other pools and other labels")
    parser.add_argument("--steps", type=int, default=300, help="steps of each training on a CPU")
    parser.add_argument("--published", action="store_true", help="network and training as AC3D has them")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument(
        "--json", type=Path, default=Path(__file__).parent / "results" / "semi_supervised.json", help="kept results"
    )
    add_options(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
