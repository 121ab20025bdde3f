"""How fast training batches come out of the volume store, beside a NumPy memory map and Zarr's own path.

    python benchmarks/volume_store.py --volumes 4000 --box 32 --json volume_store.json

Each row reads `--batches` batches of random volumes. The operating system has the files in memory (they were just
written), so this measures the programs and not the disk.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from tomosift.volumes.store import VolumeArray, VolumeStore

Reader = Callable[[NDArray[np.int64]], NDArray[np.float32]]


def main() -> None:
    """Fill the three stores, read random batches, print a table and write JSON."""
    options = _parse_options()
    with tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder) as folder:
        rows = measure(Path(folder), options.volumes, options.box, options.batch_sizes, options.batches)
    print(f"{options.volumes} cubes of {options.box} voxels, {options.batches} batches each")
    print(f"{'store':<24}{'what':<18}{'ms a batch':>12}{'volumes/s':>12}{'MB/s':>10}")
    for row in rows:
        print(
            f"{row['store']:<24}{row['what']:<18}{row['ms_per_batch']:>12.2f}"
            f"{row['volumes_per_second']:>12.0f}{row['megabytes_per_second']:>10.0f}"
        )
    if options.json:
        settings = {"volumes": options.volumes, "box": options.box, "batches": options.batches}
        options.json.write_text(json.dumps({"settings": settings, "rows": rows}, indent=1))


def measure(folder: Path, n: int, box: int, batch_sizes: list[int], batches: int) -> list[dict[str, Any]]:
    """One row for each store: writing everything, then each batch size."""
    volume_bytes = box**3 * 4
    array = VolumeStore(str(folder)).create("bench", n, box, voxel_size=10.0)
    memory_map = np.memmap(folder / "volumes.raw", np.float32, "w+", shape=(n, box, box, box))
    rows = [
        _row("tomosift", "write all", 1, n, _time_writing(array), volume_bytes),
        _row("numpy memmap", "write all", 1, n, _time_writing_memmap(array, memory_map), volume_bytes),
    ]
    through_zarr = zarr.open_array(folder / "volumes" / "bench", mode="r")
    readers: dict[str, Reader] = {
        "tomosift": array.read,
        "numpy memmap": lambda indices: np.array(memory_map[indices]),
        "zarr (orthogonal)": lambda indices: np.asarray(through_zarr.get_orthogonal_selection((np.sort(indices),))),
    }
    for size in batch_sizes:
        draws = [np.random.default_rng(draw).choice(n, size, replace=False) for draw in range(batches)]
        for name, read in readers.items():
            read(draws[0])
            started = time.perf_counter()
            for draw in draws:
                read(draw)
            seconds = time.perf_counter() - started
            rows.append(_row(name, f"read {size} random", batches, size, seconds, volume_bytes))
    return rows


def _time_writing(array: VolumeArray) -> float:
    started = time.perf_counter()
    for block in array.blocks():
        array.write_block(block.start, _noise(block, array.box))
    return time.perf_counter() - started


def _time_writing_memmap(array: VolumeArray, memory_map: "np.memmap[Any, np.dtype[np.float32]]") -> float:
    started = time.perf_counter()
    for block in array.blocks():
        memory_map[block.start : block.stop] = _noise(block, array.box)
    memory_map.flush()
    return time.perf_counter() - started


def _noise(block: range, box: int) -> NDArray[np.float32]:
    return np.random.default_rng(block.start).standard_normal((len(block), box, box, box), np.float32)


def _row(store: str, what: str, batches: int, size: int, seconds: float, volume_bytes: int) -> dict[str, Any]:
    volumes_per_second = batches * size / seconds
    return {
        "store": store,
        "what": what,
        "ms_per_batch": 1000 * seconds / batches,
        "volumes_per_second": volumes_per_second,
        "megabytes_per_second": volumes_per_second * volume_bytes / 1e6,
    }


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volumes", type=int, default=4000, help="volumes in the store")
    parser.add_argument("--box", type=int, default=32, help="edge of the cubes, in voxels")
    parser.add_argument("--batches", type=int, default=50, help="batches to read for each row")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[24, 64], help="volumes in a batch")
    parser.add_argument("--folder", type=Path, default=None, help="where to write the test data (default: /tmp)")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
