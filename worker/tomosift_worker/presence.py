"""A worker's sign of life: it announces itself when it starts, and renews its row as long as it runs. No torch."""

import logging
import subprocess
import sys
import threading

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import get_settings
from tomosift.tables import WorkerNode
from tomosift_worker.cycle.leftovers import sweep_unfinished_cycles

HEARTBEAT_SECONDS = 10.0
STOP_POLL_SECONDS = 0.2

logger = logging.getLogger(__name__)


class Presence:
    """Keeps the worker of a name, such as `gpu@host`, known to the service, from a thread."""

    def __init__(self, node_id: str) -> None:
        self._node_id = node_id
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
        self._tidy_up()
        while not self._stopping.is_set():
            if not self._renewed():
                self._announce()
            self._stopping.wait(HEARTBEAT_SECONDS)

    def _tidy_up(self) -> None:
        """What cycles left behind whose last worker died."""
        try:
            sweep_unfinished_cycles(get_settings())
        except (SQLAlchemyError, OSError) as error:
            logger.warning("files of ended cycles stay for now: %s", type(error).__name__)

    def _renewed(self) -> bool:
        """Renew the row that this very process has announced; False when it is not there (yet, or any more)."""
        if not self._announced:
            return False
        try:
            with transaction() as session:
                renewed = session.execute(
                    update(WorkerNode)
                    .where(WorkerNode.id == self._node_id)
                    .values(heartbeat_at=utc_now())
                    .returning(WorkerNode.id)
                ).one_or_none()
        except SQLAlchemyError as error:  # the database is being restarted, say
            logger.warning("the worker's sign of life failed: %s", type(error).__name__)
            return True
        return renewed is not None

    def _announce(self) -> None:
        """Run `announce` in a process of its own: it imports torch, and this one stays free of it."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tomosift_worker.announce", self._node_id], stdin=subprocess.DEVNULL
        )
        while process.poll() is None:
            if self._stopping.wait(STOP_POLL_SECONDS):
                process.kill()
                process.wait()
                return
        self._announced = process.returncode == 0
        if not self._announced:
            logger.error(
                "this worker could not announce itself (exit code %s); trying again in %.0f seconds",
                process.returncode,
                HEARTBEAT_SECONDS,
            )
