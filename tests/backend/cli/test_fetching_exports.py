"""The command's way with exports: made, followed, fetched, checked, and gone on with after a cut."""

import hashlib
import io
import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.particle_files import write_particles
from fixtures.web_client import BASE_URL, shared_app
from rich.console import Console

from tomosift.accounts.tokens import create_token
from tomosift.cli import main
from tomosift.client import ApiProblem, ServiceAddress, Tomosift
from tomosift.client import sync_client as client_module
from tomosift.client.exporting import ExportFailed, ExportRequest, export_particles
from tomosift.exports.run import run_export
from tomosift.formats.star import read_particle_star
from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


class Connection(httpx.BaseTransport):
    """The application's own transport; whoever asks after a job finds it done. `answered` may change an answer."""

    def __init__(self) -> None:
        self._inner = TestClient(shared_app(), base_url=BASE_URL, raise_server_exceptions=False)._transport
        self.answered: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda request, answer: answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        folder, _, last = request.url.path.rpartition("/")
        if folder.endswith("/jobs"):
            run_job(uuid.UUID(last), run_export)
        return self.answered(request, self._inner.handle_request(request))


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path / "in").star, volumes=True)
    made.label(made.ids[:4], "ribosome")
    return made


@pytest.fixture
def connection(settings: Settings) -> Connection:
    return Connection()


@pytest.fixture
def client(world: ExportWorld, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Tomosift:
    monkeypatch.setattr(client_module.time, "sleep", lambda _: None)
    with transaction() as session:
        _, secret = create_token(session, world.user_ids["ada"], "test", "write", None)
    return Tomosift(ServiceAddress(BASE_URL, secret, is_local=False), transport=connection)


def fetch(client: Tomosift, world: ExportWorld, out: Path, export_id: str | None = None, **body: object) -> str:
    """Run the command's work; what it prints."""
    console = Console(file=io.StringIO(), width=200)
    export_particles(client, ExportRequest(world.slug, out, body, export_id), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_an_export_lies_whole_in_the_folder(client: Tomosift, world: ExportWorld, tmp_path: Path) -> None:
    printed = fetch(client, world, tmp_path / "out", volumes="mrc-cubes", filters={"classes": ["ribosome"]})

    assert len(read_particle_star(tmp_path / "out" / "particles.star")) == 4
    assert len(list((tmp_path / "out" / "volumes").rglob("*.mrc"))) == 4
    assert {each.name for each in (tmp_path / "out").iterdir()} == {
        *("particles.star", "volumes", "classes.star", "README.txt", "manifest.json")
    }
    assert "4 decided by experts" in printed


def test_a_folder_with_files_is_left_alone(client: Tomosift, world: ExportWorld, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(ExportFailed, match="not empty"):
        fetch(client, world, tmp_path / "out")


def test_a_transfer_that_was_cut_goes_on(
    client: Tomosift, connection: Connection, world: ExportWorld, tmp_path: Path
) -> None:
    fetched: list[str] = []

    def cut(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/files/" in request.url.path:
            fetched.append(request.url.path.rpartition("/")[2])
            if len(fetched) == 3:
                raise KeyboardInterrupt
        return answer

    connection.answered = cut
    with pytest.raises(KeyboardInterrupt):
        fetch(client, world, tmp_path / "out")
    (export,) = client.exports.all(world.slug)

    fetch(client, world, tmp_path / "out", export_id=str(export.id))

    assert fetched == ["manifest.json", "particles.star", "classes.star", "classes.star", "README.txt"]


def test_a_connection_that_breaks_goes_on_inside_the_file(
    client: Tomosift, connection: Connection, world: ExportWorld, tmp_path: Path
) -> None:
    ranges: list[str | None] = []

    class Broken(httpx.SyncByteStream):
        def __init__(self, data: bytes) -> None:
            self._data = data

        def __iter__(self):  # type: ignore[no-untyped-def]
            yield self._data
            raise httpx.ReadError("gone")

    def break_once(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("particles.star"):
            ranges.append(request.headers.get("range"))
            if len(ranges) == 1:
                answer.read()
                return httpx.Response(200, stream=Broken(answer.content[:100]))
        return answer

    connection.answered = break_once
    fetch(client, world, tmp_path / "out")
    assert ranges == [None, "bytes=100-"]
    assert len(read_particle_star(tmp_path / "out" / "particles.star")) == 12


def test_a_file_that_was_changed_on_the_way_is_not_kept(
    client: Tomosift, connection: Connection, world: ExportWorld, tmp_path: Path
) -> None:
    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(200, content=b"other") if request.url.path.endswith("classes.star") else answer

    connection.answered = change
    with pytest.raises(ExportFailed, match=r"classes\.star did not come over whole"):
        fetch(client, world, tmp_path / "out")
    assert not (tmp_path / "out" / "classes.star").exists()


def test_a_service_cannot_write_outside_the_folder(
    client: Tomosift, connection: Connection, world: ExportWorld, tmp_path: Path
) -> None:
    evil = json.dumps({"files": [{"path": "../evil", "sha256": "0"}]}).encode()

    def lie(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("manifest.json"):
            return httpx.Response(200, content=evil)
        if re.search(r"/exports/[^/]+$", request.url.path):
            answer.read()
            return httpx.Response(200, json={**answer.json(), "manifest_sha256": hashlib.sha256(evil).hexdigest()})
        return answer

    connection.answered = lie
    with pytest.raises(ExportFailed, match="outside of the folder"):
        fetch(client, world, tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_what_the_service_refuses_is_told(client: Tomosift, world: ExportWorld, tmp_path: Path) -> None:
    with pytest.raises(ApiProblem, match="doc"):
        fetch(client, world, tmp_path / "out", format="doc")
    with pytest.raises(ExportFailed, match="has no class 'nothing'"):
        fetch(client, world, tmp_path / "out", filters={"classes": ["nothing"]})


def test_the_commands_options_are_the_requests_fields(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tomosift.client import exporting
    from tomosift.commands import exports as command
    from tomosift.exports.schemas import ExportIn

    asked: list[ExportRequest] = []
    monkeypatch.setattr(exporting, "export_particles", lambda client, request, console: asked.append(request))
    address = ServiceAddress(BASE_URL, "t", is_local=False)
    monkeypatch.setattr(command, "open_client", lambda server, token: Tomosift(address))
    words = "export -p pool --out o --layout per-class --columns label,confidence --classes a,junk --decided-by expert "
    words += "--min-confidence 0.9 --max-unlike 0.95 --volumes mrc-cubes --rewrite-images --class-sums "
    words += "--wedge=-50,60 --cycle 2"
    with pytest.raises(SystemExit):
        main(words.split())
    (request,) = asked
    body = ExportIn.model_validate(request.body)
    assert (body.layout, body.columns, body.cycle, body.rewrite_images) == (
        "per-class",
        ["label", "confidence"],
        2,
        True,
    )
    assert body.filters.model_dump(exclude_none=True) == {
        "classes": ["a", "junk"],
        "decided_by": ["expert"],
        "min_confidence": 0.9,
        "max_unlike": 0.95,
    }
    assert body.wedge is not None
    assert (body.wedge.minimum_degrees, body.wedge.maximum_degrees) == (-50, 60)
