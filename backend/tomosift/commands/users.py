"""`tomosift user`: who may sign in."""

from typing import TYPE_CHECKING, Annotated

import typer

from tomosift.commands.common import CommandFailed, Server, Token, console, day, open_client

if TYPE_CHECKING:
    from tomosift.accounts.schemas import AccountOut
    from tomosift.client import Tomosift

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
        user = client.accounts.create_user({"name": name, "display_name": display_name, "is_admin": admin})
        if project is not None:
            client.projects.put_member(project, user.id, {"role": role}, version="*")
        link = client.accounts.create_link(user.id)
    console.print(f"{user.name} can sign in once, until {day(link.expires_at)}, with")
    console.print(link.url, soft_wrap=True, highlight=False)


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
        user_id = client.accounts.read_session().user.id if name is None else _find_user(client, name).id
        link = client.accounts.create_link(user_id)
    console.print(link.url, soft_wrap=True, highlight=False)


@user_app.command("invite")
def invite_user(
    note: Annotated[str, typer.Option(help="Who it is for; only those who may invite see it.")] = "",
    project: Annotated[str | None, typer.Option(help="Into this project.", metavar="NAME")] = None,
    role: Annotated[str, typer.Option(help="With --project: owner, curator, annotator or viewer.")] = "annotator",
    days: Annotated[float, typer.Option(min=0.01, max=90, help="How long the link works.")] = 7,
    server: Server = None,
    token: Token = None,
) -> None:
    """Print a link that lets one person in, once: they choose their own name and password.

    Example: `tomosift user invite --note Bob --project ribosomes --role annotator`
    """
    wanted = {"note": note, "expires_in_days": days}
    with open_client(server, token) as client:
        if project is None:
            made = client.invitations.create(wanted)
        else:
            made = client.invitations.create_project_invitation(project, {**wanted, "role": role})
    console.print(f"This works once, until {day(made.expires_at)}:")
    console.print(made.url, soft_wrap=True, highlight=False)


@user_app.command("reset-password")
def reset_password(
    name: Annotated[str, typer.Argument(help="Whose password.")], server: Server = None, token: Token = None
) -> None:
    """Forget a user's password, end their sessions, and print a link that asks for a new one.

    Example: `tomosift user reset-password ada`
    """
    with open_client(server, token) as client:
        link = client.accounts.reset_password(_find_user(client, name).id)
    console.print(link.url, soft_wrap=True, highlight=False)


@user_app.command("deactivate")
def deactivate_user(
    name: Annotated[str, typer.Argument(help="Whom.")], server: Server = None, token: Token = None
) -> None:
    """Switch an account off: sessions, tokens, links and invitations end at once. Labels stay.

    Example: `tomosift user deactivate ada`
    """
    _switch(name, False, server, token)
    console.print(f"{name} cannot sign in any more.")


@user_app.command("reactivate")
def reactivate_user(
    name: Annotated[str, typer.Argument(help="Whom.")], server: Server = None, token: Token = None
) -> None:
    """Switch an account on again.

    Example: `tomosift user reactivate ada`
    """
    _switch(name, True, server, token)
    console.print(f"{name} can sign in again; `tomosift user link {name}` makes a link.")


@user_app.command("list")
def list_users(server: Server = None, token: Token = None) -> None:
    """List all accounts, when each was last used, and which are switched off.

    Example: `tomosift user list`
    """
    from tomosift.client.terminal import table

    with open_client(server, token) as client:
        rows = [[user.name, user.display_name, day(user.last_seen_at), _remark(user)] for user in client.accounts.all()]
    console.print(table(None, ["name", "shown as", "last seen", ""], rows))


def _remark(user: "AccountOut") -> str:
    if not user.is_active:
        return "switched off"
    return "administrator" if user.is_admin else ""


def _switch(name: str, on: bool, server: str | None, token: str | None) -> None:
    with open_client(server, token) as client:
        client.accounts.change_user(_find_user(client, name).id, {"is_active": on})


def _find_user(client: "Tomosift", name: str) -> "AccountOut":
    for user in client.accounts.all():
        if user.name.lower() == name.lower():
            return user
    raise CommandFailed(f"There is no user {name!r}. Make one with `tomosift user add {name}`.")
