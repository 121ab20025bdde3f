"""tomograms.star of RELION 4, RELION 5 and WarpTools: names, sizes, files and tilts of every tomogram."""

from pathlib import Path

import numpy as np
import pytest

from tomosift.formats.problem import FormatProblem
from tomosift.formats.relion_tomograms import RelionTomogram, read_relion_tomograms

REAL = Path(__file__).parents[4] / "shared" / "data" / "formats" / "relion_5_warp2_matching_tomograms.star"
OVERVIEW = """
data_global
loop_
_rlnTomoName
_rlnTomoSizeX
_rlnTomoSizeY
_rlnTomoSizeZ
_rlnTomoHand
_rlnTomoTiltSeriesPixelSize
"""


def projection(tilt: float) -> str:
    """The rows of a projection matrix tilted about y, with the tilt axis turned by 85° in the image."""
    axis, angle = np.radians(85), np.radians(tilt)
    about_z = np.array([[np.cos(axis), -np.sin(axis), 0], [np.sin(axis), np.cos(axis), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return " ".join(f"[{a:.6f},{b:.6f},{c:.6f},100]" for a, b, c in about_z @ about_y)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_relion_4_and_warptools_keep_the_tilts_in_the_same_file(tmp_path: Path) -> None:
    rows = "\n".join(projection(tilt) for tilt in (-57, 0, 60))
    tilts = "loop_\n_rlnTomoProjX\n_rlnTomoProjY\n_rlnTomoProjZ\n"
    text = f"{OVERVIEW}TS_1 4000 3800 1200 -1 1.35\nTS_2 4000 3800 0 1 0\n\ndata_TS_1\n{tilts}{rows}\n"
    found = read_relion_tomograms(write(tmp_path / "tomograms.star", text))

    assert list(found) == ["TS_1", "TS_2"]
    first = found["TS_1"]
    assert (first.size_xyz, first.pixel_size, first.hand, first.path) == ((4000, 3800, 1200), 1.35, -1, None)
    assert first.tilt_range == pytest.approx((-57, 60), abs=1e-3)
    assert found["TS_2"] == RelionTomogram("TS_2", hand=1)


def relion_5(folder: Path, reference: str) -> Path:
    columns = "_rlnTomoTomogramBinning\n_rlnTomoReconstructedTomogramHalf1\n_rlnTomoReconstructedTomogramHalf2\n"
    columns += "_rlnTomoReconstructedTomogram\n_rlnTomoDenoisedTomogram\n_rlnTomoTiltSeriesStarFile\n"
    row = f"TS_1 4000 3800 1200 1 1.35 8.0 Tomograms/h1.mrc Tomograms/h2.mrc None Denoised/1.mrc {reference}"
    return write(folder / "Denoise" / "job012" / "tomograms.star", f"{OVERVIEW}{columns}{row}\n")


@pytest.mark.parametrize(("column", "expected"), [("rlnTomoYTilt", (-51.5, 60.0)), ("rlnTomoOther", (-50.0, 61.5))])
def test_relion_5_names_a_file_for_every_tilt_series(
    tmp_path: Path, column: str, expected: tuple[float, float]
) -> None:
    star = relion_5(tmp_path, "Denoise/job012/tilt_series/TS_1.star")
    tilts = f"data_TS_1\nloop_\n_rlnTomoNominalStageTiltAngle\n_{column}\n61.5 60\n-50 -51.5\n"
    write(tmp_path / "Denoise" / "job012" / "tilt_series" / "TS_1.star", tilts)

    (found,) = read_relion_tomograms(star, [tmp_path]).values()

    assert found.binning == 8
    assert (found.reconstructed, found.denoised) == (None, "Denoised/1.mrc")
    assert (found.half1, found.half2, found.path) == ("Tomograms/h1.mrc", "Tomograms/h2.mrc", "Denoised/1.mrc")
    assert found.tilt_range == expected
    assert read_relion_tomograms(star)["TS_1"].tilt_range is None


@pytest.mark.parametrize("reference", ["../outside.star", "link.star", "/{}/outside.star", "x" * 5000])
def test_no_file_outside_the_allowed_folders_is_read(tmp_path: Path, reference: str) -> None:
    write(tmp_path / "outside.star", "data_TS_1\nloop_\n_rlnTomoYTilt\n-51.5\n60\n")
    star = relion_5(tmp_path / "root", reference.replace("/{}", str(tmp_path)))
    (tmp_path / "root" / "link.star").symlink_to(tmp_path / "outside.star")
    assert read_relion_tomograms(star, [tmp_path / "root"])["TS_1"].tilt_range is None


@pytest.mark.parametrize("tilts", ["data_a\nloop_\n_x\n1 2\n", "no star", "data_a\nloop_\n_rlnTomoYTilt\nnan\n"])
def test_a_broken_tilt_series_costs_the_tilt_range_alone(tmp_path: Path, tilts: str) -> None:
    star = relion_5(tmp_path, "TS_1.star")
    write(tmp_path / "TS_1.star", tilts)
    assert read_relion_tomograms(star, [tmp_path])["TS_1"].tilt_range is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data_particles\nloop_\n_rlnTomoName\n_rlnImageName\nTS_1 a.mrc\n", "it is a list of particles"),
        ("data_\n_rlnTomoTomogramsFile tomograms.star\n", "the file that its rlnTomoTomogramsFile names"),
        ("data_TS_1\nloop_\n_rlnTomoYTilt\n3\n", "it is a single tilt series"),
        ("data_global\nloop_\n_rlnVoltage\n300\n", "choose the file in which RELION lists its tomograms"),
        (f"{OVERVIEW}TS_1 1 1 1 1 1\nTS_1 1 1 1 1 1\n", "row 2, rlnTomoName: the tomogram TS_1 appears twice"),
        (f"{OVERVIEW}TS_1 1 x 1 1 1\n", "row 1, rlnTomoSizeY: 'x' is not a number"),
        (f"{OVERVIEW}TS_1 1 1e99 1 1 1\n", "row 1, rlnTomoSizeY: '1e99' is not a number"),
    ],
)
def test_other_files_say_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatProblem, match=message):
        read_relion_tomograms(write(tmp_path / "tomograms.star", text))


def test_one_tomogram_may_stand_as_pairs(tmp_path: Path) -> None:
    text = "data_global\n_rlnTomoName TS_1\n_rlnTomoSizeX 10\n_rlnTomoSizeY 20\n_rlnTomoSizeZ 30\n"
    found = read_relion_tomograms(write(tmp_path / "tomograms.star", text))
    assert found["TS_1"].size_xyz == (10, 20, 30)


@pytest.mark.skipif(not REAL.is_file(), reason="the folder of real sample files is absent")
def test_a_real_file_of_warptools() -> None:
    found = read_relion_tomograms(REAL)
    assert list(found) == [f"TS_{number}.tomostar" for number in (17, 32, 1, 11, 23)]
    for tomogram in found.values():
        assert (tomogram.size_xyz, tomogram.pixel_size, tomogram.hand) == ((4400, 6000, 1000), 0.7894, -1)
        assert tomogram.binning is None
    # Its ProjZ rows begin with 0.64292127 (40° the other way round) and end with -0.6425202.
    assert found["TS_17.tomostar"].tilt_range == pytest.approx((-40.01, 39.98), abs=0.01)
