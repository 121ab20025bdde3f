"""How fast the queue answers: many annotators claim and decide at once, over HTTP, on a real PostgreSQL.

    python benchmarks/queue_load.py --pool 100000 --history 20000 --annotators 50 --seconds 20 --json queue_load.json

It makes a database of its own on the server of `--database-url` (default: an embedded one, started for this), fills a
project with `--pool` subtomograms and `--history` decisions, starts the real API process, and lets `--annotators`
connections work through a batch of `--batch` open items. Everything shares this computer: service, database, clients.
It also checks that no item was given twice.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, make_url, text

CLIENT_PROCESSES = 2
CLAIM_COUNT = 2


def main() -> None:
    """Fill, run, print a table, write JSON."""
    options = _parse_options()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tomosift-bench-")))
        server = options.database_url or stack.enter_context(_embedded_postgres(folder))
        url = stack.enter_context(_database(server))
        os.environ |= {"TOMOSIFT_DATABASE_URL": url, "TOMOSIFT_HOME": str(folder / "home")}
        (folder / "home").mkdir(mode=0o700)
        print(f"Filling {options.pool:,} subtomograms and {options.history:,} decisions …", flush=True)
        tokens, class_id = _fill(options)
        port = stack.enter_context(_api_process(folder))
        rows, seconds = _work(port, tokens, class_id, options.seconds)
        given_twice = _given_twice(url)
    results = [_summary(kind, rows[kind]) for kind in ("claim", "decision")]
    rate = len(rows["decision"]) / seconds
    print(f"{'':<12}{'requests':>10}{'median ms':>12}{'p95 ms':>10}{'p99 ms':>10}")
    for row in results:
        print(
            f"{row['request']:<12}{row['requests']:>10,}{row['median_ms']:>12.1f}{row['p95_ms']:>10.1f}"
            f"{row['p99_ms']:>10.1f}"
        )
    print(f"{rate:.0f} decisions/s from {options.annotators} annotators; items given twice: {given_twice}")
    if options.json:
        settings = {name: getattr(options, name) for name in ("pool", "history", "batch", "annotators", "seconds")}
        found = {"decisions_per_second": round(rate, 1), "given_twice": given_twice, "cores": os.cpu_count()}
        options.json.write_text(json.dumps({"settings": settings, "requests": results, **found}, indent=1) + "\n")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=int, default=100_000, help="subtomograms in the project")
    parser.add_argument("--history", type=int, default=20_000, help="decisions made before")
    parser.add_argument("--batch", type=int, default=2_000, help="open items in the queue")
    parser.add_argument("--annotators", type=int, default=50, help="connections that work at once")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long they work at most")
    parser.add_argument("--database-url", help="a PostgreSQL server to use: postgresql+psycopg://…")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


@contextlib.contextmanager
def _embedded_postgres(folder: Path) -> Iterator[str]:
    from tomosift.supervisor.embedded_postgres import EmbeddedPostgres
    from tomosift.supervisor.postgres_binaries import find_binaries

    (folder / "run").mkdir(mode=0o700)
    server = EmbeddedPostgres(
        find_binaries(),
        data=folder / "postgres",
        sockets=folder / "run",
        password=uuid.uuid4().hex,
        log=folder / "postgres.log",
    )
    server.create_cluster()
    server.start()
    try:
        yield server.url("postgres")
    finally:
        server.stop(10.0)


@contextlib.contextmanager
def _database(server: str) -> Iterator[str]:
    from tomosift.kit.database import reset_engine
    from tomosift.kit.migrations import upgrade_to_head

    name = f"tomosift_bench_{uuid.uuid4().hex[:8]}"
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    upgrade_to_head(url)
    try:
        yield url
    finally:
        reset_engine()
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _fill(options: argparse.Namespace) -> tuple[list[str], str]:
    """A project with its pool, its history and one open batch; the annotators' tokens and a class."""
    from tomosift.accounts.tokens import create_token
    from tomosift.kit.database import transaction
    from tomosift.tables import ParticleClass, Project, ProjectMember, Source, User

    with transaction() as session:
        project = Project(slug="bench", name="Bench", box_size=32)
        users = [User(name=f"annotator-{number}", display_name="Annotator") for number in range(options.annotators)]
        session.add_all([project, *users])
        session.flush()
        session.add_all(ProjectMember(project_id=project.id, user_id=user.id, role="annotator") for user in users)
        classes = [
            ParticleClass(project_id=project.id, position=number, name=f"class {number}", color="#000000")
            for number in range(3)
        ]
        source = Source(
            project_id=project.id,
            name="bench.star",
            flavour="relion-3.1",
            checksum="c",
            row_count=options.pool,
            box_size=32,
            columns=[],
            blocks={},
            table_key="t",
        )
        session.add_all([*classes, source])
        session.flush()
        ids = {"project": project.id, "source": source.id, "class": classes[0].id, "user": users[0].id}
        for statement in _FILL:
            session.execute(
                text(statement), {**ids, "pool": options.pool, "history": options.history, "batch": options.batch}
            )
        tokens = [create_token(session, user.id, "bench", "write", None)[1] for user in users]
        class_id = str(classes[1].id)
    with create_engine(os.environ["TOMOSIFT_DATABASE_URL"], isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return tokens, class_id


_FILL = (
    "INSERT INTO subtomogram (project_id, source_id, source_row, name, tomogram, content_hash) "
    "SELECT :project, :source, g, 'TS/' || g, 'TS_' || g % 50, md5(g::text) FROM generate_series(0, :pool - 1) g",
    "INSERT INTO queue_item (project_id, subtomogram_id, work, position, state, closed_at) "
    "SELECT :project, id, 'query', row_number() OVER (ORDER BY id), 'done', now() "
    "FROM (SELECT id FROM subtomogram ORDER BY id LIMIT :history) s",
    "INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_id, class_set_version, work, "
    "queue_item_id, idempotency_key, payload_hash, response) "
    "SELECT :project, subtomogram_id, :user, 'class', :class, 1, 'query', id, 'history-' || id, '', '{}' "
    "FROM queue_item",
    "INSERT INTO current_label (subtomogram_id, project_id, kind, class_id, rule, event_id, opinion_count) "
    "SELECT subtomogram_id, :project, 'class', :class, 'single', id, 1 FROM label_event",
    "INSERT INTO queue_item (project_id, subtomogram_id, work, batch, position) "
    "SELECT :project, id, 'query', 1, row_number() OVER (ORDER BY id) "
    "FROM (SELECT id FROM subtomogram ORDER BY id DESC LIMIT :batch) s",
)


@contextlib.contextmanager
def _api_process(folder: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tomosift.api_process"],
            env={**os.environ, "TOMOSIFT_PORT": str(port), "TOMOSIFT_LOG_LEVEL": "warning"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _work(port: int, tokens: list[str], class_id: str, seconds: float) -> tuple[dict[str, list[float]], float]:
    """All annotators work until the batch is done or the time is over; request times in seconds by kind."""
    results: Any = multiprocessing.Queue()
    shares = [tokens[number::CLIENT_PROCESSES] for number in range(CLIENT_PROCESSES)]
    began = time.monotonic()
    processes = [
        multiprocessing.Process(target=_client_process, args=(port, share, class_id, seconds, results))
        for share in shares
    ]
    for process in processes:
        process.start()
    rows: dict[str, list[float]] = {"claim": [], "decision": []}
    last = began
    for _ in processes:
        found, ended = results.get()
        last = max(last, ended)
        for kind, times in found.items():
            rows[kind] += times
    for process in processes:
        process.join()
    return rows, last - began


def _client_process(port: int, tokens: list[str], class_id: str, seconds: float, results: Any) -> None:
    times: dict[str, list[float]] = {"claim": [], "decision": []}
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_annotate, args=(port, token, class_id, until, times)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((times, time.monotonic()))


def _annotate(port: int, token: str, class_id: str, until: float, times: dict[str, list[float]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(path: str, body: dict[str, Any], kind: str) -> dict[str, Any]:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        began = time.perf_counter()
        connection.request("POST", f"/api/v1/projects/bench{path}", json.dumps(body), headers | key)
        response = connection.getresponse()
        answer = response.read()
        times[kind].append(time.perf_counter() - began)
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {answer!r}")
        return dict(json.loads(answer))

    while time.monotonic() < until:
        tasks = post("/tasks/claim", {"count": CLAIM_COUNT}, "claim")["tasks"]
        if not tasks:
            return
        for task in tasks:
            decision = {
                "subtomogram_id": task["subtomogram"]["id"],
                "lease_id": task["lease"]["id"],
                "fencing_token": task["lease"]["fencing_token"],
                "kind": "class",
                "class_id": class_id,
            }
            post("/decisions", decision, "decision")


def _given_twice(url: str) -> int:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        twice = "SELECT count(*) FROM (SELECT 1 FROM lease GROUP BY queue_item_id HAVING count(*) > 1) t"
        return int(connection.execute(text(twice)).scalar_one())


def _summary(kind: str, times: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return {
        "request": kind,
        "requests": len(times),
        "median_ms": round(1000 * cuts[49], 2),
        "p95_ms": round(1000 * cuts[94], 2),
        "p99_ms": round(1000 * cuts[98], 2),
    }


if __name__ == "__main__":
    main()
