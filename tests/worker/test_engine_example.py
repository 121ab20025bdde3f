"""The example of the engine without the service runs, at a tiny size."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "engine_on_simulated_cubes.py"


@pytest.mark.parametrize("acquisition", ["badge", "entropy-gradnorm"])
def test_the_loop_goes_round(acquisition: str, capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(EXAMPLE))["main"]
    accuracies = main(["--cubes", "70", "--cycles", "2", "--batch", "14", "--steps", "4", "--acquisition", acquisition])
    assert len(accuracies) == 2
    assert all(0.0 <= each <= 1.0 for each in accuracies)
    printed = capsys.readouterr().out
    assert "cycle 2: 28 labels" in printed
    assert "70 cubes of 7 classes" in printed
