"""The address of Redis in the forms its clients want.

`Settings.redis_url` may be `redis://…`, `rediss://…`, `unix:///path` or `redis+socket:///path`, each with an optional
`?prefix=…` that goes before every key, so that several programs can share a server; or `filesystem://…` where there is
no Redis.
"""

from urllib.parse import parse_qsl, urlencode

FILE_BROKER = "filesystem://"


def key_prefix(url: str) -> str:
    """What goes before every key of this program; empty by default."""
    return dict(parse_qsl(url.partition("?")[2])).get("prefix", "")


def celery_url(url: str) -> str:
    """The URL as Celery takes it: without the prefix, a socket as `redis+socket://…?virtual_host=0`."""
    return _rewrite(url, socket_scheme="redis+socket", database_name="virtual_host")


def client_url(url: str) -> str | None:
    """The URL as `redis.Redis.from_url` takes it: a socket as `unix://…?db=0`. None where there is no Redis."""
    if url.startswith(FILE_BROKER):
        return None
    return _rewrite(url, socket_scheme="unix", database_name="db")


def _rewrite(url: str, *, socket_scheme: str, database_name: str) -> str:
    address, _, query = url.partition("?")
    scheme, _, place = address.partition("://")
    arguments = [(name, value) for name, value in parse_qsl(query) if name != "prefix"]
    if scheme in ("unix", "redis+socket"):
        scheme = socket_scheme
        arguments = [(database_name if name in ("db", "virtual_host") else name, value) for name, value in arguments]
    return f"{scheme}://{place}" + (f"?{urlencode(arguments)}" if arguments else "")
