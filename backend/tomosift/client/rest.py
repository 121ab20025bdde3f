"""A thin client of the REST interface, for the command line and for scripts. Synchronous."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from tomosift.kit.settings import Settings

API = "/api/v1"
TOKEN_VARIABLE = "TOMOSIFT_TOKEN"  # noqa: S105 - the variable's name
TRIES = 6
TIMEOUT = httpx.Timeout(60.0, connect=5.0)

Json = dict[str, Any]


class ApiProblem(Exception):
    """The service refused; `body` is its problem object (RFC 9457)."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{body.get('title', 'The service refused')}: {body.get('detail', f'status {status}')}")
        self.status, self.body = status, body

    @property
    def kind(self) -> str:
        """The last part of the problem's type, such as `not-found`."""
        return str(self.body.get("type", "")).rpartition(":")[2]


class NoService(Exception):
    """No service can be reached; the message says what to do."""


@dataclass(frozen=True)
class ServiceAddress:
    """Where a service is and the token that opens it. `is_local`: it runs on this computer, for this data folder."""

    url: str
    token: str
    is_local: bool


def find_service(settings: Settings, server: str | None, token: str | None) -> ServiceAddress:
    """The service to talk to: the named one, else the one `tomosift up` runs on this computer.

    Raises NoService.
    """
    token = token or os.environ.get(TOKEN_VARIABLE)
    if server is not None:
        if not token:
            raise NoService(f"{server} needs an access token: give --token, or set {TOKEN_VARIABLE}.")
        return ServiceAddress(server.rstrip("/"), token, is_local=False)
    try:
        url = str(json.loads((settings.home / "service.json").read_text())["url"])
        token = token or (settings.home / "secrets" / "cli-token").read_text().strip()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoService(
            "No service runs on this computer. Start it with `tomosift up`, or name another with --server and --token."
        ) from error
    return ServiceAddress(url, token, is_local=True)


