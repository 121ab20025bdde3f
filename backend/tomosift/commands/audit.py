"""`tomosift audit`: who did what."""

from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tomosift.commands.common import CommandFailed, Server, Token, console, day, open_client

SHOWN = 50


def audit(
    project: Annotated[
        str | None, typer.Option("--project", "-p", help="Only of this project.", metavar="NAME")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this user did.", metavar="NAME")] = None,
    action: Annotated[str | None, typer.Option(help="Only this: role.given, or role for all about roles.")] = None,
    since: Annotated[str | None, typer.Option(help="Not before this time: 2026-11-01, or with T and the hour.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write everything to this file (.csv or .ndjson), oldest first.", metavar="FILE")
    ] = None,
    server: Server = None,
    token: Token = None,
) -> None:
    """Show the newest lines of the audit log, or write all of it to a file.

    Example: `tomosift audit --project ribosomes --action role`
    """
    from tomosift.client.terminal import table

    given = {"actor": actor, "action": action, "since": since, "until": until}
    filters = {name: value for name, value in given.items() if value is not None}
    if out is not None and out.suffix not in (".csv", ".ndjson"):
        raise CommandFailed(f"{out.name} must end in .csv or .ndjson.")
    with open_client(server, token) as client:
        if out is not None:
            path = "/audit/file" if project is None else f"/projects/{project}/audit/file"
            out.write_bytes(client.get_bytes(path, **filters, format=out.suffix[1:]).content)
            return
        lines = (
            client.audit.read_audit_log if project is None else partial(client.audit.read_project_audit_log, project)
        )
        found = list(islice(lines(**filters, limit=SHOWN + 1), SHOWN + 1))
    rows = [[day(each.at), each.actor, each.action, each.target, each.project or ""] for each in found[:SHOWN]]
    console.print(table(None, ["when", "who", "what", "whom or what", "project"], rows))
    if len(found) > SHOWN:
        console.print(f"The newest {SHOWN}; narrow them down, or write all with --out.")
