"""The signals that end the program in order: Ctrl-C, `kill`, a closed terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tomosift.supervisor.problems import StopRequested


class StopSignals:
    """Turns the first signal into `StopRequested`, raised wherever the main thread is; later ones change nothing."""

    def __init__(self) -> None:
        self._requested = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals in this block. Main thread only."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        # nohup ignores it on purpose; SIGINT on the other hand is ignored in any shell script's background.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._receive) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def ignore_from_now(self) -> None:
        """The program is ending already: a signal must not interrupt that."""
        self._requested = True

    def check(self) -> None:
        """Raise `StopRequested` if a signal came; for the rare case that its exception was raised in a destructor."""
        if self._requested:
            raise StopRequested

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if not self._requested:
            self._requested = True
            raise StopRequested
