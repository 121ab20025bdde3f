"""How often something may happen: counters in Redis that all processes share.

While Redis is away each process counts in its own memory: nobody is locked out, and the limits still hold.
"""

import math
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tomosift.kit.problems import ProblemError
from tomosift.kit.redis_urls import client_url, key_prefix
from tomosift.kit.settings import get_settings

T = TypeVar("T")

REDIS_PATIENCE_SECONDS = 0.5
ASK_REDIS_AGAIN_SECONDS = 5.0


class Counters:
    """Counts what happens in fixed windows of time, by name. Safe to use from many threads."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared = _shared_counters(redis_url)
        self._redis_away_until = 0.0

    def hit(self, limit: RateLimitItem, *name: str) -> bool:
        """Count one more; False when there were `limit.amount` already in this window."""
        return self._ask(lambda counters: counters.hit(limit, *name))

    def has_room(self, limit: RateLimitItem, *name: str) -> bool:
        """Whether one more would be counted."""
        return self._ask(lambda counters: counters.test(limit, *name))

    def seconds_left(self, limit: RateLimitItem, *name: str) -> int:
        """Until the window ends, at least 1."""
        ends_at = self._ask(lambda counters: counters.get_window_stats(limit, *name)).reset_time
        return max(1, math.ceil(ends_at - time.time()))

    def _ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        if self._shared is not None and time.monotonic() >= self._redis_away_until:
            try:
                return question(self._shared)
            except RedisError:
                self._redis_away_until = time.monotonic() + ASK_REDIS_AGAIN_SECONDS
        return question(self._own)


@lru_cache
def get_counters() -> Counters:
    """The process's counters."""
    return Counters(get_settings().redis_url)


def count_write(user: str) -> None:
    """One more change by this user. Raises ProblemError 429 past `Settings.writes_per_minute`."""
    limit = RateLimitItemPerMinute(get_settings().writes_per_minute)
    if not get_counters().hit(limit, "write", user):
        seconds = get_counters().seconds_left(limit, "write", user)
        raise too_many(
            f"Nothing was changed. The service takes {limit.amount} changes a minute from one user; go on in "
            f"{seconds} s, or let the administrator raise TOMOSIFT_WRITES_PER_MINUTE.",
            seconds,
        )


def too_many(detail: str, seconds: int) -> ProblemError:
    """429: wait that long."""
    return ProblemError(429, "too-many", "Too many at once", detail, headers={"Retry-After": str(seconds)})


def _shared_counters(redis_url: str | None) -> FixedWindowRateLimiter | None:
    url = client_url(redis_url) if redis_url else None
    if url is None:
        return None
    scheme, _, place = url.partition("://")
    storage = RedisStorage(
        f"{'redis+unix' if scheme == 'unix' else scheme}://{place}",
        key_prefix=f"{key_prefix(redis_url or '')}limits",
        socket_connect_timeout=REDIS_PATIENCE_SECONDS,
        socket_timeout=REDIS_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )
    return FixedWindowRateLimiter(storage)
