"""What every request and answer goes through: names, sites, sizes, headers, and errors that leak nothing."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from fixtures.web_client import API, BASE_URL, Service, link_token, make_project

from tomosift.accounts.links import create_sign_in_link
from tomosift.kit.settings import Settings, get_settings
from tomosift.kit.web_security import SECURITY_HEADERS, allowed_host_names, host_name

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


def with_settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Service:
    for name, value in variables.items():
        monkeypatch.setenv(f"TOMOSIFT_{name}", value)
    get_settings.cache_clear()
    return Service()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8765", "[::2]"])
def test_other_names_are_refused(service: Service, host: str) -> None:
    answer = service.anonymous().get("/healthz", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["type"] == "urn:tomosift:problem:unknown-host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "127.0.0.1:8765", "[::1]:8765", "::1"])
def test_loopback_names_are_answered(service: Service, host: str) -> None:
    assert service.anonymous().get("/healthz", headers={"Host": host}).status_code == 200


def test_configured_names_are_answered(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    service = with_settings(
        monkeypatch, ALLOWED_HOSTS="lab.example, other.example:80", PUBLIC_URL="https://sift.lab.example"
    )
    for host in ("lab.example", "other.example", "sift.lab.example:443"):
        assert service.anonymous().get("/healthz", headers={"Host": host}).status_code == 200


def test_listening_everywhere_does_not_mean_answering_to_every_name() -> None:
    assert allowed_host_names(Settings(host="0.0.0.0")) == {"localhost", "127.0.0.1", "::1"}
    assert "::" not in allowed_host_names(Settings(host="::"))
    assert "10.0.0.5" in allowed_host_names(Settings(host="10.0.0.5"))


def test_host_name_of_a_header() -> None:
    assert host_name("[FE80::1]:80") == "fe80::1"
    assert host_name("fe80::1") == "fe80::1"
    assert host_name(" Lab.Example:80 ") == "lab.example"


def test_a_change_needs_the_client_header(service: Service) -> None:
    owner = service.owner()
    answer = owner.post(f"{API}/tokens", json={"name": "x"}, headers={"X-Tomosift-Client": ""})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith(":csrf")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://evil.example:8765"]
)
def test_a_change_from_another_site_is_refused(service: Service, origin: str) -> None:
    owner = service.owner()
    answer = owner.post(f"{API}/tokens", json={"name": "x"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert owner.get(f"{API}/tokens").json()["items"] == []


def test_behind_a_proxy_the_public_address_counts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    public = "https://sift.lab.example"
    service = with_settings(monkeypatch, PUBLIC_URL=public)
    link = create_sign_in_link(get_settings())
    assert link.startswith(f"{public}/sign-in#token=")
    browser = TestClient(service.app, base_url=public, headers={"X-Tomosift-Client": "web", "Origin": public})
    signed_in = browser.post(f"{API}/session", json={"link_token": link_token(link)})
    assert "Secure" in signed_in.headers["set-cookie"]
    assert browser.post(f"{API}/tokens", json={"name": "x"}).status_code == 201
    # A proxy may put its own name into Host; the page's address is still the public one.
    assert browser.post(f"{API}/tokens", json={"name": "y"}, headers={"Host": "localhost:8765"}).status_code == 201


def test_a_script_needs_no_client_header_but_its_token_must_be_right(service: Service) -> None:
    script = service.script(service.owner_id())
    assert script.post(f"{API}/tokens", json={"name": "x"}).status_code == 201
    # A browser's cookie beside a wrong token counts for nothing: else a forged header would skip the check above.
    owner = service.owner()
    for header in ("Bearer tms_wrong", "Basic abc", "Bearer", "nonsense"):
        answer = owner.post(f"{API}/tokens", json={"name": "y"}, headers={"Authorization": header})
        assert answer.status_code == 401, header


def test_security_headers_are_on_every_answer(service: Service) -> None:
    client = service.anonymous()
    answers = [
        client.get("/healthz"),
        client.get("/"),
        client.get(f"{API}/session"),
        client.get("/nothing.js"),
        client.get("/healthz", headers={"Host": "evil.example"}),
        client.post(f"{API}/session", json={}, headers={"X-Tomosift-Client": ""}),
    ]
    for answer in answers:
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value, answer.request.url
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy


def test_answers_of_the_api_are_not_kept_by_caches(service: Service) -> None:
    assert service.owner().get(f"{API}/session").headers["Cache-Control"] == "no-store"


def test_large_requests_are_refused_whatever_they_say(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    service = with_settings(monkeypatch, REQUEST_LIMIT_MB="0.01")
    owner = service.owner()

    def body() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 1000

    said = owner.post(f"{API}/projects", content=b"x" * 20_000, headers={"Content-Type": "application/json"})
    silent = owner.post(f"{API}/projects", content=body(), headers={"Content-Type": "application/json"})
    wrong = owner.post(f"{API}/projects", content=b"{}", headers={"Content-Length": "many"})
    assert [answer.status_code for answer in (said, silent, wrong)] == [413, 413, 413]
    assert make_project(owner)["slug"] == "ribosomes"


def test_an_unexpected_error_tells_a_number_and_nothing_else(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owner = service.owner()
    import tomosift.accounts.tokens as tokens

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail in /home/ada")

    monkeypatch.setattr(tokens, "list_tokens", fail)
    answer = owner.get(f"{API}/tokens")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    incident = answer.json()["incident"]
    assert incident in caplog.text, "the log has the cause under this number"
    assert "secret detail" in caplog.text


def test_a_database_that_is_away_is_a_503(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from tomosift.kit.database import reset_engine

    client = service.owner()
    monkeypatch.setenv("TOMOSIFT_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1")
    get_settings.cache_clear()
    reset_engine()
    answer = client.get(f"{API}/session")
    assert answer.status_code == 503
    assert answer.json()["type"].endswith(":database-unreachable")
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{API}/nothing-here", 404),
        ("PUT", "/healthz", 405),
        ("GET", f"{API}/projects?limit=0", 422),
        ("GET", f"{API}/projects?after=nonsense", 422),
        ("GET", f"{API}/projects?after=WzFd", 422),
        ("GET", f"{API}/projects/ribosomes/subtomograms?tomogram=%00", 422),
        ("GET", f"{API}/projects/ribosomes/subtomograms/99999999999999999999999", 422),
        ("POST", f"{API}/projects", 422),
    ],
)
def test_every_error_is_a_problem_that_says_what_to_do(service: Service, method: str, path: str, status: int) -> None:
    owner = service.owner()
    make_project(owner)
    answer = owner.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:tomosift:problem:")
    assert body["title"]
    assert body["detail"]


def test_validation_errors_name_the_place(service: Service) -> None:
    answer = service.owner().post(f"{API}/projects", json={"name": "x", "classes": [{"name": "a", "color": "red"}]})
    assert answer.json()["errors"][0]["where"] == "body.classes.0.color"


def test_input_is_not_echoed_as_markup(service: Service) -> None:
    owner = service.owner()
    name = "<script>alert(1)</script>"
    project = make_project(owner, name)
    assert project["name"] == name
    answer = owner.get(f"{API}/projects/{project['slug']}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert json.loads(answer.text)["name"] == name


def test_client_base_url_is_what_the_origin_check_expects(service: Service) -> None:
    client = TestClient(service.app, base_url=BASE_URL)
    assert client.post(f"{API}/session", json={"link_token": "x"}).status_code == 403
