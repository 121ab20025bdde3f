"""What all commands share: consoles, the options that choose a service, and how a service is reached."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from tomosift.client import Tomosift

console = Console()
error_console = Console(stderr=True)

Server = Annotated[
    str | None, typer.Option(help="Address of the service. Default: the one running on this computer.", metavar="URL")
]
Token = Annotated[
    str | None, typer.Option(help="Access token for --server. Default: $TOMOSIFT_TOKEN.", metavar="TOKEN")
]
ProjectName = Annotated[str, typer.Option("--project", "-p", help="The project's short name.", metavar="NAME")]


class CommandFailed(Exception):
    """The command did not do what it should; the message is one line that says why and what to do."""


def open_client(server: str | None, token: str | None) -> "Tomosift":
    """The service these options name. Raises NoService."""
    from tomosift.client import Tomosift

    return Tomosift(server, token)


def day(time: datetime | None) -> str:
    """A time of the service's in this computer's zone."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time else "never"
