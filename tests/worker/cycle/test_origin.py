"""What a cycle's results come from: checksums that change with the labels, and the model it goes on from."""

import dataclasses

import numpy as np
import pytest
from fixtures.cycle_runs import log_of, run_here
from fixtures.cycle_world import CycleWorld
from sqlalchemy import select

from tomosift.cycles.serving import choose_model
from tomosift.kit.database import transaction
from tomosift.tables import Cycle
from tomosift_worker.cycle.origin import code_checksum, labels_checksum
from tomosift_worker.cycle.snapshot import Snapshot, read_snapshot

pytestmark = pytest.mark.usefixtures("clean_database")


def snapshot_of(cycle: Cycle) -> Snapshot:
    with transaction() as session:
        return read_snapshot(session, cycle.job_id)


def test_the_checksum_of_labels_is_theirs_alone(world: CycleWorld) -> None:
    snapshot = snapshot_of(world.launch())
    training, evaluation = snapshot.training, snapshot.evaluation
    checksum = labels_checksum(training, evaluation)
    assert labels_checksum(training, evaluation) == checksum
    other = np.where(np.arange(len(training.labels)) == 0, (training.labels + 1) % 2, training.labels)
    assert labels_checksum(dataclasses.replace(training, labels=other), evaluation) != checksum
    moved = dataclasses.replace(evaluation, reports=~evaluation.reports)
    assert labels_checksum(training, moved) != checksum


def test_a_cycle_after_going_back_begins_with_the_chosen_model(world: CycleWorld) -> None:
    always = {"training": {"steps": 12, "batch_size": 8, "learning_rate": 3e-3, "warm_start": "always"}}
    run_here(world.launch(**always))
    second = run_here(world.launch(**always))
    with transaction() as session:
        choose_model(session, world.project_id, world.user_id, 1)

    third = run_here(world.launch(**always))

    assert "Training goes on from the weights of cycle 1." in log_of(third)
    weights_of = [(each.metrics or {})["training"]["began_with_weights_of"] for each in (second, third)]
    assert weights_of == [1, 1]
    origin = (third.metrics or {})["origin"]
    assert origin["code"] == code_checksum()
    assert origin["labels"] == labels_checksum(snapshot_of(third).training, snapshot_of(third).evaluation)
    with transaction() as session:
        before = session.scalars(select(Cycle.number).where(Cycle.id == third.previous_cycle_id)).one()
    assert before == 1
