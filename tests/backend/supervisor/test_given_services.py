"""Servers named by URL: reached, or a clear error that holds no password."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

from tomosift.supervisor.given_services import check_database, check_redis
from tomosift.supervisor.problems import StartProblem


@pytest.fixture
def old_server() -> Iterator[int]:
    """The port of something that speaks just enough of PostgreSQL's protocol to call itself version 14.9."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(
                message(b"R", struct.pack("!i", 0))
                + message(b"S", b"server_version\x0014.9\x00")
                + message(b"S", b"client_encoding\x00UTF8\x00")
                + message(b"Z", b"I")
            )
            connection.recv(4096)
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def test_any_spelling_of_the_url_gets_our_driver(database_url: str) -> None:
    for scheme in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgres"):
        given = make_url(database_url).set(drivername=scheme).render_as_string(hide_password=False)
        url, version = check_database(given)
        assert make_url(url).drivername == "postgresql+psycopg"
        with create_engine(url).connect() as connection:
            number = int(connection.scalar(text("SHOW server_version_num")))
        assert version == f"{number // 10_000}.{number % 10_000}"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "is not a URL"),
        ("sqlite:////tmp/x.db", "names sqlite; Tomosift works with PostgreSQL only"),
        ("postgresql://me:hidden@127.0.0.1:9/x", "cannot be reached"),
        ("postgresql://me:hidden@/x?host=/no/such/folder", "cannot be reached"),
    ],
)
def test_wrong_database_urls(url: str, message: str) -> None:
    with pytest.raises(StartProblem, match=message) as caught:
        check_database(url)
    assert "TOMOSIFT_DATABASE_URL" in caught.value.advice
    assert "hidden" not in str(caught.value)


def test_a_wrong_password_is_told_without_it(database_url: str) -> None:
    url = make_url(database_url).set(password="notthisone").render_as_string(hide_password=False)
    with pytest.raises(StartProblem, match="password authentication failed") as caught:
        check_database(url)
    assert "notthisone" not in str(caught.value)


def test_an_old_server_is_refused(old_server: int) -> None:
    with pytest.raises(StartProblem, match="is PostgreSQL 14; Tomosift needs 15 or newer"):
        check_database(f"postgresql://me@127.0.0.1:{old_server}/x?sslmode=disable&gssencmode=disable")


def test_redis_is_reached(redis_server: str) -> None:
    assert check_redis(redis_server)[0].isdigit()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://:hidden@127.0.0.1:9/0", "cannot be reached"),
        ("unix:///no/such.sock", "cannot be reached"),
        ("http://127.0.0.1/", "is not a Redis URL"),
        ("filesystem://", "must name a Redis server"),
    ],
)
def test_wrong_redis_urls(url: str, message: str) -> None:
    with pytest.raises(StartProblem, match=message) as caught:
        check_redis(url)
    assert "TOMOSIFT_REDIS_URL" in caught.value.advice
    assert "hidden" not in str(caught.value)
