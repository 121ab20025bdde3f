"""docs/api.md names every route with the role it needs, and nothing else; its receiver of webhooks works."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fixtures.route_rules import api_routes, rule_of

from tomosift.app import API_PREFIX, create_app
from tomosift.webhooks.signature import new_secret, signed_headers

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
DOCUMENTED = {
    (method, path): role.strip()
    for method, path, role in re.findall(r"^\| `([A-Z]+) (/\S+)` \|[^|]*\|([^|]*)\|$", PAGE, re.M)
}


def test_every_route_is_documented_with_its_role() -> None:
    routes = {
        (method, route.path.replace("{path:path}", "{path}")): (rule_of(route.dependant) or "").replace("anyone", "")
        for method, route in api_routes()
    }
    assert len(routes) > 40
    assert routes == DOCUMENTED


def test_the_routes_are_those_of_the_application() -> None:
    paths = create_app().openapi()["paths"]
    served = {
        (method.upper(), path.removeprefix(API_PREFIX))
        for path, operations in paths.items()
        if path.startswith(API_PREFIX)
        for method in operations
    }
    assert served == set(DOCUMENTED)


def test_every_route_has_summary_description_and_errors() -> None:
    for path, operations in create_app().openapi()["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            assert operation["summary"], name
            assert len(operation["description"]) > 20, name
            if path.startswith(API_PREFIX):
                assert "401" in operation["responses"], name


def test_problem_kinds_in_the_page_exist() -> None:
    sources = "".join(file.read_text() for file in (Path(__file__).parents[3] / "backend").rglob("*.py"))
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE)) - {"entropy-gradnorm"}
    assert named
    assert not {kind for kind in named if f'"{kind}"' not in sources}


def test_the_receiver_in_the_page_knows_what_is_genuine() -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    known: dict[str, Any] = {"Mapping": Mapping, "base64": base64, "hashlib": hashlib, "hmac": hmac, "time": time}
    exec(script, known)
    secret, body = new_secret(), b'{"type": "ping"}'
    headers = signed_headers(secret, "msg_1", int(time.time()), body)
    assert known["is_genuine"](secret, headers, body)
    assert not known["is_genuine"](new_secret(), headers, body)
    assert not known["is_genuine"](secret, signed_headers(secret, "msg_1", int(time.time()) - 900, body), body)
