"""Particle lists as RELION and Warp write them: recognised, read into typed columns, written back unchanged."""

from pathlib import Path

import numpy as np
import pytest

from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import (
    ImageReference,
    ParticleTable,
    read_particle_star,
    write_particle_star,
    write_particle_table,
)

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "formats"
needs_real_files = pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real sample files is absent")

OPTICS = "data_optics\nloop_\n_rlnOpticsGroup #1\n_rlnImagePixelSize #2\n1 2.446\n2 3.446\n"
GENERATED = {
    "relion-3.1": OPTICS
    + """
# version 30001
data_particles
loop_
_rlnTomoName #1
_rlnCoordinateX #2
_rlnCoordinateY #3
_rlnCoordinateZ #4
_rlnAngleRot #5
_rlnAngleTilt #6
_rlnAnglePsi #7
_rlnImageName #8
_rlnOpticsGroup #9
_rlnOriginXAngst #10
_rlnOriginYAngst #11
_rlnOriginZAngst #12
_rlnClassNumber #13
_myOwnColumn #14
TS_1 10.50 20 30 1 2 10742.958 000012@TS_1/stack.mrcs 1 1.5 -2 0 3 nan
TS_2 11.50 21 31 4 5 6 TS_2/one.mrc 2 0 0 0 1 "two words"
""",
    "relion-3.0": """
data_
loop_
_rlnMicrographName
_rlnImageName
_rlnMagnification
_rlnDetectorPixelSize
_rlnOriginX
_rlnOriginY
_rlnOriginZ
m.mrc a.mrc 10000.0 5.36400 1 -2 0.5
m.mrc b.mrc 20000.0 5.36400 1 -2 0.5
m.mrc c.mrc 0 5.36400 1 -2 0.5
""",
    "relion-4": """
data_optics
loop_
_rlnOpticsGroup
_rlnTomoTiltSeriesPixelSize
_rlnTomoSubtomogramBinning
_rlnImagePixelSize
_rlnImageDimensionality
1 1.971 2.0 3.942 3
data_particles
loop_
_rlnTomoName
_rlnTomoParticleName
_rlnImageName
_rlnOpticsGroup
TS_017 TS_017/68 PseudoSubtomo/TS_017/68_data.mrc 1
""",
    "unknown": "data_x\nloop_\n_rlnImageName\na.mrc\n",
}


def parse(tmp_path: Path, text: str) -> ParticleTable:
    path = tmp_path / "particles.star"
    path.write_text(text)
    return read_particle_star(path)


@pytest.mark.parametrize("flavour", GENERATED)
def test_flavours_are_recognised_and_written_back(tmp_path: Path, flavour: str) -> None:
    table = parse(tmp_path, GENERATED[flavour])
    assert table.flavour == flavour

    write_particle_table(tmp_path / "again.star", table)
    again = read_particle_star(tmp_path / "again.star")

    assert again.rows.equals(table.rows)
    assert (again.blocks, again.flavour, again.particle_block, again.version) == (
        table.blocks,
        table.flavour,
        table.particle_block,
        table.version,
    )


def test_a_relion_31_list_in_typed_columns(tmp_path: Path) -> None:
    table = parse(tmp_path, GENERATED["relion-3.1"])

    assert len(table) == 2
    assert table.image_references() == [ImageReference("TS_1/stack.mrcs", 12), ImageReference("TS_2/one.mrc", None)]
    assert table.tomogram_names() == ["TS_1", "TS_2"]
    np.testing.assert_array_equal(table.coordinates(), [[10.5, 20, 30], [11.5, 21, 31]])
    np.testing.assert_array_equal(table.angles(), [[1, 2, 10742.958], [4, 5, 6]])
    np.testing.assert_array_equal(table.origins_angstrom(), [[1.5, -2, 0], [0, 0, 0]])
    np.testing.assert_array_equal(table.pixel_sizes(), [2.446, 3.446])
    np.testing.assert_array_equal(table.class_numbers(), [3, 1])
    assert table.rows["myOwnColumn"].tolist() == ["nan", "two words"]
    assert table.rows["rlnCoordinateX"].tolist() == ["10.50", "11.50"]
    assert table.blocks["optics"]["rows"] == [["1", "2.446"], ["2", "3.446"]]


