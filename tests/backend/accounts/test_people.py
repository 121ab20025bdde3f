"""What administrators do with accounts, your own sessions, and changes that name who makes them."""

import uuid

import pytest
from fixtures.web_client import API, Service, link_token
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import AccessToken, User


@pytest.fixture
def service(settings: Settings, clean_database: str) -> Service:
    return Service()


def test_switching_an_account_off_ends_everything_at_once(service: Service) -> None:
    admin = service.owner()
    ada, ada_id = service.user("ada")
    script = service.script(ada_id)
    link = admin.post(f"{API}/users/{ada_id}/sign-in-link").json()["url"]
    assert admin.patch(f"{API}/users/{ada_id}", json={"is_active": False}).status_code == 200
    assert [client.get(f"{API}/session").status_code for client in (ada, script)] == [401, 401]
    opened = service.anonymous().post(f"{API}/session", json={"link_token": link_token(link)})
    assert opened.status_code == 401
    assert [each["name"] for each in admin.get(f"{API}/users").json()["items"]] != ["ada"]
    listed = {each["name"]: each for each in admin.get(f"{API}/accounts").json()["items"]}
    assert (listed["ada"]["is_active"], listed["ada"]["last_seen_at"]) == (False, None)
    assert admin.patch(f"{API}/users/{ada_id}", json={"is_active": True}).status_code == 200
    assert [client.get(f"{API}/session").status_code for client in (ada, script)] == [401, 401], "they stay ended"
    with transaction() as session:
        assert session.scalars(select(AccessToken)).one().revoked_at is not None


def test_the_service_keeps_an_administrator_and_names_stay_single(service: Service) -> None:
    admin = service.owner()
    own_id = admin.get(f"{API}/session").json()["user"]["id"]
    for change in ({"is_active": False}, {"is_admin": False}):
        refused = admin.patch(f"{API}/users/{own_id}", json=change)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "last-admin")
    _, ada_id = service.user("ada")
    _, bob_id = service.user("bob")
    renamed = admin.patch(f"{API}/users/{ada_id}", json={"name": "ada-l", "email": "ada@lab.example"})
    assert renamed.json()["name"] == "ada-l"
    for taken in ({"name": "ADA-L"}, {"email": "Ada@Lab.example"}):
        assert admin.patch(f"{API}/users/{bob_id}", json=taken).status_code == 409
    assert admin.patch(f"{API}/users/{ada_id}", json={"email": None}).status_code == 200
    with transaction() as session:
        assert session.get_one(User, ada_id).email is None
        importer = User(name="Class3D", display_name="Class3D", kind="importer", is_active=False)
        session.add(importer)
    assert admin.patch(f"{API}/users/{importer.id}", json={"is_active": True}).status_code == 404, "no person"


def test_sessions_are_listed_and_ended(service: Service) -> None:
    here, ada_id = service.user("ada")
    admin = service.owner()
    elsewhere = []
    for _ in range(3):
        browser = service.anonymous()
        link = admin.post(f"{API}/users/{ada_id}/sign-in-link").json()["url"]
        browser.post(f"{API}/session", json={"link_token": link_token(link)}, headers={"User-Agent": "Lab PC"})
        elsewhere.append(browser)
    listed = here.get(f"{API}/sessions").json()["items"]
    assert [each["is_current"] for each in listed].count(True) == 1
    assert sorted(str(each["device"]) for each in listed)[:3] == ["Lab PC"] * 3
    current = elsewhere[0].get(f"{API}/sessions").json()["items"]
    first = next(each["id"] for each in current if each["is_current"])
    assert admin.delete(f"{API}/sessions/{first}").status_code == 404, "everybody ends their own"
    assert here.delete(f"{API}/sessions/{first}").status_code == 204
    assert elsewhere[0].get(f"{API}/session").status_code == 401
    assert here.delete(f"{API}/sessions").json() == {"ended": 2}
    assert here.get(f"{API}/session").status_code == 200
    assert admin.delete(f"{API}/users/{ada_id}/sessions").json() == {"ended": 1}
    assert here.get(f"{API}/session").status_code == 401


def test_people_change_their_own_name_and_leave_the_provider_only_with_a_password(service: Service) -> None:
    ada, ada_id = service.user("ada")
    admin = service.owner()
    assert ada.put(f"{API}/session/name", json={"display_name": " "}).status_code == 422
    assert ada.put(f"{API}/session/name", json={"display_name": "Ada L.", "is_admin": True}).status_code == 422
    assert ada.put(f"{API}/session/name", json={"display_name": "Ada L."}).json()["display_name"] == "Ada L."
    assert ada.get(f"{API}/session").json()["user"]["display_name"] == "Ada L."
    assert ada.delete(f"{API}/session/provider").status_code == 404
    with transaction() as session:
        row = session.get_one(User, ada_id)
        row.oidc_issuer, row.oidc_subject = "https://login.example.org", "17"
    assert ada.get(f"{API}/session").json()["has_provider"]
    refused = ada.delete(f"{API}/session/provider")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "no-other-way")
    assert ada.put(f"{API}/session/password", json={"new": "four words are easy"}).status_code == 204
    assert ada.delete(f"{API}/session/provider").status_code == 204
    assert not ada.get(f"{API}/session").json()["has_provider"]
    deeds = [each["action"] for each in admin.get(f"{API}/audit?actor=ada").json()["items"]]
    assert {"user.changed", "provider.disconnected"} <= set(deeds)


def test_a_change_in_another_persons_name_is_refused_and_nothing_is_stored(service: Service) -> None:
    ada, ada_id = service.user("ada")
    body = {"name": "x"}
    refused = ada.post(f"{API}/tokens", json=body, headers={"Expected-User": str(uuid.uuid4())})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (412, "another-user")
    assert ada.get(f"{API}/tokens", headers={"Expected-User": str(uuid.uuid4())}).json()["items"] == []
    assert ada.post(f"{API}/tokens", json=body, headers={"Expected-User": str(ada_id)}).status_code == 201


def test_one_user_makes_so_many_changes_a_minute(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMOSIFT_WRITES_PER_MINUTE", "2")
    get_settings.cache_clear()
    ada, _ = service.user("ada")
    bob, _ = service.user("bob")
    answers = [ada.post(f"{API}/tokens", json={"name": "x"}) for _ in range(7)]
    statuses = [each.status_code for each in answers]
    assert set(statuses) == {201, 429}
    assert statuses.count(201) <= 4, "two, or four where a minute ends meanwhile"
    refused = next(each for each in answers if each.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert len(ada.get(f"{API}/tokens").json()["items"]) == statuses.count(201)
    assert bob.post(f"{API}/tokens", json={"name": "x"}).status_code == 201
