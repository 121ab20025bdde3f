"""Children of a supervisor that was killed, which may still be on their way out when the next one starts."""

import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from tomosift.supervisor.children import Child
from tomosift.supervisor.process_table import birth_mark, descendants

PATIENCE_SECONDS = 8.0


class ChildRegister:
    """The list of running children in a file, each with a mark that a later process of that number does not have."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, children: Iterable[Child]) -> None:
        """Replace the list."""
        entries = [
            {
                "name": child.plan.name,
                "pid": child.pid,
                "born": birth_mark(child.pid),
                "stop": int(child.plan.stop_signal),
            }
            for child in children
            if child.pid is not None
        ]
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(entries))
        draft.replace(self._path)

    def forget(self) -> None:
        """Remove the list: no child is left."""
        self._path.unlink(missing_ok=True)

    def end_leftovers(self, patience_seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for children of an earlier supervisor, stop those that do not end by themselves; returns how many.

        Two database servers on one folder would damage it, so none may be left when the next is started.
        """
        try:
            entries = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return 0
        alive = [entry for entry in entries if _is_same(entry)]
        found = len(alive)
        for entry in alive:
            _send(entry["pid"], entry["stop"])
        deadline = time.monotonic() + patience_seconds
        while alive and time.monotonic() < deadline:
            time.sleep(0.05)
            alive = [entry for entry in alive if _is_same(entry)]
        for entry in alive:
            for pid in (entry["pid"], *descendants(entry["pid"])):
                _send(pid, signal.SIGKILL)
        self.forget()
        return found


def _is_same(entry: dict[str, object]) -> bool:
    pid = entry.get("pid")
    return isinstance(pid, int) and entry.get("born") is not None and birth_mark(pid) == entry["born"]


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended, or the number belongs to somebody else now
