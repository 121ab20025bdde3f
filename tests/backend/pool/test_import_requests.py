"""Asking for an import: which lists the server reads, which it refuses at once, and from an upload."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from fixtures.particle_files import write_particles
from fixtures.web_client import API, Service, make_project
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_run import run_import
from tomosift.pool.imports import IMPORT_TASK
from tomosift.tables import Job, OutboxMessage, Subtomogram

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings, roots: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TOMOSIFT_IMPORT_ROOTS", f"{roots}:{roots.parent}/absent")
    get_settings.cache_clear()
    return Service()


def ask(service: Service, **body: Any) -> tuple[int, dict[str, Any]]:
    owner = service.owner()
    if not owner.get(f"{API}/projects").json()["items"]:
        make_project(owner)
    answer = owner.post(f"{API}/projects/ribosomes/imports", json=body)
    return answer.status_code, answer.json()


def test_a_list_in_an_import_folder_becomes_a_job(service: Service, roots: Path) -> None:
    star = write_particles(roots / "run1", 4).star
    status, job = ask(service, path=str(star))
    assert (status, job["kind"], job["state"]) == (202, "import", "queued")
    assert str(roots) not in str(job), "no path of the server is told"
    with transaction() as session:
        message = session.scalars(select(OutboxMessage)).one()
    assert (message.task, message.queue, message.arguments) == (IMPORT_TASK, "cpu", {"job_id": job["id"]})
    run_job(uuid.UUID(job["id"]), run_import)
    owner = service.owner()
    detail = owner.get(f"{API}/projects/ribosomes/jobs/{job['id']}").json()
    assert (detail["state"], detail["result"]["row_count"]) == ("succeeded", 4)
    assert "4 subtomograms imported" in detail["log"][-1]["message"]
    source = owner.get(f"{API}/projects/ribosomes/sources").json()["items"][0]
    assert (source["name"], source["row_count"], source["box_size"]) == ("particles.star", 4, 16)


def test_files_may_lie_anywhere_in_the_import_folder(service: Service, roots: Path) -> None:
    """RELION names files from the project folder, which is above the list's."""
    star = write_particles(roots / "project", 4).star
    moved = roots / "project" / "Refine3D" / "job020" / "run_data.star"
    moved.parent.mkdir(parents=True)
    star.rename(moved)
    _, job = ask(service, path=str(moved))
    run_job(uuid.UUID(job["id"]), run_import)
    with transaction() as session:
        assert len(session.scalars(select(Subtomogram)).all()) == 4


def outside(roots: Path) -> str:
    return str(write_particles(roots.parent / "elsewhere", 2).star)


def by_dots(roots: Path) -> str:
    write_particles(roots.parent / "elsewhere", 2)
    return f"{roots}/../elsewhere/particles.star"


def by_link(roots: Path) -> str:
    star = write_particles(roots.parent / "elsewhere", 2).star
    (roots / "link.star").symlink_to(star)
    return str(roots / "link.star")


def by_linked_folder(roots: Path) -> str:
    write_particles(roots.parent / "elsewhere", 2)
    (roots / "folder").symlink_to(roots.parent / "elsewhere")
    return f"{roots}/folder/particles.star"


def by_prefix(roots: Path) -> str:
    """A sibling whose name begins with the root's."""
    return str(write_particles(roots.parent / "roots-private", 2).star)


def absent_outside(roots: Path) -> str:
    return str(roots.parent / "elsewhere" / "absent.star")


@pytest.mark.parametrize("make", [outside, by_dots, by_link, by_linked_folder, by_prefix, absent_outside])
def test_lists_outside_are_refused_and_nothing_is_told_about_them(service: Service, roots: Path, make: Any) -> None:
    path = make(roots)
    status, problem = ask(service, path=path)
    assert (status, problem["type"]) == (422, "urn:tomosift:problem:outside-import-folders")
    told = problem["detail"].replace(path, "").replace(repr(path), "")
    assert "elsewhere" not in told


def test_without_import_folders_no_path_is_read(settings: Settings, roots: Path) -> None:
    status, problem = ask(Service(), path=str(write_particles(roots, 2).star))
    assert status == 422
    assert "TOMOSIFT_IMPORT_ROOTS" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("particles.star", "not-absolute"),
        ("{roots}/absent.star", "list-missing"),
        ("{roots}/a\0b", "outside-import-folders"),
        ("", "invalid-request"),
    ],
)
def test_lists_that_cannot_be_are_refused_at_once(service: Service, roots: Path, path: str, kind: str) -> None:
    status, problem = ask(service, path=path.format(roots=roots))
    assert (status, problem["type"].rpartition(":")[2]) == (422, kind)


def test_the_same_list_is_imported_once(service: Service, roots: Path) -> None:
    star = write_particles(roots, 4).star
    _, job = ask(service, path=str(star))
    status, problem = ask(service, path=str(star))
    assert (status, problem["type"], problem["job_id"]) == (409, "urn:tomosift:problem:being-imported", job["id"])
    run_job(uuid.UUID(job["id"]), run_import)
    copy = star.with_name("copy.star")
    copy.write_bytes(star.read_bytes())
    _, again = ask(service, path=str(copy))
    run_job(uuid.UUID(again["id"]), run_import)
    detail = service.owner().get(f"{API}/projects/ribosomes/jobs/{again['id']}").json()
    assert detail["state"] == "succeeded"
    assert (detail["result"]["row_count"], detail["result"]["already_there"]) == (0, 4)
    assert "all 4 particles of the list were there already" in detail["log"][-1]["message"]
    with transaction() as session:
        assert len(session.scalars(select(Subtomogram)).all()) == 4


