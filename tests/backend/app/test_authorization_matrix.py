"""Who may do what: every route of the service, asked by every kind of user. A route without a rule here fails."""

import uuid
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from fixtures.web_client import API, Service, make_project

from tomosift.app import ROUTERS
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")

ROLES = ("viewer", "annotator", "curator", "owner")

RULES = {
    "POST /session": "anyone",
    "GET /session": "user",
    "DELETE /session": "user",
    "GET /users": "user",
    "POST /users": "admin",
    "POST /users/{user_id}/sign-in-link": "admin",
    "GET /tokens": "user",
    "POST /tokens": "user",
    "DELETE /tokens/{token_id}": "user",
    "GET /projects": "user",
    "POST /projects": "user",
    "GET /projects/{slug}": "viewer",
    "PATCH /projects/{slug}": "owner",
    "POST /projects/{slug}/classes": "owner",
    "GET /projects/{slug}/members": "viewer",
    "PUT /projects/{slug}/members/{user_id}": "owner",
    "DELETE /projects/{slug}/members/{user_id}": "owner",
    "GET /projects/{slug}/progress": "viewer",
    "POST /projects/{slug}/uploads": "curator",
    "PUT /projects/{slug}/uploads/{upload_id}/files/{path:path}": "curator",
    "GET /projects/{slug}/uploads/{upload_id}": "curator",
    "DELETE /projects/{slug}/uploads/{upload_id}": "curator",
    "POST /projects/{slug}/uploads/{upload_id}/files": "curator",
    "GET /projects/{slug}/uploads/{upload_id}/files": "curator",
    "POST /projects/{slug}/uploads/{upload_id}/unpack": "curator",
    "POST /projects/{slug}/label-imports": "curator",
    "DELETE /projects/{slug}/label-imports/{job_id}": "curator",
    "POST /projects/{slug}/imports": "curator",
    "POST /projects/{slug}/imports/preview": "curator",
    "GET /projects/{slug}/imports/previews/{job_id}": "curator",
    "GET /projects/{slug}/imports/previews/{job_id}/samples/{number}": "curator",
    "GET /projects/{slug}/sources": "viewer",
    "GET /projects/{slug}/jobs": "viewer",
    "GET /projects/{slug}/jobs/{job_id}": "viewer",
    "POST /projects/{slug}/jobs/{job_id}/cancel": "curator",
    "GET /projects/{slug}/subtomograms": "viewer",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}": "viewer",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}/volume": "viewer",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}/similar": "viewer",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}/surroundings": "viewer",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}/neighbours": "viewer",
    "POST /projects/{slug}/tasks/claim": "annotator",
    "POST /projects/{slug}/tasks/more": "annotator",
    "POST /projects/{slug}/leases/{lease_id}/heartbeat": "annotator",
    "DELETE /projects/{slug}/leases/{lease_id}": "annotator",
    "POST /projects/{slug}/decisions": "annotator",
    "POST /projects/{slug}/decisions/{event_id}/undo": "annotator",
    "GET /projects/{slug}/decisions": "viewer",
    "GET /projects/{slug}/cycles": "viewer",
    "POST /projects/{slug}/cycles": "curator",
    "GET /projects/{slug}/cycles/{number}": "viewer",
    "POST /projects/{slug}/cycles/{number}/cancel": "curator",
    "GET /projects/{slug}/learning-curve": "viewer",
    "GET /projects/{slug}/events": "viewer",
    "GET /projects/{slug}/exports/formats": "curator",
    "POST /projects/{slug}/exports/preview": "curator",
    "POST /projects/{slug}/exports": "curator",
    "GET /projects/{slug}/exports": "curator",
    "GET /projects/{slug}/exports/{job_id}": "curator",
    "GET /projects/{slug}/exports/{job_id}/files/{path:path}": "curator",
    "GET /projects/{slug}/exports/{job_id}/archive": "curator",
    "GET /projects/{slug}/models": "viewer",
    "GET /projects/{slug}/models/{model_id}": "viewer",
    "GET /catalogue": "user",
    "GET /system": "admin",
}


