"""The demo project: made once, imported as any list is, and its truth stays outside."""

from pathlib import Path

import pytest
from fixtures.web_client import API, Service
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.pool.demo_project import DEMO_SLUG, ensure_demo_project, run_demo
from tomosift.pool.import_run import run_import
from tomosift.simulation.dataset import DEMO_COUNTS, DEMO_JUNK
from tomosift.tables import CurrentLabel, Job, ParticleClass, Project, ProjectMember, Source, Subtomogram

pytestmark = pytest.mark.usefixtures("clean_database")


def test_it_is_made_once_and_imported_like_any_list(settings: Settings) -> None:
    job_id = ensure_demo_project()
    assert job_id is not None
    run_job(job_id, run_demo)
    with transaction() as session:
        assert session.get_one(Job, job_id).state == "succeeded"
        import_id = session.scalars(select(Job.id).where(Job.kind == "import")).one()
    run_job(import_id, run_import)
    with transaction() as session:
        assert session.get_one(Job, import_id).state == "succeeded"
        project = session.scalars(select(Project)).one()
        source = session.scalars(select(Source)).one()
        classes = set(session.scalars(select(ParticleClass.name)))
        names = session.scalars(select(Subtomogram.name)).all()
        assert session.scalars(select(ProjectMember.role)).all() == ["owner"]
        assert session.scalars(select(CurrentLabel)).all() == []
    assert (project.slug, project.box_size) == (DEMO_SLUG, 28)
    assert source.row_count == sum(DEMO_COUNTS.values()) + DEMO_JUNK
    assert classes == set(DEMO_COUNTS)
    assert not any("class" in column.lower() for column in source.columns), "the list does not tell the truth"
    assert not any(shape in name for shape in DEMO_COUNTS for name in names)
    assert ensure_demo_project() is None
    # Whoever archives the demo does not get another one at the next start.
    with transaction() as session:
        session.get_one(Project, project.id).archived_at = project.created_at
    assert ensure_demo_project() is None


def test_an_administrator_starts_it_by_a_button_once(settings: Settings) -> None:
    service = Service()
    admin, admin_id = service.user("second", is_admin=True)
    plain, _ = service.user("plain")
    assert plain.post(f"{API}/demo-project").status_code == 403
    made = admin.post(f"{API}/demo-project")
    assert (made.status_code, made.json()["slug"], made.json()["job"]["kind"]) == (202, DEMO_SLUG, "demo")
    assert admin.get(f"{API}/projects/demo").json()["role"] == "owner"
    assert admin.get(f"{API}/projects/demo/jobs").json()["items"][0]["id"] == made.json()["job"]["id"]
    again = admin.post(f"{API}/demo-project")
    assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "demo-exists")
    with transaction() as session:
        assert session.scalars(select(ProjectMember.user_id)).all() == [admin_id]


def test_nothing_of_the_service_reads_the_truth() -> None:
    backend = Path(__file__).parents[3] / "backend" / "tomosift"
    readers = {
        file.relative_to(backend).as_posix()
        for file in backend.rglob("*.py")
        if "truth.csv" in file.read_text() and file.parts[-2] not in ("simulation", "demo_loop")
    }
    # The demo's loop answers as an expert would, over REST; the command line only writes the file.
    assert readers <= {"cli.py", "pool/demo_project.py"}
    assert "truth" not in (backend / "pool" / "import_run.py").read_text()


def test_a_simulation_that_was_cut_short_begins_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomosift.simulation.dataset.DEMO_COUNTS", dict.fromkeys(DEMO_COUNTS, 1))
    monkeypatch.setattr("tomosift.simulation.dataset.DEMO_JUNK", 1)
    half_done = settings.home / "demo"
    half_done.mkdir()
    (half_done / "leftover.mrcs").write_bytes(b"")
    job_id = ensure_demo_project()
    assert job_id is not None
    run_job(job_id, run_demo)
    assert sorted(path.name for path in half_done.iterdir()) == ["particles.star", "subtomograms", "truth.csv"]
