"""Exporting a large project as STAR: seconds and memory, beside writing the same bytes.

    python benchmarks/export_rows.py --rows 1000000 --json export_rows.json

It makes a database of its own on the server of `--database-url` (default: an embedded one, started for this) and fills
a project with one RELION list of 22 columns: half of the particles have a label, one in fifty has two opinions, and a
cycle has predicted all of them. The export job runs in a process of its own, so that its peak memory is its own. The
floor writes the same bytes, taking their SHA-256, and asks for them to be on disk, in the same run.
"""

import argparse
import contextlib
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from queue_world import embedded_postgres, new_database
from sqlalchemy import text
from star_rows import COLUMNS, _line

CLASSES = 6
PIECE_BYTES = 4 * 2**20


def main() -> None:
    """Fill, export each way, print a table, write JSON."""
    options = _parse_options()
    if options.request is not None:
        print(json.dumps(_export(json.loads(options.request))))
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tomosift-bench-", dir=options.folder)))
        server = options.database_url or stack.enter_context(embedded_postgres(folder))
        url = stack.enter_context(new_database(server))
        os.environ |= {"TOMOSIFT_DATABASE_URL": url, "TOMOSIFT_HOME": str(folder / "home")}
        (folder / "home").mkdir(mode=0o700)
        print(f"Filling {options.rows:,} particles …", flush=True)
        _fill(options.rows)
        rows = [_in_a_process(what, request, folder) for what, request in REQUESTS.items()]
        choosing = _choosing()
    print(f"{options.rows:,} particles, {len(COLUMNS)} columns")
    print(f"{'export':<28}{'seconds':>10}{'floor s':>10}{'MB':>8}{'peak MB':>10}{'MB before':>12}")
    for row in rows:
        print(
            f"{row['export']:<28}{row['seconds']:>10.2f}{row['floor_seconds']:>10.2f}{row['megabytes']:>8.0f}"
            f"{row['peak_megabytes']:>10.0f}{row['megabytes_before']:>12.0f}"
        )
    print("while one chooses, seconds: " + ", ".join(f"{what} {seconds:.2f}" for what, seconds in choosing.items()))
    if options.json:
        settings = {"rows": options.rows, "columns": len(COLUMNS), "classes": CLASSES}
        options.json.write_text(
            json.dumps(
                {"settings": settings, "cores": os.cpu_count(), "exports": rows, "choosing_seconds": choosing}, indent=1
            )
            + "\n"
        )


EVERYTHING = ["label", "annotators", "agreement", "predicted-class", "confidence", "decided-by"]
REQUESTS: dict[str, dict[str, Any]] = {
    "one file, 6 added columns": {"columns": EVERYTHING},
    "a file per class": {"layout": "per-class", "columns": ["label", "confidence"]},
    "nine in ten left out": {"filters": {"min_confidence": 0.95, "classes": ["class 0"]}, "columns": []},
    "Dynamo table": {"format": "dynamo"},
}


def _in_a_process(what: str, request: dict[str, Any], folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--request", json.dumps(request)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    exported = [
        path
        for path in (folder / "home" / "store" / "artifacts" / "exports" / found["job"]).rglob("*")
        if path.is_file()
    ]
    started = time.perf_counter()
    for path in exported:
        _write_again(path, folder / "again")
    return {"export": what, **found, "floor_seconds": time.perf_counter() - started}


def _write_again(path: Path, target: Path) -> None:
    checksum = hashlib.sha256()
    with path.open("rb") as source, target.open("wb") as file:
        while piece := source.read(PIECE_BYTES):
            checksum.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    target.unlink()


def _export(request: dict[str, Any]) -> dict[str, Any]:
    """Run one export as the worker does."""
    from tomosift.exports.requests import request_export
    from tomosift.exports.run import run_export
    from tomosift.exports.schemas import ExportIn
    from tomosift.kit.database import transaction
    from tomosift.kit.running_job import run_job
    from tomosift.tables import Job, Project

    with transaction() as session:
        project = session.query(Project).one()
        job_id = request_export(session, project.id, None, ExportIn.model_validate(request)).id
    before = _peak_megabytes()
    started = time.perf_counter()
    run_job(job_id, run_export)
    seconds = time.perf_counter() - started
    with transaction() as session:
        job = session.get_one(Job, job_id)
    if job.state != "succeeded" or job.result is None:
        raise SystemExit(f"the export was {job.state}: {job.problem}")
    return {
        "job": str(job_id),
        "particles": job.result["particles"],
        "files": job.result["file_count"],
        "megabytes": job.result["bytes"] / 1e6,
        "seconds": seconds,
        "peak_megabytes": _peak_megabytes(),
        "megabytes_before": before,
    }


def _choosing() -> dict[str, float]:
    """Seconds of what people wait for while they choose what to export: reading the pool, purity, a moved threshold."""
    from tomosift.exports.preview import KnownPools, preview, see_one_moment
    from tomosift.exports.purity import purity
    from tomosift.exports.schemas import Choice
    from tomosift.kit.artifacts import ArtifactStore
    from tomosift.kit.database import transaction
    from tomosift.kit.settings import get_settings
    from tomosift.tables import Project

    store, pools = ArtifactStore(get_settings().effective_store_url), KnownPools()
    choice = Choice.model_validate({"filters": {"min_confidence": 0.8}})
    seconds = {}
    with transaction() as session:
        see_one_moment(session)
        project_id = session.query(Project.id).scalar()
        for what in ("the pool, read", "the pool, kept"):
            started = time.perf_counter()
            known = pools.read(session, project_id, None, store)
            seconds[what] = time.perf_counter() - started
    for what, work in {"purity": lambda: purity(known), "a threshold": lambda: preview(known, choice)}.items():
        started = time.perf_counter()
        work()
        seconds[what] = time.perf_counter() - started
    return seconds


