"""What the routes of all rooms share: documented problems, operation names, and errors as problem+json."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from tomosift.kit.problems import PROBLEM_MEDIA_TYPE, Problem, ProblemError

logger = logging.getLogger(__name__)

_MEANINGS = {
    400: "The request cannot be understood",
    401: "Nobody is signed in",
    403: "Signed in, but not allowed",
    404: "There is no such thing, or you may not see it",
    409: "It conflicts with what is there now",
    410: "It is over",
    412: "It has changed since you read it",
    413: "The request is too large",
    421: "This server does not go by that name",
    422: "Something in the request is wrong",
    428: "Say which version you read (If-Match)",
    429: "Too many requests; wait as long as Retry-After says",
    500: "The service failed; its log has the cause",
    503: "A part of the service cannot be reached",
    507: "The server's disk is full",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: each of these statuses carries a `Problem`."""
    return {
        status: {
            "model": Problem,
            "description": _MEANINGS[status],
            "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def answered(model: BaseModel, status: int = 200) -> Response:
    """The response of a busy route, which names its `response_model`. `model` is valid; FastAPI would go to another
    thread and back to look at it a second time."""
    return Response(model.model_dump_json(by_alias=True), status, media_type="application/json")


class ProblemApp(FastAPI):
    """A FastAPI application whose description says of errors what is true: they are problem+json and nothing else."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description, made once. What any route may answer is added to each."""
        if self.openapi_schema is None:
            described = super().openapi()
            told = described["components"].setdefault("responses", {})
            for path, operations in described["paths"].items():
                for method, operation in operations.items():
                    _describe_errors(operation, _common_errors(path, method, operation))
                    _describe_repetition(operation)
                    told.update(_shared_errors(operation))
        return super().openapi()


def _common_errors(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """What every request to the API meets before its route: checks of host, site, size, rate and query; failures."""
    if not path.startswith("/api/"):
        return set()
    errors = {421, 422, 500, 503}
    if method not in ("get", "head"):
        errors |= {403, 429} | ({409} if "{slug}" in path else set())  # nothing changes in a deleted project
    if "requestBody" in operation:
        errors.add(413)
    if _takes(operation, "Idempotency-Key"):
        errors.add(409)
    if _takes(operation, "Expected-User"):
        errors.add(412)
    return errors


def _takes(operation: dict[str, Any], header: str) -> bool:
    return any(each["name"].lower() == header.lower() for each in operation.get("parameters", []))


def _describe_repetition(operation: dict[str, Any]) -> None:
    """A create that is repeated with its key answers 200."""
    answers = operation["responses"]
    made = answers.get("201") or answers.get("202")
    if made and _takes(operation, "Idempotency-Key") and "200" not in answers:
        again = {**made, "description": "This key made it before; the same answer again"}
        operation["responses"] = {"200": again, **answers}


def _describe_errors(operation: dict[str, Any], statuses: set[int]) -> None:
    """FastAPI describes the model of an error under the route's usual media type as well: only problem+json is true."""
    answers = operation["responses"]
    for status, answer in problems(*statuses).items():
        if PROBLEM_MEDIA_TYPE not in answers.get(str(status), {}).get("content", {}):
            answers[str(status)] = answer
    operation["responses"] = dict(sorted(answers.items()))


def _shared_errors(operation: dict[str, Any]) -> dict[str, Any]:
    """Replace the operation's problem responses by references; returns what they refer to."""
    shared = {}
    for status, answer in operation["responses"].items():
        if PROBLEM_MEDIA_TYPE in answer.get("content", {}):
            name = f"Problem{status}"
            content = {PROBLEM_MEDIA_TYPE: answer["content"][PROBLEM_MEDIA_TYPE]}
            shared[name] = {"description": _MEANINGS[int(status)], "content": content}
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return shared


def operation_name(route: APIRoute) -> str:
    """The operation id: the endpoint's own name, so that generated clients read well."""
    return route.name


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with `application/problem+json`."""

    @app.exception_handler(ProblemError)
    def _problem(_: Request, error: ProblemError) -> Response:
        return problem_response(error)

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, error: RequestValidationError) -> Response:
        return problem_response(_validation_problem(error))

    @app.exception_handler(HTTPException)
    def _http(_: Request, error: HTTPException) -> Response:
        return problem_response(_http_problem(error))

    @app.exception_handler(DataError)
    def _impossible_value(_: Request, error: DataError) -> Response:
        # A number beyond 64 bits or a text with a zero byte: no row can hold it.
        return problem_response(
            ProblemError(422, "invalid-request", "Something in the request is wrong", "A value in it is not possible.")
        )

    @app.exception_handler(OperationalError)
    def _database(_: Request, error: OperationalError) -> Response:
        logger.error("the database cannot be reached: %s", error.orig)
        return problem_response(
            ProblemError(
                503,
                "database-unreachable",
                "The database cannot be reached",
                "Nothing was changed. Try again in a moment; it is being restarted, or the administrator has to look.",
                headers={"Retry-After": "2"},
            )
        )


def problem_response(error: ProblemError) -> JSONResponse:
    """The response that tells `error`."""
    return JSONResponse(error.body(), error.status, headers=error.headers, media_type=PROBLEM_MEDIA_TYPE)


def _validation_problem(error: RequestValidationError) -> ProblemError:
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]} for item in error.errors()[:50]
    ]
    summary = "; ".join(f"{item['where']}: {item['reason']}" for item in errors[:3])
    return ProblemError(422, "invalid-request", "Something in the request is wrong", summary, errors=errors)


def _http_problem(error: HTTPException) -> ProblemError:
    if error.status_code == 404:
        return ProblemError(404, "not-found", "Not found", "There is nothing at this address.")
    if error.status_code == 405:
        detail = "This address does not take that method."
        return ProblemError(405, "method-not-allowed", "Method not allowed", detail, headers=error.headers)
    return ProblemError(error.status_code, "http", "The request failed", str(error.detail), headers=error.headers)
