"""`tomosift cycle`: launch, show and stop cycles."""

from typing import Annotated

import typer

from tomosift.commands.common import ProjectName, Server, Token, console, open_client

cycle_app = typer.Typer(help="Launch, follow and stop cycles: train, measure, score, choose.", no_args_is_help=True)


@cycle_app.command("start")
def start_cycle(
    project: ProjectName,
    acquisition: Annotated[str | None, typer.Option(help="What chooses the next batch.", metavar="ID")] = None,
    preset: Annotated[str | None, typer.Option(help="Training preset.", metavar="ID")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Picks for the next batch.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the cycle until it is ready.")] = False,
    server: Server = None,
    token: Token = None,
) -> None:
    """Launch a cycle: train on the labels so far, measure, score the pool, choose the next batch.

    Example: `tomosift cycle start --project demo --acquisition entropy --wait`
    """
    from tomosift.client.cycles import follow_cycle, launch

    settings = {"acquisition": acquisition, "preset": preset, "batch_size": batch_size}
    with open_client(server, token) as client:
        cycle = launch(client, project, settings, console)
        if wait:
            follow_cycle(client, project, cycle.number, console)


@cycle_app.command("status")
def show_cycles(project: ProjectName, server: Server = None, token: Token = None) -> None:
    """Show the project's cycles with stage, labels and accuracy.

    Example: `tomosift cycle status --project demo`
    """
    from tomosift.client.cycles import cycle_table

    with open_client(server, token) as client:
        console.print(cycle_table(client, project))


@cycle_app.command("cancel")
def cancel_cycle(
    project: ProjectName,
    number: Annotated[int | None, typer.Option(min=1, help="Default: the cycle that runs.")] = None,
    server: Server = None,
    token: Token = None,
) -> None:
    """Stop a cycle. The queue keeps what it has.

    Example: `tomosift cycle cancel --project demo`
    """
    from tomosift.client.cycles import cancel

    with open_client(server, token) as client:
        console.print(f"Cycle {cancel(client, project, number)} is being stopped.")
