"""The one TCP socket: a busy port is an error that says which setting to change."""

import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tomosift.supervisor.listening_socket import is_ready, local_address, open_listening_socket
from tomosift.supervisor.problems import StartProblem


def test_a_free_port_is_taken() -> None:
    with open_listening_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            pass
        with pytest.raises(StartProblem, match=f"Port {port} on 127.0.0.1 is in use.*TOMOSIFT_PORT={port + 1}"):
            open_listening_socket("127.0.0.1", port)


def test_patience_for_a_port_that_becomes_free() -> None:
    busy = socket.create_server(("127.0.0.1", 0))
    port = busy.getsockname()[1]
    threading.Timer(0.5, busy.close).start()
    began = time.monotonic()
    with open_listening_socket("127.0.0.1", port, patience_seconds=10):
        assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(StartProblem, match="Set TOMOSIFT_HOST"):
        open_listening_socket(host, 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any port")
def test_a_privileged_port() -> None:
    with pytest.raises(StartProblem, match="from 1024 on"):
        open_listening_socket("127.0.0.1", 80)


def test_version_6() -> None:
    if not socket.has_ipv6:
        pytest.skip("this computer has no IPv6")
    with open_listening_socket("::1", 0) as listening:
        assert listening.family == socket.AF_INET6


@pytest.mark.parametrize(
    ("host", "expected"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "127.0.0.1"), ("lab.example", "lab.example")],
)
def test_local_address(host: str, expected: str) -> None:
    assert local_address(host) == expected


def test_readiness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    seen = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Host"]))
            self.send_response(503 if len(seen) == 1 else 200)
            self.end_headers()
            self.wfile.write(b"still starting")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        assert is_ready("127.0.0.1", port) == (False, "503 still starting")
        assert is_ready("0.0.0.0", port)[0]
        server.shutdown()
    assert seen[0] == ("/readyz", f"localhost:{port}")
    assert not is_ready("127.0.0.1", port)[0]
