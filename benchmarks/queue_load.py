"""How fast the queue answers: many annotators claim and decide at once, over HTTP, on a real PostgreSQL.

    python benchmarks/queue_load.py --json queue_load.json                    # everything, some 10 minutes
    python benchmarks/queue_load.py --pools 100000 --only saturation --seconds 15

For each size of the pool it fills a project, starts the real API process, and measures: annotators with time to think
(`human`), annotators without (`saturation`), and pages of the lists (`pages`). On the largest pool claimers crash at
last (`crashes`). Everything shares this computer: service, database, clients. CPU milliseconds a decision are given
beside the times, because they depend less on what else the computer does.
"""

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from queue_clients import Times, Work, annotate
from queue_crashes import crash_run
from queue_pages import read_pages
from queue_world import SLUG, BenchProject, Size, embedded_postgres, fill, new_database, queue_batch
from sqlalchemy import NullPool, create_engine, text

PARTS = ("human", "saturation", "pages", "crashes")
HUMAN_SECONDS = (1.0, 3.0)
"""How long an annotator looks at an item: 25 decisions a second of 50 annotators."""
START_SECONDS = 300


def main() -> None:
    """Fill, run, print, write JSON."""
    options = _parse_options()
    found: dict[str, Any] = {
        "cores": os.cpu_count(),
        "annotators": options.annotators,
        "api_processes": options.api_processes,
        "pools": {},
    }
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tomosift-bench-")))
        os.environ["TOMOSIFT_HOME"] = str(folder / "home")
        (folder / "home").mkdir(mode=0o700)
        server = options.database_url or stack.enter_context(embedded_postgres(folder))
        for pool in sorted(options.pools):
            with new_database(server) as url:
                print(f"Filling {pool:,} subtomograms …", flush=True)
                found["pools"][str(pool)] = _measure(url, folder, pool, options)
    found["growth"] = _growth(found["pools"])
    print(json.dumps(found["growth"]))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, nargs="+", default=[10_000, 1_000_000], help="subtomograms in the project")
    parser.add_argument("--history", type=float, default=0.2, help="share of the pool decided before")
    parser.add_argument("--batch", type=int, default=2_000, help="open items in the queue, and at least so many")
    parser.add_argument("--annotators", type=int, default=50, help="connections that work at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each part lasts at most")
    parser.add_argument("--claims", type=int, default=100_000, help="claims made while claimers crash")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these parts")
    parser.add_argument("--api-processes", type=int, default=2, help="processes that answer requests")
    parser.add_argument("--database-url", help="a PostgreSQL server to use: postgresql+psycopg://…")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def _measure(url: str, folder: Path, pool: int, options: argparse.Namespace) -> dict[str, Any]:
    size = Size(pool, int(pool * options.history), options.batch, min(1000, pool // 50), options.annotators)
    project = fill(size)
    print(f"filled in {project.fill_seconds} s", flush=True)
    found: dict[str, Any] = {"history": size.history, "fill_seconds": project.fill_seconds}
    with api_processes(folder, options.api_processes) as port:
        for part in ("human", "saturation"):
            if part in options.only:
                queue_batch(project.project_id, size)
                think = HUMAN_SECONDS if part == "human" else (0.0, 0.0)
                found[part] = _work(url, project, Work(port, SLUG, project.class_id, options.seconds, think))
                _show(part, found[part])
        if "pages" in options.only:
            found["pages"] = {
                name: _spread(times) for name, times in read_pages(port, project, project.class_id).items()
            }
            for name, spread in found["pages"].items():
                print(f"  {name:<26}{spread['p95_ms']:>9.1f} ms p95", flush=True)
    if "crashes" in options.only and pool == max(options.pools):
        queue_batch(project.project_id, size)
        found["crashes"] = crash_run(url, project, size, options.claims)
        print(f"  {found['crashes']}", flush=True)
    return found


def _work(url: str, project: BenchProject, work: Work) -> dict[str, Any]:
    before = _cpu_seconds()
    times: Times = annotate(work, project.tokens)
    spent = {name: value - before[name] for name, value in _cpu_seconds().items()}
    decisions = len(times.of["decision"])
    return {
        "claim": _spread(times.of["claim"]),
        "decision": _spread(times.of["decision"]),
        "decisions_per_second": round(decisions / times.seconds, 1),
        "cpu_ms_per_decision": {name: round(1000 * value / decisions, 2) for name, value in spent.items()},
        "items_given_twice": _given_twice(url),
    }


def _show(part: str, found: dict[str, Any]) -> None:
    for kind in ("claim", "decision"):
        row = found[kind]
        print(f"  {part} {kind:<10}{row['requests']:>8,}{row['median_ms']:>9.1f}{row['p95_ms']:>9.1f} ms p95")
    print(
        f"  {part}: {found['decisions_per_second']} decisions/s, CPU ms each {found['cpu_ms_per_decision']}, "
        f"given twice: {found['items_given_twice']}",
        flush=True,
    )


@contextlib.contextmanager
def api_processes(folder: Path, number: int) -> Iterator[int]:
    """The port of so many real API processes on one socket, as the supervisor starts them, warm: each has answered."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listening.set_inheritable(True)
    port = int(listening.getsockname()[1])
    log = (folder / "api.log").open("wb")
    processes = []
    try:
        for _ in range(number):
            processes.append(_start_api(listening.fileno(), port, log))
            _wait_for(port, len(processes), folder)
        yield port
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        log.close()
        listening.close()


def _start_api(socket_fd: int, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tomosift.api_process", "--listen-fd", str(socket_fd)],
        env={
            **os.environ,
            "TOMOSIFT_PORT": str(port),
            "TOMOSIFT_LOG_LEVEL": "warning",
            "TOMOSIFT_WRITES_PER_MINUTE": "1000000",
        },
        pass_fds=(socket_fd,),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def _wait_for(port: int, processes: int, folder: Path) -> None:
    """Wait until the newest process answers. Which one took a connection cannot be seen, so later ones get time."""
    settle_seconds = 8.0 if processes > 1 else 0.0
    for _ in range(START_SECONDS * 10):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
            time.sleep(settle_seconds)
            return
        time.sleep(0.1)
    raise SystemExit((folder / "api.log").read_text()[-2000:])


def _cpu_seconds() -> dict[str, float]:
    """CPU time so far of the service, of PostgreSQL and of the clients: of this process's descendants, by name."""
    processes: dict[int, tuple[int, float, str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks = sum(int(each) for each in fields[11:15])
                processes[int(folder.name)] = (int(fields[1]), ticks, (folder / "cmdline").read_text())
    spent = {"service": 0.0, "postgres": 0.0, "clients": 0.0}
    for number, (_, ticks, command) in processes.items():
        if _descends(number, processes):
            name = "service" if "api_process" in command else "postgres" if "postgres" in command else "clients"
            spent[name] += ticks / os.sysconf("SC_CLK_TCK")
    return spent


def _descends(number: int, processes: dict[int, tuple[int, float, str]]) -> bool:
    while number in processes:
        if number == os.getpid():
            return True
        number = processes[number][0]
    return False


def _given_twice(url: str) -> int:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        twice = "SELECT count(*) FROM (SELECT 1 FROM lease GROUP BY queue_item_id HAVING count(*) > 1) t"
        return int(connection.execute(text(twice)).scalar_one())


def _growth(pools: dict[str, Any]) -> dict[str, float]:
    """How many times slower the largest pool is than the smallest, by part."""
    smallest, largest = pools[min(pools, key=int)], pools[max(pools, key=int)]
    growth = {}
    for part in ("human", "saturation"):
        for kind in ("claim", "decision"):
            if part in smallest and smallest is not largest:
                ratio = largest[part][kind]["p95_ms"] / smallest[part][kind]["p95_ms"]
                growth[f"{part}, {kind} p95"] = round(ratio, 2)
    return growth


def _spread(times: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    names = {"median_ms": 49, "p95_ms": 94, "p99_ms": 98}
    return {"requests": len(times), **{name: round(1000 * cuts[place], 2) for name, place in names.items()}}


if __name__ == "__main__":
    main()
