"""Servers the user named by URL: they must answer and be new enough, and are never replaced by embedded ones."""

import psycopg
import redis
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tomosift.kit.redis_urls import client_url
from tomosift.supervisor.postgres_binaries import OLDEST_MAJOR
from tomosift.supervisor.problems import StartProblem

CONNECT_SECONDS = 5
DRIVER = "postgresql+psycopg"


def check_database(url: str) -> tuple[str, str]:
    """Connect to the database and return its URL in SQLAlchemy's form, with our driver, and the server's version.

    Raises `StartProblem`; its message never holds the password.
    """
    advice = "Correct TOMOSIFT_DATABASE_URL, or unset it to use the embedded database."
    try:
        address = make_url(url)
    except ArgumentError:
        raise StartProblem("TOMOSIFT_DATABASE_URL is not a URL.", advice) from None
    if address.drivername.split("+")[0] not in ("postgresql", "postgres"):
        raise StartProblem(
            f"TOMOSIFT_DATABASE_URL names {address.drivername}; Tomosift works with PostgreSQL only.", advice
        )
    address = address.set(drivername=DRIVER)
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(plain, connect_timeout=CONNECT_SECONDS) as connection:
            number = connection.info.server_version
    except psycopg.Error as problem:
        said = " ".join(str(problem).split())[:300]
        raise StartProblem(
            f"The database {address.render_as_string(hide_password=True)} cannot be reached: {said}", advice
        ) from None
    if number < OLDEST_MAJOR * 10_000:
        raise StartProblem(
            f"The database server is PostgreSQL {number // 10_000}; Tomosift needs {OLDEST_MAJOR} or newer.",
            "Update the server, name another one, or unset TOMOSIFT_DATABASE_URL to use the embedded database.",
        )
    return address.render_as_string(hide_password=False), f"{number // 10_000}.{number % 10_000}"


def check_redis(url: str) -> str:
    """Connect to Redis and return its version. Raises `StartProblem`."""
    advice = "Correct TOMOSIFT_REDIS_URL, or unset it to use the embedded server."
    address = client_url(url)
    if address is None:
        raise StartProblem("TOMOSIFT_REDIS_URL must name a Redis server (redis://…, rediss://… or unix://…).", advice)
    try:
        client = redis.Redis.from_url(address, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
    except ValueError:
        raise StartProblem(
            "TOMOSIFT_REDIS_URL is not a Redis URL (redis://…, rediss://… or unix://…).", advice
        ) from None
    try:
        return str(client.info("server")["redis_version"])
    except redis.RedisError as problem:
        raise StartProblem(f"Redis cannot be reached: {' '.join(str(problem).split())[:300]}", advice) from None
    finally:
        client.close()
