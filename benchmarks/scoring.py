"""What exact gradient norms cost: scoring a pool against one batched forward and backward pass of the same network.

    python benchmarks/scoring.py --widths 8 16 32 --box 28 --json scoring.json

For each width, in one run and taken in turns: a forward pass, a forward and backward pass (the floor: what training
needs for the same volumes), exact per-sample gradient norms, all single-model scores in one pass over the pool, cod
with stored outputs, and the literal loop over single volumes. Each time is the best of `--rounds`; other programs on
the computer can only lengthen it (`--clock cpu` leaves their time out).
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.pool_pass import (
    PoolBatch,
    ReferenceOutputs,
    entropy_of_logits,
    run_pool_pass,
)
from tomosift_worker.acquisition.sample_gradients import SampleGradients
from tomosift_worker.device import choose_device, device_name, place, usable_cores
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.settings import ResNet3DSettings

CLASSES = 12
LOOP_VOLUMES = 8

Clock = Callable[[], float]


def main() -> None:
    """Measure each width, print a table, write JSON."""
    options = _parse_options()
    device = choose_device(options.device)
    torch.set_num_threads(options.threads)
    print(f"{device_name(device)}, {options.threads} threads, torch {torch.__version__}")
    print(
        f"{options.batch} volumes of {options.box} voxels a batch, stride {options.stem_stride}, {options.clock} time"
    )
    print("in units of the floor, one batched forward and backward pass:")
    print(
        f"{'width':>5}{'floor ms/vol':>14}{'forward':>10}{'gradnorm':>10}{'all scores':>12}{'cod/fwd':>10}{'loop':>8}"
    )
    rows = []
    for width in options.widths:
        network = place(
            build_network(ResNet3DSettings(width=width, stem_stride=options.stem_stride), CLASSES, 0), device
        )
        row = {"width": width, **measure(network.eval(), device, options)}
        rows.append(row)
        print(
            f"{width:>5}{row['floor_ms_per_volume']:>14.2f}{row['forward']:>10.2f}{row['gradnorm']:>10.2f}"
            f"{row['all_scores']:>12.2f}{row['cod_to_forward']:>10.2f}{row['loop']:>8.2f}",
            flush=True,
        )
    if options.json:
        settings = {
            name: getattr(options, name) for name in ("box", "batch", "stem_stride", "threads", "rounds", "clock")
        }
        document = {"device": device_name(device), "torch": str(torch.__version__), "settings": settings, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1))


def measure(network: VolumeClassifier, device: torch.device, options: argparse.Namespace) -> dict[str, Any]:
    """The time of each way in units of the forward and backward pass, and the rules chosen for the layers."""
    raw = np.random.default_rng(0).normal(size=(options.batch, *[options.box] * 3)).astype(np.float32)
    volumes = torch.from_numpy(raw).unsqueeze(1).to(device)
    ids = np.arange(options.batch, dtype=np.int64)
    gradients = SampleGradients(network)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    pool_gradients = dict[str, Any](gradient_norms=True)
    stored = {int(each): np.zeros(CLASSES, np.float32) for each in ids}

    def batches() -> Iterator[PoolBatch]:
        yield PoolBatch(ids, raw)

    def one_pass(**what: Any) -> PoolOutputs:
        return run_pool_pass(network, batches(), lambda prepared: prepared, **what)

    ways: dict[str, Callable[[], object]] = {
        "forward": lambda: _forward(network, volumes),
        "floor": lambda: _forward_backward(network, volumes),
        "gradnorm": lambda: gradients.loss_norms(volumes, entropy_of_logits, network),
        "all_scores": lambda: one_pass(reference=ReferenceOutputs(_never, stored), **pool_gradients),
        "cod": lambda: one_pass(reference=ReferenceOutputs(_never, stored)),
        "loop": lambda: [_forward_backward(network, volume[None]) for volume in volumes[:LOOP_VOLUMES]],
    }
    seconds = _best(ways, options.rounds, clock)
    seconds["loop"] *= options.batch / LOOP_VOLUMES
    # The pass over the pool finds its rules anew; that is done once for a pool, and here it would be once for a batch.
    trial = _trial_seconds(network, volumes, clock, options.rounds)
    floor = seconds["floor"]
    return {
        "floor_ms_per_volume": 1e3 * floor / options.batch,
        "forward": seconds["forward"] / floor,
        "gradnorm": seconds["gradnorm"] / floor,
        "all_scores": (seconds["all_scores"] - trial) / floor,
        "cod_to_forward": seconds["cod"] / seconds["forward"],
        "loop": seconds["loop"] / floor,
        "trial_seconds": trial,
        "rules": {name: rule.name for name, rule in gradients.rules.items()},
    }


def _forward(network: VolumeClassifier, volumes: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = network(volumes)
    return logits


def _forward_backward(network: VolumeClassifier, volumes: torch.Tensor) -> torch.Tensor:
    network.zero_grad()
    loss = entropy_of_logits(network(volumes)).sum()
    torch.autograd.backward(loss)
    return loss


def _trial_seconds(network: VolumeClassifier, volumes: torch.Tensor, clock: Clock, rounds: int) -> float:
    """How long the trial of the rules takes: a first batch less a later one."""
    first: list[float] = []
    later: list[float] = []
    for _ in range(rounds):
        norms = partial(SampleGradients(network).loss_norms, volumes, entropy_of_logits, network)
        first.append(_seconds(norms, clock))
        later.append(_seconds(norms, clock))
    return max(0.0, min(first) - min(later))


def _best(ways: dict[str, Callable[[], object]], rounds: int, clock: Clock) -> dict[str, float]:
    for work in ways.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            times[name].append(_seconds(work, clock))
    return {name: min(each) for name, each in times.items()}


def _seconds(work: Callable[[], object], clock: Clock) -> float:
    start = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def _never(_: torch.Tensor) -> torch.Tensor:
    raise AssertionError("every item has a stored output")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 16, 32], help="widths of resnet3d")
    parser.add_argument("--box", type=int, default=28, help="voxels a side")
    parser.add_argument("--batch", type=int, default=32, help="volumes a batch")
    parser.add_argument("--stem-stride", type=int, choices=(1, 2), default=2)
    parser.add_argument("--rounds", type=int, default=7, help="repetitions; the best counts")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: the time this process used, which other programs on the computer do not change (not for a GPU)",
    )
    parser.add_argument("--json", type=Path, help="where to write the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
