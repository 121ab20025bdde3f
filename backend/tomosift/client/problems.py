"""What a client raises: the service's problems, and a service that does not answer."""

from typing import Any

import httpx


class ApiProblem(Exception):
    """The service refused; `body` is its problem object (RFC 9457), `status` the HTTP status."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{body.get('title', 'The service refused')}: {body.get('detail', f'status {status}')}")
        self.status, self.body = status, body

    @property
    def kind(self) -> str:
        """The last part of the problem's type, such as `not-found`: what programs decide by."""
        return str(self.body.get("type", "")).rpartition(":")[2]

    @property
    def detail(self) -> str:
        """What happened and what to do."""
        return str(self.body.get("detail", ""))


class NoService(Exception):
    """No service can be reached; the message says what to do."""


def no_answer(url: str, error: httpx.TransportError) -> NoService:
    """What to tell when a service does not answer."""
    return NoService(f"{url} does not answer ({type(error).__name__}). Does the service run? Start it: tomosift up")


def problem_of(answer: httpx.Response) -> ApiProblem:
    """The problem in an answer that is no success. Its body must have been read."""
    try:
        body = dict(answer.json())
    except ValueError:
        title, detail = f"Status {answer.status_code}", "The answer is not Tomosift's. Is the address right?"
        body = {"title": title, "detail": detail}
    return ApiProblem(answer.status_code, body)
