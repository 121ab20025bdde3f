"""Any history of opinions, by several people and files: the label kept with each event is the one derived from all."""

import itertools
import uuid
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world, rows, scalar
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from tomosift.annotation.current_labels import opinions_about, store_label
from tomosift.annotation.label_events import write_event
from tomosift.annotation.queue import Asker
from tomosift.consensus.derivation import run_label_derivation
from tomosift.consensus.model_labels import LabelState
from tomosift.consensus.project_labels import ProjectLabels, disagreeing_labels, labels_agree
from tomosift.kit.database import transaction
from tomosift.kit.label_jobs import LABELS_JOB, post_labels_job
from tomosift.kit.label_rule import LabelRule, Opinion, derive_label
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.kit.standing_labels import store_labels
from tomosift.projects.class_set import change_class_set
from tomosift.projects.class_set_schemas import Merge
from tomosift.tables import Project, Subtomogram, User

NUMBERS = itertools.count()
IMPORTER = 3
A, B = uuid.UUID(int=1), uuid.UUID(int=2)
PEOPLE = [uuid.UUID(int=number) for number in range(10, 15)]

STEP = st.one_of(
    st.tuples(
        st.just("say"),
        st.integers(0, 3),  # who; 3 is the importer
        st.integers(0, 2),  # about which
        st.sampled_from(["class", "class", "class", "unsure", "junk", "skip", "comment"]),
        st.integers(0, 1),
        st.booleans(),  # late
        st.booleans(),  # as an adjudicator
    ),
    st.tuples(st.just("undo"), st.integers(0, 30)),
    st.tuples(st.just("rule"), st.sampled_from(["single", "majority", "dawid-skene", "crowdlab"])),
    st.tuples(st.just("merge")),
)


def project_rule(world: World, rule: LabelRule) -> None:
    with transaction() as session:
        project = session.get_one(Project, world.project_id)
        project.settings = {**project.settings, "label_rule": rule}
        post_labels_job(session, world.project_id)


def merge(world: World, gone: uuid.UUID, into: uuid.UUID) -> None:
    with transaction() as session:
        change = Merge(kind="merge", class_id=gone, into_id=into)
        change_class_set(session, world.project_id, "*", change, world.user_ids[0])


def do_label_jobs(world: World) -> None:
    """What the worker does: all label jobs of the project that wait."""
    waiting = rows(
        "SELECT id FROM job WHERE project_id = :project AND kind = :kind AND state = 'queued' ORDER BY created_at",
        project=world.project_id,
        kind=LABELS_JOB,
    )
    for row in waiting:
        run_job(row.id, run_label_derivation)
    assert set(rows("SELECT state FROM job WHERE project_id = :id", id=world.project_id)) <= {("succeeded",)}


def say(world: World, user: uuid.UUID, about: int, rule: LabelRule, **what: Any) -> int:
    values = {"kind": "class", "class_set_version": 1, "work": "choice", "subtomogram_id": about} | what
    asker = Asker(world.project_id, world.slug, user)
    with transaction() as session:
        event = write_event(session, asker, uuid.uuid4().hex, b"", {}, **values)
        store_label(session, world.project_id, about, opinions_about(session, world.project_id, about), rule)
    return event


def add_importer(world: World) -> uuid.UUID:
    with transaction() as session:
        user = User(name=f"{world.slug}-file", display_name="File", kind="importer")
        session.add(user)
        session.flush()
        return user.id


class History:
    """A project's events so far, and its rule."""

    def __init__(self, world: World) -> None:
        self.world, self.rule, self.said = world, "single", list[tuple[int, uuid.UUID, int]]()
        self.people = [*world.user_ids, add_importer(world)]
        self.merged = False

    def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("say", who, about, kind, number, late, adjudicates):
                is_word = adjudicates and who == 0 and kind not in ("skip", "comment")
                event = say(
                    self.world,
                    self.people[who],
                    self.world.subtomogram_ids[about],
                    self.rule,
                    kind=kind,
                    class_id=self.world.class_ids[number] if kind == "class" else None,
                    late=late,
                    work="import" if who == IMPORTER else "adjudication" if is_word else "query",
                )
                self.said.append((event, self.people[who], self.world.subtomogram_ids[about]))
            case ("undo", number) if self.said:
                event, user, about = self.said.pop(number % len(self.said))
                say(self.world, user, about, self.rule, kind="undo", undoes_event_id=event)
            case ("rule", rule):
                self.rule = rule
                project_rule(self.world, rule)
            case ("merge",) if not self.merged:
                self.merged = True
                merge(self.world, self.world.class_ids[1], self.world.class_ids[2])


