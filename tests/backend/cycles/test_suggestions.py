"""What the model says of one particle, and when the service lets a person see it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import fresh_key, rows, signed_in
from fixtures.particle_files import write_particles
from sqlalchemy import update

from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import ParticleClass, Project, QueueItem

See = Callable[..., Any]


@pytest.fixture
def world(settings: Settings, tmp_path: Path, clean_database: str) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path, 6).star)
    return made


@pytest.fixture
def see(world: ExportWorld) -> See:
    """What somebody is answered who asks what the model says: the body, or the kind of the problem."""

    def ask(item: int, who: str = "ben") -> Any:
        answer = signed_in(world.user_ids[who]).get(f"/api/v1/projects/{world.slug}/subtomograms/{item}/model-view")
        body = answer.json()
        return body if answer.status_code == 200 else body["type"].rpartition(":")[2]

    return ask


def show(world: ExportWorld, suggestions: str) -> None:
    with transaction() as session:
        session.execute(
            update(Project).where(Project.id == world.project_id).values(settings={"suggestions": suggestions})
        )


def test_the_probabilities_of_one_subtomogram(world: ExportWorld, see: See) -> None:
    show(world, "always")
    assert see(world.ids[0]) == "no-model"
    outputs = {world.ids[0]: (0.0, 2.0, 0.0), world.ids[1]: (0.0, 0.0, 9.0)}
    world.predict(outputs, unlike={world.ids[1]: 0.75}, temperature=2.0)

    first, second = (see(each) for each in world.ids[:2])

    assert first["prediction"]["class_id"] == str(world.class_ids["proteasome"])
    assert (first["confidence"], first["unlike"]) == (pytest.approx(2.718 / 4.718, abs=1e-3), 0.0)
    assert [each["kind"] for each in first["choices"]] == ["class", "class", "junk"]
    assert sum(each["probability"] for each in first["choices"]) == pytest.approx(1.0)
    assert (second["prediction"]["kind"], second["unlike"]) == ("junk", 0.75)
    assert see(world.ids[3]) == "not-scored"
    assert see(999_999) == "not-found"

    # Merged, its probability goes to the other one; retired, it is left out.
    ribosome, proteasome = (world.class_ids[each] for each in ("ribosome", "proteasome"))
    for merged_into, share in ((ribosome, 3.718 / 4.718), (None, 1 / 4.718)):
        with transaction() as session:
            session.execute(
                update(ParticleClass)
                .where(ParticleClass.id == proteasome)
                .values(retired_in_version=2, merged_into_id=merged_into)
            )
        choices = see(world.ids[0])["choices"]
        assert [each["class_id"] for each in choices] == [str(ribosome), None]
        assert choices[0]["probability"] == pytest.approx(share, abs=1e-3)


def test_the_setting_says_when(world: ExportWorld, see: See) -> None:
    world.predict(dict.fromkeys(world.ids, (9.0, 0.0, 0.0)))
    world.sample(world.ids[5:])
    assert see(world.ids[0]) == "decide-first"
    world.label(world.ids[:1], "unsure", who="ben")
    assert see(world.ids[0])["confidence"] > 0.9
    assert see(world.ids[0], who="ada") == "decide-first", "she has not decided it"
    world.label(world.ids[1:2], "skip", who="ben")
    assert see(world.ids[1]) == "decide-first"
    show(world, "always")
    assert see(world.ids[1])["confidence"] > 0.9
    assert see(world.ids[5]) == "blind"
    show(world, "never")
    assert see(world.ids[0]) == "suggestions-off"


@pytest.mark.parametrize("work", ["recheck", "label-error", "adjudication"])
def test_whoever_is_asked_blind_sees_none_whatever_the_setting(world: ExportWorld, see: See, work: str) -> None:
    world.predict(dict.fromkeys(world.ids, (9.0, 0.0, 0.0)))
    show(world, "always")
    item = world.ids[0]
    with transaction() as session:
        session.add(QueueItem(project_id=world.project_id, subtomogram_id=item, work=work, slot=2, position=1))
    assert see(item) == "blind"
    world.label([item], "ribosome", who="ben")
    assert see(item)["confidence"] > 0.9
    assert see(item, who="ada") == "blind"


def test_a_decision_tells_that_a_suggestion_was_shown(world: ExportWorld) -> None:
    client = signed_in(world.user_ids["ben"])
    path = f"/api/v1/projects/{world.slug}/decisions"
    body = {"subtomogram_id": world.ids[0], "kind": "junk"}
    key = fresh_key()
    first = client.post(path, headers=key, json=body)
    assert first.status_code == 201
    # A page of before the field was there sends the same again.
    assert client.post(path, headers=key, json={**body, "suggestion_shown": False}).json() == first.json()
    assert client.post(path, headers=key, json={**body, "suggestion_shown": True}).status_code == 409
    assert client.post(path, headers=fresh_key(), json={**body, "suggestion_shown": True}).status_code == 201
    assert rows("SELECT suggestion_shown FROM label_event ORDER BY id") == [(False,), (True,)]
    assert [each["suggestion_shown"] for each in client.get(path).json()["items"]] == [True, False]
