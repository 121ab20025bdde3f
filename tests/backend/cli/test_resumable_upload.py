"""Sending a list with its volumes: what is sent where, and that a cut transfer goes on where it stopped."""

import io
import tarfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import zarr
from fastapi.testclient import TestClient
from fixtures.particle_files import write_particles
from fixtures.web_client import BASE_URL, Service, make_project

from tomosift.accounts.tokens import create_token
from tomosift.client import ApiProblem, NoService, ServiceAddress, Tomosift
from tomosift.client import sync_client as client_module
from tomosift.client import upload as upload_module
from tomosift.client.upload import FilesMissing, ResumableUpload, gather
from tomosift.formats.problem import FormatProblem
from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_run import run_import
from tomosift.pool.uploads import staging_folder

pytestmark = pytest.mark.usefixtures("clean_database")

Trouble = Callable[[httpx.Request], None]


class TroubledConnection(httpx.BaseTransport):
    """The application's own transport, with trouble before or after a request is handled."""

    def __init__(self, service: Service) -> None:
        self._inner = TestClient(service.app, base_url=BASE_URL, raise_server_exceptions=False)._transport
        self.before: Trouble = lambda request: None
        self.after: Trouble = lambda request: None
        self.sent: list[int] = []
        self.batches: list[dict[str, int]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.before(request)
        if request.method == "PUT":
            self.sent.append(int(request.headers["content-length"]))
        if request.method == "POST" and request.url.path.endswith("/files"):
            self.batches.append(read_batch(request.read()))
        response = self._inner.handle_request(request)
        self.after(request)
        return response


def read_batch(tar: bytes) -> dict[str, int]:
    """Names and sizes of the files in a batch."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: member.size for member in archive}


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


@pytest.fixture
def connection(service: Service) -> TroubledConnection:
    return TroubledConnection(service)


@pytest.fixture
def client(service: Service, connection: TroubledConnection) -> Tomosift:
    make_project(service.owner())
    with transaction() as session:
        _, secret = create_token(session, service.owner_id(), "test", "write", None)
    return Tomosift(ServiceAddress(BASE_URL, secret, is_local=False), transport=connection)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module.time, "sleep", lambda _: None)
    monkeypatch.setattr(upload_module, "CHUNK_BYTES", 5000)
    monkeypatch.setattr(upload_module, "SMALL_FILE_BYTES", 0)  # every file goes in chunks unless a test says otherwise


@pytest.fixture
def batching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cubes (20 kB here) go three or four at a time."""
    monkeypatch.setattr(upload_module, "CHUNK_BYTES", 70_000)
    monkeypatch.setattr(upload_module, "SMALL_FILE_BYTES", 30_000)


def uploader(client: Tomosift, star: Path, tmp_path: Path) -> ResumableUpload:
    return ResumableUpload(client, "ribosomes", gather(star), tmp_path / "memory.json")


def import_uploaded(client: Tomosift, upload_id: str, list_path: str) -> dict[str, Any]:
    job = client.imports.create("ribosomes", {"upload_id": upload_id, "list": list_path})
    run_job(job.id, run_import)
    return client.pool.read_job("ribosomes", job.id).model_dump()


def staged(upload_id: str) -> dict[str, bytes]:
    folder = staging_folder(get_settings(), uuid.UUID(upload_id))
    return {path: (folder.files / path).read_bytes() for path, _ in folder.contents()}


def test_everything_the_list_names_is_sent_and_imported(client: Tomosift, tmp_path: Path) -> None:
    star = write_particles(tmp_path / "set", 4).star
    told: list[int] = []
    upload = uploader(client, star, tmp_path)
    upload_id = upload.run(told.append)
    assert told[-1] == upload.files.total_bytes
    assert told == sorted(told)
    local = {str(path.relative_to(star.parent)): path.read_bytes() for path in star.parent.rglob("*.*")}
    assert staged(upload_id) == local
    assert import_uploaded(client, upload_id, upload.files.list_remote)["state"] == "succeeded"


@pytest.mark.usefixtures("batching")
def test_an_ome_zarr_is_sent_with_every_file_in_it(client: Tomosift, tmp_path: Path) -> None:
    cubes = np.random.default_rng(0).standard_normal((5, 24, 24, 24)).astype(np.float32)
    group = zarr.open_group(tmp_path / "cubes.zarr", mode="w", zarr_format=2)
    group.create_array("0", shape=cubes.shape, chunks=(1, 24, 24, 24), dtype="float32")[:] = cubes
    axes = [{"name": "n"}, *({"name": name, "type": "space"} for name in "zyx")]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
    (tmp_path / "cubes.zarr" / "link").symlink_to(tmp_path)
    upload = uploader(client, tmp_path / "cubes.zarr", tmp_path)
    upload_id = upload.run(lambda _: None)
    body = {"upload_id": upload_id, "list": upload.files.list_remote, "voxel_size_angstrom": 10.0}
    job = client.imports.create("ribosomes", body)
    run_job(job.id, run_import)
    ended = client.pool.read_job("ribosomes", job.id)
    assert ended.result is not None, ended.problem
    assert ended.result["row_count"] == 5


@pytest.mark.parametrize("layout", ["beside", "above", "dots", "absolute"])
def test_however_the_list_names_its_files(client: Tomosift, tmp_path: Path, layout: str) -> None:
    folder = tmp_path / "project"
    prefix = {"beside": "", "above": "", "dots": "../../", "absolute": f"{folder}/"}[layout]
    star = write_particles(folder, 3, image_prefix=prefix).star
    if layout in ("above", "dots"):
        moved = folder / "Refine3D" / "job020" / "run_data.star"
        moved.parent.mkdir(parents=True)
        star = star.rename(moved)
    upload = uploader(client, star, tmp_path)
    upload_id = upload.run(lambda _: None)
    assert not any(".." in path for path in staged(upload_id))
    assert import_uploaded(client, upload_id, upload.files.list_remote)["state"] == "succeeded"


def test_a_stack_is_sent_once(client: Tomosift, tmp_path: Path, connection: TroubledConnection) -> None:
    star = write_particles(tmp_path / "set", 4, stack=True).star
    upload = uploader(client, star, tmp_path)
    upload.run(lambda _: None)
    assert len(upload.files.files) == 2
    assert sum(connection.sent) == upload.files.total_bytes


def test_a_lost_connection_is_tried_again(client: Tomosift, tmp_path: Path, connection: TroubledConnection) -> None:
    star = write_particles(tmp_path / "set", 4).star
    counter = {"before": 0, "after": 0}

    def sometimes(when: str, every: int) -> Trouble:
        def fail(request: httpx.Request) -> None:
            counter[when] += 1
            if counter[when] % every == 0:
                raise httpx.ReadError("connection reset", request=request)

        return fail

    # Some requests never arrive; of others the answer is lost, and the client must not send the same bytes twice.
    connection.before, connection.after = sometimes("before", 5), sometimes("after", 3)
    upload = uploader(client, star, tmp_path)
    upload_id = None
    while upload_id is None:  # beginning an upload is not repeated by itself
        try:
            upload_id = upload.run(lambda _: None)
        except NoService:
            continue
    local = {str(path.relative_to(star.parent)): path.read_bytes() for path in star.parent.rglob("*.*")}
    assert staged(upload_id) == local


def test_an_interrupted_command_goes_on_when_it_is_repeated(
    client: Tomosift, tmp_path: Path, connection: TroubledConnection
) -> None:
    star = write_particles(tmp_path / "set", 6).star

    def stop_after_some(request: httpx.Request) -> None:
        if len(connection.sent) == 9:
            raise KeyboardInterrupt

    connection.before = stop_after_some
    with pytest.raises(KeyboardInterrupt):
        uploader(client, star, tmp_path).run(lambda _: None)
    already = sum(connection.sent)
    connection.before, connection.sent = lambda request: None, []
    told: list[int] = []
    again = uploader(client, star, tmp_path)
    upload_id = again.run(told.append)
    assert told[0] == already, "the bar begins where the transfer stopped"
    assert sum(connection.sent) == again.files.total_bytes - already
    assert import_uploaded(client, upload_id, again.files.list_remote)["state"] == "succeeded"


def test_changed_files_begin_anew(client: Tomosift, tmp_path: Path) -> None:
    star = write_particles(tmp_path / "set", 3).star
    first = uploader(client, star, tmp_path).run(lambda _: None)
    assert uploader(client, star, tmp_path).run(lambda _: None) == first
    write_particles(tmp_path / "set", 3, seed=5)
    assert uploader(client, star, tmp_path).run(lambda _: None) != first


def test_an_expired_or_forgotten_upload_begins_anew(client: Tomosift, tmp_path: Path) -> None:
    star = write_particles(tmp_path / "set", 3).star
    upload = uploader(client, star, tmp_path)
    first = upload.run(lambda _: None)
    client.pool.delete_upload("ribosomes", first)
    second = upload.run(lambda _: None)
    assert second != first
    upload.forget()
    assert upload.run(lambda _: None) not in (first, second)


def test_a_server_that_takes_less_gets_smaller_chunks(
    client: Tomosift, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    star = write_particles(tmp_path / "set", 3).star
    monkeypatch.setattr(upload_module, "CHUNK_BYTES", 16_000)
    monkeypatch.setattr(upload_module, "SMALLEST_CHUNK_BYTES", 1000)
    monkeypatch.setenv("TOMOSIFT_REQUEST_LIMIT_MB", "0.005")
    get_settings.cache_clear()
    strict = TroubledConnection(Service())
    small = Tomosift(client.address, transport=strict)
    uploader(small, star, tmp_path).run(lambda _: None)
    assert max(size for size in strict.sent[-5:]) <= 5000


def test_missing_files_are_named_by_row_and_nothing_is_sent(tmp_path: Path) -> None:
    star = write_particles(tmp_path / "set", 5).star
    for row in (2, 4):
        (star.parent / "Extract" / f"{row:06d}.mrc").unlink()
    with pytest.raises(FilesMissing) as caught:
        gather(star)
    assert caught.value.rows == [(2, "Extract/000002.mrc"), (4, "Extract/000004.mrc")]
    with pytest.raises(FormatProblem):
        gather(tmp_path / "absent.star")


def test_a_refusal_is_told_and_not_repeated(client: Tomosift, tmp_path: Path, connection: TroubledConnection) -> None:
    star = write_particles(tmp_path / "set", 3).star
    with pytest.raises(ApiProblem) as caught:
        ResumableUpload(client, "no-such-project", gather(star), tmp_path / "memory.json").run(lambda _: None)
    assert (caught.value.status, caught.value.kind) == (404, "not-found")


def test_a_service_that_never_answers_ends_the_transfer(
    client: Tomosift, tmp_path: Path, connection: TroubledConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    star = write_particles(tmp_path / "set", 3).star
    monkeypatch.setattr(client_module.time, "sleep", lambda _: None)

    def unplugged(request: httpx.Request) -> None:
        if request.method == "PUT":
            raise httpx.ConnectError("refused", request=request)

    connection.before = unplugged
    with pytest.raises(NoService, match="does not answer"):
        uploader(client, star, tmp_path).run(lambda _: None)


@pytest.mark.usefixtures("batching")
def test_small_files_travel_many_at_a_time(client: Tomosift, tmp_path: Path, connection: TroubledConnection) -> None:
    star = write_particles(tmp_path / "set", 8).star
    told: list[int] = []
    upload = uploader(client, star, tmp_path)
    upload_id = upload.run(told.append)
    assert connection.sent == []
    assert [len(batch) for batch in connection.batches] == [4, 4, 1]
    assert told[-1] == upload.files.total_bytes
    assert import_uploaded(client, upload_id, upload.files.list_remote)["state"] == "succeeded"


@pytest.mark.usefixtures("batching")
def test_batches_go_on_where_they_stopped(client: Tomosift, tmp_path: Path, connection: TroubledConnection) -> None:
    star = write_particles(tmp_path / "set", 8).star

    def stop_after_one(request: httpx.Request) -> None:
        if connection.batches:
            raise KeyboardInterrupt

    connection.before = stop_after_one
    with pytest.raises(KeyboardInterrupt):
        uploader(client, star, tmp_path).run(lambda _: None)
    first, connection.before, connection.batches = connection.batches[0], lambda request: None, []
    again = uploader(client, star, tmp_path)
    upload_id = again.run(lambda _: None)
    assert not any(first.keys() & batch.keys() for batch in connection.batches), "nothing is sent twice"
    assert import_uploaded(client, upload_id, again.files.list_remote)["state"] == "succeeded"


@pytest.mark.usefixtures("batching")
def test_a_batch_whose_answer_was_lost_is_sent_again(
    client: Tomosift, tmp_path: Path, connection: TroubledConnection
) -> None:
    star = write_particles(tmp_path / "set", 8).star
    lost = []

    def lose_the_first(request: httpx.Request) -> None:
        if connection.batches and not lost:
            lost.append(request)
            raise httpx.ReadError("connection reset", request=request)

    connection.after = lose_the_first
    upload = uploader(client, star, tmp_path)
    upload_id = upload.run(lambda _: None)
    assert connection.batches[0] == connection.batches[1]
    assert staged(upload_id).keys() == {file.remote for file in upload.files.files}


@pytest.mark.usefixtures("batching")
def test_files_too_large_for_a_batch_of_a_strict_server_go_in_chunks(
    client: Tomosift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    star = write_particles(tmp_path / "set", 3).star
    monkeypatch.setattr(upload_module, "SMALLEST_CHUNK_BYTES", 1000)
    monkeypatch.setenv("TOMOSIFT_REQUEST_LIMIT_MB", "0.005")
    get_settings.cache_clear()
    strict = TroubledConnection(Service())
    upload = uploader(Tomosift(client.address, transport=strict), star, tmp_path)
    upload_id = upload.run(lambda _: None)
    assert staged(upload_id).keys() == {file.remote for file in upload.files.files}
    assert strict.sent
