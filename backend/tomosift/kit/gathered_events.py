"""Word to the browsers that many requests a second have to give: gathered, and sent beside the requests.

A transaction that notifies keeps all others that do so from committing until its own is on the disk. With a decision's
notice inside its transaction, the decisions of all annotators are flushed one after the other: a fifth to a quarter
fewer of them a second. Sent later, a notice can get lost when the process dies; events are hints to read the state
anew, and the next decision gives the same one.
"""

import threading
import time

import structlog
from sqlalchemy import text

from tomosift.kit.database import transaction
from tomosift.kit.job_control import EVENTS_CHANNEL

GATHER_SECONDS = 0.05

log = structlog.get_logger(__name__)

# Nothing is lost with a notice that is not on the disk, and others that notify need not wait for the disk either.
_SEND = text("SELECT set_config('synchronous_commit', 'off', true), pg_notify(:channel, :message)")


class GatheredEvents:
    """Messages waiting to be sent by a thread of their own; the same message is sent once."""

    def __init__(self) -> None:
        self._messages: set[str] = set()
        self._lock = threading.Lock()
        self._something_waits = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, message: str) -> None:
        """Send `message` (of `job_control.event_message`) soon. What it tells of must be committed."""
        with self._lock:
            self._messages.add(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_for_ever, name="gathered-events", daemon=True)
                self._thread.start()
        self._something_waits.set()

    def _send_for_ever(self) -> None:
        while True:
            self._something_waits.wait()
            time.sleep(GATHER_SECONDS)
            self._something_waits.clear()
            with self._lock:
                messages, self._messages = self._messages, set()
            try:
                with transaction() as session:
                    for message in messages:
                        session.execute(_SEND, {"channel": EVENTS_CHANNEL, "message": message})
            except Exception as error:  # the database is away: every stream says `hello` when it is back
                log.warning("events not sent", error=type(error).__name__)


gathered_events = GatheredEvents()
