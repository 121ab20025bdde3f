"""The one TCP socket of the program."""

import errno
import http.client
import socket
import time
from ipaddress import ip_address

from tomosift.supervisor.problems import StartProblem


def open_listening_socket(host: str, port: int, *, patience_seconds: float = 0.0) -> socket.socket:
    """A socket bound to the address, for the API process to listen on. Raises `StartProblem`.

    `patience_seconds`: how long to try again while another process, which is expected to end, has the port.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as problem:
        raise StartProblem(
            f"The address {host} is not known ({problem.strerror}).",
            "Set TOMOSIFT_HOST to an address of this computer, such as 127.0.0.1.",
        ) from None
    deadline = time.monotonic() + patience_seconds
    while True:
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            # Here and not in the API, so that two programs cannot both believe they have the port.
            listening.listen(2048)
        except OSError as problem:
            listening.close()
            if problem.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise _explain(problem, host, port) from None
        return listening


def _explain(problem: OSError, host: str, port: int) -> StartProblem:
    if problem.errno == errno.EADDRINUSE:
        return StartProblem(
            f"Port {port} on {host} is in use by another program.",
            f"Stop that program, or choose another port: TOMOSIFT_PORT={port + 1 if port < 65535 else port - 1}.",
        )
    if problem.errno in (errno.EACCES, errno.EPERM):
        return StartProblem(
            f"Port {port} may not be opened by this user.", "Set TOMOSIFT_PORT to a number from 1024 on."
        )
    return StartProblem(
        f"The address {host}, port {port}, cannot be opened ({problem.strerror}).",
        "Set TOMOSIFT_HOST to an address of this computer, such as 127.0.0.1.",
    )


def local_address(host: str) -> str:
    """The host to connect to from this computer: loopback, where the service listens on every address."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return host


def is_ready(host: str, port: int) -> tuple[bool, str]:
    """Ask `GET /readyz`: (whether it says 200, what it said otherwise). Never through a proxy."""
    connection = http.client.HTTPConnection(local_address(host), port, timeout=2)
    try:
        # A loopback name is always an allowed Host, whatever address the service listens on.
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return False, str(problem)
    finally:
        connection.close()
    return answer.status == 200, f"{answer.status} {body}"
