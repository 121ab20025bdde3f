"""Where a service is: the named one, or the one that runs on this computer."""

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tomosift.client.problems import NoService

if TYPE_CHECKING:
    from tomosift.kit.settings import Settings

TOKEN_VARIABLE = "TOMOSIFT_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True)
class ServiceAddress:
    """Where a service is and the token that opens it. `is_local`: it runs on this computer, for this data folder."""

    url: str
    token: str
    is_local: bool


def find_service(settings: "Settings", server: str | None, token: str | None) -> ServiceAddress:
    """The service to talk to: the named one, else the one `tomosift up` runs on this computer.

    Raises NoService.
    """
    token = token or os.environ.get(TOKEN_VARIABLE)
    if server is not None:
        if not token:
            raise NoService(f"{server} needs an access token: give --token, or set {TOKEN_VARIABLE}.")
        return ServiceAddress(server.rstrip("/"), token, is_local=False)
    try:
        url = str(json.loads((settings.home / "service.json").read_text())["url"])
        token = token or (settings.home / "secrets" / "cli-token").read_text().strip()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoService(
            "No service runs on this computer. Start it with `tomosift up`, or name another with --server and --token."
        ) from error
    return ServiceAddress(url, token, is_local=True)


def address_of(service: ServiceAddress | str | None, token: str | None) -> ServiceAddress:
    """What a client was given, as an address. Raises NoService."""
    if isinstance(service, ServiceAddress):
        return service
    from tomosift.kit.settings import get_settings

    return find_service(get_settings(), service, token)
