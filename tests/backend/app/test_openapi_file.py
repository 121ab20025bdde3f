"""The OpenAPI description: the committed file is the application's, and everything in it is explained."""

import json
from pathlib import Path
from typing import Any

import pytest

from tomosift.kit.settings import Settings
from tomosift.openapi import openapi_text

FILE = Path(__file__).parents[3] / "frontend" / "openapi.json"
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
def description(settings: Settings) -> Any:
    return json.loads(openapi_text())


def operations(description: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_committed_file_is_the_applications(settings: Settings) -> None:
    assert FILE.read_text() == openapi_text(), "run: python -m tomosift.openapi > frontend/openapi.json"


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
            assert "401" in errors, name
        for status, answer in errors.items():
            assert list(answer["content"]) == ["application/problem+json"], (name, status)


def test_project_routes_tell_that_a_project_may_be_hidden(description: Any) -> None:
    for name, operation in operations(description):
        if "{slug}" in name:
            assert "404" in operation["responses"], name


def test_no_two_rooms_call_different_things_by_one_name(description: Any) -> None:
    assert not [name for name in description["components"]["schemas"] if "__" in name]
