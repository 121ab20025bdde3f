"""How long `tomosift up` takes: the first start, later ones, and the stop.

    python benchmarks/start_stop.py --starts 4 --json start_stop.json

Each start is timed until `GET /readyz` says 200 and the address is published; the demo project is left out. Beside it
stands the floor measured in the same run: importing the service and its two workers, which no start can do without.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TOMOSIFT = Path(sys.executable).with_name("tomosift")
MODULES = ("tomosift.app", "tomosift.jobs", "tomosift_worker.tasks")


def main() -> None:
    """Start and stop a few times, print a table, write JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=4, help="the first one included")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    floor = _import_seconds()
    with tempfile.TemporaryDirectory(prefix="tomosift-bench-") as name:
        rows = [_start_and_stop(Path(name) / "home") for _ in range(options.starts)]
    print(f"{'start':<8}{'ready s':>10}{'stop s':>10}")
    for number, row in enumerate(rows, start=1):
        print(f"{number:<8}{row['ready_seconds']:>10.2f}{row['stop_seconds']:>10.2f}")
    load = os.getloadavg()[0]
    print(f"Importing the same modules at once: {floor:.2f} s. Load average {load:.1f} on {os.cpu_count()} cores.")
    if options.json:
        report = {"starts": rows, "import_seconds": floor, "load_average": load, "cores": os.cpu_count()}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _start_and_stop(home: Path) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOMOSIFT_")}
    environment |= {"TOMOSIFT_HOME": str(home), "TOMOSIFT_PORT": str(_free_port())}
    began = time.monotonic()
    up = subprocess.Popen([TOMOSIFT, "up", "--no-browser", "--no-demo"], env=environment, stdout=subprocess.DEVNULL)
    while not (home / "service.json").exists():
        if up.poll() is not None:
            raise SystemExit(f"tomosift up ended with status {up.returncode}")
        time.sleep(0.01)
    ready = time.monotonic() - began
    time.sleep(2.0)
    began = time.monotonic()
    up.send_signal(signal.SIGINT)
    up.wait()
    return {"ready_seconds": round(ready, 3), "stop_seconds": round(time.monotonic() - began, 3)}


def _import_seconds() -> float:
    began = time.monotonic()
    programs = [subprocess.Popen([sys.executable, "-P", "-c", f"import {module}"]) for module in MODULES]
    for program in programs:
        program.wait()
    return round(time.monotonic() - began, 3)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
