"""Users are made by administrators; access tokens carry their user's rights, or fewer."""

import uuid
from datetime import timedelta

import pytest
from fixtures.web_client import API, Service, link_token
from sqlalchemy import select, update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import AccessToken

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


def test_an_administrator_adds_a_user_who_signs_in_by_link(service: Service) -> None:
    owner = service.owner()
    user = owner.post(f"{API}/users", json={"name": "ada", "display_name": "Ada L."}).json()
    assert (user["name"], user["display_name"], user["is_admin"]) == ("ada", "Ada L.", False)
    link = owner.post(f"{API}/users/{user['id']}/sign-in-link")
    assert link.status_code == 201
    browser = service.anonymous()
    browser.post(f"{API}/session", json={"link_token": link_token(link.json()["url"])})
    assert browser.get(f"{API}/session").json()["user"]["name"] == "ada"


def test_names_are_unique_whatever_their_case(service: Service) -> None:
    owner = service.owner()
    assert owner.post(f"{API}/users", json={"name": "Ada"}).status_code == 201
    again = owner.post(f"{API}/users", json={"name": "ada"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:tomosift:problem:name-taken")


@pytest.mark.parametrize("name", ["", " ada", "ada@home", "-ada", "a" * 65, "a\nb", "ada\n"])
def test_names_that_would_trouble_commands_are_refused(service: Service, name: str) -> None:
    assert service.owner().post(f"{API}/users", json={"name": name}).status_code == 422


def test_no_link_for_nobody(service: Service) -> None:
    assert service.owner().post(f"{API}/users/{uuid.uuid4()}/sign-in-link").status_code == 404


def test_users_are_listed_in_pages(service: Service) -> None:
    owner = service.owner()
    for name in ("ada", "bob", "cy", "dee"):
        owner.post(f"{API}/users", json={"name": name})
    names: list[str] = []
    after = None
    while True:
        page = owner.get(f"{API}/users", params={"limit": 2, **({"after": after} if after else {})}).json()
        assert len(page["items"]) <= 2
        names += [user["name"] for user in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert names == sorted(names)
    assert {"ada", "bob", "cy", "dee"} < set(names)
    assert len(names) == 5


def test_a_token_is_shown_once_and_works(service: Service) -> None:
    owner = service.owner()
    made = owner.post(f"{API}/tokens", json={"name": "script", "scope": "write", "expires_in_days": 1}).json()
    assert made["token"].startswith("tms_")
    assert made["token"].startswith(made["prefix"])
    listed = owner.get(f"{API}/tokens").json()["items"]
    assert [each["name"] for each in listed] == ["script"]
    assert made["token"] not in str(listed)
    with transaction() as session:
        assert made["token"].encode() not in session.scalars(select(AccessToken.token_hash)).one()
    script = service.anonymous()
    script.headers["Authorization"] = f"Bearer {made['token']}"
    assert script.get(f"{API}/session").status_code == 200
    assert owner.get(f"{API}/tokens").json()["items"][0]["last_used_at"] is not None


def test_tokens_expire_and_can_be_revoked(service: Service) -> None:
    owner_id = service.owner_id()
    expired, revoked = service.script(owner_id), service.script(owner_id)
    with transaction() as session:
        first, second = session.scalars(select(AccessToken).order_by(AccessToken.created_at)).all()
        session.execute(
            update(AccessToken).where(AccessToken.id == first.id).values(expires_at=utc_now() - timedelta(seconds=1))
        )
    assert expired.get(f"{API}/session").status_code == 401
    assert revoked.get(f"{API}/session").status_code == 200
    assert revoked.delete(f"{API}/tokens/{second.id}").status_code == 204
    assert revoked.get(f"{API}/session").status_code == 401


def test_nobody_revokes_the_tokens_of_others(service: Service) -> None:
    ada, ada_id = service.user("ada")
    bob, _ = service.user("bob")
    script = service.script(ada_id)
    token_id = ada.get(f"{API}/tokens").json()["items"][0]["id"]
    assert bob.delete(f"{API}/tokens/{token_id}").status_code == 404
    assert bob.get(f"{API}/tokens").json()["items"] == []
    assert script.get(f"{API}/session").status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": "x", "scope": "admin"}, {"name": "x", "expires_in_days": 0}, {"name": "x", "more": 1}],
)
def test_bad_tokens_are_refused(service: Service, body: dict[str, object]) -> None:
    assert service.owner().post(f"{API}/tokens", json=body).status_code == 422
