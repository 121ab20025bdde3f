"""`tomosift user`: who may sign in."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tomosift.commands.common import CommandFailed, Server, Token, console, day, open_client

if TYPE_CHECKING:
    from tomosift.client import Client

user_app = typer.Typer(help="Who may sign in.", no_args_is_help=True)


@user_app.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="Name to sign in as.")],
    display_name: Annotated[str | None, typer.Option(help="Name others see.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="An administrator of the whole service.")] = False,
    project: Annotated[str | None, typer.Option(help="Make them a member of this project.", metavar="NAME")] = None,
    role: Annotated[str, typer.Option(help="owner, curator, annotator or viewer.")] = "annotator",
    server: Server = None,
    token: Token = None,
) -> None:
    """Add a user and print their sign-in link, which works once.

    Example: `tomosift user add ada --display-name "Ada L." --project ribosomes --role annotator`
    """
    with open_client(server, token) as client:
        user = client.post("/users", {"name": name, "display_name": display_name, "is_admin": admin})
        if project is not None:
            client.put(f"/projects/{project}/members/{user['id']}", {"role": role})
        link = client.post(f"/users/{user['id']}/sign-in-link")
    console.print(f"{user['name']} can sign in once, until {day(link['expires_at'])}, with")
    console.print(link["url"], soft_wrap=True, highlight=False)


@user_app.command("link")
def link_user(
    name: Annotated[str | None, typer.Argument(help="Whose link. Default: your own.")] = None,
    server: Server = None,
    token: Token = None,
) -> None:
    """Print a new one-time sign-in link.

    Example: `tomosift user link ada`
    """
    with open_client(server, token) as client:
        user = client.get("/session")["user"] if name is None else _find_user(client, name)
        link = client.post(f"/users/{user['id']}/sign-in-link")
    console.print(link["url"], soft_wrap=True, highlight=False)


@user_app.command("list")
def list_users(server: Server = None, token: Token = None) -> None:
    """List everybody who may sign in.

    Example: `tomosift user list`
    """
    from tomosift.client.terminal import table

    with open_client(server, token) as client:
        rows = [
            [user["name"], user["display_name"], "administrator" if user["is_admin"] else ""]
            for user in client.items("/users")
        ]
    console.print(table(None, ["name", "shown as", ""], rows))


def _find_user(client: "Client", name: str) -> dict[str, Any]:
    for user in client.items("/users"):
        if user["name"].lower() == name.lower():
            return user
    raise CommandFailed(f"There is no user {name!r}. Make one with `tomosift user add {name}`.")
