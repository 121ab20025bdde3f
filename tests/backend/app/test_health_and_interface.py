"""Health checks, and the built interface: its files, its first page for every other address, nothing outside."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from fixtures.services import drop_database, make_database
from fixtures.web_client import Service

from tomosift.kit.broker import get_celery
from tomosift.kit.database import reset_engine
from tomosift.kit.routing import install_problem_handlers
from tomosift.kit.settings import Settings, get_settings
from tomosift.kit.static_interface import serve_interface


@pytest.fixture(autouse=True)
def _fresh_celery() -> None:
    get_celery.cache_clear()


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


def switch_to(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    get_celery.cache_clear()
    reset_engine()


def test_healthz_answers_without_any_service(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    switch_to(monkeypatch, "TOMOSIFT_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert service.anonymous().get("/healthz").json()["status"] == "ok"


def test_readyz_is_200_when_everything_is_there(service: Service) -> None:
    answer = service.anonymous().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_readyz_tells_which_part_is_missing(
    monkeypatch: pytest.MonkeyPatch, service: Service, settings: Settings, postgres_server: str, tmp_path: Path
) -> None:
    client = service.anonymous()
    switch_to(monkeypatch, "TOMOSIFT_REDIS_URL", f"redis+socket://{tmp_path}/absent.sock")
    answer = client.get("/readyz")
    assert (answer.status_code, "Redis" in answer.json()["detail"]) == (503, True)
    empty = make_database(postgres_server)
    try:
        switch_to(monkeypatch, "TOMOSIFT_DATABASE_URL", empty)
        answer = client.get("/readyz")
        assert (answer.status_code, "schema" in answer.json()["detail"]) == (503, True)
    finally:
        reset_engine()
        drop_database(postgres_server, empty)
    switch_to(monkeypatch, "TOMOSIFT_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1")
    answer = client.get("/readyz")
    assert (answer.status_code, "database" in answer.json()["detail"]) == (503, True)
    assert answer.headers["Retry-After"] == "2"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Tomosift</title>")
    (folder / "assets" / "index-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def client_of(folder: Path) -> TestClient:
    app = FastAPI()
    install_problem_handlers(app)
    serve_interface(app, folder)
    return TestClient(app)


def test_first_page_answers_every_address_of_the_interface(web: Path) -> None:
    for path in ("/", "/projects/demo", "/projects/demo/label", "/sign-in"):
        answer = client_of(web).get(path)
        assert (answer.status_code, answer.text) == (200, "<title>Tomosift</title>")
        assert answer.headers["Cache-Control"] == "no-cache", "a new version is seen at once"


def test_files_with_a_hash_in_their_name_may_be_kept(web: Path) -> None:
    answer = client_of(web).get("/assets/index-abc123.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    ["/assets/gone.js", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/link.txt", "/api/v1/nothing", "/api", "/a%00b.js"],
)
def test_nothing_else_is_served(web: Path, path: str) -> None:
    answer = client_of(web).get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_an_interface_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    answer = client_of(tmp_path).get("/")
    assert answer.status_code == 503
    assert "npm run build" in answer.text
