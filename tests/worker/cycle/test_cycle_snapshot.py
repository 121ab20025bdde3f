"""What a cycle reads: labels as they were at its launch, and nothing of the evaluation sample in the training set."""

import numpy as np
import pytest
from fixtures.cycle_world import CycleWorld, build_cycle_world
from sqlalchemy import select

from tomosift.annotation.current_labels import opinions_about, store_label
from tomosift.annotation.decisions import write_event
from tomosift.annotation.queue import Asker
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import ClassMeaning, Cycle, LabelEvent, ParticleClass
from tomosift_worker.cycle.snapshot import Snapshot, TrainingSet, describe_labels, read_snapshot

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings) -> CycleWorld:
    return build_cycle_world()


def snapshot_of(cycle: Cycle) -> Snapshot:
    with transaction() as session:
        return read_snapshot(session, cycle.job_id)


def labels_of(training: TrainingSet) -> dict[int, str]:
    names = [each["name"] for each in training.classes]
    return {int(each): names[number] for each, number in zip(training.items.ids, training.labels, strict=True)}


def take_back(world: CycleWorld, subtomogram_id: int) -> None:
    with transaction() as session:
        event = session.scalars(select(LabelEvent.id).where(LabelEvent.subtomogram_id == subtomogram_id)).one()
        asker = Asker(world.project_id, world.slug, world.user_id)
        about = {"subtomogram_id": subtomogram_id, "class_set_version": 1, "work": "choice"}
        write_event(session, asker, f"undo-{event}", b"", {}, kind="undo", undoes_event_id=event, **about)
        store_label(
            session, world.project_id, subtomogram_id, opinions_about(session, world.project_id, subtomogram_id)
        )


def test_training_and_evaluation_labels_never_meet(world: CycleWorld) -> None:
    world.label_some(4)

    snapshot = snapshot_of(world.launch())

    expected = {each: name for name in set(world.truth.values()) for each in world.of_class(name)[:4]}
    assert labels_of(snapshot.training) == expected
    assert sorted(snapshot.evaluation.items.ids.tolist()) == world.evaluation
    names = snapshot.evaluation.names
    assert [names[number] for number in snapshot.evaluation.truth] == [
        world.truth[int(each)] for each in snapshot.evaluation.items.ids
    ]
    assert int(snapshot.evaluation.reports.sum()) == len(world.evaluation) // 2


def test_what_is_said_or_taken_back_after_the_launch_is_not_seen(world: CycleWorld) -> None:
    world.label_some(4)
    cycle = world.launch()
    before = labels_of(snapshot_of(cycle).training)

    later = world.of_class("rod")[4]
    world.label([later])
    world.label([world.of_class("rod")[0]], "sphere")
    take_back(world, world.of_class("sphere")[0])

    assert labels_of(snapshot_of(cycle).training) == before


def test_what_was_taken_back_before_the_launch_is_gone(world: CycleWorld) -> None:
    world.label_some(4)
    gone = world.of_class("sphere")[0]
    take_back(world, gone)

    assert gone not in labels_of(snapshot_of(world.launch()).training)


def test_junk_trains_as_the_last_class_and_unsure_and_skip_do_not_train(world: CycleWorld) -> None:
    world.label_some(4)
    world.label(world.of_class("rod")[5:7], "unsure")
    world.label(world.of_class("rod")[7:8], "skip")

    snapshot = snapshot_of(world.launch())

    assert [each["kind"] for each in snapshot.training.classes] == ["class", "class", "class", "junk"]
    assert not set(world.of_class("rod")[5:8]) & set(labels_of(snapshot.training))
    assert set(world.of_class("rod")[5:8]) <= set(snapshot.decided_ids.tolist())


def test_classes_without_a_label_are_named_and_still_count_in_the_evaluation(world: CycleWorld) -> None:
    world.label(world.of_class("rod")[:6])
    world.label(world.of_class("sphere")[:6])
    world.label(world.evaluation)

    snapshot = snapshot_of(world.launch())

    assert [each["name"] for each in snapshot.training.classes] == ["rod", "sphere"]
    assert snapshot.unlabeled_classes == ["plate"]
    assert snapshot.evaluation.names[:2] == ["rod", "sphere"]
    assert set(snapshot.evaluation.names) == {world.truth[each] for each in world.evaluation} | {"rod", "sphere"}


def test_a_class_retired_before_the_launch_is_not_trained(world: CycleWorld) -> None:
    world.label_some(4)
    with transaction() as session:
        plate = session.scalars(select(ParticleClass).where(ParticleClass.name == "plate")).one()
        plate.retired_in_version = 1
        session.add(ClassMeaning(class_id=plate.id, from_version=1))

    snapshot = snapshot_of(world.launch())

    assert "plate" not in set(labels_of(snapshot.training).values())
    assert "plate" not in snapshot.evaluation.names


def test_unsure_evaluation_items_are_left_out_and_counted(world: CycleWorld) -> None:
    world.label_some(4)
    world.label(world.evaluation[:2], "unsure")

    evaluation = snapshot_of(world.launch()).evaluation

    assert evaluation.unsure == 2
    assert len(evaluation.items) == len(world.evaluation) - 2


def test_labels_in_words() -> None:
    classes = [
        {"kind": "class", "id": "a", "name": "barrel"},
        {"kind": "class", "id": "b", "name": "rod"},
        {"kind": "junk", "id": None, "name": "junk"},
    ]
    training = TrainingSet([None] * 5, np.array([0, 0, 1, 2, 2]), classes)  # type: ignore[arg-type]

    assert describe_labels(training) == "5 labels of 2 classes + junk (barrel 2, rod 1, junk 2)"
