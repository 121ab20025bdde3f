"""One address of Redis, in the forms of its clients."""

import pytest

from tomosift.kit.redis_urls import celery_url, client_url, key_prefix


@pytest.mark.parametrize(
    ("given", "celery", "client"),
    [
        ("redis://host:6379/1", "redis://host:6379/1", "redis://host:6379/1"),
        ("rediss://:pw@host/0", "rediss://:pw@host/0", "rediss://:pw@host/0"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock", "unix:///run/r.sock"),
        ("redis+socket:///run/r.sock", "redis+socket:///run/r.sock", "unix:///run/r.sock"),
        ("unix:///r.sock?db=2&prefix=p:", "redis+socket:///r.sock?virtual_host=2", "unix:///r.sock?db=2"),
        ("redis+socket:///r.sock?virtual_host=2", "redis+socket:///r.sock?virtual_host=2", "unix:///r.sock?db=2"),
        ("redis://host/1?prefix=p:", "redis://host/1", "redis://host/1"),
        ("filesystem://", "filesystem://", None),
    ],
)
def test_forms(given: str, celery: str, client: str | None) -> None:
    assert celery_url(given) == celery
    assert client_url(given) == client


def test_prefix() -> None:
    assert key_prefix("redis://host/1?prefix=mine%3A") == "mine:"
    assert key_prefix("redis://host/1") == ""
