"""Uploads: chunks in order, resumed where they stopped, contained, limited, gone when they are used or too old."""

import errno
import gzip
import io
import json
import tarfile
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from fixtures.web_client import API, Service, make_project
from sqlalchemy import select, update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_run import remove_used_uploads
from tomosift.pool.unpack import run_unpack
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


def pack(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def send_batch(upload: UploadClient, tar: bytes) -> tuple[int, dict[str, object]]:
    answer = upload.client.post(f"{upload.base}/{upload.id}/files", content=tar)
    return answer.status_code, answer.json()


def listed(upload: UploadClient) -> dict[str, int]:
    """The listing as lines, which must agree with the other one."""
    lines = upload.client.get(f"{upload.base}/{upload.id}/files").text.splitlines()
    files = [json.loads(line) for line in lines]
    assert {file["path"]: file["size"] for file in files} == upload.files()
    return {file["path"]: file["size"] for file in files}


def unpack(upload: UploadClient, path: str) -> dict[str, Any]:
    answer = upload.client.post(f"{upload.base}/{upload.id}/unpack", json={"path": path})
    assert answer.status_code == 202, answer.text
    run_job(uuid.UUID(answer.json()["id"]), run_unpack)
    return dict(upload.client.get(f"{API}/projects/ribosomes/jobs/{answer.json()['id']}").json())


def nothing_incoming(settings: Settings, upload: UploadClient) -> bool:
    return not list(staging_folder(settings, uuid.UUID(upload.id)).root.glob("incoming-*"))


def test_a_batch_of_whole_files(upload: UploadClient, settings: Settings) -> None:
    contents = {"a/1.mrc": b"one", "a/b/2.mrc": b"two2", "empty.mrc": b""}
    assert send_batch(upload, pack(contents)) == (200, {"files": 3, "size": 7})
    assert listed(upload) == {"a/1.mrc": 3, "a/b/2.mrc": 4, "empty.mrc": 0}
    assert send_batch(upload, pack(contents))[0] == 200, "an answer was lost, and it comes again"
    assert stored(settings, upload, "a/b/2.mrc") == b"two2"
    assert nothing_incoming(settings, upload)
    assert upload.put("a/1.mrc", b"!", 3)[1]["size"] == 4, "chunks and batches go together"


def test_another_file_of_the_same_name_is_not_replaced(upload: UploadClient) -> None:
    upload.put("a.mrc", b"first")
    status, problem = send_batch(upload, pack({"b.mrc": b"x", "a.mrc": b"longer than first"}))
    assert (status, problem["type"], problem["size"]) == (409, "urn:tomosift:problem:another-file", 5)
    assert upload.files() == {"a.mrc": 5}, "nothing of that batch is there"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a\\b", "a//b", "./../x", "n" * 300])
def test_a_batch_with_a_path_that_leads_elsewhere(upload: UploadClient, settings: Settings, name: str) -> None:
    assert send_batch(upload, pack({"good.mrc": b"1", name: b"x"}))[1]["type"] == "urn:tomosift:problem:bad-path"
    assert upload.files() == {}
    assert nothing_incoming(settings, upload)


def test_a_batch_does_not_follow_links(upload: UploadClient, settings: Settings, tmp_path: Path) -> None:
    files = staging_folder(settings, uuid.UUID(upload.id)).files
    (files / "out").symlink_to(tmp_path)
    assert send_batch(upload, pack({"out/x.mrc": b"x"}))[0] == 422
    assert not (tmp_path / "x.mrc").exists()


def test_batches_that_make_no_sense(upload: UploadClient) -> None:
    one = pack({"a.mrc": b"1" * 600})
    assert send_batch(upload, one[:800])[1]["type"] == "urn:tomosift:problem:bad-archive"
    assert send_batch(upload, b"no tar at all")[1]["type"] == "urn:tomosift:problem:bad-archive"
    twice = one[:1536] + pack({"a.mrc": b"2" * 600})
    assert send_batch(upload, twice)[1]["type"] == "urn:tomosift:problem:named-twice"
    upload.put("folder/file.mrc", b"1")
    assert send_batch(upload, pack({"folder/file.mrc/x": b"1"}))[0] == 422
    assert upload.files() == {"folder/file.mrc": 1}


def test_batches_count_towards_the_limit(upload: UploadClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMOSIFT_UPLOAD_LIMIT_GB", "1e-8")  # ten bytes
    get_settings.cache_clear()
    assert send_batch(upload, pack({"a.mrc": b"12345678"}))[0] == 200
    assert send_batch(upload, pack({"a.mrc": b"12345678"}))[0] == 200, "the same again is no more"
    assert send_batch(upload, pack({"b.mrc": b"123"}))[0] == 413
    assert upload.put("b.mrc", b"123")[0] == 413
    assert upload.files() == {"a.mrc": 8}


@pytest.mark.parametrize("name", ["data.zip", "data.tar", "data.tar.gz"])
def test_an_archive_is_unpacked_and_deleted(
    upload: UploadClient, settings: Settings, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomosift.pool.unpack.GROUP_FILES", 3)
    contents = {f"Extract/{number}.mrc": bytes([number]) * number for number in range(8)}
    data = pack(contents)
    if name.endswith("gz"):
        data = gzip.compress(data)
    if name.endswith("zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for each, text in contents.items():
                archive.writestr(each, text)
        data = buffer.getvalue()
    upload.put(name, data)
    job = unpack(upload, name)
    assert (job["state"], job["result"]) == ("succeeded", {"files": 8, "bytes": 28})
    assert listed(upload) == {path: len(text) for path, text in contents.items()}
    assert nothing_incoming(settings, upload)


def test_an_archive_that_fails_can_be_sent_better_and_goes_on(
    upload: UploadClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomosift.pool.unpack.GROUP_FILES", 2)
    data = pack({f"{number}.mrc": b"x" * 700 for number in range(6)})
    upload.put("cut.tar", data[: 1536 * 4 + 700])
    job = unpack(upload, "cut.tar")
    assert job["problem"]["type"] == "urn:tomosift:problem:bad-archive"
    assert len([path for path in upload.files() if path.endswith(".mrc")]) == 4
    upload.put("whole.tar", data)
    assert unpack(upload, "whole.tar")["result"]["files"] == 6
    assert len([path for path in upload.files() if path.endswith(".mrc")]) == 6


def test_an_archive_may_not_fill_the_disk(upload: UploadClient, monkeypatch: pytest.MonkeyPatch) -> None:
    upload.put("data.tar.gz", gzip.compress(pack({"a.mrc": bytes(2_000_000)})))
    monkeypatch.setenv("TOMOSIFT_UPLOAD_LIMIT_GB", "0.001")
    get_settings.cache_clear()
    assert unpack(upload, "data.tar.gz")["problem"]["type"] == "urn:tomosift:problem:upload-too-large"
    assert "a.mrc" not in upload.files()


def test_links_in_an_archive_are_refused(upload: UploadClient, settings: Settings) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("link/passwd"))
    upload.put("evil.tar", buffer.getvalue())
    assert "only whole files" in unpack(upload, "evil.tar")["problem"]["detail"]
    assert list(upload.files()) == ["evil.tar"]


def test_only_what_was_uploaded_is_unpacked(upload: UploadClient, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(pack({"a": b"1"}))
    (staging_folder(settings, uuid.UUID(upload.id)).files / "link.tar").symlink_to(tmp_path / "x.tar")
    for path in ("../total", "absent.tar", "/etc/passwd", "link.tar"):
        answer = upload.client.post(f"{upload.base}/{upload.id}/unpack", json={"path": path})
        assert answer.status_code == 422, path


def test_nothing_is_sent_while_an_archive_is_unpacked(upload: UploadClient) -> None:
    upload.put("data.tar", pack({"a.mrc": b"1"}))
    assert upload.client.post(f"{upload.base}/{upload.id}/unpack", json={"path": "data.tar"}).status_code == 202
    assert send_batch(upload, pack({"b.mrc": b"1"}))[1]["type"] == "urn:tomosift:problem:upload-in-use"
    assert upload.client.post(f"{upload.base}/{upload.id}/unpack", json={"path": "data.tar"}).status_code == 409
