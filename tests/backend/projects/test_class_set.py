"""The class set: every change is shown before it is done, and the labels follow it."""

import itertools
import uuid
from contextlib import suppress
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world, rows, scalar
from fixtures.web_client import API, Service
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tomosift.annotation.current_labels import opinions_about, store_label
from tomosift.annotation.label_events import write_event
from tomosift.annotation.queue import Asker
from tomosift.consensus.model_labels import LabelState
from tomosift.consensus.project_labels import ProjectLabels, disagreeing_labels
from tomosift.kit.database import transaction
from tomosift.kit.label_rule import rule_of
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings
from tomosift.projects import class_set
from tomosift.projects.class_set import change_class_set, preview_change
from tomosift.projects.class_set_schemas import ClassSetChanged, Merge, Restore, Retire, Split
from tomosift.projects.schemas import ClassIn
from tomosift.tables import Project

pytestmark = pytest.mark.usefixtures("clean_database")

NUMBERS = itertools.count()
STEP = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.just("undo"), st.integers(0, 9)),
    st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("retire"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("split"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("restore"), st.integers(0, 9)),
)


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=8, queued=0, evaluation=2)


def say(world: World, user: int, about: int, **what: Any) -> int:
    """An opinion, and its label, as a decision writes them."""
    asker = Asker(world.project_id, world.slug, world.user_ids[user])
    with transaction() as session:
        project = session.get_one(Project, world.project_id)
        values = {"kind": "class", "class_set_version": project.class_set_version, "work": "choice"} | what
        event = write_event(session, asker, uuid.uuid4().hex, b"", {}, subtomogram_id=about, **values)
        opinions = opinions_about(session, world.project_id, about)
        store_label(session, world.project_id, about, opinions, rule_of(project.settings))
    return event


def change(world: World, wanted: Merge | Retire | Split | Restore) -> ClassSetChanged:
    """Make it; what was shown before is what was done."""
    with transaction() as session:
        shown = preview_change(session, world.project_id, wanted)
    with transaction() as session:
        done = change_class_set(session, world.project_id, "*", wanted, world.user_ids[0])
    assert done.consequence == shown
    return done


def labels(world: World) -> dict[int, uuid.UUID | None]:
    return {
        row.subtomogram_id: row.class_id
        for row in rows("SELECT * FROM current_label WHERE project_id = :id", id=world.project_id)
    }


def agree(world: World) -> None:
    with transaction() as session:
        assert disagreeing_labels(session, world.project_id) == []
    retired = "SELECT count(*) FROM current_label l JOIN particle_class c ON c.id = l.class_id AND l.project_id = :id"
    assert scalar(f"{retired} WHERE c.retired_in_version IS NOT NULL", id=world.project_id) == 0


class History:
    """A project's events so far, and what each label said in each version of the class set."""

    def __init__(self, world: World) -> None:
        self.world, self.said = world, list[tuple[int, int, int]]()
        self.seen: dict[int, tuple[int, dict[int, uuid.UUID | None]]] = {}

    def do(self, step: tuple[Any, ...]) -> None:
        with suppress(ProblemError):  # the last class, a class with itself
            self._do(step)
        version = scalar("SELECT class_set_version FROM project WHERE id = :id", id=self.world.project_id)
        newest = scalar("SELECT coalesce(max(id), 0) FROM label_event WHERE project_id = :id", id=self.world.project_id)
        self.seen[version] = (newest, labels(self.world))

    def _do(self, step: tuple[Any, ...]) -> None:
        given = self._classes("IS NULL")
        match step:
            case ("say", user, about, number):
                item = self.world.subtomogram_ids[about]
                event = say(self.world, user, item, class_id=given[number % len(given)])
                self.said.append((event, user, item))
            case ("undo", number) if self.said:
                event, user, item = self.said.pop(number % len(self.said))
                say(self.world, user, item, kind="undo", undoes_event_id=event)
            case ("merge", one, other):
                change(
                    self.world,
                    Merge(kind="merge", class_id=given[one % len(given)], into_id=given[other % len(given)]),
                )
            case ("retire", number, again):
                change(self.world, Retire(kind="retire", class_id=given[number % len(given)], ask_again=again))
            case ("split", number, keep):
                parts = [ClassIn(name=f"part-{next(NUMBERS)}")]
                change(self.world, Split(kind="split", class_id=given[number % len(given)], into=parts, keep=keep))
            case ("restore", number) if gone := self._classes("IS NOT NULL"):
                change(self.world, Restore(kind="restore", class_id=gone[number % len(gone)]))

    def _classes(self, retired: str) -> list[uuid.UUID]:
        found = (
            f"SELECT id FROM particle_class WHERE project_id = :id AND retired_in_version {retired} ORDER BY position"
        )
        return [row.id for row in rows(found, id=self.world.project_id)]


def test_labels_follow_any_changes_of_the_class_set(settings: Settings) -> None:
    @hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(STEP, min_size=4, max_size=12), st.sampled_from(["single", "majority"]))
    def check(steps: list[tuple[Any, ...]], rule: str) -> None:
        slug = f"history-{next(NUMBERS)}"
        history = History(build_world(pool=4, queued=0, evaluation=1, slug=slug, settings={"label_rule": rule}))
        for step in steps:
            history.do(step)
            agree(history.world)
        for version, (event, seen) in history.seen.items():  # a cycle of any version reads the labels of that version
            with transaction() as session:
                then = ProjectLabels(session, history.world.project_id, rule, LabelState(event, version))
                ids = history.world.subtomogram_ids
                found = {each: label.class_id for each, label in then.between(session, ids[0], ids[-1]).items()}
            assert found == seen

    check()


