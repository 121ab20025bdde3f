"""Passwords: signing in with one, guessing that is slowed down, setting a new one, forgetting one."""

import time
import uuid

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from fixtures.cheap_passwords import CHEAP
from fixtures.web_client import API, BASE_URL, WEB_HEADERS, Service, link_token
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from tomosift.accounts import passwords
from tomosift.accounts.links import make_link
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import AuditEvent, BrowserSession, User

RIGHT = "three words to remember"
NEW = "four quite different words"


@pytest.fixture
def service(settings: Settings, clean_database: str, cheap_passwords: None) -> Service:
    return Service()


def browser_at(service: Service, address: str) -> TestClient:
    """A browser with an address of its own, as failures are counted by address."""
    return TestClient(service.app, base_url=BASE_URL, headers=WEB_HEADERS, client=(address, 50000))


def somewhere() -> str:
    """An address no other test has."""
    return f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"


def add_ada(service: Service, name: str = "ada") -> uuid.UUID:
    _, user_id = service.user(name)
    with transaction() as session:
        session.get_one(User, user_id).password_hash = passwords.make_hash(RIGHT, name)
    return user_id


def sign_in(client: TestClient, name: str, password: str) -> tuple[int, str]:
    answer = client.post(f"{API}/session", json={"name": name, "password": password})
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


def test_name_and_password_sign_in_and_nothing_else_does(service: Service) -> None:
    user_id = add_ada(service)
    browser = browser_at(service, somewhere())
    for name, password in (("ada", "wrong wrong wrong"), ("nobody", RIGHT), ("ada", RIGHT + " ")):
        assert sign_in(browser, name, password) == (401, "wrong-password")
    assert sign_in(browser, "ADA", RIGHT)[0] == 201, "the case of a name does not count"
    signed_in = browser.get(f"{API}/session").json()
    assert (signed_in["user"]["id"], signed_in["has_password"], signed_in["may_set_password"]) == (
        str(user_id),
        True,
        False,
    )
    with transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(is_active=False))
    assert sign_in(browser, "ada", RIGHT) == (401, "wrong-password"), "no word about an account that is switched off"


