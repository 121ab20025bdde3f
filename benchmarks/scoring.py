"""What exact gradient norms cost: scoring a pool against one batched forward and backward pass of the same network.

    python benchmarks/scoring.py --json scoring.json --png scoring.png

For each width, in one run and taken in turns: a forward pass, a forward and backward pass (the floor: what training
needs for the same volumes), exact per-sample gradient norms, all single-model scores in one pass over the pool, cod
with stored outputs, and the literal loop over single volumes. Each time is the best of `--rounds`; other programs on
the computer can only lengthen it (`--clock cpu` leaves their time out). The rules for the gradient norms are tried out
once for a pool, and that is left out of the times; `trial_seconds` says how long it takes. Memory is the growth of the
process's peak, or that of the GPU's allocator.
"""

import argparse
import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import torch

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
GOAL = 1.3
STATUS = Path("/proc/self/status")

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
        f"{'MB floor':>10}{'gradnorm':>10}"
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
            f"{row['all_scores']:>12.2f}{row['cod_to_forward']:>10.2f}{row['loop']:>8.2f}"
            f"{row['floor_peak_mb']:>10.0f}{row['gradnorm_peak_mb']:>10.0f}",
            flush=True,
        )
    if options.png:
        draw(rows, options.png)
    if options.json:
        settings = {
            name: getattr(options, name)
            for name in ("box", "batch", "stem_stride", "threads", "rounds", "clock", "scratch_megabytes")
        }
        document = {"device": device_name(device), "torch": str(torch.__version__), "settings": settings, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n")


def measure(network: VolumeClassifier, device: torch.device, options: argparse.Namespace) -> dict[str, Any]:
    """The time of each way in units of the forward and backward pass, and the rules chosen for the layers."""
    raw = np.random.default_rng(0).normal(size=(options.batch, *[options.box] * 3)).astype(np.float32)
    volumes = torch.from_numpy(raw).unsqueeze(1).to(device)
    ids = np.arange(options.batch, dtype=np.int64)
    scratch_bytes = options.scratch_megabytes * 2**20
    gradients = SampleGradients(network, scratch_bytes)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    reference = ReferenceOutputs(_never, {int(each): np.zeros(CLASSES, np.float32) for each in ids})
    ways: dict[str, Callable[[], object]] = {
        "forward": lambda: _forward(network, volumes),
        "floor": lambda: _forward_backward(network, volumes),
        "gradnorm": lambda: gradients.loss_norms(volumes, entropy_of_logits, network),
        "cod": lambda: run_pool_pass(network, [PoolBatch(ids, raw)], _as_it_is, reference=reference),
        "loop": lambda: [_forward_backward(network, volume[None]) for volume in volumes[:LOOP_VOLUMES]],
    }
    peaks = {name: _peak_bytes(ways[name], device) for name in ("floor", "gradnorm")}
    times: dict[str, list[float]] = {name: [] for name in (*ways, "all_scores")}
    started = 0.0

    def batches() -> Iterator[PoolBatch]:
        nonlocal started
        for _ in range(options.rounds + 1):
            for name, work in ways.items():
                times[name].append(_seconds(work, clock))
            started = clock()
            yield PoolBatch(ids, raw)

    def scored(_: int) -> None:
        _synchronise()
        times["all_scores"].append(clock() - started)

    run_pool_pass(
        network,
        batches(),
        _as_it_is,
        gradient_norms=True,
        reference=reference,
        scratch_bytes=scratch_bytes,
        on_batch=scored,
    )
    trial = max(0.0, times["all_scores"][0] - min(times["all_scores"][1:]))
    seconds = {name: min(each[1:]) for name, each in times.items()}
    floor = seconds["floor"]
    return {
        "floor_ms_per_volume": 1e3 * floor / options.batch,
        "forward": seconds["forward"] / floor,
        "gradnorm": seconds["gradnorm"] / floor,
        "all_scores": seconds["all_scores"] / floor,
        "all_scores_to_gradnorm": seconds["all_scores"] / seconds["gradnorm"],
        "cod_to_forward": seconds["cod"] / seconds["forward"],
        "loop": seconds["loop"] * options.batch / LOOP_VOLUMES / floor,
        "trial_seconds": trial,
        "floor_peak_mb": peaks["floor"] / 1e6,
        "gradnorm_peak_mb": peaks["gradnorm"] / 1e6,
        "rules": {name: rule.name for name, rule in gradients.rules.items()},
    }


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """The ratios over the width, as a picture."""
    figure, axes = plt.subplots(figsize=(5.0, 3.5), layout="constrained")
    widths = [row["width"] for row in rows]
    for name, title in (("gradnorm", "gradient norms"), ("all_scores", "all scores"), ("loop", "one at a time")):
        axes.plot(widths, [row[name] for row in rows], "o-", label=title)
    axes.axhline(GOAL, color="grey", linestyle=":", label=f"goal {GOAL}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(widths, [str(width) for width in widths])
    axes.set_xlabel("width of resnet3d")
    axes.set_ylabel("time, of a batched forward and backward pass")
    axes.legend()
    figure.savefig(path, dpi=150)


def _forward(network: VolumeClassifier, volumes: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = network(volumes)
    return logits


def _forward_backward(network: VolumeClassifier, volumes: torch.Tensor) -> torch.Tensor:
    network.zero_grad()
    loss = entropy_of_logits(network(volumes)).sum()
    torch.autograd.backward(loss)
    return loss


def _peak_bytes(work: Callable[[], object], device: torch.device) -> float:
    """How far `work` raises the peak of the memory in use; of the second call, so that nothing is counted once only.

    On a CPU of Linux only (0 elsewhere): by the resident memory, of which the allocator may keep some from before.
    """
    work()
    if device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        work()
        return float(torch.cuda.max_memory_allocated() - before)
    if not STATUS.exists():
        return 0.0
    gc.collect()
    before = _status_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is in use now
    work()
    return _status_bytes("VmHWM") - before


def _status_bytes(name: str) -> float:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return 1024.0 * float(line.split()[1])


def _seconds(work: Callable[[], object], clock: Clock) -> float:
    start = clock()
    work()
    _synchronise()
    return clock() - start


def _synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _as_it_is(volumes: torch.Tensor) -> torch.Tensor:
    return volumes


def _never(_: torch.Tensor) -> torch.Tensor:
    raise AssertionError("every item has a stored output")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 16, 32, 64], help="widths of resnet3d")
    parser.add_argument("--box", type=int, default=24, help="voxels a side")
    parser.add_argument("--batch", type=int, default=16, help="volumes a batch")
    parser.add_argument("--stem-stride", type=int, choices=(1, 2), default=2)
    parser.add_argument("--rounds", type=int, default=5, help="repetitions; the best counts")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: the time this process used, which other programs on the computer do not change (not for a GPU)",
    )
    parser.add_argument("--scratch-megabytes", type=int, default=512, help="bound of the extra memory")
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--png", type=Path, help="where to draw them")
    return parser.parse_args()


if __name__ == "__main__":
    main()
