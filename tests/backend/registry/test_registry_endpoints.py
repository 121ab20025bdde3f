"""What workers announced, models, and the state of the system."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from fixtures.labeling_world import World, build_world, signed_in
from fixtures.launched_cycles import announce_worker, finish_cycle, say
from sqlalchemy import select, update

import tomosift
from tomosift.cycles.launch import Launcher, launch_cycle
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.disk_use import FolderSize, disk_space, folder_size
from tomosift.kit.job_control import claim
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import Job, User, WorkerNode

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=30, queued=12)


def test_catalogue_before_any_worker(world: World) -> None:
    answer = signed_in(world.user_ids[0]).get("/api/v1/catalogue").json()
    assert (answer["workers_seen"], answer["acquisition"], answer["presets"], answer["settings_schema"]) == (
        0,
        [],
        [],
        None,
    )
    assert "No worker has announced itself" in answer["reason"]
    assert "relion" in [each["key"] for each in answer["list_formats"]]


def test_catalogue_is_the_newest_workers(world: World) -> None:
    announce_worker("old", {"acquisition": [], "presets": [], "settings_schema": {}, "default_preset": None})
    with transaction() as session:
        session.execute(update(WorkerNode).values(heartbeat_at=utc_now() - timedelta(hours=1)))
    announce_worker("new")
    client = signed_in(world.user_ids[0])
    answer = client.get("/api/v1/catalogue").json()
    assert answer["workers_seen"] == 1
    assert [each["id"] for each in answer["acquisition"]] == ["entropy", "random"]
    assert answer["default_preset"] == "quick"
    assert answer["reason"] is None
    with transaction() as session:
        session.execute(update(WorkerNode).values(heartbeat_at=utc_now() - timedelta(minutes=2)))
    gone = client.get("/api/v1/catalogue").json()
    assert gone["workers_seen"] == 0
    assert "No worker that can train" in gone["reason"]


def test_models(world: World) -> None:
    say(world, world.queued)
    with transaction() as session:
        launch_cycle(session, world.project_id, Launcher.person(world.user_ids[0], "owner"), {})
    finish_cycle(world, 1, None)
    client = signed_in(world.user_ids[1])
    model = client.get(world.path("/models")).json()["items"][0]
    assert model["cycle_number"] == 1
    assert client.get(world.path(f"/models/{model['id']}")).json() == model
    assert client.get(world.path(f"/models/{uuid.uuid4()}")).status_code == 404
    elsewhere = build_world(slug="elsewhere")
    assert signed_in(elsewhere.user_ids[0]).get(elsewhere.path(f"/models/{model['id']}")).status_code == 404


def test_system_tells_administrators_what_runs_and_what_room_is_left(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce_worker()
    world.claim(1, 2)
    assert signed_in(world.user_ids[0]).get("/api/v1/system").status_code == 403
    with transaction() as session:
        session.execute(update(User).where(User.id == world.user_ids[0]).values(is_admin=True))
    say(world, world.queued[2:])
    with transaction() as session:
        launch_cycle(session, world.project_id, Launcher.person(world.user_ids[0], "owner"), {})
    client = signed_in(world.user_ids[0])
    system = client.get("/api/v1/system").json()
    assert system["version"] == tomosift.__version__
    [queue] = system["queues"]
    assert (queue["queue"], queue["queued"], queue["running"]) == ("gpu", 1, 0)
    assert queue["waiting_since"] == system["work"][0]["created_at"]
    assert (system["unsent_messages"], system["live_leases"], system["broker_problem"]) == (1, 2, None)
    assert system["workers"][0]["is_alive"]
    stored = {each["name"]: each["bytes"] for each in system["stored"]}
    assert (stored["volumes"], stored["database"] > 1_000_000) == (0, True)
    [disk] = system["disks"]
    assert (disk["holds"], disk["is_low"]) == (["the data folder", "the store"], False)
    assert str(settings.home) not in str(system), "no path of the server"

    with transaction() as session:
        job = session.scalars(select(Job)).one()
        assert claim(session, job.id, "gpu@test") is not None
        session.execute(update(WorkerNode).values(heartbeat_at=utc_now() - timedelta(minutes=2)))
    monkeypatch.setenv("TOMOSIFT_DISK_WARNING_GB", "1e9")
    get_settings.cache_clear()
    system = client.get("/api/v1/system").json()
    [work] = system["work"]
    assert (work["kind"], work["state"], work["project_name"], work["worker"]) == (
        "cycle",
        "running",
        "World",
        "gpu@test",
    )
    assert not system["workers"][0]["is_alive"]
    assert system["disks"][0]["is_low"]


def test_a_folder_is_measured_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a").write_bytes(bytes(10))
    (tmp_path / "below" / "b").write_bytes(bytes(5))
    (tmp_path / "below" / "loop").symlink_to(tmp_path)
    link = (tmp_path / "below" / "loop").lstat().st_size
    assert folder_size(tmp_path) == FolderSize(15 + link, is_partial=False)
    assert folder_size(tmp_path / "none").bytes == 0
    assert disk_space(tmp_path / "none" / "deeper").device == disk_space(tmp_path).device
