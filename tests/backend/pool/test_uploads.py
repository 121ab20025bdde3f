"""Uploads: chunks in order, resumed where they stopped, contained, limited, gone when they are used or too old."""

import errno
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from fixtures.web_client import API, Service, make_project
from sqlalchemy import select, update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_run import remove_used_uploads
from tomosift.pool.uploads import staging_folder
from tomosift.tables import Job, Upload

pytestmark = pytest.mark.usefixtures("clean_database")


class UploadClient:
    """An upload of the owner's in a fresh project."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.project = make_project(client)
        self.base = f"{API}/projects/ribosomes/uploads"
        self.id = client.post(self.base).json()["id"]

    def put(self, path: str, body: bytes, offset: int = 0) -> tuple[int, dict[str, object]]:
        answer = self.client.put(f"{self.base}/{self.id}/files/{path}", params={"offset": offset}, content=body)
        return answer.status_code, answer.json()

    def files(self) -> dict[str, int]:
        answer = self.client.get(f"{self.base}/{self.id}")
        assert answer.status_code == 200
        return {file["path"]: file["size"] for file in answer.json()["files"]}


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


@pytest.fixture
def upload(service: Service) -> UploadClient:
    return UploadClient(service.owner())


def stored(settings: Settings, upload: UploadClient, path: str) -> bytes:
    return (staging_folder(settings, uuid.UUID(upload.id)).files / path).read_bytes()


def test_chunks_arrive_in_order_and_a_cut_transfer_goes_on(upload: UploadClient, settings: Settings) -> None:
    assert upload.put("a/b/c.mrc", b"first ") == (200, {"path": "a/b/c.mrc", "size": 6})
    assert upload.put("a/b/c.mrc", b"second", 6)[1]["size"] == 12
    assert upload.files() == {"a/b/c.mrc": 12}
    # The answer to a chunk was lost, and the client sends it again: it is told where to go on.
    status, problem = upload.put("a/b/c.mrc", b"second", 6)
    assert (status, problem["type"], problem["size"]) == (409, "urn:tomosift:problem:wrong-offset", 12)
    assert upload.put("a/b/c.mrc", b"!", 20)[1]["size"] == 12
    assert stored(settings, upload, "a/b/c.mrc") == b"first second"


def test_names_with_spaces_and_letters_of_all_kinds_are_kept(upload: UploadClient) -> None:
    for path in ("run 1/Ä ö.mrc", "100%.mrc", "a#b?.mrc", "核.mrc"):
        assert upload.put(quote(path), b"x")[0] == 200, path
    assert set(upload.files()) == {"run 1/Ä ö.mrc", "100%.mrc", "a#b?.mrc", "核.mrc"}


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/x.mrc",
        "a/%2e%2e/%2e%2e/x.mrc",
        "%2Fetc/passwd",
        "a//b.mrc",
        "a/%2e/b.mrc",
        "a%5C..%5Cb.mrc",
        "a%00.mrc",
        "a" * 300 + ".mrc",
        "/".join("abcdefg" * 10),
        "a/",
    ],
)
def test_paths_that_lead_elsewhere_are_refused(upload: UploadClient, settings: Settings, path: str) -> None:
    before = sorted(settings.home.rglob("*"))
    status, problem = upload.put(path, b"x")
    assert (status, problem["type"]) == (422, "urn:tomosift:problem:bad-path")
    assert [new for new in sorted(settings.home.rglob("*")) if new not in before and new.name != "total"] == []


def test_a_file_is_no_folder_and_a_folder_no_file(upload: UploadClient) -> None:
    upload.put("a/b.mrc", b"x")
    assert upload.put("a", b"x")[0] == 422
    assert upload.put("a/b.mrc/c.mrc", b"x")[0] == 422
    assert upload.files() == {"a/b.mrc": 1}


def test_links_in_the_staging_folder_are_not_followed(upload: UploadClient, settings: Settings, tmp_path: Path) -> None:
    files = staging_folder(settings, uuid.UUID(upload.id)).files
    (files / "out").symlink_to(tmp_path)
    (tmp_path / "target").write_bytes(b"")
    (files / "file.mrc").symlink_to(tmp_path / "target")
    assert upload.put("out/x.mrc", b"x")[0] == 422
    assert upload.put("file.mrc", b"x")[0] == 422
    assert not (tmp_path / "x.mrc").exists()
    assert (tmp_path / "target").read_bytes() == b""


def test_an_upload_has_a_limit(upload: UploadClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMOSIFT_UPLOAD_LIMIT_GB", "1e-8")  # ten bytes
    get_settings.cache_clear()
    assert upload.put("a.mrc", b"12345678")[0] == 200
    status, problem = upload.put("b.mrc", b"123")
    assert (status, problem["type"]) == (413, "urn:tomosift:problem:upload-too-large")
    assert upload.put("b.mrc", b"12")[0] == 200
    assert upload.files() == {"a.mrc": 8, "b.mrc": 2}


def test_a_full_disk_is_told_and_loses_nothing(upload: UploadClient, monkeypatch: pytest.MonkeyPatch) -> None:
    upload.put("a.mrc", b"12")

    def no_room(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("os.fdatasync", no_room)
        status, problem = upload.put("a.mrc", b"34", 2)
        assert (status, problem["type"]) == (507, "urn:tomosift:problem:disk-full")
    size = upload.put("a.mrc", b"56", 99)[1]["size"]
    assert isinstance(size, int)
    assert upload.put("a.mrc", b"56", size)[0] == 200, "the client asks where to go on"


def test_others_cannot_see_or_write_an_upload(upload: UploadClient, service: Service) -> None:
    curator = service.member(str(upload.project["id"]), "curator")
    assert curator.get(f"{upload.base}/{upload.id}").status_code == 404
    assert curator.put(f"{upload.base}/{upload.id}/files/a.mrc", content=b"x").status_code == 404
    assert curator.delete(f"{upload.base}/{upload.id}").status_code == 404
    make_project(upload.client, "Other")
    assert upload.client.get(f"{API}/projects/other/uploads/{upload.id}").status_code == 404


def test_a_discarded_upload_is_gone(upload: UploadClient, settings: Settings) -> None:
    upload.put("a.mrc", b"x")
    assert upload.client.delete(f"{upload.base}/{upload.id}").status_code == 204
    assert not staging_folder(settings, uuid.UUID(upload.id)).root.exists()
    assert upload.put("a.mrc", b"x")[0] == 404


def expire(upload: Upload) -> None:
    upload.expires_at = utc_now() - timedelta(seconds=1)


def consume(upload: Upload) -> None:
    upload.consumed_at = utc_now()


@pytest.mark.parametrize("end", [expire, consume])
def test_old_and_used_uploads_are_deleted(
    upload: UploadClient, settings: Settings, end: Callable[[Upload], None]
) -> None:
    upload.put("a.mrc", b"x")
    with transaction() as session:
        end(session.get_one(Upload, uuid.UUID(upload.id)))
    assert upload.put("a.mrc", b"y", 1)[0] == 404, "not even before the folder is gone"
    remove_used_uploads()
    assert not staging_folder(settings, uuid.UUID(upload.id)).root.exists()
    with transaction() as session:
        assert session.scalars(select(Upload)).all() == []


def test_nothing_changes_while_an_import_reads_the_upload(upload: UploadClient) -> None:
    upload.put("particles.star", b"data_")
    started = upload.client.post(
        f"{API}/projects/ribosomes/imports", json={"upload_id": upload.id, "list": "particles.star"}
    )
    assert started.status_code == 202
    assert upload.put("a.mrc", b"x")[1]["type"] == "urn:tomosift:problem:upload-in-use"
    assert upload.client.delete(f"{upload.base}/{upload.id}").status_code == 409
    with transaction() as session:
        session.execute(update(Job).values(state="failed"))
    assert upload.put("a.mrc", b"x")[0] == 200


def test_staged_files_are_private(upload: UploadClient, settings: Settings) -> None:
    upload.put("a/b.mrc", b"x")
    root = staging_folder(settings, uuid.UUID(upload.id)).root
    for path in (root.parent, root, root / "files"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (root / "files" / "a" / "b.mrc").stat().st_mode & 0o077 == 0
