"""Claimers that crash: is an item ever in two hands, is anything lost?

Processes with many connections each claim straight on the service layer; now and then one is killed (-9) in the middle
of whatever it does and another takes its place. A lease lasts two seconds here, so what the dead held comes free.
"""

import multiprocessing
import os
import random
import signal
import threading
import time
import uuid
from typing import Any

from queue_world import SLUG, BenchProject, Size, queue_batch
from sqlalchemy import NullPool, create_engine, text

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.leases import release_lease
from tomosift.annotation.queue import Asker, claim_tasks
from tomosift.annotation.schemas import DecisionIn
from tomosift.kit.database import reset_engine, transaction
from tomosift.kit.lease_ends import end_expired_leases
from tomosift.kit.settings import get_settings

PROCESSES = 5
THREADS = 10
LEASE_MINUTES = 2 / 60
KILL_EVERY_SECONDS = (1.0, 3.0)

# A lease begins by the clock and ends by the time its last transaction began: of two that never overlapped, the earlier
# one's end is before the later one's begin.
_OVERLAPPING = """
    SELECT count(*) FROM (
        SELECT claimed_at, lag(ended_at) OVER (PARTITION BY {key} ORDER BY id) AS ended_before,
               lag(id) OVER (PARTITION BY {key} ORDER BY id) AS before
        FROM lease
    ) l WHERE before IS NOT NULL AND (ended_before IS NULL OR ended_before > claimed_at)
"""


_OPEN = "SELECT count(*) FROM queue_item WHERE state = 'open'"


def crash_run(url: str, project: BenchProject, size: Size, claims: int) -> dict[str, Any]:
    """Work until so many claims were made; what was found, with the count of claims and kills.

    A batch that is half decided is followed by another one; a tenth of all claims end in a decision, so the pool must
    have that many undecided subtomograms and some more.
    """
    os.environ["TOMOSIFT_LEASE_MINUTES"] = str(LEASE_MINUTES)
    get_settings.cache_clear()
    reset_engine()
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    began, kills = time.monotonic(), 0
    with engine.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM lease")).scalar_one()
        workers = [_start(project, number) for number in range(PROCESSES)]
        try:
            while connection.execute(text("SELECT count(*) FROM lease")).scalar_one() - before < claims:
                time.sleep(random.uniform(*KILL_EVERY_SECONDS))
                number = random.randrange(PROCESSES)
                os.kill(workers[number].pid or 0, signal.SIGKILL)
                workers[number].join()
                workers[number] = _start(project, number)
                kills += 1
                if connection.execute(text(_OPEN)).scalar_one() < size.batch / 2:
                    queue_batch(project.project_id, size)
                    reset_engine()  # claimers are forked, and must not share its connections
        finally:
            for worker in workers:
                worker.kill()
                worker.join()
        found = {
            "claims": connection.execute(text("SELECT count(*) FROM lease")).scalar_one() - before,
            "kills": kills,
            "claimers": PROCESSES * THREADS,
            "seconds": round(time.monotonic() - began, 1),
            "items_in_two_hands": connection.execute(text(_OVERLAPPING.format(key="queue_item_id"))).scalar_one(),
            "same_person_twice_at_once": connection.execute(
                text(_OVERLAPPING.format(key="subtomogram_id, user_id"))
            ).scalar_one(),
            "decided_twice_in_a_slot": connection.execute(
                text(
                    "SELECT count(*) FROM (SELECT 1 FROM label_event WHERE NOT late AND kind NOT IN ('skip', 'undo') "
                    "AND queue_item_id IS NOT NULL GROUP BY queue_item_id HAVING count(*) > 1) t"
                )
            ).scalar_one(),
        }
    return found


def _start(project: BenchProject, number: int) -> Any:
    share = project.user_ids[number::PROCESSES]
    # Forked, so that the next one works at once; this process has no connection of the service's open.
    process = multiprocessing.get_context("fork").Process(
        target=_claimers, args=(project.project_id, share, project.class_id), daemon=True
    )
    process.start()
    return process


def _claimers(project_id: uuid.UUID, user_ids: list[uuid.UUID], class_id: str) -> None:
    threads = [
        threading.Thread(target=_claim_for_ever, args=(project_id, user_ids[number % len(user_ids)], class_id))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _claim_for_ever(project_id: uuid.UUID, user_id: uuid.UUID, class_id: str) -> None:
    asker = Asker(project_id, SLUG, user_id)
    while True:
        with transaction() as session:
            tasks, _ = claim_tasks(session, asker, 4)
        for task in tasks:
            chance = random.random()
            if chance < 0.1:
                body = DecisionIn.model_validate(
                    {
                        "subtomogram_id": task.subtomogram.id,
                        "lease_id": task.lease.id,
                        "fencing_token": task.lease.id,
                        "kind": "class",
                        "class_id": class_id,
                    }
                )
                record_decision(asker, body, str(uuid.uuid4()))
            elif chance < 0.9:
                with transaction() as session:
                    release_lease(session, asker, task.lease.id)
            # Otherwise forgotten: it comes free when its time is over.
        if random.random() < 0.02:
            with transaction() as session:
                end_expired_leases(session)