def routes() -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield method, route.path


def address(path: str, slug: str) -> str:
    """The path with ids that lead nowhere: whoever is let in gets a 404 about the thing, not about the project."""
    nothing = {
        "{slug}": slug,
        "{subtomogram_id}": "1",
        "{lease_id}": "1",
        "{event_id}": "1",
        "{number}": "1",
        "{path:path}": "a/b.mrc",
    }
    for name, value in nothing.items():
        path = path.replace(name, value)
    for name in ("user_id", "token_id", "upload_id", "job_id", "model_id"):
        path = path.replace("{" + name + "}", str(uuid.uuid4()))
    return API + path


class People:
    """A client of every kind, for one project."""

    def __init__(self) -> None:
        self.service = Service()
        project = make_project(self.service.owner())
        self.slug, self.project_id = str(project["slug"]), str(project["id"])

    def member(self, role: str) -> TestClient:
        return self.service.member(self.project_id, role)

    def ask(self, client: TestClient, method: str, path: str) -> tuple[int, str]:
        """The status, and what the problem says."""
        answer = client.request(method, address(path, self.slug))
        return answer.status_code, answer.json()["detail"] if answer.status_code >= 400 else ""

    def let_in(self, client: TestClient, method: str, path: str) -> bool:
        """Whether this client gets past the checks (and then perhaps meets a thing that is not there)."""
        status, detail = self.ask(client, method, path)
        assert status != 500, (method, path)
        return status not in (401, 403) and "no such project" not in detail


@pytest.fixture
def people(settings: Settings) -> People:
    return People()


def in_projects() -> list[tuple[str, str]]:
    # The event stream never ends; who may open it is asked with the streams' own tests.
    return [(method, path) for method, path in routes() if "{slug}" in path and not path.endswith("/events")]


def test_every_route_has_a_rule() -> None:
    assert {f"{method} {path}" for method, path in routes()} == set(RULES)


def test_nobody_gets_in_without_signing_in(people: People) -> None:
    for method, path in routes():
        if RULES[f"{method} {path}"] != "anyone":
            assert people.ask(people.service.anonymous(), method, path)[0] == 401, (method, path)


def test_who_is_no_member_learns_nothing_of_a_project(people: People) -> None:
    outsider, _ = people.service.user("outsider")
    for method, path in routes():
        if "{slug}" in path:
            status, detail = people.ask(outsider, method, path)
            assert (status, "no such project" in detail) == (404, True), (method, path)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_its_part_and_no_more(people: People, role: str) -> None:
    client = people.member(role)
    for method, path in in_projects():
        allowed = ROLES.index(role) >= ROLES.index(RULES[f"{method} {path}"])
        assert people.let_in(client, method, path) == allowed, (role, method, path)
        if not allowed:
            assert people.ask(client, method, path)[0] == 403, (role, method, path)


def test_an_administrator_is_owner_everywhere(people: People) -> None:
    admin, _ = people.service.user("second-admin", is_admin=True)
    assert all(people.let_in(admin, method, path) for method, path in in_projects())


def test_only_administrators_manage_users_and_see_the_system(people: People) -> None:
    user, _ = people.service.user("plain")
    admin, _ = people.service.user("second-admin", is_admin=True)
    for method, path in routes():
        if RULES[f"{method} {path}"] == "admin":
            assert people.ask(user, method, path)[0] == 403, (method, path)
            assert people.let_in(admin, method, path), (method, path)


def test_any_user_may_use_what_is_not_a_projects(people: People) -> None:
    for method, path in routes():
        if RULES[f"{method} {path}"] == "user":
            user, _ = people.service.user(f"user-{uuid.uuid4().hex[:8]}")  # one of the routes signs out
            assert people.let_in(user, method, path), (method, path)


def test_a_reading_token_changes_nothing(people: People) -> None:
    reader = people.service.script(people.service.owner_id(), "read")
    for method, path in routes():
        if path.endswith("/events") or path == "/session":
            continue
        assert people.let_in(reader, method, path) == (method == "GET"), (method, path)