@pytest.mark.usefixtures("clean_database")
def test_labels_follow_any_history(settings: Settings) -> None:
    @hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(STEP, max_size=16))
    def check(steps: list[tuple[Any, ...]]) -> None:
        history = History(build_world(pool=3, queued=0, slug=f"history-{next(NUMBERS)}"))
        for step in steps:
            history.do(step)
        do_label_jobs(history.world)
        with transaction() as session:
            assert disagreeing_labels(session, history.world.project_id) == []
            _store_at_once(session, history)

    check()


def _store_at_once(session: Any, history: History) -> None:
    """Derived by SQL for many at once, as imports do, the labels are those that Python derived one by one."""
    table = text("SELECT * FROM current_label WHERE project_id = :project ORDER BY subtomogram_id")
    columns = ("subtomogram_id", "kind", "class_id", "rule", "event_id", "opinion_count", "agreement", "is_disputed")
    project = {"project": history.world.project_id}
    for each in history.world.subtomogram_ids:
        opinions = opinions_about(session, history.world.project_id, each)
        store_label(session, history.world.project_id, each, opinions, history.rule)
    one_by_one = [[getattr(row, name) for name in columns] for row in session.execute(table, project)]
    ids = Subtomogram.__table__.select().with_only_columns(Subtomogram.id)
    store_labels(
        session, history.world.project_id, ids.where(Subtomogram.project_id == project["project"]), history.rule
    )
    assert [[getattr(row, name) for name in columns] for row in session.execute(table, project)] == one_by_one


def opinion(number: int, author: int, value: str, **more: Any) -> Opinion:
    kind, class_id = ("class", {"a": A, "b": B}[value]) if value in "ab" else (value, None)
    return Opinion(number, PEOPLE[author], kind, class_id, **more)


@pytest.mark.parametrize(
    ("rule", "opinions", "expected"),
    [
        # (kind or class, event, counted, agreement, disputed)
        ("single", [opinion(1, 0, "a"), opinion(2, 1, "b")], ("b", 2, 2, 0.5, True)),
        ("single", [opinion(1, 0, "a"), opinion(2, 1, "b", late=True)], ("a", 1, 2, 0.5, True)),
        ("single", [opinion(1, 0, "a"), opinion(2, 0, "b")], ("b", 2, 1, 1.0, False)),
        ("majority", [opinion(1, 0, "a"), opinion(2, 1, "b"), opinion(3, 2, "a")], ("a", 3, 3, 2 / 3, True)),
        ("majority", [opinion(1, 0, "a"), opinion(2, 1, "b")], ("unsure", 2, 2, 0.5, True)),
        ("majority", [opinion(1, 0, "a"), opinion(2, 0, "a"), opinion(3, 1, "b")], ("unsure", 3, 2, 0.5, True)),
        ("majority", [opinion(1, 0, "a"), opinion(2, 1, "skip")], ("a", 1, 1, 1.0, False)),
        ("majority", [opinion(1, 0, "a"), opinion(2, 3, "b", imported=True)], ("a", 1, 1, 1.0, False)),
        ("majority", [opinion(2, 3, "b", imported=True)], ("b", 2, 1, 1.0, False)),
        (
            "majority",
            [opinion(1, 4, "b", adjudicates=True), opinion(2, 0, "a"), opinion(3, 1, "a")],
            ("b", 1, 3, 0.0, False),
        ),
    ],
)
def test_the_rules_by_hand(rule: LabelRule, opinions: list[Opinion], expected: tuple[Any, ...]) -> None:
    found = derive_label(opinions, rule)
    assert found is not None
    value = {A: "a", B: "b"}.get(found.class_id, found.kind)
    assert (value, found.event_id, found.opinion_count, found.agreement, found.is_disputed) == expected


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=12, queued=0, evaluation=2, roles=["owner", "annotator", "annotator", "annotator"])


