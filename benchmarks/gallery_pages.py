"""Pages of the gallery of a big project, one request after the other, anywhere in every order and filter.

    .venv/bin/python benchmarks/gallery_pages.py --pool 1000000 --json benchmarks/results/gallery-pages.json

A server of its own with a project of that size: labels of which most lie together at the beginning, as an import leaves
them, predictions of every particle, an open batch, an evaluation sample. Times are those of a client over HTTP.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from queue_clients import Client
from queue_load import api_processes
from queue_world import SLUG, BenchProject, Size, embedded_postgres, fill, new_database

GOAL_MS = 80.0
LIMIT = 120
_PREDICTIONS = (
    "INSERT INTO job (id, project_id, kind, task, queue, state) "
    "VALUES (:job, :project, 'cycle', 't', 'gpu', 'succeeded')",
    "INSERT INTO cycle (id, project_id, number, job_id, stage, settings, trigger, class_set_version, "
    "label_snapshot_event_id) VALUES (:cycle, :project, 1, :job, 'ready', '{}', '{}', 1, 0)",
    "INSERT INTO model (id, project_id, cycle_id, key, checksum, network, parameter_count, classes, description) "
    "SELECT gen_random_uuid(), :project, :cycle, 'k', 'c', 'n', 1, jsonb_agg(jsonb_build_object('kind', 'class', 'id', "
    "id, 'name', name) ORDER BY position), '{}' FROM particle_class WHERE project_id = :project",
    # One class in a thousand is rare; confidence and score are unrelated to the place in the pool.
    "INSERT INTO prediction (cycle_id, subtomogram_id, output, confidence, score, unlike) "
    "SELECT :cycle, id, CASE WHEN id % 1000 = 0 THEN 2 ELSE id % 2 END, 0.3 + 0.7 * random(), random(), random() "
    "FROM subtomogram WHERE project_id = :project",
)
VIEWS = {
    "place": "",
    "place, unlabeled": "label=unlabeled",
    "place, a class's labels": "label=class:{labeled}",
    "place, predicted": "predicted=class:{labeled}",
    "score": "sort=score&descending=true",
    "score, unlabeled": "sort=score&descending=true&label=unlabeled",
    "score, unlabeled, a rare class": "sort=score&descending=true&label=unlabeled&predicted=class:{rare}",
    "confidence": "sort=confidence",
    "confidence, a class": "sort=confidence&predicted=class:{labeled}",
    "unlike": "sort=unlike&descending=true",
    "newest decisions": "sort=decided&descending=true",
    "label and model differ": "sort=confidence&disagrees=true",
    "a tomogram, by confidence": "sort=confidence&tomogram=TS_7",
}


def add_predictions(project: BenchProject) -> dict[str, str]:
    """A cycle whose model says something of every particle; the classes' ids by what they are here."""
    import uuid

    from sqlalchemy import create_engine, text

    values = {"project": project.project_id, "job": uuid.uuid4(), "cycle": uuid.uuid4()}
    engine = create_engine(os.environ["TOMOSIFT_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in _PREDICTIONS:
            connection.execute(text(statement), values)
        connection.execute(text("VACUUM ANALYZE"))
        ids = connection.scalars(
            text("SELECT id FROM particle_class WHERE project_id = :project ORDER BY position"), values
        ).all()
    return {"labeled": str(ids[0]), "rare": str(ids[2])}


async def read_views(port: int, project: BenchProject, classes: dict[str, str], requests: int) -> dict[str, Any]:
    """Times of pages by view: at a random depth by keyset, and from a random rank; and of the counts."""
    client = Client(port, project.curator_token)
    await client.connect()
    base = f"/api/v1/projects/{SLUG}/gallery"
    results = {}
    for name, query in VIEWS.items():
        query = query.format(**classes)
        times: dict[str, list[float]] = {"keyset": [], "rank": [], "count": []}
        count = (await client.timed("GET", f"{base}/count?{query}", None, times["count"]))["count"]
        for _ in range(requests):
            rank = random.randrange(max(1, count))
            path = f"{base}?{query}&limit={LIMIT}"
            page = await client.timed("GET", f"{path}&rank={rank}", None, times["rank"])
            if page["next"] is not None:
                await client.timed("GET", f"{path}&after={page['next']}", None, times["keyset"])
        for _ in range(4):
            await client.timed("GET", f"{base}/count?{query}", None, times["count"])
        results[name] = {"items": count, **{kind: summary(each) for kind, each in times.items() if each}}
        print(name, results[name], flush=True)
    client.close()
    return results


def summary(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in ms."""
    ordered = sorted(1000 * each for each in seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"median_ms": round(statistics.median(ordered), 1), "p95_ms": round(p95, 1), "n": len(ordered)}


def main() -> None:
    """Fill, start the service, read, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=40, help="Pages of each kind and view.")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    size = Size(pool=arguments.pool, history=arguments.pool // 10, batch=1000, evaluation=1000, annotators=4)
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder)) as server, new_database(server):
        began = time.monotonic()
        project = fill(size)
        classes = add_predictions(project)
        filled = round(time.monotonic() - began, 1)
        with api_processes(Path(folder), 1) as port:
            views = asyncio.run(read_views(port, project, classes, arguments.requests))
    slow = [name for name, each in views.items() if each.get("keyset", {}).get("p95_ms", 0.0) > GOAL_MS]
    result = {
        "pool": arguments.pool,
        "limit": LIMIT,
        "filled_seconds": filled,
        "goal_p95_ms": GOAL_MS,
        "slower_than_the_goal": slow,
        "views": views,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