def test_relion_30_measures_in_pixels(tmp_path: Path) -> None:
    table = parse(tmp_path, GENERATED["relion-3.0"])
    origins = table.origins_angstrom()
    assert origins is not None
    np.testing.assert_allclose(table.pixel_sizes(), [5.364, 2.682, np.nan])
    np.testing.assert_allclose(origins[:2], np.array([[5.364, -10.728, 2.682], [2.682, -5.364, 1.341]]))
    assert np.isnan(origins[2]).all()
    assert table.tomogram_names() == ["m.mrc"] * 3


def test_what_a_list_does_not_tell_is_none_or_nan(tmp_path: Path) -> None:
    table = parse(tmp_path, GENERATED["unknown"])
    assert np.isnan(table.pixel_sizes()).all()
    assert table.tomogram_names() == [""]
    for absent in (table.coordinates(), table.angles(), table.origins_angstrom(), table.class_numbers()):
        assert absent is None


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [("rlnPixelSize", "0", np.nan), ("rlnPixelSize", "4.4", 4.4), ("rlnImagePixelSize", "7", 7.0)],
)
def test_pixel_sizes_of_single_columns(tmp_path: Path, column: str, value: str, expected: float) -> None:
    table = parse(tmp_path, f"data_\nloop_\n_rlnImageName\n_{column}\na.mrc {value}\n")
    np.testing.assert_array_equal(table.pixel_sizes(), [expected])


def test_a_missing_optics_group_is_named(tmp_path: Path) -> None:
    particles = "data_particles\nloop_\n_rlnImageName\n_rlnOpticsGroup\na.mrc 2\nb.mrc 7\n"
    with pytest.raises(FormatProblem, match="optics group 7 is not in data_optics") as caught:
        parse(tmp_path, OPTICS + particles).pixel_sizes()
    assert (caught.value.row, caught.value.column) == (2, "rlnOpticsGroup")


def test_one_optics_group_needs_no_column(tmp_path: Path) -> None:
    optics = "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n1 2.5\n"
    table = parse(tmp_path, optics + "data_particles\nloop_\n_rlnImageName\na.mrc\nb.mrc\n")
    np.testing.assert_array_equal(table.pixel_sizes(), [2.5, 2.5])


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1,5"])
def test_a_value_that_is_no_number_is_named(tmp_path: Path, text: str) -> None:
    columns = "".join(f"_rlnCoordinate{axis}\n" for axis in "XYZ")
    table = parse(tmp_path, f"data_\nloop_\n_rlnImageName\n{columns}a.mrc 1 2 3\nb.mrc 1 {text} 3\n")
    with pytest.raises(FormatProblem, match=f"row 2, rlnCoordinateY: '{text}' is not a number"):
        table.coordinates()


@pytest.mark.parametrize("reference", ["0@stack.mrcs", "000000@stack.mrcs", "3@", '""'])
def test_a_reference_to_no_image_is_named(tmp_path: Path, reference: str) -> None:
    table = parse(tmp_path, f"data_\nloop_\n_rlnImageName\na.mrc\n{reference}\n")
    with pytest.raises(FormatProblem, match=r"row 2, rlnImageName: .* names no image"):
        table.image_references()


def test_an_at_sign_in_a_folder_is_no_index(tmp_path: Path) -> None:
    table = parse(tmp_path, "data_\nloop_\n_rlnImageName\nme@lab/a.mrc\n")
    assert table.image_references() == [ImageReference("me@lab/a.mrc", None)]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("data_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\nTS_1 4\n", "extract them first"),
        ("data_global\nloop_\n_rlnTomoName\nTS_1\n", "choose the particles' STAR file"),
        ("data_particles\nloop_\n_rlnImageName\n", "no rows"),
        (
            "data_general\n_rlnTomoSubTomosAre2DStacks 1\ndata_particles\nloop_\n_rlnImageName\na.mrcs\n",
            "2D tilt stacks",
        ),
        (
            "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImageDimensionality\n1 3\n2 2\n"
            "data_particles\nloop_\n_rlnImageName\n_rlnOpticsGroup\na.mrcs 1\n",
            "2D tilt stacks",
        ),
    ],
)
def test_lists_without_volumes_say_what_to_do(tmp_path: Path, text: str, advice: str) -> None:
    with pytest.raises(FormatProblem, match=advice):
        parse(tmp_path, text)


