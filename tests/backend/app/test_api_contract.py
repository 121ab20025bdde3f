"""The service keeps what its OpenAPI description promises, whatever is sent by whom: schemathesis makes the requests.

TOMOSIFT_TEST_CONTRACT_EXAMPLES=50 tries more for each route and role than the suite does, and two more roles.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.particle_files import write_particles
from fixtures.web_client import BASE_URL, Service
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import InMemoryExampleDatabase
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tomosift.app import API_PREFIX
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")

EXAMPLES = int(os.environ.get("TOMOSIFT_TEST_CONTRACT_EXAMPLES", "1"))
WHO = ["nobody", "read-only", "annotator", "owner", "administrator"]
if EXAMPLES > 1:
    WHO += ["viewer", "curator"]
LEFT_OUT = ("stream_project_events", "post_batch")
"""A stream that never ends; tar files, which have tests of their own."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


@pytest.fixture
def world(service: Service, tmp_path: Path) -> ExportWorld:
    world = build_export_world()
    world.import_list(write_particles(tmp_path / "list", 4).star, volumes=True)
    return world


def asking(service: Service, world: ExportWorld, who: str) -> TestClient:
    """A script of that kind of user."""
    if who == "nobody":
        return TestClient(service.app, base_url=BASE_URL, raise_server_exceptions=False)
    if who == "administrator":
        return service.script(service.owner_id())
    if who == "read-only":
        return service.script(service.owner_id(), "read")
    _, user_id = service.user(who)
    service.join(str(world.project_id), user_id, who)
    return service.script(user_id)


def operations(service: Service) -> Iterator[Any]:
    """What to ask, that which takes things away last."""
    description = service.app.openapi()
    schema = schemathesis.openapi.from_dict(description)
    found = [each.ok() for each in schema.get_all_operations()]
    kept = [each for each in found if each.definition.raw["operationId"] not in LEFT_OUT]
    asked = [each for each in kept if each.path.startswith(API_PREFIX)]
    return iter(sorted(asked, key=lambda each: each.method.upper() == "DELETE"))


@pytest.mark.parametrize("who", WHO)
def test_every_answer_is_one_the_description_tells_of(service: Service, world: ExportWorld, who: str) -> None:
    client = asking(service, world, who)
    chance = random.Random(7)
    asked, broken = [], []
    for operation in operations(service):

        @seed(7)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            database=InMemoryExampleDatabase(),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Case) -> None:
            if "slug" in case.path_parameters and chance.random() < 0.8:
                case.path_parameters["slug"] = world.slug
            answer = client.request(**request_of(case))
            case.validate_response(answer, checks=CHECKS)
            asked.append(answer.status_code)

        try:
            ask()
        except (FailureGroup, Failure) as failure:
            broken.append(f"{operation.label}: {failure}")
    assert not broken, "\n\n".join(broken)
    assert len(asked) > 60
    assert who == "nobody" or len(set(asked)) > 4


def request_of(case: Case) -> dict[str, Any]:
    """What the test client is to send: the case, as httpx takes it."""
    made = case.as_transport_kwargs(base_url=BASE_URL)
    own = ("authorization", "cookie", "user-agent")  # who asks is the client's business
    headers = {name: value for name, value in made["headers"].items() if name.lower() not in own}
    return {
        "method": made["method"],
        "url": made["url"],
        "params": made.get("params"),
        "headers": headers,
        **{name: made[name] for name in ("json", "data", "content") if made.get(name) is not None},
    }
