"""When a child that ended is started again, and when to give up."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tomosift.supervisor.children import Child
from tomosift.supervisor.problems import ServiceProblem

FAILURES_TO_GIVE_UP = 5
WINDOW_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0


@dataclass
class WatchedChild:
    """A running child with its history of failures. `start_again` puts it to work once more."""

    child: Child
    start_again: Callable[[], None]
    now: Callable[[], float] = time.monotonic
    _failures: deque[float] = field(default_factory=deque)
    _restart_at: float | None = None

    def look_after(self, report: Callable[[str], None]) -> bool:
        """Start the child again if it ended, after a pause that grows; True when it was started.

        Raises `ServiceProblem` when it ended `FAILURES_TO_GIVE_UP` times within `WINDOW_SECONDS`.
        """
        now = self.now()
        if self._restart_at is None:
            status = self.child.exit_status
            if status is None:
                return False
            self._note_failure(now, status, report)
            return False
        if now < self._restart_at:
            return False
        self._restart_at = None
        self.start_again()
        return True

    def _note_failure(self, now: float, status: int, report: Callable[[str], None]) -> None:
        self._failures.append(now)
        while self._failures[0] < now - WINDOW_SECONDS:
            self._failures.popleft()
        count = len(self._failures)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        title = self.child.plan.title
        self.child.close()
        if count >= FAILURES_TO_GIVE_UP:
            raise ServiceProblem(
                f"{title} ended {count} times within a minute (at last it {how}).", _log_advice(self.child)
            )
        self._restart_at = now + min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (count - 1))
        report(f"{title} {how}; starting it again")


def _log_advice(child: Child) -> str:
    if child.plan.log is None:
        return "What it wrote is above."
    tail = child.log_tail()
    return f"Its log is {child.plan.log}" + (f"; the end of it:\n{tail}" if tail else ".")


def ended_at_start(child: Child) -> ServiceProblem:
    """The problem to raise when a child ends before it was ever ready."""
    return ServiceProblem(f"{child.plan.title} ended at its start (status {child.exit_status}).", _log_advice(child))
