"""How fast an import copies cubes out of stacks into the volume store, beside reading and writing the same bytes.

    python benchmarks/import_volumes.py --cubes 100000 --box 32 --json import_volumes.json

The floor is plain NumPy: each stack is read with `fromfile` and written with `tofile`, and flushed to the disk as the
store does. Each part runs in a process of its own, whose memory is the most it held. Stacks, copies and store lie in
one folder (`--folder`; default /tmp), and the operating system may have the stacks in memory in both.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tomosift.formats.mrc import write_stack
from tomosift.pool.voxel_copy import copy_voxels
from tomosift.pool.voxel_sources import ImageCubes
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeStore

HEADER_BYTES = 1024


def main() -> None:
    """Make the stacks, run both parts, print a table and write JSON."""
    options = _parse_options()
    if options.part is not None:
        measured = floor(options) if options.part == "floor" else copy(options)
        print(json.dumps(measured | {"peak_mb": _peak_mb()}))
        return
    with tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder) as folder:
        options.folder = Path(folder)
        make_stacks(options)
        rows = {part: _in_a_process(part, options) for part in ("floor", "import", "floor again")}
    best_floor = max(rows["floor"]["mb_per_second"], rows["floor again"]["mb_per_second"])
    ratio = rows["import"]["mb_per_second"] / best_floor
    print(f"{options.cubes} cubes of {options.box} voxels in stacks of {options.per_stack}")
    print(f"{'part':<14}{'seconds':>9}{'cubes/s':>10}{'MB/s':>8}{'peak MB':>9}")
    for name, row in rows.items():
        print(
            f"{name:<14}{row['seconds']:>9.2f}{row['cubes_per_second']:>10.0f}{row['mb_per_second']:>8.0f}"
            f"{row['peak_mb']:>9.0f}"
        )
    print(f"import / floor: {ratio:.2f}")
    if options.json:
        settings = {"cubes": options.cubes, "box": options.box, "per_stack": options.per_stack}
        options.json.write_text(json.dumps({"settings": settings, "rows": rows, "ratio": ratio}, indent=1))


def make_stacks(options: argparse.Namespace) -> None:
    """Noise, a stack at a time."""
    noise = np.random.default_rng(0)
    for number, count in enumerate(_counts(options)):
        cubes = noise.standard_normal((count, options.box, options.box, options.box), np.float32)
        write_stack(options.folder / f"{number}.mrcs", list(cubes), 10.0)


def floor(options: argparse.Namespace) -> dict[str, float]:
    """Read every stack and write its voxels again, nothing else."""
    started = time.perf_counter()
    for number in range(len(_counts(options))):
        voxels = np.fromfile(options.folder / f"{number}.mrcs", np.float32, offset=HEADER_BYTES)
        with (options.folder / f"{number}.copy").open("wb") as file:
            voxels.tofile(file)
            os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    for number in range(len(_counts(options))):
        (options.folder / f"{number}.copy").unlink()
    return _rates(seconds, options)


def copy(options: argparse.Namespace) -> dict[str, float]:
    """What the import job does: read every cube, check and hash it, write it into the store."""
    counts = _counts(options)
    files = [str(options.folder / f"{number}.mrcs") for number in range(len(counts))]
    numbers = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    indices = np.concatenate([np.arange(1, count + 1, dtype=np.int32) for count in counts])
    started = time.perf_counter()
    array = VolumeStore(str(options.folder)).create("bench", options.cubes, options.box, 10.0)
    hashes = copy_voxels(ImageCubes(files, numbers, indices), array, lambda done: None)
    seconds = time.perf_counter() - started
    last = array.read([options.cubes - 1])[0]
    assert hashes[-1] == content_hash(last), "the last volume is not what was hashed"
    return _rates(seconds, options)


def _peak_mb() -> float:
    """The most memory this process held; getrusage would count its parent's too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def _counts(options: argparse.Namespace) -> list[int]:
    whole, rest = divmod(options.cubes, options.per_stack)
    return [options.per_stack] * whole + ([rest] if rest else [])


def _rates(seconds: float, options: argparse.Namespace) -> dict[str, float]:
    megabytes = options.cubes * options.box**3 * 4 / 1e6
    return {
        "seconds": seconds,
        "cubes_per_second": options.cubes / seconds,
        "mb_per_second": megabytes / seconds,
    }


def _in_a_process(part: str, options: argparse.Namespace) -> dict[str, Any]:
    arguments = ["--cubes", options.cubes, "--box", options.box, "--per-stack", options.per_stack]
    arguments += ["--folder", options.folder, "--part", part.split()[0]]
    ended = subprocess.run(
        [sys.executable, __file__, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise SystemExit(ended.stderr)
    measured: dict[str, Any] = json.loads(ended.stdout)
    return measured


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cubes", type=int, default=10_000, help="cubes in all")
    parser.add_argument("--box", type=int, default=32, help="edge of the cubes, in voxels")
    parser.add_argument("--per-stack", type=int, default=1000, help="cubes in a stack")
    parser.add_argument("--folder", type=Path, default=None, help="where to write the test data (default: /tmp)")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    parser.add_argument("--part", choices=("floor", "import"), default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
