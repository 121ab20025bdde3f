"""Particle lists as RELION and Warp write them: recognised, read into typed columns, written back unchanged."""

from pathlib import Path

import numpy as np
import pytest

from tomosift.formats.particle_list import ImageReference
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import (
    ParticleTable,
    read_particle_star,
    write_particle_star,
    write_particle_table,
)

COORDINATES = "_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n"
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
    assert table.class_column == "rlnClassNumber"
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
    for absent in (table.positions(), table.angles(), table.origins_angstrom(), table.class_column):
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
        ("data_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\nTS_1 4\n", "with coordinates"),
        ("data_global\nloop_\n_rlnTomoName\nTS_1\n", "choose the particles' STAR file"),
        ("data_global\nloop_\n_rlnTomoName\n_rlnTomoSizeX\nTS_1 9\n", "is a list of tomograms"),
        ("data_\n_rlnTomoParticlesFile a.star\n", "is an optimisation set"),
        ("data_\nloop_\n_wrpCoordinateX1\n1\n", "species file of M"),
        ("data_stopgap_motivelist\nloop_\n_motl_idx\n_subtomo_num\n1 1\n", "motive list of STOPGAP"),
        ("data_particles\nloop_\n_rlnImageName\n", "no rows"),
        (
            "data_general\n_rlnTomoSubTomosAre2DStacks 1\ndata_particles\nloop_\n_rlnImageName\na.mrcs\n",
            "2D tilt stacks, .* nor has it coordinates",
        ),
        (f"data_\nloop_\n{COORDINATES}0.5 0.25 1\n0 0.5 0.5\n", "parts of the tomogram's size"),
    ],
)
def test_files_that_are_no_particle_lists_say_what_to_do(tmp_path: Path, text: str, advice: str) -> None:
    with pytest.raises(FormatProblem, match=advice):
        parse(tmp_path, text)


@pytest.mark.parametrize(
    "header",
    [
        "data_general\n_rlnTomoSubTomosAre2DStacks 1\n",
        "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImageDimensionality\n1 3\n2 2\n",
    ],
)
def test_lists_of_2d_stacks_are_read_as_coordinates_and_explained(tmp_path: Path, header: str) -> None:
    table = parse(tmp_path, f"{header}data_particles\nloop_\n_rlnImageName\n{COORDINATES}a.mrcs 1 2 3\n")
    assert table.image_references() is None
    assert table.particle_names() == ["a.mrcs"]
    assert "answer No to 'Write output as 2D stacks'" in table.why_no_images
    assert [note for note in table.notes if "boxes can only be cut from the tomograms" in note] == list(table.notes)
    assert table.notes


def test_coordinates_alone_get_names_from_tomogram_and_row(tmp_path: Path) -> None:
    table = parse(tmp_path, f"data_\nloop_\n_rlnTomoName\n{COORDINATES}TS_1 1 2 3\nTS_2 4 5 6\n")
    assert table.image_references() is None
    assert table.particle_names() == ["TS_1/1", "TS_2/2"]
    assert "cut boxes from the tomograms" in table.why_no_images
    assert table.pixel_size_origin == ""


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