@pytest.mark.usefixtures("clean_database")
def test_the_checker_sees_a_wrong_label(world: World) -> None:
    say(world, world.user_ids[0], world.subtomogram_ids[0], "single", class_id=world.class_ids[0])
    with transaction() as session:
        assert labels_agree(session, world.project_id)
        session.execute(text("UPDATE current_label SET class_id = :id"), {"id": world.class_ids[1]})
        assert not labels_agree(session, world.project_id)
        session.execute(text("DELETE FROM current_label"))
        assert disagreeing_labels(session, world.project_id) == world.subtomogram_ids[:1]


@pytest.mark.usefixtures("clean_database")
def test_one_job_waits_however_many_decide(world: World) -> None:
    project_rule(world, "dawid-skene")
    do_label_jobs(world)
    for about in world.subtomogram_ids[:4]:
        say(world, world.user_ids[0], about, "dawid-skene", class_id=world.class_ids[0])
    assert scalar("SELECT count(*) FROM job WHERE state = 'queued'") == 1
    do_label_jobs(world)
    say(world, world.user_ids[0], world.subtomogram_ids[0], "dawid-skene", class_id=world.class_ids[1])
    assert scalar("SELECT count(*) FROM job WHERE state = 'queued'") == 1


@pytest.mark.usefixtures("clean_database")
def test_whoever_is_often_right_outweighs_two_who_are_not(world: World) -> None:
    """Three people agree with the adjudicator or do not; then each rule decides an open item. A single one stays."""
    good, bad, worse, owner = *world.user_ids[1:], world.user_ids[0]
    rod, barrel = world.class_ids[1], world.class_ids[0]
    for place, about in enumerate(world.subtomogram_ids[2:10]):
        truth, other = (rod, barrel) if place % 2 else (barrel, rod)
        say(world, good, about, "majority", class_id=truth)
        say(world, bad, about, "majority", class_id=other if place % 4 < 2 else truth)
        say(world, worse, about, "majority", class_id=other if place % 4 > 0 else truth)
        say(world, owner, about, "majority", class_id=truth, work="adjudication")
    open_item, single = world.subtomogram_ids[10:12]
    say(world, good, open_item, "majority", class_id=rod)
    for person in (bad, worse):
        say(world, person, open_item, "majority", class_id=barrel)
    say(world, worse, single, "majority", class_id=barrel)

    found = {}
    for rule in ("majority", "dawid-skene", "crowdlab"):
        project_rule(world, rule)
        do_label_jobs(world)
        found[rule] = rows("SELECT * FROM current_label WHERE subtomogram_id = :id", id=open_item)[0]

    assert (found["majority"].class_id, found["majority"].confidence) == (barrel, None)
    assert (found["dawid-skene"].class_id, found["dawid-skene"].rule) == (rod, "dawid-skene")
    assert found["dawid-skene"].confidence > 0.6
    assert found["dawid-skene"].agreement == pytest.approx(1 / 3)
    assert found["dawid-skene"].is_disputed
    assert found["crowdlab"].rule == "dawid-skene", "there is no model yet"
    kept = rows("SELECT class_id, rule, confidence FROM current_label WHERE subtomogram_id = :id", id=single)[0]
    assert kept == (barrel, "majority", None)


@pytest.mark.usefixtures("clean_database")
def test_labels_of_a_moment_stay_those_of_that_moment(world: World) -> None:
    first = world.subtomogram_ids[2]
    last = say(world, world.user_ids[1], first, "single", class_id=world.class_ids[1])
    for number, person in enumerate(world.user_ids[2:]):
        say(world, person, first, "single", class_id=world.class_ids[number % 2])
    merge(world, world.class_ids[1], world.class_ids[0])
    with transaction() as session:
        labels = {
            (rule, version): ProjectLabels(session, world.project_id, rule, LabelState(last, version)).between(
                session, first, first
            )[first]
            for rule in ("single", "majority")
            for version in (1, 2)
        }
    assert {label.class_id for (_, version), label in labels.items() if version == 1} == {world.class_ids[1]}
    assert {label.class_id for (_, version), label in labels.items() if version == 2} == {world.class_ids[0]}
    assert {label.opinion_count for label in labels.values()} == {1}