class Client:
    """One service, as one user. Use it as a context, or `close` it."""

    def __init__(self, address: ServiceAddress, transport: httpx.BaseTransport | None = None) -> None:
        self.address = address
        self._http = httpx.Client(
            base_url=address.url,
            headers={"Authorization": f"Bearer {address.token}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,  # a proxy of the environment must not see the token
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Json:
        """GET below /api/v1; tried again when the connection fails. Raises ApiProblem, NoService."""
        return self.send("GET", path, query=query, repeat=True)

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Json:
        """POST below /api/v1, once. Raises ApiProblem, NoService."""
        return self.send("POST", path, body=body, headers=headers)

    def put(self, path: str, body: Any = None) -> Json:
        """PUT below /api/v1; tried again when the connection fails. Raises ApiProblem, NoService."""
        return self.send("PUT", path, body=body, repeat=True)

    def delete(self, path: str) -> Json:
        """DELETE below /api/v1; what it answers, if anything. Raises ApiProblem, NoService."""
        return self.send("DELETE", path)

    def items(self, path: str, **query: Any) -> Iterator[Json]:
        """Every item of a paged list."""
        after: str | None = None
        while True:
            page = self.get(path, **query, **({"after": after} if after else {}))
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def project(self, slug: str) -> Json:
        """One project."""
        return self.get(f"/projects/{quote(slug, safe='')}")

    def follow_job(self, slug: str, job_id: str, pause: float = 0.5) -> Iterator[Json]:
        """The job again and again until it is over; the last one yielded is the finished job."""
        while True:
            job = self.get(f"/projects/{quote(slug, safe='')}/jobs/{job_id}")
            yield job
            if job["state"] in ("succeeded", "failed", "cancelled"):
                return
            time.sleep(pause)

    def put_chunk(self, slug: str, upload_id: str, path: str, offset: int, chunk: bytes) -> int:
        """Send a chunk of a file once, and return the file's new size. Raises ApiProblem, httpx.TransportError."""
        address = f"{API}/projects/{quote(slug, safe='')}/uploads/{upload_id}/files/{quote(path)}"
        answer = self._http.put(
            address,
            params={"offset": offset},
            content=chunk,
            headers={"Content-Type": "application/octet-stream"},
        )
        return int(_checked(answer)["size"])

    def get_bytes(self, path: str, **query: Any) -> httpx.Response:
        """GET an answer that is no JSON, from an address the service gave. Raises ApiProblem, NoService."""
        try:
            answer = self._http.get(path, params=query)
        except httpx.TransportError as error:
            raise no_answer(self.address.url, error) from error
        if not answer.is_success:
            _checked(answer)
        return answer

    def download(self, path: str, target: Path) -> None:
        """GET a file below /api/v1 into `target`; a connection that breaks goes on where it was, where the service can.

        Raises ApiProblem, NoService.
        """
        target.unlink(missing_ok=True)
        for attempt in range(TRIES):
            try:
                self._append(path, target)
                return
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    raise no_answer(self.address.url, error) from error
                time.sleep(min(4.0, 0.25 * 2**attempt))

    def _append(self, path: str, target: Path) -> None:
        there = target.stat().st_size if target.exists() else 0
        headers = {"Range": f"bytes={there}-"} if there else {}
        with self._http.stream("GET", API + quote(path), headers=headers) as answer:
            if not answer.is_success:
                answer.read()
                _checked(answer)
            with target.open("ab" if answer.status_code == httpx.codes.PARTIAL_CONTENT else "wb") as file:
                for piece in answer.iter_bytes():
                    file.write(piece)

    def post_batch(self, slug: str, upload_id: str, tar: bytes) -> Json:
        """Send whole files in a tar, once; `{files, size}`. Raises ApiProblem, httpx.TransportError."""
        answer = self._http.post(
            f"{API}/projects/{quote(slug, safe='')}/uploads/{upload_id}/files",
            content=tar,
            headers={"Content-Type": "application/x-tar"},
        )
        return _checked(answer)

    def uploaded_sizes(self, slug: str, upload_id: str) -> dict[str, int]:
        """Path and size of every file of an upload, however many; tried again when the connection fails.

        Raises ApiProblem, NoService.
        """
        address = f"{API}/projects/{quote(slug, safe='')}/uploads/{upload_id}/files"
        for attempt in range(TRIES):
            try:
                with self._http.stream("GET", address) as answer:
                    if not answer.is_success:
                        answer.read()
                        _checked(answer)
                    files = (json.loads(line) for line in answer.iter_lines() if line)
                    return {str(file["path"]): int(file["size"]) for file in files}
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    raise no_answer(self.address.url, error) from error
                time.sleep(min(4.0, 0.25 * 2**attempt))
        raise AssertionError("the loop returns or raises")

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = False,
    ) -> Json:
        """One request below /api/v1, and its JSON. `repeat`: again after a failed connection, with growing pauses."""
        for attempt in range(TRIES):
            try:
                answer = self._http.request(method, API + path, params=query, json=body, headers=headers)
                return _checked(answer)
            except httpx.TransportError as error:
                if not repeat or attempt == TRIES - 1:
                    raise no_answer(self.address.url, error) from error
                time.sleep(min(4.0, 0.25 * 2**attempt))
        raise AssertionError("the loop returns or raises")


def no_answer(url: str, error: httpx.TransportError) -> NoService:
    """What to tell when a service does not answer."""
    return NoService(f"{url} does not answer ({type(error).__name__}). Does the service run? Start it: tomosift up")


def _checked(answer: httpx.Response) -> Json:
    if answer.is_success:
        return dict(answer.json()) if answer.content else {}
    try:
        body = dict(answer.json())
    except ValueError:
        body = {
            "title": f"Status {answer.status_code}",
            "detail": "The answer is not Tomosift's. Is the address right?",
        }
    raise ApiProblem(answer.status_code, body)
