"""Counters: shared through Redis; while it is away each process counts by itself, and nobody is locked out."""

import time
import uuid

from limits import RateLimitItemPerMinute

from tomosift.kit.rate_limits import Counters

THREE = RateLimitItemPerMinute(3, 60)


def test_processes_count_together(redis_server: str) -> None:
    name = uuid.uuid4().hex
    one, other = Counters(redis_server), Counters(redis_server)
    assert [counters.hit(THREE, name) for counters in (one, other, one, other)] == [True, True, True, False]
    assert not one.has_room(THREE, name)
    assert other.has_room(THREE, uuid.uuid4().hex)
    assert 0 < one.seconds_left(THREE, name) <= 3600


def test_without_redis_the_limit_still_holds_and_answers_stay_quick() -> None:
    counters = Counters("redis://127.0.0.1:1/0")
    began = time.monotonic()
    assert [counters.hit(THREE, "x") for _ in range(4)] == [True, True, True, False]
    assert time.monotonic() - began < 2
    assert Counters(None).hit(THREE, "x"), "no Redis at all, as with the filesystem broker"
    assert Counters("filesystem://").hit(THREE, "x")


def test_redis_that_comes_back_is_used_again(redis_server: str) -> None:
    counters, name = Counters(redis_server), uuid.uuid4().hex
    counters._redis_away_until = time.monotonic() + 60
    assert counters.hit(THREE, name)
    counters._redis_away_until = 0
    assert Counters(redis_server).has_room(THREE, name)
    assert [counters.hit(THREE, name) for _ in range(4)] == [True, True, True, False]
