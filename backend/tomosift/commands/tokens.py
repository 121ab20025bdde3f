"""`tomosift token`: access tokens for scripts."""

from enum import StrEnum
from typing import Annotated

import typer

from tomosift.commands.common import Server, Token, console, day, open_client

token_app = typer.Typer(help="Access tokens for scripts.", no_args_is_help=True)


class Scope(StrEnum):
    """What a token allows."""

    READ = "read"
    WRITE = "write"


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[Scope, typer.Option(help="read may only look.")] = Scope.READ,
    days: Annotated[float, typer.Option(min=0, help="Days until it expires; 0: never.")] = 90,
    project: Annotated[str | None, typer.Option(help="The one project it works in.", metavar="NAME")] = None,
    server: Server = None,
    token: Token = None,
) -> None:
    """Make an access token with your rights and print it, this once.

    Example: `tomosift token create "nightly import" --scope write --days 30`
    """
    wanted = {"name": name, "scope": scope.value, "expires_in_days": days or None, "project": project}
    with open_client(server, token) as client:
        made = client.accounts.create_token(wanted)
    console.print(made.token, soft_wrap=True, highlight=False)


@token_app.command("list")
def list_tokens(server: Server = None, token: Token = None) -> None:
    """List your tokens that work now.

    Example: `tomosift token list`
    """
    from tomosift.client.terminal import table

    with open_client(server, token) as client:
        rows = [
            [each.id, each.name, each.prefix + "…", each.scope, day(each.expires_at)]
            for each in client.accounts.list_tokens()
        ]
    console.print(table(None, ["id", "name", "begins with", "scope", "expires"], rows))


@token_app.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(help="The id that `token list` shows.")],
    server: Server = None,
    token: Token = None,
) -> None:
    """End a token at once.

    Example: `tomosift token revoke 5f2f3c1e-2f7e-4c55-9f0a-3f4f2c1f8f11`
    """
    with open_client(server, token) as client:
        client.accounts.revoke_token(token_id)
    console.print("Revoked.")
