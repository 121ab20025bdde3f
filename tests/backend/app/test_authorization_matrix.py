"""Who may do what: every route of the service, asked by every kind of user. A route without a rule fails.

What each route's rule is stands in docs/api.md, and another test compares the two. Here the rules are tried.
"""

import uuid

import pytest
from fastapi.testclient import TestClient
from fixtures.route_rules import api_routes, rule_of
from fixtures.web_client import API, BASE_URL, Service, make_project

from tomosift.accounts.tokens import create_token
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")

ROLES = ("viewer", "annotator", "curator", "owner")
# The event stream never ends; who may open it is asked with the streams' own tests.
ROUTES = [
    (method, route.path, rule_of(route.dependant))
    for method, route in api_routes()
    if not route.path.endswith("/{slug}/events")
]
# Whoever may use these loses something by it, so they come last.
LAST = ("DELETE /sessions", "DELETE /projects/{slug}", "DELETE /projects/{slug}/membership", "DELETE /session")
NUMBERS = ("subtomogram_id", "lease_id", "event_id", "delivery_id", "number")


def in_order(routes: list[tuple[str, str, str | None]]) -> list[tuple[str, str, str | None]]:
    """Harmless ones first."""
    return sorted(routes, key=lambda each: LAST.index(f"{each[0]} {each[1]}") if f"{each[0]} {each[1]}" in LAST else -1)


def address(path: str, slug: str) -> str:
    """The path with ids that lead nowhere: whoever is let in gets a 404 about the thing, not about the project."""
    path = path.replace("{slug}", slug).replace("{path:path}", "a/b.mrc")
    for name in NUMBERS:
        path = path.replace("{" + name + "}", "1")
    while "{" in path:
        before, _, rest = path.partition("{")
        path = f"{before}{uuid.uuid4()}{rest.partition('}')[2]}"
    return API + path


class People:
    """A client of every kind, for one project."""

    def __init__(self) -> None:
        self.service = Service()
        self.admin = self.service.owner()
        project = make_project(self.admin)
        self.slug, self.project_id = str(project["slug"]), str(project["id"])

    def ask(self, client: TestClient, method: str, path: str) -> tuple[int, str]:
        """The status, and what the problem says. An empty body: whoever is let in goes no further than 422."""
        answer = client.request(method, address(path, self.slug), follow_redirects=False)
        assert answer.status_code != 500, (method, path, answer.text)
        return answer.status_code, answer.json()["detail"] if answer.status_code >= 400 else ""

    def lets_in(self, client: TestClient, method: str, path: str) -> bool:
        """Whether this client gets past the checks (and then perhaps meets a thing that is not there)."""
        status, detail = self.ask(client, method, path)
        return status not in (401, 403) and "no such project" not in detail


@pytest.fixture
def people(settings: Settings) -> People:
    return People()


def test_every_route_names_its_rule_in_one_place() -> None:
    for method, path, rule in ROUTES:
        assert rule is not None, f"{method} {path} needs an access type of projects/access.py, a user, or ANYONE"
        assert (rule in ROLES) == ("{slug}" in path), f"{method} {path}: roles are for projects, {rule!r} is for it"


def test_nobody_gets_in_without_signing_in_and_who_is_no_member_learns_nothing(people: People) -> None:
    nobody = people.service.anonymous()
    stranger, _ = people.service.user("stranger")
    for method, path, rule in ROUTES:
        if rule != "anyone":
            assert people.ask(nobody, method, path)[0] == 401, (method, path)
        if "{slug}" in path:
            status, detail = people.ask(stranger, method, path)
            assert (status, "no such project" in detail) == (404, True), (method, path)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_its_part_and_no_more(people: People, role: str) -> None:
    client = people.service.member(people.project_id, role)
    for method, path, rule in in_order([each for each in ROUTES if each[2] in ROLES]):
        allowed = ROLES.index(role) >= ROLES.index(str(rule))
        status, detail = people.ask(client, method, path)
        if allowed:
            assert status not in (401, 403) and "no such project" not in detail, (role, method, path)  # noqa: PT018
        else:
            assert status == 403, (role, method, path)


def test_what_is_no_projects_is_for_any_user_or_for_administrators(people: People) -> None:
    user, _ = people.service.user("plain")
    admin, _ = people.service.user("second-admin", is_admin=True)
    for method, path, rule in in_order([each for each in ROUTES if each[2] in ("signed in", "administrator")]):
        assert people.lets_in(user, method, path) == (rule == "signed in"), (method, path)
        assert people.lets_in(admin, method, path), (method, path)


def test_an_administrator_is_owner_everywhere(people: People) -> None:
    for method, path, _ in in_order([each for each in ROUTES if each[2] in ROLES]):
        assert people.lets_in(people.admin, method, path), (method, path)


def test_a_reading_token_changes_nothing(people: People) -> None:
    reader = people.service.script(people.service.owner_id(), "read")
    for method, path, rule in ROUTES:
        if rule != "anyone":
            assert people.lets_in(reader, method, path) == (method == "GET"), (method, path)


def test_a_token_of_one_project_works_there_alone(people: People) -> None:
    other = make_project(people.admin, "Other")
    with transaction() as session:
        _, secret = create_token(session, people.service.owner_id(), "x", "write", None, uuid.UUID(people.project_id))
    script = TestClient(people.service.app, base_url=BASE_URL, headers={"Authorization": f"Bearer {secret}"})
    assert [each["slug"] for each in script.get(f"{API}/projects").json()["items"]] == [people.slug]
    assert script.get(f"{API}/projects/{other['slug']}").status_code == 404
    for method, path, rule in in_order([each for each in ROUTES if each[2] != "anyone"]):
        elsewhere = rule == "administrator" or (rule == "signed in" and method != "GET")
        assert people.lets_in(script, method, path) != elsewhere, (method, path)


def test_a_deleted_project_is_there_for_its_owners_only_and_nothing_in_it_changes(people: People) -> None:
    owner = people.service.member(people.project_id, "owner")
    curator = people.service.member(people.project_id, "curator")
    assert owner.delete(f"{API}/projects/{people.slug}").status_code == 200
    for method, path, rule in ROUTES:
        if rule in ROLES and path != "/projects/{slug}/restore":
            assert people.ask(curator, method, path)[0] == 404, (method, path)
            status, detail = people.ask(owner, method, path)
            assert (status == 409 and "restored" in detail) == (method != "GET"), (method, path)
    assert curator.post(f"{API}/projects/{people.slug}/restore").status_code == 404
    assert owner.post(f"{API}/projects/{people.slug}/restore").status_code == 200
    assert curator.get(f"{API}/projects/{people.slug}").status_code == 200
