"""What a cycle says of its own quality: wrong labels, agreement with the model before, unlike items, advice."""

import numpy as np
import pytest
from fixtures.cycle_runs import artifacts, log_of, queue_of, run_here
from fixtures.cycle_world import JUNK, CycleWorld
from sklearn.metrics import cohen_kappa_score

from tomosift_worker.cycle import selection_stage

pytestmark = pytest.mark.usefixtures("clean_database")

LONGER = {"steps": 60, "batch_size": 8, "learning_rate": 3e-3}


def test_three_cycles_are_compared_and_give_an_advice(world: CycleWorld) -> None:
    first = run_here(world.launch(training=LONGER))
    world.label(world.of_class("rod")[4:7])
    second = run_here(world.launch(training=LONGER, seed=8))
    world.label(world.of_class("sphere")[4:6])
    third = run_here(world.launch(training=LONGER, seed=9))

    one, two, three = (each.metrics or {} for each in (first, second, third))
    assert (one["agreement"], one["stopping"]["verdict"]) == (None, "too-early")
    assert two["stopping"]["verdict"] == "too-early"
    assert (two["stopping"]["gain"]["cycles"], two["stopping"]["gain"]["labels"]) == (1, 3)
    before, now = (artifacts().read_tensors(each.scores_key or "")["logits"].argmax(1) for each in (first, second))
    assert two["agreement"] == {
        "previous_cycle": 1,
        "n": len(world.truth),
        "changed": pytest.approx((before != now).mean()),
        "kappa": pytest.approx(cohen_kappa_score(before, now)),
    }
    gain = three["stopping"]["gain"]
    assert (gain["cycles"], gain["labels"], gain["n"]) == (2, 5, 6)
    assert gain["gain"] == pytest.approx(three["report"]["accuracy"] - one["report"]["accuracy"])
    assert three["stopping"]["verdict"] != "too-early"
    assert three["stopping"]["text"] in log_of(third)


def test_other_classes_are_not_compared(world: CycleWorld) -> None:
    world.label(world.of_class("plate")[:4], "unsure")
    run_here(world.launch())
    world.label(world.of_class("plate")[:4])

    second = run_here(world.launch())

    assert (second.metrics or {})["agreement"] is None
    assert (second.metrics or {})["stopping"]["gain"] is None


def test_a_wrong_label_is_listed(world: CycleWorld) -> None:
    world.label(world.of_class("rod")[4:12])
    world.label(world.of_class("sphere")[4:12])
    wrong = world.of_class("rod")[2]
    world.label([wrong], "sphere")

    metrics = run_here(world.launch(training=LONGER)).metrics or {}

    listed = metrics["likely_label_errors"]
    assert wrong in [each["subtomogram_id"] for each in listed[:3]]
    (found,) = (each for each in listed if each["subtomogram_id"] == wrong)
    assert found["given"] == {"kind": "class", "class_id": str(world.class_ids["sphere"])}
    assert found["suggested"] == {"kind": "class", "class_id": str(world.class_ids["rod"])}
    assert found["reason"].startswith("A classifier that did not see this label says rod (")
    assert [each["score"] for each in listed] == sorted((each["score"] for each in listed), reverse=True)
    assert metrics["label_errors"]["judged"] == 24, "of classes with five labels or more"
    assert metrics["label_errors"]["found"] == len(listed)


def test_unlike_items_are_marked_in_the_outputs_and_in_the_reasons(
    world: CycleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection_stage, "TELL_UNLIKE_FROM", 0.8)
    cycle = run_here(world.launch(training=LONGER))

    scored = artifacts().read_tensors(cycle.scores_key or "")
    kept = artifacts().read_tensors((cycle.metrics or {})["evaluation_key"])
    unlike = dict(zip(scored["item_ids"].tolist(), scored["unlike"].tolist(), strict=True))
    assert set(np.round(list(unlike.values()), 4)) <= {round(k / 13, 4) for k in range(13)}, "12 labels of classes"
    for each, value in zip(kept["item_ids"].tolist(), kept["unlike"].tolist(), strict=True):
        assert value == pytest.approx(unlike[each], abs=0.1)
    junk = [unlike[each] for each in world.of_class(JUNK)]
    assert np.mean(junk) > np.mean([unlike[each] for each in world.others if world.truth[each] != JUNK])
    told = {item.subtomogram_id for item in queue_of(world.project_id, batch=1) if "unlike" in str(item.reason)}
    picked = {item.subtomogram_id for item in queue_of(world.project_id, batch=1)}
    assert told == {each for each in picked if unlike[each] >= 0.8}
