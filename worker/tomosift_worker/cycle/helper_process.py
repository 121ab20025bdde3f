"""A process beside the Celery worker for work that is not a cycle. Free of torch: the Celery worker starts it."""

import os
import subprocess
import sys

from tomosift.kit.parent_watch import PARENT_PIPE_VARIABLE
from tomosift_worker.cycle.supervision import THREADS_THAT_SLEEP, is_stopping

POLL_SECONDS = 0.5
STOP_SECONDS = 2.0


def run_helper(module: str, argument: str) -> int:
    """Run `python -m tomosift_worker.cycle.<module> <argument>` to its end, or stop it when this worker stops.

    Returns its exit code, minus the signal's number where one ended it.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", f"tomosift_worker.cycle.{module}", argument],
        stdin=subprocess.PIPE,  # closes with this process, which ends that one
        env={**THREADS_THAT_SLEEP, **os.environ, PARENT_PIPE_VARIABLE: "1"},
    )
    try:
        while process.poll() is None and not is_stopping():
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        code = _ended(process)
        if process.stdin is not None:
            process.stdin.close()
    return code


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """The exit code of a process that is over, or is told to stop now."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