def _peak_megabytes() -> float:
    """Of this program alone: what getrusage says on Linux goes back to the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _fill(rows: int) -> None:
    from tomosift.kit.artifacts import ArtifactStore
    from tomosift.kit.database import transaction
    from tomosift.kit.settings import get_settings
    from tomosift.tables import Cycle, Job, Model, ParticleClass, Project, Source, User

    get_settings.cache_clear()
    store = ArtifactStore(get_settings().effective_store_url)
    with transaction() as session:
        project = Project(slug="bench", name="Bench", box_size=32, voxel_size_angstrom=10.0)
        users = [User(name=f"annotator-{number}", display_name=f"Annotator {number}") for number in range(4)]
        session.add_all([project, *users])
        session.flush()
        classes = [
            ParticleClass(project_id=project.id, position=number, name=f"class {number}", color="#000000")
            for number in range(CLASSES)
        ]
        source = Source(
            id=uuid.uuid4(),
            project_id=project.id,
            name="bench.star",
            flavour="relion-3.1",
            checksum="c",
            row_count=rows,
            box_size=32,
            voxel_size_angstrom=10.0,
            columns=list(COLUMNS),
            blocks=BLOCKS,
            frame={"unit": "voxel", "origin": "corner", "voxel_size": 10.0},
            table_key="sources/bench/table.parquet",
        )
        job = Job(id=uuid.uuid4(), project_id=project.id, kind="cycle", task="t", queue="gpu", state="succeeded")
        session.add_all([*classes, source, job])
        session.flush()
        values = {"project": project.id, "source": source.id, "rows": rows, "users": [user.id for user in users]}
        session.execute(text(_SUBTOMOGRAMS), values)
        session.execute(text(_EVENTS), {**values, "classes": [each.id for each in classes]})
        session.execute(text(_LABELS), values)
        cycle = Cycle(
            project_id=project.id,
            number=1,
            job_id=job.id,
            stage="ready",
            settings={},
            trigger={},
            class_set_version=1,
            label_snapshot_event_id=0,
            metrics={"calibration": {"temperature": 1.3}},
            scores_key="cycles/bench/scores.safetensors",
        )
        session.add(cycle)
        session.flush()
        outputs = [{"kind": "class", "id": str(each.id), "name": each.name} for each in classes]
        session.add(
            Model(
                project_id=project.id,
                cycle_id=cycle.id,
                key="cycles/bench/model",
                checksum="blake2b:0",
                network="resnet3d",
                parameter_count=1,
                classes=outputs,
                description={},
            )
        )
        ids = np.array(session.execute(text("SELECT array_agg(id ORDER BY source_row) FROM subtomogram")).scalar_one())
    logits = np.random.default_rng(1).normal(scale=3.0, size=(rows, CLASSES)).astype(np.float32)
    store.write_tensors("cycles/bench/scores.safetensors", {"item_ids": ids, "logits": logits})
    with store.open_for_writing("sources/bench/table.parquet") as file:
        _write_table(file, rows)
    with transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")


BLOCKS: dict[str, Any] = {
    "optics": {
        "position": 0,
        "version": "30001",
        "columns": ["rlnOpticsGroup", "rlnImagePixelSize"],
        "rows": [["1", "10.000000"]],
    },
    "particles": {"position": 1, "version": "30001", "particles": True},
}
_SUBTOMOGRAMS = """
    INSERT INTO subtomogram (project_id, source_id, source_row, name, tomogram, x, y, z, rot, tilt, psi, content_hash,
        identity)
    SELECT :project, :source, n, 'p' || n, 'TS_' || n % 100, n % 4000, n % 3900, n % 400, n % 360, n % 180, 0,
        lpad(to_hex(n), 32, '0'), decode(lpad(to_hex(n), 32, '0'), 'hex')
    FROM generate_series(0, :rows - 1) n
"""
_EVENTS = """
    INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_id, class_set_version, work,
        idempotency_key, payload_hash, response)
    SELECT :project, s.id, (:users)[1 + (s.source_row + opinion) % 4], 'class',
        (:classes)[1 + (s.source_row / 3 + opinion) % array_length(:classes, 1)], 1, 'choice',
        s.id || '/' || opinion, '', '{"status": "accepted"}'
    FROM subtomogram s, generate_series(0, 1) opinion
    WHERE s.source_row % 2 = 0 AND (opinion = 0 OR s.source_row % 100 = 0)
    ORDER BY opinion, s.id
"""
_LABELS = """
    INSERT INTO current_label (subtomogram_id, project_id, kind, class_id, rule, event_id, opinion_count)
    SELECT DISTINCT ON (subtomogram_id) subtomogram_id, project_id, kind, class_id, 'single', id,
        count(*) OVER (PARTITION BY subtomogram_id)
    FROM label_event WHERE project_id = :project ORDER BY subtomogram_id, id DESC
"""


def _write_table(file: Any, rows: int, piece: int = 10_000) -> None:
    random = np.random.default_rng(0)
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, rows, piece):
            numbers = random.uniform(0, 1000, (min(piece, rows - start), 14)).tolist()
            lines = [_line(number, values).split() for number, values in enumerate(numbers, start=start + 1)]
            columns = [pa.array(column, pa.string()) for column in zip(*lines, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=piece)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="particles in the project")
    parser.add_argument("--database-url", help="a PostgreSQL server to use: postgresql+psycopg://…")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: /tmp)")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    parser.add_argument("--request", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
