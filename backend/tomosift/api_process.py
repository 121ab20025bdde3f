"""The API process: `python -m tomosift.api_process [--app module:factory] [--listen-fd N]`.

With `--listen-fd` it serves on a socket the supervisor opened, so that a restart of this process refuses no
connection: the kernel keeps them waiting. Without it, it listens on `Settings.host` and `Settings.port` itself.
"""

import argparse
import socket

import uvicorn

from tomosift.kit.logging import configure_logging
from tomosift.kit.parent_watch import exit_when_stdin_closes
from tomosift.kit.settings import get_settings

# Open event streams never end by themselves; they are cut after this long.
GRACEFUL_STOP_SECONDS = 1


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="tomosift.api_process")
    parser.add_argument("--app", default="tomosift.app:create_app", help="the application factory")
    parser.add_argument("--listen-fd", type=int, help="number of an open socket to serve on")
    options = parser.parse_args()
    settings = get_settings()
    configure_logging(settings)
    exit_when_stdin_closes()
    server = uvicorn.Server(
        uvicorn.Config(
            options.app,
            factory=True,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=settings.log_level == "debug",
            server_header=False,
            timeout_graceful_shutdown=GRACEFUL_STOP_SECONDS,
        )
    )
    server.run(sockets=None if options.listen_fd is None else [socket.socket(fileno=options.listen_fd)])


if __name__ == "__main__":
    main()
