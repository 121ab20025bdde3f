"""When a nightly cycle is due."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tomosift.kit.problems import invalid

LATEST = timedelta(hours=6)
"""A night that could not be begun in this time (the service was off, another cycle ran) is left out."""


def time_zone(name: str) -> tzinfo:
    """The zone of that name. Raises ProblemError 422 where there is none."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise invalid(
            "unknown-time-zone",
            "There is no such time zone",
            f"{name!r} is no time zone of this service. Give one such as Europe/Berlin, or UTC.",
        ) from error


def last_moment(clock: str, zone: tzinfo, now: datetime) -> datetime:
    """The newest moment, not after `now`, at which a clock in the zone showed `hh:mm`."""
    local = now.astimezone(zone)
    moment = _at(clock, local)
    return moment if moment <= now else _at(clock, local - timedelta(days=1))


def next_moment(clock: str, zone: tzinfo, now: datetime) -> datetime:
    """The first moment after `now` at which a clock in the zone shows `hh:mm`."""
    local = now.astimezone(zone)
    moment = _at(clock, local)
    return moment if moment > now else _at(clock, local + timedelta(days=1))


def _at(clock: str, local: datetime) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return local.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)
