"""Density maps as templates: read, resampled, centred; and what is no template is explained."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tomosift.formats.mrc import write_cube
from tomosift.formats.problem import FormatProblem
from tomosift.simulation.templates import (
    Template,
    check_same_voxel_size,
    load_templates,
    phantom_templates,
    resample,
)

REAL_MAPS = Path(__file__).parents[4] / "shared" / "data" / "templates_10A"


def ball(size: int, radius: float, centre: tuple[float, float, float]) -> NDArray[np.float32]:
    grid = np.indices((size, size, size))
    distance = np.sqrt(np.asarray(sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True))))
    return np.asarray(np.clip(radius - distance + 0.5, 0, 1), np.float32)


def test_maps_are_loaded_by_name_and_turn_about_their_centre_of_mass(tmp_path: Path) -> None:
    write_cube(tmp_path / "b.mrc", ball(20, 4.0, (8, 9, 11)), 10.0)
    write_cube(tmp_path / "a.map", ball(24, 3.0, (12, 12, 12)), 10.0)
    (tmp_path / "notes.txt").write_text("no map")

    first, second = load_templates(tmp_path)

    assert (first.name, second.name) == ("a", "b")
    assert second.density.shape == (20, 20, 20)
    np.testing.assert_allclose(second.centre, [8, 9, 11], atol=1e-3)
    assert first.radius == pytest.approx(3.0, abs=0.5)
    assert first.coefficients is first.coefficients


@pytest.mark.parametrize("target", [6.0, 10.0, 15.0])
def test_maps_are_resampled_to_one_voxel_size(tmp_path: Path, target: float) -> None:
    """A ball of 60 Å stays one of 60 Å."""
    write_cube(tmp_path / "fine.mrc", ball(60, 12.0, (29.5, 29.5, 29.5)), 5.0)
    write_cube(tmp_path / "coarse.mrc", ball(30, 6.0, (14.5, 14.5, 14.5)), 10.0)

    for template in load_templates(tmp_path, target):
        volume = float(template.density.sum()) * target**3
        assert template.voxel_size == target
        assert volume == pytest.approx(4 / 3 * np.pi * 60**3, rel=0.03)
        assert template.density.shape[0] == pytest.approx(300 / target, abs=1)
        np.testing.assert_allclose(template.centre, (template.density.shape[0] - 1) / 2, atol=0.05)


def test_resampling_to_coarse_voxels_makes_no_false_pattern() -> None:
    """A wave finer than the new voxels vanishes, a slow one stays."""
    z = np.arange(64)[:, None, None]
    fine = np.broadcast_to(np.cos(np.pi * 0.8 * z), (64, 64, 64)).astype(np.float32)
    slow = np.broadcast_to(np.cos(np.pi * 0.1 * z), (64, 64, 64)).astype(np.float32)
    assert np.abs(resample(fine, 2.0)[4:-4]).max() < 0.1
    assert np.abs(resample(slow, 2.0)[4:-4]).max() > 0.9


@pytest.mark.parametrize(
    ("density", "voxel_size", "message"),
    [
        (np.zeros((8, 8, 8), np.float32), 10.0, r"x\.mrc has no positive voxels"),
        (ball(8, 2.0, (4, 4, 4)), 1.0, r"x\.mrc tells no voxel size"),
    ],
)
def test_maps_that_are_no_templates_are_named(
    tmp_path: Path, density: NDArray[np.float32], voxel_size: float, message: str
) -> None:
    write_cube(tmp_path / "x.mrc", density, voxel_size)
    with pytest.raises(FormatProblem, match=message):
        load_templates(tmp_path)


def test_a_folder_needs_maps_of_different_names(tmp_path: Path) -> None:
    with pytest.raises(FormatProblem, match="no density maps"):
        load_templates(tmp_path)
    for name in ("a.mrc", "a.map"):
        write_cube(tmp_path / name, ball(8, 2.0, (4, 4, 4)), 10.0)
    with pytest.raises(FormatProblem, match="two maps of one name: a"):
        load_templates(tmp_path)


def test_phantoms_are_templates_too() -> None:
    templates = phantom_templates(28, None)
    assert len(templates) == 6
    assert check_same_voxel_size(templates) == 10.0
    assert check_same_voxel_size(phantom_templates(28, 13.48)) == 13.48
    assert all(template.radius < 14 for template in templates)


def test_templates_of_two_voxel_sizes_do_not_mix() -> None:
    density, centre = ball(8, 2.0, (4, 4, 4)), np.full(3, 4.0)
    with pytest.raises(ValueError, match="one voxel size"):
        check_same_voxel_size([Template("a", density, 5.0, centre), Template("b", density, 6.0, centre)])


@pytest.mark.skipif(not REAL_MAPS.is_dir(), reason="the folder of real density maps is absent")
def test_real_maps() -> None:
    templates = load_templates(REAL_MAPS)
    assert len(templates) == 12
    assert check_same_voxel_size(templates) == pytest.approx(10.0)
    assert max(templates, key=lambda template: template.radius).name == "4v94"
