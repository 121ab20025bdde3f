"""Where webhooks may be sent: only to hosts the administrator listed, and only to the address that was looked at.

A name is resolved once, its addresses are checked, and the connection goes to a checked address: a name that resolves
to something else a moment later gains nothing.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from tomosift.kit.problems import ProblemError, invalid

PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """Nothing may be sent there; the message says why."""


@dataclass(frozen=True)
class Target:
    """A checked address: what to connect to, and what to say there (`Host` header, name in the certificate)."""

    url: str
    host_header: str
    host: str


def check_url(url: str, allowed: Sequence[str]) -> None:
    """Raise ProblemError 422 unless webhooks are on and the URL's host is one of `allowed`."""
    if not allowed:
        raise ProblemError(
            422,
            "webhooks-off",
            "Webhooks are off",
            "No host may be sent to. The administrator allows hosts with TOMOSIFT_WEBHOOK_HOSTS, such as "
            "TOMOSIFT_WEBHOOK_HOSTS=lab.example.org.",
        )
    parts = _parts(url)
    if parts is None:
        raise invalid("bad-url", "This URL cannot be used", "Give https://host/path, without a user name.")
    host = parts.hostname or ""
    if _entry_for(host, allowed) is None:
        raise invalid(
            "host-not-allowed",
            "Webhooks may not be sent there",
            f"{host[:200]!r} is not one of the hosts the administrator allows in "
            f"TOMOSIFT_WEBHOOK_HOSTS ({', '.join(allowed)}).",
        )


def resolve(url: str, allowed: Sequence[str]) -> Target:
    """The address to connect to now. Raises AddressRefused.

    A host that is listed by its own name may be anywhere; one that a pattern allows must not lead into the local
    network. Redirects are never followed, so this is all that is ever connected to.
    """
    parts = _parts(url)
    entry = _entry_for(parts.hostname or "", allowed) if parts else None
    if parts is None or entry is None:
        raise AddressRefused("the host is not in TOMOSIFT_WEBHOOK_HOSTS any more")
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise AddressRefused(f"the name {host} cannot be resolved") from error
    if entry.startswith("*.") and not all(map(_is_public, found)):
        raise AddressRefused(f"{host} leads into a local network; list it by its own name to allow that")
    address = f"[{found[0]}]" if ":" in found[0] else found[0]
    target = parts._replace(netloc=f"{address}:{port}", fragment="").geturl()
    return Target(target, parts.netloc, host)


def _is_public(address: str) -> bool:
    plain = ip_address(address.partition("%")[0])
    mapped = plain.ipv4_mapped if isinstance(plain, IPv6Address) else None
    return (mapped or plain).is_global


def _parts(url: str) -> SplitResult | None:
    """The URL's parts; None for one that cannot be used."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if usable and parts.netloc.isascii() and "\\" not in url else None


def _entry_for(host: str, allowed: Sequence[str]) -> str | None:
    """The entry of the list that allows this host: its own name before a pattern."""
    name = host.lower().rstrip(".")
    entries = [each.lower().strip("[]") for each in allowed]
    if name in entries:
        return name
    return next((each for each in entries if each.startswith("*.") and name.endswith(each[1:])), None)
