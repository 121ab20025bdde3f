"""End this process when the process that started it is gone.

The supervisor starts its children with a pipe as standard input and holds the other end; the pipe closes when the
supervisor ends, even by kill -9, on every operating system.
"""

import os
import signal
import sys
import threading
import time

PARENT_PIPE_VARIABLE = "TOMOSIFT_PARENT_PIPE"
GRACE_SECONDS = 4.0


def exit_when_stdin_closes(grace_seconds: float = GRACE_SECONDS) -> threading.Thread | None:
    """Watch standard input from a thread: when it closes, ask this process to stop (SIGTERM), then end it hard.

    Does nothing, and returns None, unless the supervisor set `TOMOSIFT_PARENT_PIPE=1`: a process started by hand has a
    terminal or nothing as its standard input. The hard end takes the process group along where this process leads it.
    """
    if os.environ.get(PARENT_PIPE_VARIABLE) != "1":
        return None
    # Programs started from here have another parent, and must not take this variable for theirs.
    del os.environ[PARENT_PIPE_VARIABLE]
    watch = threading.Thread(target=_watch, args=(sys.stdin.fileno(), grace_seconds), name="parent-watch", daemon=True)
    watch.start()
    return watch


def _watch(pipe: int, grace_seconds: float) -> None:
    try:
        while os.read(pipe, 4096):
            pass
    except OSError:
        pass  # a broken pipe is a closed one
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
