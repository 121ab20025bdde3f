"""Child processes that end when the supervisor ends, however it ends.

Three nets under each child: its own session, so that a Ctrl-C at the terminal reaches only the supervisor, which then
stops the children in order; a signal from the kernel when the supervisor dies (`launcher.py`); and a pipe as standard
input, which closes when the supervisor is gone (`kit/parent_watch.py`, and the launcher where the kernel has no such
signal).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tomosift.kit.parent_watch import PARENT_PIPE_VARIABLE
from tomosift.supervisor import log_files

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class OtherUser:
    """Who a program that refuses root runs as: a user namespace (no ids), or the given user."""

    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True)
class ChildPlan:
    """How to run one program.

    `name` is the log file's stem; `title` is what status lines call it. `log` None: it writes to the supervisor's own
    output. `stop_signal` asks it to stop in order, `death_signal` is what it gets when the supervisor dies. `env` None
    means the supervisor's own environment.
    """

    name: str
    title: str
    command: Sequence[str]
    log: Path | None
    env: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    other_user: OtherUser | None = None
    pass_fds: Sequence[int] = ()
    folder: Path | None = None


def launch_command(
    command: Sequence[str], death_signal: signal.Signals, other_user: OtherUser | None, *, guard: bool
) -> list[str]:
    """The command line that runs `command` through the launcher."""
    options = ["--death-signal", str(int(death_signal)), "--parent", str(os.getpid())]
    if guard:
        options.append("--guard")
    if other_user is not None:
        options.append("--not-as-root")
        if other_user.uid is not None:
            options += ["--fallback-uid", str(other_user.uid), "--fallback-gid", str(other_user.gid)]
    return [sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", *command]


@dataclass(eq=False)
class Child:
    """One child process: start it, watch it, stop it. Start it from the main thread only (see `launcher.py`)."""

    plan: ChildPlan
    guard: bool = sys.platform != "linux"
    started_at: float = 0.0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the program. Returns at once; the program may not be ready yet."""
        plan = self.plan
        environment = {**(os.environ if plan.env is None else plan.env), PARENT_PIPE_VARIABLE: "1"}
        output = None
        if plan.log is not None:
            output = os.open(plan.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                launch_command(plan.command, plan.death_signal, plan.other_user, guard=self.guard),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                env=environment,
                cwd=plan.folder,
                start_new_session=True,
                pass_fds=tuple(plan.pass_fds),
            )
        finally:
            if output is not None:
                os.close(output)
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        """The process number, once started."""
        return None if self._process is None else self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; its exit status, or minus the number of the signal that ended it."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        if self._process is not None:
            self._process.send_signal(number)

    def ask_to_stop(self) -> None:
        """Send the signal that means an orderly stop."""
        self.signal(self.plan.stop_signal)

    def kill_group(self) -> None:
        """Kill the program and all it started in its session's process group."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # nobody is left; macOS says EPERM when only ended processes are

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False when it still runs after `seconds`."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Kill what is left of the process group and let go of the pipe."""
        self.kill_group()
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()

    def log_tail(self) -> str:
        """The last lines it wrote, where they went to a file."""
        return "" if self.plan.log is None else log_files.tail(self.plan.log)


def stop_together(children: Iterable[Child], seconds: float) -> list[Child]:
    """Ask all to stop at once, wait at most `seconds` for all, kill those left; returns the killed."""
    alive = [child for child in children if child.running]
    for child in alive:
        child.ask_to_stop()
    deadline = time.monotonic() + seconds
    killed = []
    for child in alive:
        if not child.wait(deadline - time.monotonic()):
            killed.append(child)
        child.close()
    return killed


def run_to_end(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    other_user: OtherUser | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a helper program to its end and return what it said; killed when the supervisor is interrupted or dies."""
    by_launcher = sys.platform == "linux"
    return subprocess.run(
        launch_command(command, signal.SIGKILL, other_user, guard=False) if by_launcher else list(command),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=dict(env),
        cwd=folder,
        start_new_session=True,
        check=False,
        user=None if by_launcher or other_user is None else other_user.uid,
        group=None if by_launcher or other_user is None else other_user.gid,
    )
