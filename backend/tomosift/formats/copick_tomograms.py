"""The tomograms of a copick project: `ExperimentRuns/<run>/VoxelSpacing<Å>/<kind>.zarr`, found without copick."""

import re
from pathlib import Path

from tomosift.formats.copick_project import RUNS_FOLDER, copick_roots
from tomosift.formats.problem import FormatProblem

_SPACING = re.compile(r"VoxelSpacing(\d+(?:\.\d+)?)")


def copick_tomograms(project: Path, wanted: str | None = None) -> dict[str, tuple[Path, float]]:
    """The tomogram of each run, and its voxel size in Å. `wanted` is a kind (`wbp`) or a spacing and kind
    (`10.012/wbp`), needed where runs have several.

    Raises FormatProblem for a project without tomograms, or with several to choose from.
    """
    kinds: dict[str, dict[str, tuple[Path, float]]] = {}
    for root in copick_roots(project):
        for found in sorted(root.glob(f"{RUNS_FOLDER}/*/VoxelSpacing*/*.zarr")):
            spacing = _SPACING.fullmatch(found.parent.name)
            if spacing is not None and found.is_dir():
                kind = f"{spacing[1]}/{found.stem}"
                kinds.setdefault(found.parents[1].name, {})[kind] = (found, float(spacing[1]))
    if not kinds:
        raise FormatProblem(f"{project.name} holds no tomograms ({RUNS_FOLDER}/<run>/VoxelSpacing<Å>/<kind>.zarr)")
    return {run: each for run, choice in kinds.items() if (each := _choose(run, choice, wanted)) is not None}


def _choose(run: str, choice: dict[str, tuple[Path, float]], wanted: str | None) -> tuple[Path, float] | None:
    """The one that is meant; None where this run has nothing of the kind."""
    fitting = {kind: each for kind, each in choice.items() if wanted is None or _fits(kind, wanted)}
    if len(fitting) > 1:
        raise FormatProblem(
            f"the run {run} has several tomograms ({', '.join(fitting)}); say which kind is meant (copick_tomogram)"
        )
    return next(iter(fitting.values()), None)


def _fits(kind: str, wanted: str) -> bool:
    spacing, _, name = kind.partition("/")
    wanted_spacing, slash, wanted_name = wanted.rpartition("/")
    return name == wanted_name and (not slash or float(spacing) == _number(wanted_spacing))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
