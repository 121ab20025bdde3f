"""Signing in by an OpenID provider that answers over real HTTP: who gets in, and whose word is not taken."""

import time
import uuid
from collections.abc import Iterator
from functools import lru_cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from fixtures.oidc_provider import CLIENT_ID, CLIENT_SECRET, FOREIGN_KEY, Provider, running_provider
from fixtures.web_client import API, BASE_URL, WEB_HEADERS, Service
from sqlalchemy import select, update

from tomosift.accounts.oidc import own_page
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import AuditEvent, OidcRequest, User

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Provider:
    fresh = Provider(url=shared_provider.url)
    shared_provider.__dict__.update(fresh.__dict__)
    for name, value in {
        "OIDC_ISSUER": shared_provider.url,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_LABEL": "Institute login",
    }.items():
        monkeypatch.setenv(f"TOMOSIFT_{name}", value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    get_settings.cache_clear()
    return shared_provider


def open_door(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setenv(f"TOMOSIFT_OIDC_{name}", "true")
    get_settings.cache_clear()


@pytest.fixture
def browser(provider: Provider) -> TestClient:
    return a_browser()


the_service = lru_cache(Service)
"""One application for all tests here: it reads the settings at each request."""


def a_browser() -> TestClient:
    """With an address of its own, as failures are counted by address."""
    address = f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"
    return TestClient(
        the_service().app, base_url=BASE_URL, headers=WEB_HEADERS, client=(address, 1), follow_redirects=False
    )


def go_and_come_back(browser: TestClient, query: str = "") -> httpx.Response:
    """What a browser does that is sent to the provider, and what the service says when it is back."""
    away = browser.get(f"{API}/oidc/start{query}")
    assert away.status_code == 303, away.text
    return come_back(browser, away.headers["Location"])


def come_back(browser: TestClient, url: str) -> httpx.Response:
    back = httpx.get(url, trust_env=False).headers["Location"]
    assert back.startswith(f"{BASE_URL}{API}/oidc/callback?")
    return browser.get(back.removeprefix(BASE_URL))


def user_name(browser: TestClient) -> str | None:
    answer = browser.get(f"{API}/session")
    return answer.json()["user"]["name"] if answer.is_success else None


def connect_ada(provider: Provider, **fields: Any) -> uuid.UUID:
    with transaction() as session:
        user = User(name="ada", display_name="Ada", **fields)
        session.add(user)
        session.flush()
        return user.id


def test_nobody_gets_in_by_a_provider_alone(browser: TestClient) -> None:
    answer = go_and_come_back(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?problem=oidc-no-account")
    assert user_name(browser) is None
    with transaction() as session:
        assert session.scalars(select(User)).all() == []
        assert [each.details["why"] for each in session.scalars(select(AuditEvent))] == ["oidc-no-account"]


def test_an_account_that_is_connected_opens(browser: TestClient, provider: Provider) -> None:
    connect_ada(provider, oidc_issuer=provider.url, oidc_subject="s-1")
    away = browser.get(f"{API}/oidc/start?return_to=/projects/demo/label")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["Location"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    cookie = SimpleCookie(away.headers["set-cookie"])["tomosift_oidc"]
    assert (cookie["samesite"], cookie["path"], bool(cookie["httponly"])) == ("lax", f"{API}/oidc/callback", True)
    back = come_back(browser, away.headers["Location"])
    assert (back.status_code, back.headers["Location"]) == (303, "/projects/demo/label")
    session_cookie = SimpleCookie(back.headers.get_list("set-cookie")[0])["tomosift_session"]
    assert (session_cookie["samesite"], bool(session_cookie["httponly"])) == ("strict", True)
    assert user_name(browser) == "ada"
    assert browser.get(f"{API}/sessions").json()["items"][0]["began_by"] == "oidc"
    assert provider.token_requests[-1]["code_verifier"]
    with transaction() as session:
        assert session.scalars(select(OidcRequest)).all() == [], "each request is answered once"


def test_who_is_signed_in_connects_their_own_account(browser: TestClient, provider: Provider) -> None:
    service = the_service()
    ada, _ = service.user("ada")
    ada.follow_redirects = False
    assert go_and_come_back(ada, "?connect=true").headers["Location"] == "/"
    assert go_and_come_back(browser).headers["Location"] == "/"
    assert user_name(browser) == "ada"
    bob, _ = service.user("bob")
    bob.follow_redirects = False
    refused = go_and_come_back(bob, "?connect=true")
    assert refused.headers["Location"] == "/sign-in?problem=oidc-other-account"
    nobody = a_browser().get(f"{API}/oidc/start?connect=true")
    assert nobody.headers["Location"] == "/sign-in?problem=oidc-expired"


def test_only_a_verified_address_opens_an_account(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    open_door(monkeypatch, "MATCH_EMAIL")
    connect_ada(provider, email="ada@lab.example")
    truth = dict(provider.person)
    for says in (
        {"email": "ada@lab.example", "email_verified": False},
        {"email": "ada@lab.example"},
        {"email": "ada@lab.example", "email_verified": "true"},
        {"email": "eve@lab.example", "email_verified": True},
    ):
        provider.person = truth | says
        browser = a_browser()
        go_and_come_back(browser)
        assert user_name(browser) is None, says
    provider.person = truth | {"email": "ADA@lab.example", "email_verified": True}
    go_and_come_back(browser)
    assert user_name(browser) == "ada"


def test_an_address_opens_no_account_that_is_connected_or_switched_off(
    browser: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_door(monkeypatch, "MATCH_EMAIL")
    connect_ada(provider, email="ada@lab.example", oidc_issuer=provider.url, oidc_subject="another")
    provider.person |= {"email": "ada@lab.example", "email_verified": True}
    assert go_and_come_back(browser).headers["Location"].endswith("oidc-no-account")
    with transaction() as session:
        session.execute(update(User).values(oidc_subject="s-1", is_active=False))
    assert go_and_come_back(browser).headers["Location"].endswith("oidc-no-account")


def test_accounts_are_made_where_the_setting_says_so(
    browser: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_door(monkeypatch, "CREATE_ACCOUNTS")
    with transaction() as session:
        session.add(User(name="ada", display_name="Another Ada"))
    for _ in range(2):
        assert go_and_come_back(browser).headers["Location"] == "/"
        assert browser.get(f"{API}/session").json()["user"] == {
            "id": browser.get(f"{API}/session").json()["user"]["id"],
            "name": "ada-2",
            "display_name": "Ada L.",
            "is_admin": False,
        }
    with transaction() as session:
        assert len(session.scalars(select(User)).all()) == 2


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "expired": {"claims": {"exp": int(time.time()) - 3600}},
    "without an end": {"claims": {"exp": None}},
    "another nonce": {"claims": {"nonce": "replayed"}},
    "without a nonce": {"claims": {"nonce": None}},
    "without a subject": {"claims": {"sub": None}},
    "another key": {"key": FOREIGN_KEY},
}


def test_a_token_that_does_not_hold_is_refused(browser: TestClient, provider: Provider) -> None:
    connect_ada(provider, oidc_issuer=provider.url, oidc_subject="s-1")
    honest = dict(provider.__dict__)
    for lie, changes in LIES.items():
        provider.__dict__.update(honest | changes)
        assert go_and_come_back(browser).headers["Location"] == "/sign-in?problem=oidc-invalid", lie
        assert user_name(browser) is None, lie
    provider.__dict__.update(honest)
    assert go_and_come_back(browser).headers["Location"] == "/"


def test_the_answer_belongs_to_the_browser_that_asked_and_to_its_time(browser: TestClient, provider: Provider) -> None:
    connect_ada(provider, oidc_issuer=provider.url, oidc_subject="s-1")
    away = browser.get(f"{API}/oidc/start").headers["Location"]
    victim = a_browser()
    victim.get(f"{API}/oidc/start")
    assert come_back(victim, away).headers["Location"].endswith("oidc-expired"), "a link prepared by somebody else"
    assert come_back(browser, away).headers["Location"] == "/", "the right browser still gets in"
    assert come_back(browser, away).headers["Location"].endswith("oidc-expired"), "once"
    late = browser.get(f"{API}/oidc/start").headers["Location"]
    with transaction() as session:
        session.execute(update(OidcRequest).values(expires_at=utc_now()))
    assert come_back(browser, late).headers["Location"].endswith("oidc-expired")
    assert browser.get(f"{API}/oidc/callback").headers["Location"].endswith("oidc-expired")


def test_what_goes_wrong_at_the_provider_leads_to_the_sign_in_page(browser: TestClient, provider: Provider) -> None:
    provider.refuse = "access_denied"
    assert go_and_come_back(browser).headers["Location"].endswith("oidc-refused")
    provider.description = {"issuer": "https://evil.example"}
    assert browser.get(f"{API}/oidc/start").headers["Location"].endswith("oidc-unreachable")


def test_the_sign_in_page_learns_what_there_is(browser: TestClient, settings: Settings) -> None:
    assert browser.get(f"{API}/sign-in-ways").json() == {
        "password": False,
        "provider": {"label": "Institute login", "start_url": f"{API}/oidc/start"},
    }


def test_without_a_provider_there_is_none(settings: Settings) -> None:
    browser = a_browser()
    assert browser.get(f"{API}/oidc/start").status_code == 404
    assert browser.get(f"{API}/oidc/callback").status_code == 404
    assert browser.get(f"{API}/sign-in-ways").json()["provider"] is None


def test_nobody_is_sent_on_to_another_site() -> None:
    for path in ("//evil.example", "/\\evil.example", "https://evil.example", "", "x", "/a\nb"):
        assert own_page(path) == "/", path
    assert own_page("/projects/demo?a=1") == "/projects/demo?a=1"


def test_a_provider_needs_a_safe_address_and_a_name_for_us() -> None:
    for wrong in ({"oidc_issuer": "http://login.example"}, {"oidc_issuer": "https://login.example"}):
        with pytest.raises(ValueError, match=r"https://|CLIENT_ID"):
            Settings(**wrong)
