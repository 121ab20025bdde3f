"""The report of a cycle: halves kept apart, reasons where something is missing, JSON all through."""

import json

import numpy as np

from tomosift_worker.evaluation.intervals import exact_interval
from tomosift_worker.evaluation.report import EvaluationSample, evaluation_report


def _sample(n: int, reporting: int, *, names: tuple[str, ...] = ("barrel", "rod")) -> EvaluationSample:
    truth = np.arange(n) % len(names)
    logits = np.full((n, 2), -1.0, np.float32)
    logits[np.arange(n), truth % 2] = 1.0
    return EvaluationSample(logits, truth, list(names), np.arange(n) < reporting, np.ones(n))


def test_a_full_sample() -> None:
    found = json.loads(json.dumps(evaluation_report(_sample(60, 40)), allow_nan=False))
    assert found["reason"] is None
    report = found["report"]
    assert (report["n"], report["accuracy"], report["high"]) == (40, 1.0, 1.0)
    assert report["confusion"] == {"names": ["barrel", "rod"], "rows": [[20, 0], [0, 20]]}
    barrel = report["per_class"][0]
    assert barrel == {
        "name": "barrel",
        "n": 20,
        "predicted": 20,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "precision_interval": list(exact_interval(1.0, 20)),
        "recall_interval": list(exact_interval(1.0, 20)),
        "f1_interval": barrel["f1_interval"],
    }
    assert found["calibration"]["n"] == 20


def test_only_the_reporting_half_reports() -> None:
    sample = _sample(60, 40)
    sample.logits[40:] *= -1.0  # the calibrating half is all wrong
    found = evaluation_report(sample)
    assert found["report"]["accuracy"] == 1.0
    assert found["calibration"]["temperature"] > 10.0


def test_no_labels_at_all() -> None:
    found = evaluation_report(_sample(0, 0))
    assert found["report"] is None
    assert found["calibration"] is None
    assert "no item of the reporting half" in found["reason"]


def test_one_half_only() -> None:
    only_report = evaluation_report(_sample(3, 3))
    assert only_report["report"]["n"] == 3
    assert "takes 10 labeled items" in only_report["reason"]
    only_calibrate = evaluation_report(_sample(30, 0))
    assert only_calibrate["report"] is None
    assert only_calibrate["calibration"]["ece_after"] is None
    json.dumps(only_calibrate, allow_nan=False)


def test_a_class_without_training_labels_counts_as_missed() -> None:
    found = evaluation_report(_sample(60, 30, names=("barrel", "rod", "sphere")))
    sphere = found["report"]["per_class"][2]
    assert (sphere["n"], sphere["predicted"], sphere["precision"], sphere["recall"]) == (10, 0, None, 0.0)
    assert found["report"]["accuracy"] == 20 / 30
