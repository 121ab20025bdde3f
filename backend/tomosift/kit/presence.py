"""A worker's sign of life: it announces itself when it starts, and renews its row as long as it runs."""

import logging
import os
import platform
import socket
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

import tomosift
from tomosift.kit.database import transaction, utc_now
from tomosift.tables import WorkerNode

HEARTBEAT_SECONDS = 10.0

logger = logging.getLogger(__name__)

Announce = Callable[[str, threading.Event], bool]
"""Writes the row of the worker of that name; False if it could not, or was told to stop by the event."""


class Presence:
    """Keeps the worker of a name, such as `gpu@host`, known to the service, from a thread."""

    def __init__(self, node_id: str, announce: Announce) -> None:
        self._node_id = node_id
        self._announce = announce
        self._announced = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker-presence", daemon=True)

    def start(self) -> None:
        """Start the thread; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end; does not wait for it."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._renewed():
                    self._announced = self._announce(self._node_id, self._stopping)
            except SQLAlchemyError as error:  # the database is being restarted, say
                logger.warning("the worker's sign of life failed: %s", type(error).__name__)
            self._stopping.wait(HEARTBEAT_SECONDS)

    def _renewed(self) -> bool:
        """Renew the row that this very process has announced; False when it is not there (yet, or any more)."""
        if not self._announced:
            return False
        with transaction() as session:
            renewed = session.execute(
                update(WorkerNode)
                .where(WorkerNode.id == self._node_id)
                .values(heartbeat_at=utc_now())
                .returning(WorkerNode.id)
            ).one_or_none()
        return renewed is not None


def write_node(node_id: str, queue: str, **found: Any) -> None:
    """Write or replace the row of a worker: what every one tells of itself, and what was `found` about its device."""
    versions = {"tomosift": tomosift.__version__, "python": platform.python_version(), **found.pop("versions", {})}
    row = {
        "hostname": socket.gethostname(),
        "queue": queue,
        "versions": versions,
        "started_at": utc_now(),
        "heartbeat_at": utc_now(),
        **found,
    }
    with transaction() as session:
        session.execute(
            insert(WorkerNode).values(id=node_id, **row).on_conflict_do_update(index_elements=["id"], set_=row)
        )


def computer_memory() -> int | None:
    """The computer's memory in bytes; None where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