def test_merged_labels_count_as_the_other_class_and_come_back(world: World) -> None:
    barrel, rod, sphere = world.class_ids
    first, second = world.subtomogram_ids[3:5]
    say(world, 0, first, class_id=rod)
    say(world, 0, world.evaluation[0], class_id=rod)
    say(world, 0, second, class_id=barrel)
    done = change(world, Merge(kind="merge", class_id=rod, into_id=barrel))
    assert (done.consequence.labels, done.consequence.evaluation_labels, done.class_set_version) == (1, 1, 2)
    assert done.consequence.sentences[0].startswith("2 labels (1 in the evaluation sample) of rod count as barrel")
    change(world, Merge(kind="merge", class_id=barrel, into_id=sphere))
    assert labels(world) == {first: sphere, second: sphere, world.evaluation[0]: sphere}
    change(world, Restore(kind="restore", class_id=barrel))
    assert labels(world) == {first: barrel, second: barrel, world.evaluation[0]: barrel}
    change(world, Restore(kind="restore", class_id=rod))
    assert labels(world)[first] == rod
    assert {row.class_id for row in rows("SELECT class_id FROM label_event")} == {barrel, rod}, "events stay"
    with pytest.raises(ProblemError) as refused:
        change(world, Restore(kind="restore", class_id=rod))
    assert refused.value.kind == "not-retired"


@pytest.mark.parametrize("keep", [False, True])
def test_a_split_asks_again_even_those_who_said_it(world: World, keep: bool) -> None:
    rod = world.class_ids[1]
    item = world.subtomogram_ids[5]
    for about in (item, world.evaluation[0]):
        say(world, 0, about, class_id=rod)
    parts = [ClassIn(name="thin rod"), ClassIn(name="thick rod")]
    done = change(world, Split(kind="split", class_id=rod, into=parts, keep=keep))
    assert done.consequence.asked_again == 2
    assert labels(world) == ({item: rod, world.evaluation[0]: rod} if keep else {})
    asked = {task.subtomogram.id: task for task in world.claim(0, 9)}
    assert {item, world.evaluation[0]} <= asked.keys()
    assert asked[world.evaluation[0]].work == "evaluation"
    assert asked[world.evaluation[0]].pick is None
    agree(world)


def test_many_labels_take_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_set, "MOST_AT_ONCE", 1)
    for about in world.subtomogram_ids[3:5]:
        say(world, 0, about, class_id=world.class_ids[1])
    with pytest.raises(ProblemError) as refused:
        change(world, Retire(kind="retire", class_id=world.class_ids[1], ask_again=True))
    assert refused.value.kind == "too-many-to-ask-again"
    done = change(world, Retire(kind="retire", class_id=world.class_ids[1]))
    assert done.consequence.by_job
    assert rows("SELECT kind, state FROM job") == [("labels", "queued")]


def test_classes_over_http(settings: Settings) -> None:
    world = build_world(pool=8, queued=0, evaluation=2, roles=["owner", "curator", "annotator"])
    service = Service()
    owner, curator, annotator = (service.script(user) for user in world.user_ids)
    barrel, rod, sphere = world.class_ids
    path = f"{API}/projects/{world.slug}"
    before = annotator.get(f"{path}/class-set")
    assert [(each["hotkey"], each["labels"]) for each in before.json()["classes"]] == [("1", 0), ("2", 0), ("3", 0)]

    patch = {"name": "tube", "hotkey": "1", "description": "Round, with a hole.", "place": 0}
    assert curator.patch(f"{path}/classes/{rod}", json=patch).status_code == 428
    changed = curator.patch(f"{path}/classes/{rod}", json=patch, headers={"If-Match": before.headers["ETag"]})
    assert (changed.status_code, changed.json()["name"], changed.json()["hotkey"]) == (200, "tube", "1")
    assert curator.patch(f"{path}/classes/{rod}", json={"name": "Barrel"}, headers={"If-Match": "*"}).status_code == 409
    classes = owner.get(f"{path}/class-set").json()["classes"]
    assert [(each["name"], each["hotkey"]) for each in classes] == [("tube", "1"), ("barrel", "2"), ("sphere", "3")]

    examples = f"{path}/classes/{rod}/examples"
    assert curator.put(f"{examples}/{world.subtomogram_ids[4]}").status_code == 204
    assert curator.put(f"{examples}/{world.evaluation[0]}").json()["type"].endswith("example-of-evaluation")
    assert annotator.get(f"{path}/class-set").json()["classes"][0]["examples"] == [world.subtomogram_ids[4]]
    assert curator.delete(f"{examples}/{world.subtomogram_ids[4]}").status_code == 204
    assert curator.delete(f"{examples}/{world.subtomogram_ids[4]}").status_code == 404

    merge = {"kind": "merge", "class_id": str(sphere), "into_id": str(barrel)}
    assert owner.post(f"{path}/class-set/preview", json=merge).json()["labels"] == 0
    assert curator.post(f"{path}/class-set/changes", json=merge).status_code == 403
    stale = owner.post(f"{path}/class-set/changes", json=merge, headers={"If-Match": before.headers["ETag"]})
    assert stale.status_code == 412
    assert owner.post(f"{path}/class-set/changes", json=merge, headers={"If-Match": "*"}).status_code == 200
    assert [each["name"] for each in owner.get(f"{path}/class-set").json()["retired"]] == ["sphere"]
    history = annotator.get(f"{path}/class-set/history").json()["items"]
    assert [(each["version"], each["kind"]) for each in history] == [(3, "merge"), (2, "change")]
    said = [each["action"] for each in owner.get(f"{path}/audit").json()["items"]]
    assert {"class.merged", "class.changed", "class.example-added", "class.example-removed"} <= set(said)
