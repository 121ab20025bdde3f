"""How fast random training batches come out of the volume store, and how long training and scoring wait for them.

    python benchmarks/training_batches.py --volumes 4000 --json training_batches.json

Batches: `--batch` random cubes from the store, and the same from a NumPy memory map, in turns in one run. Loops: the
worker's own training (volumes read from the store at each step, the next step's meanwhile; as it does where the labeled
volumes do not fit in memory), the same without reading ahead, and its scoring pass over the pool. Waiting is the time
the loop's own thread spends asking for volumes. The operating system has the files in memory.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray

from tomosift.volumes.store import VolumeArray, VolumeStore
from tomosift_worker.acquisition.picks import NO_GROUP
from tomosift_worker.acquisition.pool_pass import PoolBatch, run_pool_pass
from tomosift_worker.cycle.labeled_volumes import StreamedVolumes
from tomosift_worker.cycle.presets import PRESETS
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.cycle.snapshot import Items
from tomosift_worker.cycle.volumes import PoolVolumes
from tomosift_worker.device import choose_device, device_name, place, usable_cores
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.supervised import SupervisedTrainer

SOURCE = "bench"
CLASSES = 12
WARM_UP_STEPS = 3

Reader = Callable[[NDArray[np.int64]], NDArray[np.float32]]


def main() -> None:
    """Fill the store and the memory map, measure, print tables, write JSON."""
    options = _parse_options()
    device = choose_device(options.device)
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder) as name:
        folder = Path(name)
        array, memory_map = _fill(folder, options.volumes, options.box)
        batches = measure_batches(array, memory_map, options)
        loops = measure_loops(folder, device, options)
    print(f"{device_name(device)}; {options.volumes} cubes of {options.box} voxels in batches of {options.batch}")
    print(f"{'random batches from':<28}{'ms a batch':>12}{'cubes/s':>12}{'to memory map':>15}")
    for row in batches:
        print(f"{row['store']:<28}{row['ms_per_batch']:>12.2f}{row['volumes_per_second']:>12.0f}{row['ratio']:>15.2f}")
    print(f"{'loop':<28}{'ms a step':>12}{'ms waiting':>12}{'share':>10}")
    for row in loops:
        waiting = row["ms_waiting_per_step"]
        print(f"{row['loop']:<28}{row['ms_per_step']:>12.1f}{waiting:>12.2f}{row['waiting_share']:>10.1%}")
    if options.json:
        names = ("volumes", "box", "batch", "batches", "steps", "preset", "threads")
        settings = {name: getattr(options, name) for name in names}
        document = {"device": device_name(device), "settings": settings, "batches": batches, "loops": loops}
        options.json.write_text(json.dumps(document, indent=1) + "\n")


def measure_batches(
    array: VolumeArray, memory_map: NDArray[np.float32], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """The median time of a batch from each; `ratio` is the memory map's time in units of it: its rate beside it."""
    readers: dict[str, Reader] = {
        "volume store": array.read,
        "NumPy memory map": lambda indices: np.array(memory_map[indices]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for number in range(-2, options.batches):
        chosen = np.random.default_rng(number + 2).choice(options.volumes, options.batch, replace=False)
        for name, read in readers.items():
            taken = _seconds(lambda read=read, chosen=chosen: read(chosen))
            if number >= 0:
                seconds[name].append(taken)
    median = {name: float(np.median(each)) for name, each in seconds.items()}
    return [
        {
            "store": name,
            "ms_per_batch": 1e3 * each,
            "volumes_per_second": options.batch / each,
            "ratio": median["NumPy memory map"] / each,
        }
        for name, each in median.items()
    ]


def measure_loops(folder: Path, device: torch.device, options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for each loop: its time a step, and how much of that it waits."""
    settings = PRESETS[options.preset].settings
    volumes = PoolVolumes(str(folder))
    rows = np.arange(options.volumes)
    items = Items(rows, np.zeros_like(rows), rows, [SOURCE], np.full_like(rows, NO_GROUP))
    return [
        _train("training, a step ahead", True, items, volumes, settings, device, options),
        _train("training, without", False, items, volumes, settings, device, options),
        _score("scoring", items, volumes, settings, device, options),
    ]


class _TimedVolumes(StreamedVolumes):
    """Counts the seconds it is waited for."""

    waited = 0.0
    ahead = True

    def __call__(self, positions: NDArray[np.int64], upcoming: NDArray[np.int64] | None) -> torch.Tensor:
        return super().__call__(positions, upcoming if self.ahead else None)

    def wait_for(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        started = time.perf_counter()
        volumes = super().wait_for(positions)
        self.waited += time.perf_counter() - started
        return volumes


def _train(
    name: str,
    ahead: bool,
    items: Items,
    volumes: PoolVolumes,
    settings: CycleSettings,
    device: torch.device,
    options: argparse.Namespace,
) -> dict[str, Any]:
    read = _TimedVolumes(lambda positions: volumes.read(items.take(positions)), settings.preprocessing, device)
    read.ahead = ahead
    training = settings.training.model_copy(
        update={"batch_size": options.batch, "steps": options.steps + WARM_UP_STEPS}
    )
    trainer = SupervisedTrainer(_network(settings, device), read, np.arange(len(items)) % CLASSES, training, seed=0)
    while trainer.step < WARM_UP_STEPS:
        trainer.advance()
    _synchronise(device)
    read.waited, started = 0.0, time.perf_counter()
    while not trainer.finished:
        trainer.advance()
    _synchronise(device)
    return _row(name, time.perf_counter() - started, read.waited, options.steps)


def _score(
    name: str,
    items: Items,
    volumes: PoolVolumes,
    settings: CycleSettings,
    device: torch.device,
    options: argparse.Namespace,
) -> dict[str, Any]:
    network = _network(settings, device).eval()
    waited = 0.0

    def timed() -> Iterator[PoolBatch]:
        nonlocal waited
        batches = volumes.batches(items.take(slice(0, options.steps * options.batch)), options.batch)
        while True:
            started = time.perf_counter()
            batch = next(batches, None)
            waited += time.perf_counter() - started
            if batch is None:
                return
            yield batch

    started = time.perf_counter()
    run_pool_pass(network, timed(), lambda raw: prepare(raw, settings.preprocessing))
    _synchronise(device)
    steps = min(options.steps, -(-len(items) // options.batch))
    return _row(name, time.perf_counter() - started, waited, steps)


def _row(name: str, seconds: float, waited: float, steps: int) -> dict[str, Any]:
    return {
        "loop": name,
        "ms_per_step": 1e3 * seconds / steps,
        "ms_waiting_per_step": 1e3 * waited / steps,
        "waiting_share": waited / seconds,
    }


def _network(settings: CycleSettings, device: torch.device) -> VolumeClassifier:
    return place(build_network(settings.network, CLASSES, 0), device)


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _fill(folder: Path, n: int, box: int) -> tuple[VolumeArray, NDArray[np.float32]]:
    """The same noise in the store and in a file that is mapped."""
    array = VolumeStore(str(folder)).create(SOURCE, n, box, voxel_size=10.0)
    memory_map = np.memmap(folder / "volumes.raw", np.float32, "w+", shape=(n, box, box, box))
    for block in array.blocks():
        noise = np.random.default_rng(block.start).standard_normal((len(block), box, box, box), np.float32)
        array.write_block(block.start, noise)
        memory_map[block.start : block.stop] = noise
    memory_map.flush()
    return array, memory_map


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volumes", type=int, default=4000, help="cubes in the store")
    parser.add_argument("--box", type=int, default=32, help="edge of the cubes, in voxels")
    parser.add_argument("--batch", type=int, default=64, help="cubes in a batch")
    parser.add_argument("--batches", type=int, default=100, help="random batches from each store")
    parser.add_argument("--steps", type=int, default=12, help="steps of each loop")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="cpu-quick", help="network and training settings")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    parser.add_argument("--folder", type=Path, default=None, help="where to write the test data (default: /tmp)")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
