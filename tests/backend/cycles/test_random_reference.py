"""What random picks are expected to reach, as far as the cycles of a project can tell."""

import uuid
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, signed_in
from fixtures.launched_cycles import REPORT, finish_cycle, say
from sqlalchemy import text

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.schemas import DecisionIn
from tomosift.cycles.random_reference import fit
from tomosift.cycles.schemas import CurvePoint
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings


def point(labels: int, accuracy: float, n: int = 1000) -> CurvePoint:
    return CurvePoint(
        cycle_number=labels,
        training_labels=labels,
        evaluation_labels=n,
        total_labels=labels + n,
        accuracy=accuracy,
        low=0.0,
        high=1.0,
        balanced_accuracy=None,
        acquisition="random",
    )


def test_a_line_in_logits_is_found_again() -> None:
    def accuracy(labels: int) -> float:
        return float(1 / (1 + np.exp(-(-1.0 + 0.4 * np.log2(labels)))))

    line = fit([point(labels, accuracy(labels), 100_000) for labels in (20, 40, 80)])
    expected, low, high = line.expected(160)
    assert expected == pytest.approx(accuracy(160), abs=1e-3)
    assert low < expected < high


def test_the_interval_covers_what_it_promises() -> None:
    """Of 500 drawn evaluation samples, the interval at twice the labels holds the truth in about 95 %."""
    generator = np.random.default_rng(3)
    labels, n = (40, 80, 160), 100

    def truth(count: int) -> float:
        return float(1 / (1 + np.exp(-(-1.5 + 0.35 * np.log2(count)))))

    held = 0
    for _ in range(500):
        drawn = [point(each, generator.binomial(n, truth(each)) / n, n) for each in labels]
        _, low, high = fit(drawn).expected(320)
        held += low <= truth(320) <= high
    assert 0.92 <= held / 500 <= 0.995


def test_a_perfect_accuracy_stays_finite() -> None:
    expected, low, high = fit([point(20, 0.9, 50), point(40, 1.0, 50)]).expected(80)
    assert 0.9 < expected <= 1.0
    assert 0.0 <= low <= high <= 1.0


@pytest.fixture
def world(settings: Settings, clean_database: str) -> World:
    return build_world(pool=80, queued=30, evaluation=4, roles=["owner"])


def answer_queue(world: World, count: int) -> None:
    """Answer so many picks of the queue."""
    left = count
    while left:
        for task in world.claim(0, min(8, left)):
            body = {
                "subtomogram_id": task.subtomogram.id,
                "lease_id": task.lease.id,
                "fencing_token": task.lease.id,
                "kind": "class",
                "class_id": world.class_ids[task.subtomogram.id % 2],
            }
            record_decision(world.asker(0), DecisionIn.model_validate(body), str(uuid.uuid4()))
            left -= task.work == "query"


def cycle(world: World, owner: TestClient, number: int, accuracy: float) -> None:
    assert owner.post(world.path("/cycles"), json={"settings": {}}).status_code == 202
    finish_cycle(world, number, {"report": {**REPORT, "accuracy": accuracy}})


def test_it_rests_on_cycles_of_random_picks_alone(world: World) -> None:
    with transaction() as session:
        session.execute(text('UPDATE queue_item SET reason = \'{"acquisition": "random"}\''))
    owner = signed_in(world.user_ids[0])

    def reference() -> Any:
        return owner.get(world.path("/learning-curve")).json()["reference"]

    assert reference() is None
    answer_queue(world, 12)
    cycle(world, owner, 1, 0.5)
    assert (reference()["rests_on"], reference()["points"]) == ([1], [])
    assert "only cycle 1 learned from random picks alone" in reference()["text"]
    answer_queue(world, 12)
    cycle(world, owner, 2, 0.7)
    say(world, world.subtomogram_ids[40:60])  # chosen by hand: from now on no random picks alone
    cycle(world, owner, 3, 0.9)

    found = reference()

    assert found["rests_on"] == [1, 2]
    assert [each["cycle_number"] for each in found["points"]] == [1, 2, 3]
    assert found["points"][0]["expected"] < found["points"][1]["expected"] < found["points"][2]["expected"]
    assert "cycles 1, 2" in found["text"]
    with transaction() as session:
        session.execute(text("UPDATE cycle SET training_label_count = 97 WHERE number = 3"))
    assert [each["cycle_number"] for each in reference()["points"]] == [1, 2]  # further than anybody can tell