def test_of_two_imports_of_one_list_only_one_counts(service: Service, roots: Path) -> None:
    """Both jobs got past the check at the door."""
    _, first = ask(service, path=str(write_particles(roots, 4).star))
    with transaction() as session:
        job = session.get_one(Job, uuid.UUID(first["id"]))
        twin = Job(project_id=job.project_id, kind="import", task=job.task, queue=job.queue, payload=dict(job.payload))
        session.add(twin)
        session.flush()
        twin_id = twin.id
    run_job(uuid.UUID(first["id"]), run_import)
    run_job(twin_id, run_import)
    with transaction() as session:
        second = session.get_one(Job, twin_id)
        assert (second.state, (second.result or {})["row_count"]) == ("succeeded", 0)
        assert len(session.scalars(select(Subtomogram)).all()) == 4


def test_a_list_that_changes_before_the_job_runs_is_not_imported(service: Service, roots: Path) -> None:
    star = write_particles(roots, 4).star
    _, job = ask(service, path=str(star))
    star.write_text(star.read_text() + "\n")
    run_job(uuid.UUID(job["id"]), run_import)
    with transaction() as session:
        problem = session.get_one(Job, uuid.UUID(job["id"])).problem or {}
    assert problem["type"] == "urn:tomosift:problem:list-changed"


def test_a_queued_import_is_cancelled_at_once(service: Service, roots: Path) -> None:
    _, job = ask(service, path=str(write_particles(roots, 4).star))
    owner = service.owner()
    path = f"{API}/projects/ribosomes/jobs/{job['id']}"
    assert owner.post(f"{path}/cancel").json()["state"] == "cancelled"
    run_job(uuid.UUID(job["id"]), run_import)
    assert owner.get(path).json()["state"] == "cancelled"
    assert owner.post(f"{path}/cancel").json()["state"] == "cancelled", "a second time changes nothing"
    assert owner.get(f"{API}/projects/ribosomes/sources").json()["items"] == []


def test_jobs_are_listed_newest_first_in_pages(service: Service, roots: Path) -> None:
    ids = [ask(service, path=str(write_particles(roots / str(seed), 2, seed=seed).star))[1]["id"] for seed in range(5)]
    owner = service.owner()
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = owner.get(f"{API}/projects/ribosomes/jobs", params={"limit": 2, **after}).json()
        seen += [job["id"] for job in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == ids[::-1]
    make_project(owner, "Other")
    assert owner.get(f"{API}/projects/other/jobs/{ids[0]}").status_code == 404, "a job of another project"
    wrong = owner.get(f"{API}/projects/ribosomes/jobs", params={"after": "WyJhIiwgImIiXQ"})
    assert wrong.status_code == 422


def upload_particles(service: Service, folder: Path, list_path: str, prefix: str = "") -> dict[str, Any]:
    """Upload a set as a client does, and import it; returns the finished job."""
    owner = service.owner()
    make_project(owner)
    upload_id = owner.post(f"{API}/projects/ribosomes/uploads").json()["id"]
    base = f"{API}/projects/ribosomes/uploads/{upload_id}/files"
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            remote = list_path if file.suffix == ".star" else f"{prefix}{file.relative_to(folder)}"
            assert owner.put(f"{base}/{remote}", content=file.read_bytes()).status_code == 200
    body = {"upload_id": upload_id, "list": list_path}
    job = owner.post(f"{API}/projects/ribosomes/imports", json=body).json()
    run_job(uuid.UUID(job["id"]), run_import)
    finished: dict[str, Any] = owner.get(f"{API}/projects/ribosomes/jobs/{job['id']}").json()
    finished["upload"] = owner.get(f"{API}/projects/ribosomes/uploads/{upload_id}").status_code
    return finished


def test_an_uploaded_list_is_imported_and_the_upload_is_gone(
    service: Service, tmp_path: Path, settings: Settings
) -> None:
    write_particles(tmp_path / "local", 4)
    job = upload_particles(service, tmp_path / "local", "particles.star")
    assert (job["state"], job["upload"]) == ("succeeded", 404)
    assert list((settings.home / "uploads").iterdir()) == []


def test_absolute_paths_of_the_senders_computer_count_from_the_top_of_the_upload(
    service: Service, tmp_path: Path
) -> None:
    write_particles(tmp_path / "local", 4, image_prefix="/data/session1/")
    assert upload_particles(service, tmp_path / "local", "particles.star", "data/session1/")["state"] == "succeeded"


def test_an_uploaded_list_cannot_name_files_of_the_server(service: Service, tmp_path: Path, roots: Path) -> None:
    write_particles(roots, 4)
    write_particles(tmp_path / "local", 4, image_prefix=f"{roots}/")
    for file in (tmp_path / "local" / "Extract").iterdir():
        file.unlink()
    job = upload_particles(service, tmp_path / "local", "particles.star")
    assert job["state"] == "failed"
    assert "is not there" in job["problem"]["errors"][0]["reason"]
    assert job["upload"] == 200, "a failed import keeps what was sent, for another try"


def test_a_list_that_was_not_uploaded_is_refused(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    upload_id = owner.post(f"{API}/projects/ribosomes/uploads").json()["id"]
    for name, kind in (("particles.star", "list-missing"), ("../../x.star", "bad-path"), ("/etc/passwd", "bad-path")):
        status, problem = ask(service, upload_id=upload_id, list=name)
        assert (status, problem["type"].rpartition(":")[2]) == (422, kind)
    assert ask(service, upload_id=str(uuid.uuid4()), list="particles.star")[0] == 404
