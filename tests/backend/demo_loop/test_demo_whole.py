"""The demo on the real program, small: its own service, two projects, a real cycle each, and nothing left behind."""

import csv
import json
import os
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from tomosift.demo_loop import DemoOptions, run_demo
from tomosift.demo_loop.own_service import ServiceFailed, own_service
from tomosift.kit.settings import Settings
from tomosift.simulation.dataset import simulate_dataset

pytestmark = pytest.mark.faults


def small_dataset(folder: Path, seed: int) -> object:
    return simulate_dataset(folder, counts_per_class=14, box=20, snr=0.3, seed=seed, junk_count=8, stack=True)


def test_both_arms_begin_alike_and_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMOSIFT_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/not-this-one")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    console = Console(width=160)
    options = DemoOptions(
        cycles=1,
        batch_size=20,
        evaluation_size=40,
        out=tmp_path / "out",
        simulate=small_dataset,
        cycle_settings={"training": {"steps": 4}},
    )
    with console.capture() as capture:
        curves = run_demo(options, Settings(home=tmp_path / "unused"), console)
    assert list(curves) == ["auto", "random"]
    chosen, baseline = curves["auto"][0], curves["random"][0]
    # The same first batch, seed and evaluation sample: before any choice is made, the arms are one and the same.
    assert chosen == baseline
    assert (chosen.training_labels, chosen.evaluation_labels) == (20, 40)
    assert 10 <= chosen.n <= 30
    assert chosen.low <= chosen.accuracy <= chosen.high
    assert json.loads((tmp_path / "out" / "result.json").read_text())["particles"] == 92
    assert (tmp_path / "out" / "curve.png").exists()
    assert "Neither is ahead" in capture.get()
    assert not list(tmp_path.glob("tomosift-demo-*"))
    children = [each for each in psutil.Process(os.getpid()).children(recursive=True) if each.status() != "zombie"]
    assert not [each for each in children if "tomosift-demo" in " ".join(each.cmdline())]


def test_the_truth_stays_with_the_annotator(tmp_path: Path) -> None:
    small_dataset(tmp_path / "data", 3)
    with (tmp_path / "data" / "truth.csv").open(newline="") as file:
        classes = {row["class"] for row in csv.DictReader(file)}
    star = (tmp_path / "data" / "particles.star").read_text()
    assert not [name for name in classes if name in star]


def test_a_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "postgres").mkdir(mode=0o700, parents=True)
    (home / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServiceFailed, match="did not start") as refused, own_service(home, tmp_path):
        pytest.fail("it must not start")
    log = home.with_name("home-up.log")
    assert str(log) in str(refused.value)
    assert "made by PostgreSQL 9" in log.read_text()
