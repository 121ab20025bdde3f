"""How fast many small cubes reach a service over REST, beside a plain copy of the same files.

    python benchmarks/upload_cubes.py --cubes 5000 --box 32 --json upload_cubes.json
    python benchmarks/upload_cubes.py --cubes 100000

It starts a whole service of its own on this computer, writes cubes of float32 as single .mrc files, and sends them with
the client of `tomosift import`: in batches, and (fewer of them) each in a request of its own. The floor is a copy of
the same files into one folder, without and with a flush of every file: an upload promises that what it has acknowledged
is on the disk. Client, service and disk are those of this computer.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tomosift.client import Tomosift
from tomosift.client import upload as upload_module
from tomosift.client.upload import LocalFile, ParticleFiles, ResumableUpload
from tomosift.demo_loop.own_service import own_service
from tomosift.formats.mrc import write_cube

DIFFERENT = 64
FILE_BY_FILE = 500


def main() -> None:
    """Write, copy, send, print a table and write JSON."""
    options = _parse_options()
    with tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder) as folder:
        rows = measure(Path(folder), options.cubes, options.box)
    print(f"{options.cubes:,} cubes of {options.box} voxels, {os.cpu_count()} cores")
    print(f"{'what':<28}{'files':>9}{'seconds':>10}{'files/s':>10}{'MB/s':>9}")
    for row in rows:
        print(
            f"{row['what']:<28}{row['files']:>9,}{row['seconds']:>10.1f}{row['files_per_second']:>10.0f}"
            f"{row['megabytes_per_second']:>9.1f}"
        )
    if options.json:
        settings = {"cubes": options.cubes, "box": options.box, "cores": os.cpu_count()}
        options.json.write_text(json.dumps({"settings": settings, "rows": rows}, indent=1) + "\n")


def measure(folder: Path, count: int, box: int) -> list[dict[str, Any]]:
    """One row for each way."""
    files = _write_cubes(folder / "cubes", count, box)
    few = files[: min(FILE_BY_FILE, count)]
    rows = [
        _row("plain copy", files, lambda: _copy(files, folder / "copy", flush=False)),
        _row("copy, each file flushed", few, lambda: _copy(few, folder / "flushed", flush=True)),
    ]
    with own_service(folder / "home", folder / "nothing") as address, Tomosift(address) as client:
        client.projects.create({"name": "Bench", "slug": "bench", "classes": [{"name": "a"}]})
        rows.append(_row("upload in batches", files, lambda: _send(client, files, folder / "first.json")))
        listing = _row("listing what came", files, lambda: _send(client, files, folder / "first.json"))
        rows.append(listing)
        upload_module.SMALL_FILE_BYTES = 0
        rows.append(_row("upload file by file", few, lambda: _send(client, few, folder / "second.json")))
    return rows


def _write_cubes(folder: Path, count: int, box: int) -> list[LocalFile]:
    """Noise, of which there are a few different cubes: making it is not what is measured."""
    folder.mkdir()
    noise = np.random.default_rng(1).standard_normal((min(DIFFERENT, count), box, box, box), np.float32)
    files = []
    for number in range(count):
        path = folder / f"{number:06d}.mrc"
        write_cube(path, noise[number % len(noise)], 10.0)
        files.append(LocalFile(path, f"Extract/{path.name}", path.stat().st_size))
    return files


def _copy(files: Sequence[LocalFile], folder: Path, *, flush: bool) -> None:
    folder.mkdir()
    for file in files:
        target = shutil.copyfile(file.path, folder / file.path.name)
        if flush:
            with target.open("rb") as stream:
                os.fsync(stream.fileno())


def _send(client: Tomosift, files: Sequence[LocalFile], memory: Path) -> None:
    named = ParticleFiles(files[0].remote, files, memory.name)
    ResumableUpload(client, "bench", named, memory).run(lambda _: None)


def _row(what: str, files: Sequence[LocalFile], work: Callable[[], None]) -> dict[str, Any]:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return {
        "what": what,
        "files": len(files),
        "seconds": round(seconds, 2),
        "files_per_second": round(len(files) / seconds, 1),
        "megabytes_per_second": round(sum(file.size for file in files) / seconds / 1e6, 1),
    }


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cubes", type=int, default=5000, help="files to send")
    parser.add_argument("--box", type=int, default=32, help="edge of the cubes, in voxels")
    parser.add_argument("--folder", type=Path, default=None, help="where to write the test data (default: /tmp)")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
