"""Following long work until it is over."""

from collections.abc import Iterator
from uuid import UUID

from tomosift.client.sync_client import Tomosift
from tomosift.cycles.schemas import CycleOut
from tomosift.pool.schemas import JobDetail

OVER = ("succeeded", "ready", "failed", "cancelled")
"""States of jobs and stages of cycles in which nothing happens any more."""


def follow_job(client: Tomosift, slug: str, job_id: UUID | str, pause: float = 0.5) -> Iterator[JobDetail]:
    """The job again and again, `pause` seconds apart; the last one is over."""
    return client.follow(lambda: client.pool.read_job(slug, job_id), lambda job: job.state in OVER, pause)


def wait_for_job(client: Tomosift, slug: str, job_id: UUID | str) -> JobDetail:
    """The job when it is over: look at its `state` and, if it is `failed`, at its `problem`."""
    *_, job = follow_job(client, slug, job_id)
    return job


def wait_for_cycle(client: Tomosift, slug: str, number: int) -> CycleOut:
    """The cycle when it is over: `stage` is `ready`, `failed` or `cancelled`."""
    *_, cycle = client.follow(lambda: client.cycles.read(slug, number), lambda cycle: cycle.stage in OVER)
    return cycle