def test_wrong_passwords_are_counted_by_name_and_address(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMOSIFT_SIGN_IN_FAILURES", "2")
    get_settings.cache_clear()
    name = f"ada-{uuid.uuid4().hex[:6]}"
    add_ada(service, name)
    here = somewhere()
    guesser = browser_at(service, here)
    assert [sign_in(guesser, name, f"guess {number}")[0] for number in range(3)] == [401, 401, 429]
    refused = guesser.post(f"{API}/session", json={"name": name, "password": RIGHT})
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:tomosift:problem:too-many"), "even the right one"
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    neighbour = browser_at(service, here.replace("::1", "::2"))
    assert sign_in(neighbour, name, RIGHT)[0] == 429, "one computer has all addresses of its network"
    assert sign_in(browser_at(service, somewhere()), name, RIGHT)[0] == 201, "strangers do not lock anybody out"
    assert sign_in(guesser, "somebody-else", "guess")[0] == 401
    for number in range(17):
        sign_in(guesser, f"name-{number}", "guess")
    assert sign_in(guesser, "yet-another", "guess")[0] == 429, "one address may not try all names"
    with transaction() as session:
        link = make_link(session, session.scalars(select(User).where(User.name == name)).one(), get_settings())
    answer = guesser.post(f"{API}/session", json={"link_token": link_token(link.url)})
    assert answer.status_code == 201, "a link cannot be guessed, so it opens whatever was counted"


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    settings: Settings, clean_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def note(self: PasswordHasher, stored: str, password: str) -> object:
        hashed.append(stored.split("$")[3])
        return verify(self, stored, password)

    monkeypatch.setattr(passwords, "get_hasher", lambda: CHEAP)
    passwords._hash_of_nobody.cache_clear()
    service = Service()
    add_ada(service)
    monkeypatch.setattr(PasswordHasher, "verify", note)
    for name in ("ada", "nobody"):
        sign_in(browser_at(service, somewhere()), name, "wrong wrong wrong")
    passwords._hash_of_nobody.cache_clear()
    assert len(hashed) == 2
    assert hashed[0] == hashed[1], "one comparison each, with the same parameters"


def test_real_hashes_are_slow_and_their_own_kind() -> None:
    stored = passwords.make_hash(RIGHT, "ada")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=")
    began = time.perf_counter()
    assert passwords.is_right(stored, RIGHT)
    assert time.perf_counter() - began > 0.005
    assert not passwords.is_right("no hash at all", RIGHT)


def test_weaker_hashes_are_replaced_when_people_sign_in(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = add_ada(service)
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "get_hasher", lambda: stronger)
    for _ in range(2):
        assert sign_in(browser_at(service, somewhere()), "ada", RIGHT)[0] == 201
        with transaction() as session:
            assert "m=16,t=2" in str(session.get_one(User, user_id).password_hash)


@given(st.text(min_size=passwords.SHORTEST, max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_long_password_is_taken_as_it_was_typed(cheap_passwords: None, password: str) -> None:
    try:
        stored = passwords.make_hash(password, "ada")
    except ProblemError:  # too short when it is normalised, or two letters over and over
        reject()
    assert passwords.is_right(stored, password)
    assert not passwords.is_right(stored, password + "x")


@pytest.mark.parametrize("password", ["short", "ada" * 5, "aaaaaaaaaaaaaaaa", "abababababababab"])
def test_passwords_that_are_guessed_first_are_refused(password: str) -> None:
    with pytest.raises(ProblemError, match=r"guessed|short"):
        passwords.make_hash(password, "Ada")


def test_letters_typed_in_two_ways_are_one_password(cheap_passwords: None) -> None:
    assert passwords.is_right(passwords.make_hash("Schlüssel zum Labor", "ada"), "Schlu\u0308ssel zum Labor")


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(service: Service) -> None:
    add_ada(service)
    address = somewhere()
    here, elsewhere = browser_at(service, address), browser_at(service, somewhere())
    for browser in (here, elsewhere):
        assert sign_in(browser, "ada", RIGHT)[0] == 201
    path = f"{API}/session/password"
    assert here.put(path, json={"new": NEW}).json()["type"].endswith("password-needed")
    assert here.put(path, json={"old": NEW, "new": NEW}).status_code == 403
    assert here.put(path, json={"old": RIGHT, "new": "short"}).status_code == 422
    assert here.put(path, json={"old": RIGHT, "new": NEW}).status_code == 204
    assert here.get(f"{API}/session").status_code == 200
    assert elsewhere.get(f"{API}/session").status_code == 401
    assert sign_in(elsewhere, "ada", RIGHT) == (401, "wrong-password")
    assert sign_in(elsewhere, "ada", NEW)[0] == 201


def test_who_has_just_opened_a_link_needs_no_old_password(service: Service) -> None:
    ada, user_id = service.user("ada")
    assert ada.get(f"{API}/session").json()["may_set_password"] is True
    script = service.script(user_id)
    assert script.put(f"{API}/session/password", json={"new": NEW}).status_code == 403, "not by a token"
    with transaction() as session:
        session.execute(update(BrowserSession).values(created_at=utc_now().replace(year=2020)))
    assert ada.put(f"{API}/session/password", json={"new": NEW}).status_code == 403, "that was long ago"
    with transaction() as session:
        session.execute(update(BrowserSession).values(created_at=utc_now()))
    assert ada.put(f"{API}/session/password", json={"new": NEW}).status_code == 204
    assert sign_in(browser_at(service, somewhere()), "ada", NEW)[0] == 201


def test_a_reset_forgets_the_password_and_its_link_asks_for_a_new_one(service: Service) -> None:
    user_id = add_ada(service)
    ada, admin = browser_at(service, somewhere()), service.owner()
    sign_in(ada, "ada", RIGHT)
    link = admin.post(f"{API}/users/{user_id}/password-reset").json()
    assert ada.get(f"{API}/session").status_code == 401, "sessions end"
    assert sign_in(ada, "ada", RIGHT) == (401, "wrong-password")
    begun = ada.post(f"{API}/session", json={"link_token": link_token(link["url"])}).json()
    assert (begun["asks_password"], begun["has_password"], begun["may_set_password"]) == (True, False, True)
    assert ada.put(f"{API}/session/password", json={"new": NEW}).status_code == 204
    assert admin.post(f"{API}/users/{uuid.uuid4()}/password-reset").status_code == 404


def test_the_log_knows_who_came_in_and_holds_no_password(service: Service) -> None:
    add_ada(service)
    browser = browser_at(service, somewhere())
    sign_in(browser, RIGHT, "typed into the wrong field")
    sign_in(browser, "ada", "wrong wrong wrong")
    sign_in(browser, "ada", RIGHT)
    with transaction() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(3)).all()[::-1]
    assert [(each.action, each.target, each.actor_name) for each in events] == [
        ("session.refused", "(an unknown name)", "(not signed in)"),
        ("session.refused", "ada", "(not signed in)"),
        ("session.begun", "ada", "ada"),
    ]
    assert RIGHT not in str([each.details for each in events])
