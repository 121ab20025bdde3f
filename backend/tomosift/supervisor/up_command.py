"""`tomosift up`: start everything, show the way in, watch until told to stop."""

import gc
import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from rich.console import Console

from tomosift.kit.database import reset_engine
from tomosift.kit.settings import Settings, get_settings
from tomosift.supervisor.problems import StartProblem, StopRequested
from tomosift.supervisor.program import TOMOSIFT, Program, settings_environment
from tomosift.supervisor.running_program import Part, RunningProgram
from tomosift.supervisor.stop_signals import StopSignals
from tomosift.supervisor.terminal import StatusLines

WATCH_SECONDS = 0.2

Result = TypeVar("Result")


def up(
    settings: Settings,
    *,
    open_browser: bool,
    part: Part = "all",
    after_ready: Callable[[], None] | None = None,
    make_link: Callable[[Settings], str] | None = None,
    program: Program = TOMOSIFT,
    console: Console | None = None,
) -> int:
    """Run the program until SIGINT, SIGTERM or SIGHUP; returns the exit status: 0, 2 (set up wrongly) or 1.

    When the service answers, `make_link` makes the sign-in link, `after_ready` is called (it makes the demo project),
    then the link is printed, and opened in a browser if there is one. All this runs in a thread of its own, with the
    process's settings naming the running database and broker. `part` "api" or "worker" runs that part alone.
    Call it from the main thread of a process that does nothing else.
    """
    lines = StatusLines(console)
    signals = StopSignals()
    running = RunningProgram(settings, program, part, lines)
    ending = 0.0
    try:
        with signals.installed():
            try:
                effective = _start(running, settings, lines)
                if part != "worker":
                    welcome = _Welcome(effective, lines, after_ready, make_link or owners_way_in, open_browser)
                    threading.Thread(target=welcome.run, name="welcome", daemon=True).start()
                _watch(running, signals)
            finally:
                signals.ignore_from_now()
                ending = time.monotonic()
                running.stop()
                # Spares the interpreter a last search for garbage, up to a second on a busy computer.
                gc.freeze()
    except StopRequested:
        lines.note(f"Stopped in {time.monotonic() - ending:.1f} s")
        return 0
    except StartProblem as problem:
        lines.problem(problem)
        return problem.exit_code


def _start(running: RunningProgram, settings: Settings, lines: StatusLines) -> Settings:
    began = time.monotonic()
    effective = running.start()
    # The welcome works in this process, on the database and broker that run now.
    os.environ.update(settings_environment(effective))
    get_settings.cache_clear()
    reset_engine()
    lines.note(f"Everything runs after {time.monotonic() - began:.1f} s. Ctrl-C stops it. Data: {settings.home}")
    return effective


def _watch(running: RunningProgram, signals: StopSignals) -> NoReturn:
    while True:
        signals.check()
        running.look_after()
        time.sleep(WATCH_SECONDS)


@dataclass(frozen=True)
class _Welcome:
    """What happens once the service answers, beside the watching."""

    settings: Settings
    lines: StatusLines
    after_ready: Callable[[], None] | None
    make_link: Callable[[Settings], str]
    open_browser: bool

    def run(self) -> None:
        link = self._attempt("No sign-in link could be made", lambda: self.make_link(self.settings))
        if self.after_ready is not None:
            self._attempt("The demo project could not be made", self.after_ready)
        if link is not None:
            self.lines.show_link(link)
            if self.open_browser:
                open_in_browser(link)

    def _attempt(self, failure: str, action: Callable[[], Result]) -> Result | None:
        """Do it; a failure is told and the service goes on."""
        try:
            return action()
        except Exception as problem:
            self.lines.warn(f"{failure}: {problem}")
            return None


def owners_way_in(settings: Settings) -> str:
    """Make the owner's access token for the command line, and return a one-time sign-in link for the browser."""
    from tomosift.accounts.links import create_sign_in_link, ensure_local_token

    ensure_local_token(settings)
    return create_sign_in_link(settings)


def open_in_browser(link: str) -> bool:
    """Open the link in a graphical browser; False where there is none. Never a text browser on this terminal."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(link)
    except (webbrowser.Error, OSError):
        return False