def test_a_list_of_3d_stacks_is_not_mistaken_for_2d(tmp_path: Path) -> None:
    text = "data_general\n_rlnTomoSubTomosAre2DStacks 0\ndata_particles\nloop_\n_rlnImageName\na.mrc\n"
    table = parse(tmp_path, text)
    assert table.flavour == "relion-5"
    assert len(table) == 1


def test_a_list_is_written_for_relion_31_and_30(tmp_path: Path) -> None:
    rows = [["a b.mrc", "1"], ["2@s.mrcs", "1"]]
    optics = {"rlnOpticsGroup": ["1"], "rlnImagePixelSize": ["13.48"]}
    write_particle_star(tmp_path / "31.star", ["rlnImageName", "rlnOpticsGroup"], rows, optics)
    write_particle_star(tmp_path / "30.star", ["rlnImageName", "rlnPixelSize"], rows, None)

    new, old = read_particle_star(tmp_path / "31.star"), read_particle_star(tmp_path / "30.star")

    assert (new.flavour, new.version, old.flavour) == ("relion-3.1", "30001", "relion-3.0")
    assert (
        new.image_references()
        == old.image_references()
        == [
            ImageReference("a b.mrc", None),
            ImageReference("s.mrcs", 2),
        ]
    )
    assert new.pixel_sizes().tolist() == [13.48, 13.48]
    assert "# version 30001" in (tmp_path / "31.star").read_text()


@needs_real_files
@pytest.mark.parametrize(
    ("name", "flavour", "count", "image", "size"),
    [
        ("relion_3.0.star", "relion-3.0", 3, "../warp/mrc/subtomo/01006/01006_0000000_5.36A.mrc", 5.364),
        ("relion_3.1_optics2.star", "relion-3.1", 3, "../mrc/subtomo_sgbin2_39k/0002/0002_0000065_2.45A.mrc", 2.446),
        ("relion_4.0.star", "relion-4", 1746, "PseudoSubtomo/job005/Subtomograms/TS_017/68_data.mrc", 3.942),
        ("warp_3d_export.star", "relion-3.0", 1037, "tomo200528_100.mrc/tomo200528_100.mrc_0000000_6.90A.mrc", 6.896),
        ("stopgap_motl.star", "relion-3.0", 2, "../mrc/bin1_subtomo/1342/1342_0000328_1.97A.mrc", 1.971),
    ],
)
def test_real_lists(tmp_path: Path, name: str, flavour: str, count: int, image: str, size: float) -> None:
    table = read_particle_star(REAL_FILES / name)
    assert (table.flavour, len(table)) == (flavour, count)
    assert table.image_references()[0] == ImageReference(image, None)
    assert table.pixel_sizes()[0] == size
    assert table.coordinates() is not None
    assert table.angles() is not None

    write_particle_table(tmp_path / name, table)
    again = read_particle_star(tmp_path / name)

    assert again.rows.equals(table.rows)
    assert again.blocks == table.blocks
    # Every value of the source stands in the written file, in order.
    tokens = [line.split() for line in (REAL_FILES / name).read_text().splitlines() if not line.startswith(("_", "#"))]
    written = [line.split() for line in (tmp_path / name).read_text().splitlines() if not line.startswith(("_", "#"))]
    assert [values for values in written if values] == [values for values in tokens if values]


@needs_real_files
@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("relion_5_2d_stacks.star", "2D tilt stacks"),
        ("relion_5_warp2_particles_matching.star", "2D tilt stacks"),
        ("relion_5_warp2_matching_tomograms.star", "choose the particles' STAR file"),
        ("ps2.star", "extract them first"),
        ("dynamo_motl.tbl", "STAR file"),
        ("motl_20_fields.em", "plain text"),
    ],
)
def test_real_files_that_are_no_list_of_cubes_say_what_to_do(name: str, advice: str) -> None:
    with pytest.raises(FormatProblem, match=advice):
        read_particle_star(REAL_FILES / name)
