"""Going back to an earlier model, what two models say differently, and where a cycle comes from."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import rows, scalar, signed_in
from fixtures.particle_files import write_particles
from sqlalchemy import select

from tomosift.cycles.launch import Launcher, launch_cycle
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, ParticleClass

RIBOSOME, PROTEASOME, NO_PARTICLE = (9.0, 0.0, 0.0), (0.0, 9.0, 0.0), (0.0, 0.0, 9.0)


@pytest.fixture
def world(settings: Settings, tmp_path: Path, clean_database: str) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path, 12).star)
    return made


@pytest.fixture
def curator(world: ExportWorld) -> TestClient:
    return signed_in(world.user_ids["ada"])


def path(world: ExportWorld, rest: str) -> str:
    return f"/api/v1/projects/{world.slug}{rest}"


def serving(world: ExportWorld, curator: TestClient) -> list[int]:
    cycles = curator.get(path(world, "/cycles")).json()["items"]
    return [cycle["number"] for cycle in cycles if cycle["serves"]]


def choose(world: ExportWorld, curator: TestClient, cycle: int) -> Any:
    return curator.put(path(world, "/serving-model"), json={"cycle": cycle})


def says(world: ExportWorld, curator: TestClient) -> tuple[int, str]:
    """Whose predictions an export takes, and the class they give every particle."""
    preview = curator.post(path(world, "/exports/preview"), json={}).json()
    (said,) = [each["name"] for each in preview["classes"] if each["by_model"] == len(world.ids)]
    return preview["predictions"]["cycle"], said


def test_back_and_forward_again(world: ExportWorld, curator: TestClient) -> None:
    for logits in (RIBOSOME, PROTEASOME):
        world.predict(dict.fromkeys(world.ids, logits), temperature=None)
    assert (serving(world, curator), says(world, curator)) == ([2], (2, "proteasome"))

    answer = choose(world, curator, 1).json()

    assert (answer["cycle"], answer["newest_cycle"], answer["chosen_by"] is None) == (1, 2, False)
    assert (serving(world, curator), says(world, curator)) == ([1], (1, "ribosome"))
    assert curator.get(path(world, "/exports/purity")).json()["cycle"] == 1
    assert rows("SELECT target, details->>'before' FROM audit_event WHERE action = 'model.chosen'") == [
        ("cycle 1", "2")
    ]
    world.predict(dict.fromkeys(world.ids, NO_PARTICLE), temperature=None)  # a newer one takes over by itself
    assert serving(world, curator) == [3]
    choose(world, curator, 2)
    assert serving(world, curator) == [2]
    assert choose(world, curator, 3).json()["chosen_by"] is None
    assert serving(world, curator) == [3]
    assert scalar("SELECT count(*) FROM model_choice") == 0


def test_the_next_cycle_goes_on_from_the_chosen_model(world: ExportWorld, curator: TestClient) -> None:
    for _ in range(3):
        world.predict(dict.fromkeys(world.ids, RIBOSOME), temperature=None)
    choose(world, curator, 1)
    world.label(world.ids[:6], "ribosome")
    world.label(world.ids[6:], "proteasome")
    with transaction() as session:
        launcher = Launcher.person(world.user_ids["ada"], "Ada")
        cycle = launch_cycle(session, world.project_id, launcher, {})
        before = session.scalars(select(Cycle.id).where(Cycle.number == 1)).one()
        assert (cycle.number, cycle.previous_cycle_id) == (4, before)
    assert serving(world, curator) == [1]  # while it runs
    found = curator.get(path(world, "/cycles/4/lineage")).json()
    assert [each["cycle"] for each in found["ancestors"]] == [1]


def test_only_a_ready_model_can_serve(world: ExportWorld, curator: TestClient) -> None:
    world.predict(dict.fromkeys(world.ids, RIBOSOME), temperature=None)
    with transaction() as session:
        session.scalars(select(Cycle)).one().stage = "failed"
    assert choose(world, curator, 1).json()["type"] == "urn:tomosift:problem:cycle-without-model"
    assert choose(world, curator, 9).status_code == 404
    assert signed_in(world.user_ids["ben"]).put(path(world, "/serving-model"), json={"cycle": 1}).status_code == 403
    assert curator.get(path(world, "/serving-model")).json()["cycle"] is None


def test_what_changed_its_class(world: ExportWorld, curator: TestClient) -> None:
    world.sample(world.ids[:1])
    world.predict(dict.fromkeys(world.ids, RIBOSOME), temperature=None)
    now = {
        world.ids[0]: PROTEASOME,  # of the evaluation sample: not told
        **dict.fromkeys(world.ids[1:4], (0.0, 1.0, 0.0)),
        world.ids[4]: PROTEASOME,
        world.ids[5]: NO_PARTICLE,
        **dict.fromkeys(world.ids[6:10], RIBOSOME),
    }
    world.predict(now)  # the last two particles were not looked at
    ribosome, proteasome = (str(world.class_ids[name]) for name in ("ribosome", "proteasome"))
    changes = path(world, "/cycles/2/class-changes?since=1")

    found = curator.get(changes).json()

    assert (found["compared"], found["changed"]) == (9, 5)
    assert [(each["was"]["class_id"], each["now"]["class_id"], each["count"]) for each in found["moves"]] == [
        (ribosome, proteasome, 4),
        (ribosome, None, 1),
    ]
    one = curator.get(path(world, f"/cycles/2/class-changes/particles?since=1&was={ribosome}&now={proteasome}")).json()
    assert one["count"] == 4
    assert one["subtomogram_ids"] == [world.ids[4], *world.ids[1:4]]  # the surest first
    to_junk = curator.get(path(world, f"/cycles/2/class-changes/particles?since=1&was={ribosome}&now=junk")).json()
    assert to_junk["subtomogram_ids"] == [world.ids[5]]
    assert curator.get(path(world, "/cycles/2/class-changes?since=7")).status_code == 404
    assert signed_in(world.user_ids["ben"]).get(changes).status_code == 403


def test_merged_classes_are_one_and_retired_ones_say_nothing(world: ExportWorld, curator: TestClient) -> None:
    for logits in (RIBOSOME, PROTEASOME):
        world.predict(dict.fromkeys(world.ids, logits), temperature=None)
    with transaction() as session:
        one = session.get_one(ParticleClass, world.class_ids["ribosome"])
        one.merged_into_id, one.retired_in_version = world.class_ids["proteasome"], 2
    found = curator.get(path(world, "/cycles/2/class-changes?since=1")).json()
    assert (found["compared"], found["changed"], found["moves"]) == (12, 0, [])
    with transaction() as session:
        session.get_one(ParticleClass, world.class_ids["proteasome"]).retired_in_version = 3
    assert curator.get(path(world, "/cycles/2/class-changes?since=1")).json()["compared"] == 0


def test_where_a_cycle_comes_from(world: ExportWorld, curator: TestClient) -> None:
    world.predict(dict.fromkeys(world.ids, RIBOSOME), temperature=None)
    world.predict(dict.fromkeys(world.ids, RIBOSOME), temperature=None)
    with transaction() as session:
        cycle = session.scalars(select(Cycle).where(Cycle.number == 2)).one()
        cycle.previous_cycle_id = session.scalars(select(Cycle.id).where(Cycle.number == 1)).one()
        origin = {"labels": "blake2b:1", "code": "blake2b:2", "versions": {"torch": "2"}, "device": "CPU"}
        cycle.metrics = {"origin": origin, "training": {"began_with_weights_of": 1}}

    found = curator.get(path(world, "/cycles/2/lineage")).json()

    assert found["labels"]["checksum"] == "blake2b:1"
    assert found["code"] == {"versions": {"torch": "2"}, "checksum": "blake2b:2", "device": "CPU"}
    assert (found["began_with_weights_of"], found["model"]["classes"]) == (1, ["ribosome", "proteasome", "junk"])
    assert [(each["cycle"], each["model_checksum"] is None) for each in found["ancestors"]] == [(1, False)]
    assert [each["particles"] for each in found["sources"]] == [12]
    assert curator.get(path(world, "/cycles/9/lineage")).status_code == 404
