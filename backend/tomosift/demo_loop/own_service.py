"""A service of the demo's own: its own data folder, its own port, gone when the demo is over."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tomosift.client import NoService, ServiceAddress, find_service
from tomosift.kit.settings import Settings
from tomosift.supervisor.children import launch_command

START_SECONDS = 180.0
STOP_SECONDS = 15.0
KEPT_VARIABLES = ("TOMOSIFT_DEVICE", "TOMOSIFT_LOG_LEVEL")
"""Of the user's settings only these reach the demo's service: it must not touch their database."""


class ServiceFailed(Exception):
    """The demo's service did not start; the message says where to look."""


@contextmanager
def own_service(home: Path, import_root: Path) -> Iterator[ServiceAddress]:
    """Run `tomosift up` on the data folder `home` while the block lasts. It may read lists below `import_root`."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = home.with_name(f"{home.name}-up.log")
    command = [sys.executable, "-m", "tomosift.cli", "up", "--no-browser", "--no-demo"]
    if sys.platform == "linux":  # the kernel stops the service should this process be killed
        command = launch_command(command, signal.SIGTERM, None, guard=False)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=_environment(home, import_root),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the demo, which then stops the service in order
        )
    try:
        yield _wait_until_ready(process, home, log)
    finally:
        _stop(process)


def _environment(home: Path, import_root: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("TOMOSIFT_") or name in KEPT_VARIABLES
    }
    return {
        **kept,
        "TOMOSIFT_HOME": str(home),
        "TOMOSIFT_PORT": str(_free_port()),
        "TOMOSIFT_IMPORT_ROOTS": str(import_root),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], home: Path, log: Path) -> ServiceAddress:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            address = find_service(Settings(home=home), None, None)
            if httpx.get(f"{address.url}/readyz", trust_env=False, timeout=10).status_code == 200:
                return address
        except (NoService, httpx.TransportError):
            pass
        time.sleep(0.2)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise ServiceFailed(f"The demo's service did not start. {lines[-1] if lines else ''} See {log}.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
