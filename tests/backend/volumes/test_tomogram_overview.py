"""Small copies of tomograms, and what lies around a particle."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tomosift.formats.mrc import write_cube
from tomosift.formats.mrc_header import new_header
from tomosift.formats.volume_files import open_volume_file
from tomosift.volumes.tomogram_overview import Overview, make_overview, surroundings_png


def overview_of(folder: Path, voxels: NDArray[np.float32], longest: int) -> Overview:
    write_cube(folder / "t.mrc", voxels.astype(np.float32), 10.0)
    with open_volume_file(folder / "t.mrc") as tomogram:
        return make_overview(tomogram, longest)


@pytest.mark.parametrize("brick_bytes", [32 * 2**20, 6_000])
def test_an_overview_holds_the_means_of_its_bins(
    tmp_path: Path, brick_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomosift.volumes.tomogram_overview._BRICK_BYTES", brick_bytes)
    voxels = np.random.default_rng(0).normal(100, 20, (21, 50, 61)).astype(np.float32)

    overview = overview_of(tmp_path, voxels, 16)

    assert overview.binning == 4
    assert overview.volume.shape == (6, 13, 16)
    values = overview.low + overview.volume / 255.0 * (overview.high - overview.low)
    step = (overview.high - overview.low) / 255
    for z, y, x in ((0, 0, 0), (3, 7, 9), (5, 12, 15), (2, 12, 15)):
        mean = voxels[4 * z : 4 * z + 4, 4 * y : 4 * y + 4, 4 * x : 4 * x + 4].mean()
        assert values[z, y, x] == pytest.approx(np.clip(mean, overview.low, overview.high), abs=step)


def test_outliers_do_not_spoil_the_grey_range(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).normal(0, 1, (30, 40, 50)).astype(np.float32)
    voxels[::9, ::17, 3] = 1e6
    overview = overview_of(tmp_path, voxels, 512)
    assert overview.binning == 1
    assert overview.low == pytest.approx(-2.58, abs=0.3)
    assert overview.high == pytest.approx(2.58, abs=0.3)


def test_a_tomogram_without_contrast_is_no_error(tmp_path: Path) -> None:
    assert not overview_of(tmp_path, np.full((9, 9, 9), 3.0, np.float32), 4).volume.any()


@pytest.mark.parametrize("binning", [1, 3])
def test_a_particle_is_where_the_numbers_say(tmp_path: Path, binning: int) -> None:
    voxels = np.zeros((60, 150, 180), np.float32)
    voxels[28:32, 69:75, 117:123] = 50.0
    overview = overview_of(tmp_path, voxels, 180 // binning)
    overview = Overview(overview.volume, overview.binning, 0.0, 50.0)

    shown = surroundings_png(overview, np.array([100.0, 80.0, 30.0]), 6, 96)

    picture = np.asarray(Image.open(io.BytesIO(shown.png)), np.float64)
    assert picture.shape == (shown.size, shown.size) == (256, 256)
    assert (100.0 - shown.left) / shown.voxels_per_pixel == pytest.approx(128)
    rows, columns = np.indices(picture.shape) + 0.5
    mass = picture.sum()
    # The middle of voxels 117…122 is 119.5, that of 69…74 is 71.5.
    assert (columns * picture).sum() / mass == pytest.approx((119.5 - shown.left) / shown.voxels_per_pixel, abs=1.0)
    assert (rows * picture).sum() / mass == pytest.approx((71.5 - shown.top) / shown.voxels_per_pixel, abs=1.0)


@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (49.0, 39.0, 29.0), (-30.0, 900.0, 7.0)])
def test_at_an_edge_the_rest_is_black(tmp_path: Path, centre: tuple[float, float, float]) -> None:
    overview = overview_of(tmp_path, np.random.default_rng(0).normal(size=(30, 40, 50)).astype(np.float32), 512)
    shown = surroundings_png(Overview(overview.volume // 2 + 100, 1, 0, 1), np.array(centre), 8, 40)
    picture = np.asarray(Image.open(io.BytesIO(shown.png)))
    place = shown.left + (np.arange(256) + 0.5) * shown.voxels_per_pixel
    outside = (place < -1) | (place > 50)
    assert outside.any()
    assert not picture[:, outside].any()


MEASURE = """
import resource, sys
from pathlib import Path
from tomosift.formats.volume_files import open_volume_file
from tomosift.volumes.tomogram_overview import make_overview
with open_volume_file(Path(sys.argv[1])) as tomogram:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    overview = make_overview(tomogram, 128)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, *overview.volume.shape)
"""


def test_a_large_tomogram_is_read_in_little_memory(tmp_path: Path) -> None:
    """A gigabyte of zeros, which take no room on the disk."""
    path = tmp_path / "large.mrc"
    with path.open("wb") as file:
        file.write(new_header((256, 1024, 1024), 10.0, 1, (0, 0, 0, 0)))
        file.truncate(1024 + 256 * 1024 * 1024 * 4)

    run = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)

    grown_kib, *shape = map(int, run.stdout.split())
    assert shape == [32, 128, 128]
    assert grown_kib < 100_000
