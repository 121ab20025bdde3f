"""What training costs beyond a bare loop: `python benchmarks/training_floor.py --json training_floor.json`.

The bare loop takes the next prepared volumes from memory and steps the same network with the same optimizer. The
worker's training also balances, shifts and turns the volumes, sets the learning rate and watches the loss. The two take
turns, a step each, in one run; processor time, which other programs on the computer hardly change.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.device import choose_device, device_name, place, set_up_cpu, usable_cores
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.training.readers import in_memory
from tomosift_worker.training.supervised import SupervisedTrainer

CLASSES, LABELS = 12, 240
WARM_UP_STEPS = 2


def main() -> None:
    """Measure the presets for a CPU, print, write JSON."""
    options = _parse_options()
    device = choose_device(options.device)
    if device.type == "cpu":
        set_up_cpu(options.threads)
    rows = [measure(name, device, options) for name in options.presets]
    for row in rows:
        print(
            f"{row['preset']}: bare loop {row['bare_ms_per_volume']:.2f} ms a volume, training "
            f"{row['training_ms_per_volume']:.2f}: {row['ratio']:.2f} of its samples a second"
        )
    if options.json:
        settings = {name: getattr(options, name) for name in ("box", "steps", "threads")}
        document = {"device": device_name(device), "torch": str(torch.__version__), "settings": settings, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n")


def measure(preset: str, device: torch.device, options: argparse.Namespace) -> dict[str, Any]:
    """The times of both a volume; `ratio` is the training's samples a second in units of the bare loop's."""
    settings = PRESETS[preset].settings
    generator = np.random.default_rng(0)
    shape = (LABELS, 1, *3 * [options.box])
    volumes = torch.from_numpy(generator.standard_normal(shape, np.float32)).to(device)
    labels = np.arange(LABELS) % CLASSES
    steps = options.steps + WARM_UP_STEPS
    training = settings.training.model_copy(update={"steps": steps})
    trainer = SupervisedTrainer(
        place(build_network(settings.network, CLASSES, 0), device), in_memory(volumes), labels, training, seed=0
    )
    network = place(build_network(settings.network, CLASSES, 0), device).train()
    optimizer = torch.optim.AdamW(network.parameters(), training.learning_rate, foreach=True)
    targets = torch.from_numpy(labels).to(device)
    size = training.batch_size

    def bare(step: int) -> None:
        start = step * size % (LABELS - size)
        loss = torch.nn.functional.cross_entropy(network(volumes[start : start + size]), targets[start : start + size])
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()

    clock = time.process_time if device.type == "cpu" else time.perf_counter
    of_bare, of_training = [], []
    for step in range(steps):
        times = [clock()]
        for work in (lambda step=step: bare(step), trainer.advance):
            work()
            if device.type == "cuda":
                torch.cuda.synchronize()
            times.append(clock())
        of_bare.append(times[1] - times[0])
        of_training.append(times[2] - times[1])
    medians = [1e3 * float(np.median(each[WARM_UP_STEPS:])) / size for each in (of_bare, of_training)]
    return {
        "preset": preset,
        "bare_ms_per_volume": medians[0],
        "training_ms_per_volume": medians[1],
        "ratio": medians[0] / medians[1],
    }


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", choices=tuple(PRESETS), default=["cpu-quick", "cpu-standard"])
    parser.add_argument("--box", type=int, default=32, help="voxels a side")
    parser.add_argument("--steps", type=int, default=20, help="steps of each")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    parser.add_argument("--json", type=Path, help="where to write the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
