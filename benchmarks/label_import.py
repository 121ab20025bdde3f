"""Bringing the labels of a large project from a CSV: seconds and memory, beside copying the rows they become.

    python benchmarks/label_import.py --rows 1000000 --json label_import.json

It makes a database of its own (an embedded server, started for this) with a pool of that size and a CSV that names
every particle and its class. The label-import job runs in a process of its own, so that its peak memory is its own;
then the same job again, which finds everything said. The floor copies the decisions and labels that came of it into
empty tables with the same indexes, by one statement each.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from export_rows import _peak_megabytes
from queue_world import Size, embedded_postgres, fill, new_database
from sqlalchemy import NullPool, create_engine, text

_TABLES = ("label_event", "current_label")


def main() -> None:
    """Fill, import, import again, copy, print a table, write JSON."""
    options = _parse_options()
    if options.job is not None:
        print(json.dumps(_import(options.job)))
        return
    with (
        tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder) as name,
        embedded_postgres(Path(name)) as server,
        new_database(server),
    ):
        folder = Path(name)
        os.environ["TOMOSIFT_HOME"] = str(folder / "home")
        (folder / "home").mkdir(mode=0o700)
        print(f"Filling {options.rows:,} particles …", flush=True)
        fill(Size(pool=options.rows, history=0, batch=0, evaluation=0, annotators=1))
        labels = folder / "labels.csv"
        _write_labels(labels, options.rows)
        steps = {"import": _in_a_process(labels), "the same again": _in_a_process(labels)}
        floor = _copy_rows()
    print(f"{options.rows:,} labels, {os.cpu_count()} cores; copying the rows takes {floor:.1f} s")
    for what, step in steps.items():
        print(f"{what:<16}{step['seconds']:>8.1f} s{step['peak_megabytes']:>8.0f} MB  {step['result']}")
    if options.json:
        settings = {"rows": options.rows, "cores": os.cpu_count()}
        content = {"settings": settings, "steps": steps, "floor_seconds": floor}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def _write_labels(path: Path, rows: int) -> None:
    with path.open("w") as file:
        file.write("name,class\n")
        file.writelines(f"TS/{row},class {row % 3}\n" for row in range(rows))


def _in_a_process(labels: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--job", str(labels)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def _import(labels: Path) -> dict[str, Any]:
    """Run one label import as the worker does."""
    from tomosift.kit.database import transaction
    from tomosift.kit.running_job import run_job
    from tomosift.pool.imports import ListLocation
    from tomosift.pool.label_import_run import run_label_import
    from tomosift.pool.label_imports import request_label_import
    from tomosift.pool.label_schemas import LabelImportRequest
    from tomosift.tables import Job, Project

    request = LabelImportRequest.model_validate(
        {"as": "labels", "importer": "Class3D", "column": "class", "path": str(labels)}
    )
    with transaction() as session:
        project = session.query(Project).one()
        job_id = request_label_import(
            session, project.id, None, request, ListLocation(path=labels, root=labels.parent, upload_id=None)
        ).id
    before, started = _peak_megabytes(), time.perf_counter()
    run_job(job_id, run_label_import)
    seconds = time.perf_counter() - started
    with transaction() as session:
        job = session.get_one(Job, job_id)
    if job.state != "succeeded":
        raise SystemExit(f"the import was {job.state}: {job.problem}")
    return {
        "seconds": seconds,
        "cpu_seconds": time.process_time(),
        "peak_megabytes": _peak_megabytes(),
        "megabytes_before": before,
        "result": job.result,
    }


def _copy_rows() -> float:
    engine = create_engine(os.environ["TOMOSIFT_DATABASE_URL"], poolclass=NullPool)
    with engine.begin() as connection:
        for table in _TABLES:
            connection.execute(text(f"CREATE TABLE copied_{table} (LIKE {table} INCLUDING INDEXES)"))
        started = time.perf_counter()
        for table in _TABLES:
            connection.execute(text(f"INSERT INTO copied_{table} SELECT * FROM {table}"))
        return time.perf_counter() - started


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where to write the database (default: /tmp)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
