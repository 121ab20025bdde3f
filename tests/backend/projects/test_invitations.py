"""Invitations: one person, once, while it is open; and no longer than their maker may invite."""

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.web_client import API, Service, link_token, make_project
from sqlalchemy import update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import Invitation, ProjectMember

PASSWORD = "three words to remember"
PROJECT = f"{API}/projects/ribosomes"


@pytest.fixture
def service(settings: Settings, clean_database: str, cheap_passwords: None) -> Service:
    return Service()


@pytest.fixture
def admin(service: Service) -> TestClient:
    admin = service.owner()
    make_project(admin)
    return admin


def invite(client: TestClient, role: str | None = None) -> dict[str, Any]:
    path = f"{PROJECT}/invitations" if role else f"{API}/invitations"
    made = client.post(path, json={"note": "Bob", **({"role": role} if role else {})})
    assert made.status_code == 201, made.text
    assert made.json()["url"].startswith("http://127.0.0.1:8765/invitation#token=")
    return dict(made.json())


def accept(service: Service, made: dict[str, Any], name: str = "bob", password: str = PASSWORD) -> Any:
    body = {"token": link_token(made["url"]), "name": name, "display_name": "Bob B.", "password": password}
    browser = service.anonymous()
    return browser.post(f"{API}/invitations/accept", json=body), browser


def kind(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


def test_a_guest_chooses_name_and_password_and_is_in_the_project(service: Service, admin: TestClient) -> None:
    made = invite(admin, "annotator")
    token = {"token": link_token(made["url"])}
    shown = service.anonymous().post(f"{API}/invitations/look", json=token).json()
    assert (shown["project_name"], shown["role"]) == ("Ribosomes", "annotator")
    assert kind(accept(service, made, password="short")[0]) == (422, "weak-password")
    assert kind(accept(service, made, name=admin.get(f"{API}/session").json()["user"]["name"])[0])[0] == 409
    answer, browser = accept(service, made)
    assert (answer.status_code, answer.json()["user"]["display_name"]) == (201, "Bob B.")
    assert browser.get(PROJECT).json()["role"] == "annotator"
    assert not answer.json()["user"]["is_admin"]
    signed_in = service.anonymous().post(f"{API}/session", json={"name": "bob", "password": PASSWORD})
    assert signed_in.status_code == 201
    assert kind(accept(service, made, name="eve")[0]) == (410, "invitation-used")
    (listed,) = admin.get(f"{PROJECT}/invitations").json()["items"]
    assert (listed["state"], listed["used_by"], listed["note"]) == ("used", "Bob B.", "Bob")
    assert link_token(made["url"]) not in str(listed)
    assert kind(admin.delete(f"{PROJECT}/invitations/{made['id']}")) == (409, "invitation-used")


def test_invitations_end_by_hand_and_by_time(service: Service, admin: TestClient) -> None:
    revoked, expired = invite(admin), invite(admin)
    assert admin.delete(f"{API}/invitations/{revoked['id']}").status_code == 204
    assert kind(accept(service, revoked)[0]) == (410, "invitation-revoked")
    with transaction() as session:
        session.execute(
            update(Invitation).where(Invitation.id == uuid.UUID(expired["id"])).values(expires_at=utc_now())
        )
    assert kind(accept(service, expired)[0]) == (410, "invitation-expired")
    assert [each["state"] for each in admin.get(f"{API}/invitations").json()["items"]] == ["expired", "revoked"]
    unknown = {"url": "#token=guess"}
    assert kind(accept(service, unknown)[0]) == (404, "not-found")


def test_who_has_an_account_joins_with_it(service: Service, admin: TestClient) -> None:
    ada, _ = service.user("ada")
    join = lambda made: ada.post(f"{API}/invitations/join", json={"token": link_token(made["url"])})  # noqa: E731
    assert join(invite(admin, "viewer")).json() == {"slug": "ribosomes"}
    assert join(invite(admin, "curator")).status_code == 200, "a greater role"
    assert kind(join(invite(admin, "annotator"))) == (409, "member-already"), "never a smaller one"
    assert ada.get(PROJECT).json()["role"] == "curator"
    assert kind(join(invite(admin))) == (409, "account-there")


def test_an_invitation_is_as_good_as_its_maker(service: Service, admin: TestClient) -> None:
    project_id = admin.get(PROJECT).json()["id"]
    owner, owner_id = service.user("olga")
    with transaction() as session:
        session.add(ProjectMember(project_id=uuid.UUID(project_id), user_id=owner_id, role="owner"))
    while_owner = invite(owner, "owner")
    admin.put(f"{PROJECT}/members/{owner_id}", json={"role": "curator"}, headers={"If-Match": "*"})
    assert kind(accept(service, while_owner)[0]) == (410, "invitation-revoked"), "no way back as owner"
    second_admin, admin_id = service.user("second", is_admin=True)
    while_admin = invite(second_admin)
    assert admin.patch(f"{API}/users/{admin_id}", json={"is_active": False}).status_code == 200
    assert kind(accept(service, while_admin)[0]) == (410, "invitation-revoked")
    into_deleted = invite(admin, "viewer")
    admin.delete(PROJECT)
    assert kind(accept(service, into_deleted)[0]) == (410, "invitation-revoked")
