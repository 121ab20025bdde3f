"""What every response and request goes through: Host check, cross-site check, size limit, security headers."""

import json
import logging
import secrets
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tomosift.kit.problems import PROBLEM_MEDIA_TYPE, ProblemError
from tomosift.kit.settings import Settings

logger = logging.getLogger(__name__)

CLIENT_HEADER = "x-tomosift-client"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class WebSecurity:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = allowed_host_names(settings)
        self._public_netloc = urlsplit(settings.public_url).netloc.lower() if settings.public_url else None
        self._body_limit = int(settings.request_limit_mb * 1_000_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, then pass it on; every answer gets the security headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = _CountedBody(receive, self._body_limit)
        started = False

        async def send_secured(message: Message) -> None:
            nonlocal started
            if body.is_too_large and not started:
                return  # whatever the application made of half a body; the right answer follows below
            if message["type"] == "http.response.start":
                started = True
                _add_security_headers(message, scope["path"])
            await send(message)

        try:
            self._check_host(headers)
            self._check_same_site(scope, headers)
            self._check_declared_size(headers)
            await self._app(scope, body.receive, send_secured)
            problem = None
        except ProblemError as error:
            problem = error
        except Exception:
            incident = secrets.token_hex(4)
            logger.exception("incident %s: %s %s failed", incident, scope["method"], scope["path"])
            if started:
                raise
            problem = _unexpected(incident)
        if body.is_too_large:
            problem, body.is_too_large = self._too_large(), False
        if problem is not None and not started:
            await _send_problem(send_secured, problem)

    def _check_host(self, headers: Headers) -> None:
        name = host_name(headers.get("host", ""))
        if name not in self._hosts:
            raise ProblemError(
                421,
                "unknown-host",
                "This server does not go by that name",
                f"The address {name or '(none)'!r} is not known here. Open the link that `tomosift up` printed, or let "
                "the administrator add the name to TOMOSIFT_ALLOWED_HOSTS.",
            )

    def _check_same_site(self, scope: Scope, headers: Headers) -> None:
        """Refuse requests that another web site makes a signed-in browser send (CSRF)."""
        if scope["method"] in SAFE_METHODS or "authorization" in headers:
            return
        if not headers.get(CLIENT_HEADER):
            raise _cross_site("the header X-Tomosift-Client is missing")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in {
            headers["host"].lower(),
            self._public_netloc,
        }:
            raise _cross_site("it comes from a page of another address (behind a proxy, set TOMOSIFT_PUBLIC_URL)")

    def _check_declared_size(self, headers: Headers) -> None:
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > self._body_limit:
            raise self._too_large()

    def _too_large(self) -> ProblemError:
        return ProblemError(
            413,
            "too-large",
            "The request is too large",
            f"One request may carry at most {self._body_limit / 1e6:g} MB. Send files in smaller chunks "
            "(`tomosift import` does), or raise TOMOSIFT_REQUEST_LIMIT_MB.",
        )


class _CountedBody:
    """The request's body up to a limit, whatever Content-Length says."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit
        self.is_too_large = False

    async def receive(self) -> Message:
        """The next piece. Raises ValueError past the limit."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.is_too_large = True
            raise ValueError("the request is too large")
        return message


def allowed_host_names(settings: Settings) -> frozenset[str]:
    """The names this server answers to: loopback, the address it listens on, and the configured ones."""
    names: set[str] = {*LOOPBACK_NAMES, *(host_name(name) for name in settings.allowed_hosts)}
    if not _is_wildcard(settings.host):
        names.add(host_name(settings.host))
    if settings.public_url:
        names.add(urlsplit(settings.public_url).hostname or "")
    return frozenset(names - {""})


def host_name(host: str) -> str:
    """The lower-case name in a Host header, without port and brackets; a bare IPv6 address stays whole."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def _is_wildcard(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _add_security_headers(message: Message, path: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in SECURITY_HEADERS.items():
        headers[name] = value
    if path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")


async def _send_problem(send: Send, problem: ProblemError) -> None:
    body = json.dumps(problem.body()).encode()
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": _raw_headers(
                [("content-type", PROBLEM_MEDIA_TYPE), ("content-length", str(len(body))), *problem.headers.items()]
            ),
        }
    )
    await send({"type": "http.response.body", "body": body})


def _raw_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _cross_site(why: str) -> ProblemError:
    return ProblemError(
        403,
        "csrf",
        "Refused to protect you from other web sites",
        f"This request changes something, and {why}. Use the Tomosift page itself; scripts use an access token.",
    )


def _unexpected(incident: str) -> ProblemError:
    return ProblemError(
        500,
        "unexpected",
        "Something went wrong in the service",
        f"Nothing was changed. Try again; if it stays, give the administrator the number {incident}: the log has "
        "the cause.",
        incident=incident,
    )
