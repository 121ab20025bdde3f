"""The demo's table, sentence, JSON and picture, from given numbers."""

import json
from pathlib import Path

from rich.console import Console

from tomosift.demo_loop.report import Point, draw_curves, result_table, verdict, write_json


def point(cycle: int, accuracy: float, half_width: float = 0.1) -> Point:
    return Point(
        cycle=cycle,
        training_labels=40 * cycle,
        evaluation_labels=160,
        n=80,
        accuracy=accuracy,
        low=accuracy - half_width,
        high=accuracy + half_width,
        balanced_accuracy=accuracy - 0.05,
    )


CURVES = {"auto": [point(1, 0.5), point(2, 0.7)], "random": [point(1, 0.5), point(2, 0.65)]}
CONDITIONS = {"seed": 1, "particles": 600, "cycles": 2}


def test_the_table_shows_labels_with_evaluation_and_both_arms() -> None:
    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(result_table(CURVES))
    text = capture.get()
    row = next(line for line in text.splitlines() if "240" in line)
    assert "240 (160)" in row
    assert "70 % (60 to 80)" in row
    assert "65 % (55 to 75)" in row
    assert "95 % interval" in text


def test_the_sentence_is_honest_whoever_is_ahead() -> None:
    assert "intervals overlap" in verdict(CURVES)
    assert verdict(CURVES).startswith("After 240 labels: auto 70 %, random 65 %, measured on 80 items.")
    lost = {"entropy": [point(1, 0.4, 0.05)], "random": [point(1, 0.8, 0.05)]}
    assert "random is ahead by more than the intervals allow" in verdict(lost)
    assert "Neither is ahead" in verdict({"entropy": [point(1, 0.5)], "random": [point(1, 0.5)]})


def test_json_and_picture(tmp_path: Path) -> None:
    write_json(tmp_path / "result.json", CURVES, CONDITIONS)
    stored = json.loads((tmp_path / "result.json").read_text())
    assert stored["seed"] == 1
    assert [each["labels"] for each in stored["arms"]["random"]] == [200, 240]
    assert stored["arms"]["auto"][1]["accuracy"] == 0.7
    assert draw_curves(tmp_path / "curve.png", CURVES, CONDITIONS)
    picture = (tmp_path / "curve.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(picture) > 10_000
