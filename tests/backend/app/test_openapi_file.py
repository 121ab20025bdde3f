"""The OpenAPI description: the committed file is the application's, and everything in it is explained."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tomosift.kit.settings import Settings
from tomosift.openapi import openapi_text

FILE = Path(__file__).parents[3] / "frontend" / "openapi.json"
FIXED_LISTS = {"GET /api/v1/projects/{slug}/exports/formats"}
"""Lists that the program's version fixes, not its data."""
MAKES_NOTHING_TWICE = {"POST /api/v1/session", "POST /api/v1/invitations/accept"}
"""They use a secret up."""
LAST_WORD_COUNTS = {"PATCH /api/v1/users/{user_id}"}
"""Changes of single switches that belong to no version."""
METHODS = {"get", "put", "post", "patch", "delete"}


@lru_cache
def made_text() -> str:
    return openapi_text()


@pytest.fixture
def description(settings: Settings) -> Any:
    return json.loads(made_text())


def operations(description: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_committed_file_is_the_applications(settings: Settings) -> None:
    assert FILE.read_text() == made_text(), "run: python -m tomosift.openapi > frontend/openapi.json"


def test_it_is_openapi_3_1(description: Any) -> None:
    assert description["openapi"].startswith("3.1")


def test_every_operation_has_summary_description_and_a_name_of_its_own(description: Any) -> None:
    names = [operation["operationId"] for _, operation in operations(description)]
    assert len(names) == len(set(names))
    for name, operation in operations(description):
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert operation["tags"], name


def test_every_error_is_documented_as_a_problem(description: Any) -> None:
    for name, operation in operations(description):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        if name.split()[1].startswith("/api"):
            assert {"401", "421", "422", "500", "503"} <= set(errors), name
        for status, answer in errors.items():
            assert answer == {"$ref": f"#/components/responses/Problem{status}"}, name
            shared = description["components"]["responses"][f"Problem{status}"]
            assert list(shared["content"]) == ["application/problem+json"], status


def test_every_list_is_paged(description: Any) -> None:
    pages = 0
    for name, operation in operations(description):
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if "Page_" in answer.get("$ref", ""):
            pages += 1
            assert {"limit", "after"} <= {each["name"] for each in operation["parameters"]}, name
        assert answer.get("type") != "array" or name in FIXED_LISTS, name
    assert pages > 8


def test_every_create_can_be_repeated_and_every_change_names_its_version(description: Any) -> None:
    for name, operation in operations(description):
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        if "201" in operation["responses"] and name not in MAKES_NOTHING_TWICE:
            assert "Idempotency-Key" in headers, name
            assert {"200", "409"} <= set(operation["responses"]), name
        if name.startswith("PATCH") and name not in LAST_WORD_COUNTS:
            assert "If-Match" in headers, name
            assert {"412", "428"} <= set(operation["responses"]), name


def test_project_routes_tell_that_a_project_may_be_hidden(description: Any) -> None:
    for name, operation in operations(description):
        if "{slug}" in name:
            assert "404" in operation["responses"], name


def test_no_two_rooms_call_different_things_by_one_name(description: Any) -> None:
    assert not [name for name in description["components"]["schemas"] if "__" in name]
