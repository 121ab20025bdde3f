"""What `tomosift up` writes to the terminal: one short line for each step, and one link."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

from tomosift.supervisor.problems import StartProblem


class StatusLines:
    """Status lines on a console. Without a terminal (a service manager's log) they are plain text."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=False, highlight=False)

    @contextmanager
    def step(self, doing: str) -> Iterator["Step"]:
        """A step under way: shows `doing`, then what the block sets as `done`, with the seconds it took."""
        step = Step()
        began = monotonic()
        with self.console.status(doing):
            yield step
        if step.done:
            self._line("✓", "green", f"{step.done} in {monotonic() - began:.1f} s")

    def note(self, text: str) -> None:
        """A line of information."""
        self._line("·", "dim", text)

    def warn(self, text: str) -> None:
        """Something the user should know, although the program goes on."""
        self._line("!", "yellow", text)

    def problem(self, problem: StartProblem) -> None:
        """Why the program ends, and what to do."""
        self._line("✗", "bold red", problem.message)
        self._print(Text(problem.advice))

    def show_link(self, link: str) -> None:
        """The one sign-in link, in one piece so that it can be copied and clicked."""
        # Rules above and below only: side borders would break it on a terminal of 80 columns.
        self._print(Rule("Open Tomosift with this link (it works once, for a day)", style="cyan"))
        self._print(Text(link, style="bold cyan"))
        self._print(Rule(style="cyan"))

    def _line(self, mark: str, style: str, text: str) -> None:
        # Text, not markup: messages may hold brackets.
        self._print(Text(f"{mark} ", style=style).append(Text(text, style="default")))

    def _print(self, what: RenderableType) -> None:
        try:
            self.console.print(what, soft_wrap=isinstance(what, Text))
        except OSError:
            pass  # the terminal is gone (SIGHUP); that must not keep the program from stopping in order


class Step:
    """What a step has to say when it is over; nothing is said when `done` stays empty."""

    done: str = ""
