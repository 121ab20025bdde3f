"""Pages of a big project, one request after the other, anywhere in the lists."""

import asyncio
import base64
import json
import random
from urllib.parse import quote

from queue_clients import Client
from queue_world import SLUG, BenchProject

REQUESTS = 40


def read_pages(port: int, project: BenchProject, class_id: str) -> dict[str, list[float]]:
    """Seconds that each page took, by its name."""
    return asyncio.run(_read(port, project, class_id))


async def _read(port: int, project: BenchProject, class_id: str) -> dict[str, list[float]]:
    client = Client(port, project.curator_token)
    await client.connect()
    base = f"/api/v1/projects/{SLUG}"
    times: dict[str, list[float]] = {}
    for _ in range(REQUESTS):
        place = _cursor(random.randint(project.first_id, project.last_id))
        pages = {
            "subtomograms": f"/subtomograms?limit=60&after={place}",
            "subtomograms, unlabeled": f"/subtomograms?limit=60&label=unlabeled&after={place}",
            "subtomograms, class": f"/subtomograms?limit=60&label=class:{class_id}&after={place}",
            "decisions": f"/decisions?mine=false&limit=50&after={_cursor(random.randint(1000, 100_000))}",
            "progress": "/progress",
            "queue": "/queue",
            "leases": "/leases",
        }
        for name, path in pages.items():
            await client.timed("GET", base + path, None, times.setdefault(name, []))
        await client.timed("GET", "/api/v1/projects", None, times.setdefault("projects", []))
    client.close()
    return times


def _cursor(last_id: int) -> str:
    return quote(base64.urlsafe_b64encode(json.dumps([last_id]).encode()).decode().rstrip("="))
