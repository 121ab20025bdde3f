"""How a training worker announces itself: what cycles left behind is tidied up, then a process looks. No torch here."""

import logging
import subprocess
import sys
import threading

from sqlalchemy.exc import SQLAlchemyError

from tomosift.kit.presence import HEARTBEAT_SECONDS
from tomosift.kit.settings import get_settings
from tomosift_worker.cycle.leftovers import sweep_unfinished_cycles

STOP_POLL_SECONDS = 0.2

logger = logging.getLogger(__name__)


def announce_training_worker(node_id: str, stopping: threading.Event) -> bool:
    """Run `announce` in a process of its own (it imports torch, and this one stays free of it); False if it failed."""
    _tidy_up()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tomosift_worker.announce", node_id], stdin=subprocess.DEVNULL
    )
    while process.poll() is None:
        if stopping.wait(STOP_POLL_SECONDS):
            process.kill()
            process.wait()
            return False
    if process.returncode != 0:
        logger.error(
            "this worker could not announce itself (exit code %s); trying again in %.0f seconds",
            process.returncode,
            HEARTBEAT_SECONDS,
        )
    return process.returncode == 0


def _tidy_up() -> None:
    """What cycles left behind whose last worker died."""
    try:
        sweep_unfinished_cycles(get_settings())
    except (SQLAlchemyError, OSError) as error:
        logger.warning("files of ended cycles stay for now: %s", type(error).__name__)
