"""`tomosift project`: deleting projects, and bringing them back."""

from typing import TYPE_CHECKING, Annotated

import typer

from tomosift.commands.common import Server, Token, console, day, open_client

if TYPE_CHECKING:
    from tomosift.projects.schemas import ProjectSummary

project_app = typer.Typer(help="Delete and restore projects.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The project's short name.", metavar="NAME")]


@project_app.command("list")
def list_projects(server: Server = None, token: Token = None) -> None:
    """List your projects, and until when a deleted one can be restored.

    Example: `tomosift project list`
    """
    from tomosift.client.terminal import table

    with open_client(server, token) as client:
        rows = [
            [
                each.slug,
                each.name,
                each.role,
                f"{each.labeled_count:,} of {each.pool_size:,}",
                _end(each),
            ]
            for each in client.projects.all()
        ]
    console.print(table(None, ["short name", "name", "role", "labeled", ""], rows))


@project_app.command("delete")
def delete_project(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    server: Server = None,
    token: Token = None,
) -> None:
    """Delete a project. Its owners can restore it for some weeks; then it is gone.

    Example: `tomosift project delete ribosomes`
    """
    if not yes:
        typer.confirm(f"Delete {name} with all its labels and files?", abort=True)
    with open_client(server, token) as client:
        deleted = client.projects.delete(name)
    console.print(f"Deleted. Until {day(deleted.delete_after)} `tomosift project restore {name}` brings it back.")


@project_app.command("restore")
def restore_project(name: Name, server: Server = None, token: Token = None) -> None:
    """Bring a deleted project back.

    Example: `tomosift project restore ribosomes`
    """
    with open_client(server, token) as client:
        client.projects.restore(name)
    console.print(f"{name} is back.")


def _end(project: "ProjectSummary") -> str:
    return f"deleted; until {day(project.delete_after)}" if project.delete_after else ""
