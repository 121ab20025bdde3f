"""Signing in: links that work once and for a day, cookies, sessions that end."""

from datetime import timedelta
from pathlib import Path

import pytest
from fixtures.web_client import API, Service, link_token
from sqlalchemy import select, update

from tomosift.accounts.links import create_sign_in_link, ensure_local_token, local_token_path, service_url
from tomosift.kit.database import DatabaseNotConfigured, transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import AccessToken, BrowserSession, SignInLink, User

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


def sign_in(service: Service, token: str) -> tuple[int, str]:
    answer = service.anonymous().post(f"{API}/session", json={"link_token": token})
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


def test_the_first_link_makes_the_owner_and_signs_them_in(service: Service, settings: Settings) -> None:
    url = create_sign_in_link(settings)
    assert url.startswith("http://127.0.0.1:8765/sign-in#token=")
    browser = service.anonymous()
    answer = browser.post(f"{API}/session", json={"link_token": link_token(url)})
    assert answer.status_code == 201
    assert answer.json()["user"]["is_admin"] is True
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie, "plain http on this computer"
    assert browser.get(f"{API}/session").json()["user"] == answer.json()["user"]
    create_sign_in_link(settings)
    with transaction() as session:
        assert len(session.scalars(select(User)).all()) == 1, "the owner is made once"


def test_a_link_works_once(service: Service, settings: Settings) -> None:
    token = link_token(create_sign_in_link(settings))
    assert sign_in(service, token)[0] == 201
    assert sign_in(service, token) == (401, "link-used")


def test_a_link_expires_after_a_day(service: Service, settings: Settings) -> None:
    token = link_token(create_sign_in_link(settings))
    with transaction() as session:
        left = session.scalars(select(SignInLink)).one().expires_at - utc_now()
        assert timedelta(hours=23) < left <= timedelta(hours=24)
        session.execute(update(SignInLink).values(expires_at=utc_now()))
    assert sign_in(service, token) == (401, "link-expired")


def test_an_unknown_link_says_how_to_get_one(service: Service) -> None:
    answer = service.anonymous().post(f"{API}/session", json={"link_token": "guess"})
    assert answer.status_code == 401
    assert "tomosift user link" in answer.json()["detail"]


def test_an_account_that_is_switched_off_stays_out(service: Service, settings: Settings) -> None:
    owner = service.owner()
    token = link_token(create_sign_in_link(settings))
    with transaction() as session:
        session.execute(update(User).values(is_active=False))
    assert sign_in(service, token) == (401, "user-inactive")
    assert owner.get(f"{API}/session").status_code == 401, "open sessions end too"


def test_signing_out_ends_the_session_on_the_server(service: Service) -> None:
    browser = service.owner()
    stolen = dict(browser.cookies)
    assert browser.delete(f"{API}/session").status_code == 204
    thief = service.anonymous()
    thief.cookies.update(stolen)
    assert thief.get(f"{API}/session").status_code == 401


def test_sessions_expire(service: Service, settings: Settings) -> None:
    browser = service.owner()
    with transaction() as session:
        row = session.scalars(select(BrowserSession)).one()
        assert abs(row.expires_at - utc_now() - timedelta(days=settings.session_days)) < timedelta(minutes=1)
        row.expires_at = utc_now()
    assert browser.get(f"{API}/session").status_code == 401


def test_only_digests_are_stored(service: Service, settings: Settings) -> None:
    token = link_token(create_sign_in_link(settings))
    browser = service.anonymous()
    browser.post(f"{API}/session", json={"link_token": token})
    cookie = browser.cookies["tomosift_session"]
    with transaction() as session:
        stored = [session.scalars(select(SignInLink.token_hash)).one()]
        stored += session.scalars(select(BrowserSession.token_hash)).all()
    assert all(token.encode() not in each and cookie.encode() not in each for each in stored)


def test_links_name_an_address_people_can_type() -> None:
    assert service_url(Settings(host="0.0.0.0", port=80)) == "http://127.0.0.1:80"
    assert service_url(Settings(host="::", port=80)) == "http://[::1]:80"
    assert service_url(Settings(host="fe80::1", port=80)) == "http://[fe80::1]:80"
    assert service_url(Settings(host="lab", port=80)) == "http://lab:80"
    assert service_url(Settings(public_url="https://sift.example/")) == "https://sift.example"


def test_links_need_a_database() -> None:
    with pytest.raises(DatabaseNotConfigured):
        create_sign_in_link(Settings(database_url=None))


def test_the_command_lines_token_is_private_and_kept(service: Service, settings: Settings) -> None:
    path = ensure_local_token(settings)
    assert path == local_token_path(settings)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    first = path.read_text()
    script = service.anonymous()
    script.headers["Authorization"] = f"Bearer {first.strip()}"
    assert script.get(f"{API}/session").json()["user"]["is_admin"] is True
    assert ensure_local_token(settings).read_text() == first, "kept as long as it works"
    with transaction() as session:
        session.execute(update(AccessToken).values(revoked_at=utc_now()))
    assert ensure_local_token(settings).read_text() != first, "made anew when it was revoked"


def test_a_token_file_others_could_read_is_made_private(settings: Settings) -> None:
    path = local_token_path(settings)
    path.parent.mkdir(mode=0o700)
    path.write_text("left over")
    path.chmod(0o644)
    assert ensure_local_token(settings).stat().st_mode & 0o777 == 0o600
    assert Path(path).read_text() != "left over"
