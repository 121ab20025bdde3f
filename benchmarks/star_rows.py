"""Reading a long RELION particle list: seconds and memory, beside what its bytes alone cost.

    python benchmarks/star_rows.py --rows 1000000 --json star_rows.json

Each way has a process of its own, so that its peak memory is its own. The floors read the same bytes: all lines split
at the blanks by plain Python and let go, and the table parsed by pyarrow's CSV reader, in threads, into columns of
text (which knows nothing of STAR: no quotes, comments or checks). The operating system has the file in memory.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = (
    "rlnTomoName",
    "rlnTomoParticleName",
    *(f"rlnCoordinate{axis}" for axis in "XYZ"),
    *(f"rlnOrigin{axis}Angst" for axis in "XYZ"),
    *(f"rlnAngle{angle}" for angle in ("Rot", "Tilt", "Psi")),
    "rlnImageName",
    "rlnCtfImage",
    "rlnOpticsGroup",
    "rlnRandomSubset",
    "rlnClassNumber",
    "rlnNormCorrection",
    "rlnLogLikeliContribution",
    "rlnMaxValueProbDistribution",
    "rlnNrOfSignificantSamples",
    "rlnGroupNumber",
    "rlnAutopickFigureOfMerit",
)


def main() -> None:
    """Write the list, read it each way, print a table, write JSON."""
    options = _parse_options()
    if options.way:
        print(json.dumps(_measure(WAYS[options.way], options.file)))
        return
    with tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder) as folder:
        path = Path(folder) / "particles.star"
        _write_list(path, options.rows)
        megabytes = path.stat().st_size / 1e6
        rows = [{"way": way, **_in_a_process(way, path, options.rounds)} for way in WAYS]
    print(f"{options.rows} rows, {len(COLUMNS)} columns, {megabytes:.0f} MB")
    print(f"{'way':<28}{'seconds':>10}{'peak MB':>10}{'MB before':>12}")
    for row in rows:
        print(f"{row['way']:<28}{row['seconds']:>10.2f}{row['peak_megabytes']:>10.0f}{row['megabytes_before']:>12.0f}")
    if options.json:
        settings = {"rows": options.rows, "columns": len(COLUMNS), "megabytes": megabytes, "rounds": options.rounds}
        options.json.write_text(
            json.dumps({"settings": settings, "cores": os.cpu_count(), "rows": rows}, indent=1) + "\n"
        )


def read_bytes(path: Path) -> int:
    """The file's bytes."""
    return len(path.read_bytes())


def split_lines(path: Path) -> int:
    """Every line split at its blanks, nothing kept."""
    with path.open(encoding="utf-8") as file:
        return sum(len(line.split()) for line in file)


def parse_with_arrow(path: Path) -> int:
    """The table alone as pyarrow reads blank-separated text."""
    import pyarrow as pa
    from pyarrow import csv

    with path.open("rb") as file:
        head = next(number for number, line in enumerate(file) if line.startswith(b"TS_"))
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(column_names=list(COLUMNS), skip_rows=head),
        parse_options=csv.ParseOptions(delimiter=" ", quote_char=False),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string())),
    )
    return int(table.num_rows)


def read_with_tomosift(path: Path) -> int:
    """The list as an import reads it, with positions and angles as numbers."""
    from tomosift.formats.catalogue import read_particle_list

    particles = read_particle_list(path)
    assert particles.positions() is not None
    assert particles.angles() is not None
    return len(particles)


WAYS: dict[str, Callable[[Path], int]] = {
    "bytes": read_bytes,
    "lines split, Python": split_lines,
    "columns, pyarrow": parse_with_arrow,
    "tomosift": read_with_tomosift,
}


def _in_a_process(way: str, path: Path, rounds: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--way", way, "--file", str(path)]
    found = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(rounds)
    ]
    return min(found, key=lambda each: float(each["seconds"]))


def _measure(read: Callable[[Path], int], path: Path) -> dict[str, Any]:
    """Seconds (the way's imports left out by a short file first) and peak memory of this process."""
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / "short.star"
        _write_list(short, 10)
        read(short)
    before = _peak_megabytes()
    started = time.perf_counter()
    read(path)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_megabytes": _peak_megabytes(), "megabytes_before": before}


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kilobytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _write_list(path: Path, rows: int, chunk: int = 50_000) -> None:
    random = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        file.write("\n# version 30001\n\ndata_optics\n\nloop_\n")
        file.write("_rlnOpticsGroup #1\n_rlnOpticsGroupName #2\n_rlnImagePixelSize #3\n1 opticsGroup1 10.000000\n\n")
        file.write("\n# version 30001\n\ndata_particles\n\nloop_\n")
        file.writelines(f"_{column} #{number}\n" for number, column in enumerate(COLUMNS, start=1))
        for start in range(0, rows, chunk):
            numbers = random.uniform(0, 1000, (min(chunk, rows - start), 14))
            file.writelines(_line(number, values) for number, values in enumerate(numbers.tolist(), start=start + 1))
        file.write("\n")


def _line(number: int, values: list[float]) -> str:
    tomogram = f"TS_{number % 100:03d}"
    image = f"Extract/job012/{tomogram}/{number}"
    measured = [f"{value:.6f}" for value in values]
    integers = ["1", str(1 + number % 2), str(1 + number % 12)]
    ending = [*measured[9:12], str(number % 40), str(1 + number % 100), measured[13]]
    names = [tomogram, f"{tomogram}/{number}"]
    return " ".join([*names, *measured[:9], f"{image}_data.mrc", f"{image}_ctf.mrc", *integers, *ending]) + "\n"


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="particles in the list")
    parser.add_argument("--rounds", type=int, default=1, help="repetitions of each way; the quickest counts")
    parser.add_argument("--folder", type=Path, default=None, help="where to write the list (default: /tmp)")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    parser.add_argument("--way", choices=tuple(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
