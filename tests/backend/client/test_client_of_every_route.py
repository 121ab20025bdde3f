"""The client has a method for each route, as the routes are now, and can be imported without the service."""

import subprocess
import sys

from tomosift.app import API_PREFIX, create_app
from tomosift.client_routes import CLIENT, FOLDERS, client_files, operations


def test_the_methods_are_those_of_the_routes_as_they_are() -> None:
    files = client_files()
    there = {path for folder in FOLDERS for path in (CLIENT / folder).glob("*.py")}
    assert there == set(files), "run: make openapi"
    stale = [path.name for path, text in files.items() if path.read_text() != text]
    assert not stale, "run: make openapi"


def test_every_route_of_the_api_has_a_method_of_its_own() -> None:
    described = {
        (method.upper(), path.removeprefix(API_PREFIX))
        for path, item in create_app().openapi()["paths"].items()
        if path.startswith(API_PREFIX)
        for method in item
    }
    assert {(each.method, each.route.path.replace(":path}", "}")) for each in operations()} == described
    for folder in FOLDERS:
        text = "".join(path.read_text() for path in (CLIENT / folder).glob("*.py"))
        assert not [name for method, path in described if f"`{method} {path}`" not in text for name in (method, path)]
        for path in (CLIENT / folder).glob("*.py"):
            lines = [line.split("(")[0] for line in path.read_text().splitlines() if "    def " in line]
            assert len(lines) == len(set(lines)), path
            assert len(path.read_text().splitlines()) < 400, path


def test_it_needs_neither_the_database_nor_the_web_framework() -> None:
    modules = ", ".join(f"tomosift.client.routes.{path.stem}" for path in (CLIENT / "routes").glob("[a-z]*.py"))
    unwanted = "{'sqlalchemy', 'fastapi', 'celery'} & set(sys.modules)"
    script = f"import sys, tomosift.client, {modules}; print(sorted({unwanted}))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
