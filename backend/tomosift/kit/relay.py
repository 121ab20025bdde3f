"""The relay: a thread of the API process that sends what the outbox holds and tidies up after the lost.

One relay works at a time, whatever the number of processes: it holds an advisory lock on the connection it listens on,
so the lock goes when the process or the connection does, and another relay takes over. A restart of Postgres or of the
broker only pauses it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import structlog
from sqlalchemy.orm import Session

from tomosift.kit.database import transaction
from tomosift.kit.job_control import reap_lost_jobs, resend_forgotten_jobs
from tomosift.kit.kept_answers import forget_old_answers
from tomosift.kit.lease_ends import end_expired_leases
from tomosift.kit.listening import libpq_url
from tomosift.kit.outbox import OUTBOX_CHANNEL, SendTask, forget_sent, send_waiting
from tomosift.kit.webhook_events import forget_old_deliveries, tell_of_batches

RELAY_LOCK = 7_406_001
"""The advisory lock's key: any number no other lock of ours uses."""
LONGEST_WAIT_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
BATCH = 100

log = structlog.get_logger(__name__)


@dataclass
class Chore:
    """Something to do in a transaction of its own every `every_seconds`."""

    name: str
    every_seconds: float
    run: Callable[[Session], object]
    due_at: float = field(default=0.0)


def default_chores() -> list[Chore]:
    """What the relay does beside sending."""
    return [
        Chore("reap lost jobs", 2.0, reap_lost_jobs),
        Chore("end expired leases", 2.0, end_expired_leases),
        Chore("resend forgotten jobs", 30.0, resend_forgotten_jobs),
        Chore("forget sent messages", 600.0, forget_sent),
        Chore("tell webhooks of answered batches", 5.0, tell_of_batches),
        Chore("forget old answers", 3600.0, forget_old_answers),
        Chore("forget old deliveries", 3600.0, forget_old_deliveries),
    ]


class Relay:
    """Start it when the API starts, stop it when the API stops. `send_task` is `celery_app.send_task`."""

    def __init__(self, send_task: SendTask, chores: list[Chore] | None = None) -> None:
        self._send_task = send_task
        self._chores = default_chores() if chores is None else chores
        self._stopping = threading.Event()
        self._leading = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tomosift-relay", daemon=True)

    @property
    def is_leading(self) -> bool:
        """True while this relay holds the lock."""
        return self._leading.is_set()

    def start(self) -> None:
        """Start the thread; returns at once, also while the database is away."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Ask the thread to end and wait for it. What is unsent stays in the outbox."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        pause = 0.25
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._work_on_one_connection()
            except Exception as error:  # the thread must outlive whatever the database or the broker does
                log.warning("relay paused", error=type(error).__name__, detail=str(error).split("\n")[0])
            finally:
                self._leading.clear()
            pause = (
                0.25 if time.monotonic() - started > LONGEST_PAUSE_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
            )
            self._stopping.wait(pause)

    def _work_on_one_connection(self) -> None:
        with psycopg.connect(libpq_url(), autocommit=True, connect_timeout=5) as connection:
            while not self._take_lock(connection):
                if self._stopping.wait(2.0):
                    return
            self._leading.set()
            connection.execute(f"LISTEN {OUTBOX_CHANNEL}")
            while not self._stopping.is_set():
                self._send_all()
                self._do_due_chores()
                for _ in connection.notifies(timeout=LONGEST_WAIT_SECONDS, stop_after=1):
                    pass

    @staticmethod
    def _take_lock(connection: psycopg.Connection) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [RELAY_LOCK]).fetchone()
        return row is not None and bool(row[0])

    def _send_all(self) -> None:
        while not self._stopping.is_set():
            with transaction() as session:
                sent = send_waiting(session, self._send_task, limit=BATCH)
            if sent < BATCH:
                return

    def _do_due_chores(self) -> None:
        for chore in self._chores:
            if time.monotonic() < chore.due_at:
                continue
            chore.due_at = time.monotonic() + chore.every_seconds
            with transaction() as session:
                chore.run(session)
