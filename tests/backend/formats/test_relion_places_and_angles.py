"""Where particles are and how they lie, in the frames and units of every RELION since 3.0."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.fuzzing import fuzz_examples
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import ParticleTable, read_particle_star

COORDINATES = "_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n"
CENTRED = "_rlnCenteredCoordinateXAngst\n_rlnCenteredCoordinateYAngst\n_rlnCenteredCoordinateZAngst\n"
SHIFTS = "_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnOriginZAngst\n"
PIXEL_SHIFTS = "_rlnOriginX\n_rlnOriginY\n_rlnOriginZ\n"
TURNED = "_rlnTomoSubtomogramRot\n_rlnTomoSubtomogramTilt\n_rlnTomoSubtomogramPsi\n"
ANGLES = "_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n"
angles = st.tuples(*[st.floats(-720, 720).map(lambda value: round(value, 3))] * 3)


def parse(folder: Path, columns: str, row: str, optics: str = "") -> ParticleTable:
    path = folder / "particles.star"
    path.write_text(f"{optics}data_particles\nloop_\n{columns}{row}\n")
    return read_particle_star(path)


def optics(**values: str) -> str:
    names = "".join(f"_rln{name}\n" for name in values)
    return f"data_optics\nloop_\n_rlnOpticsGroup\n{names}1 {' '.join(values.values())}\n"


def place(table: ParticleTable) -> list[float]:
    positions = table.positions()
    assert positions is not None
    return [round(float(value), 9) for value in positions.values[0]]


def relion_matrix(rot_tilt_psi: tuple[float, float, float]) -> NDArray[np.float64]:
    """Written out as RELION's Euler::anglesToMatrix3 defines it: from the particle's space to the tomogram's."""
    (sa, sb, sc), (ca, cb, cc) = np.sin(np.radians(rot_tilt_psi)), np.cos(np.radians(rot_tilt_psi))
    return np.array(
        [
            [cc * cb * ca - sc * sa, cc * cb * sa + sc * ca, -cc * sb],
            [-sc * cb * ca - cc * sa, -sc * cb * sa + cc * ca, sc * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


def test_centred_angstroms_come_before_pixels(tmp_path: Path) -> None:
    table = parse(
        tmp_path,
        f"_rlnImageName\n{COORDINATES}{CENTRED}{SHIFTS}",
        "a.mrc 1 2 3 -100.5 200 0 1.5 -2 0",
        optics(TomoTiltSeriesPixelSize="1.5"),
    )
    positions = table.positions()
    assert positions is not None
    assert (positions.unit, positions.origin, positions.voxel_size.tolist()) == ("angstrom", "centre", [1.5])
    assert positions.values.tolist() == [[-102.0, 202.0, 0.0]]
    assert table.flavour == "relion-5"


@pytest.mark.parametrize(
    ("names", "sizes", "expected"),
    [
        ("_rlnTomoName\n", {"TomoTiltSeriesPixelSize": "2", "ImagePixelSize": "8"}, 2),
        ("_rlnTomoName\n", {"TomoTiltSeriesPixelSize": "0", "ImagePixelSize": "8"}, np.nan),
        ("_rlnMicrographName\n", {"MicrographPixelSize": "4", "ImagePixelSize": "8"}, 4),
        ("_rlnMicrographName\n", {"ImagePixelSize": "8"}, 8),
        ("_rlnMicrographName\n", {}, np.nan),
    ],
)
def test_what_coordinates_count_in(tmp_path: Path, names: str, sizes: dict[str, str], expected: float) -> None:
    table = parse(tmp_path, f"_rlnImageName\n{names}{COORDINATES}", "a.mrc TS_1 1 2 3", optics(**sizes))
    positions = table.positions()
    assert positions is not None
    assert (positions.unit, positions.origin) == ("voxel", "corner")
    np.testing.assert_array_equal(positions.voxel_size, [expected])


def test_a_particles_own_tilt_series_pixel_size_comes_before_its_groups(tmp_path: Path) -> None:
    table = parse(
        tmp_path, f"_rlnTomoTiltSeriesPixelSize\n{COORDINATES}", "3 1 2 3", optics(TomoTiltSeriesPixelSize="2")
    )
    assert table.tomogram_pixel_sizes().tolist() == [3]


@pytest.mark.parametrize(("binning", "notes"), [("5.067", 1), ("1.00000", 0)])
def test_warptools_counts_in_voxels_of_the_images(tmp_path: Path, binning: str, notes: int) -> None:
    groups = optics(TomoTiltSeriesPixelSize="0.789", TomoSubtomogramBinning=binning, ImagePixelSize="4")
    table = parse(tmp_path, f"_rlnTomoName\n{COORDINATES}", "TS_1.tomostar 1 2 3", groups)
    assert table.tomogram_pixel_sizes().tolist() == [4.0 if notes else 0.789]
    assert len(table.notes) == notes


def test_shifts_are_subtracted_in_their_unit(tmp_path: Path) -> None:
    groups = optics(TomoTiltSeriesPixelSize="2", ImagePixelSize="8")
    in_angstrom = parse(tmp_path, f"_rlnImageName\n{COORDINATES}{SHIFTS}", "a.mrc 10 20 30 4 -8 0", groups)
    assert place(in_angstrom) == [8, 24, 30]
    in_image_pixels = parse(tmp_path, f"_rlnImageName\n{COORDINATES}{PIXEL_SHIFTS}", "a.mrc 10 20 30 1 -2 0", groups)
    assert place(in_image_pixels) == [6, 28, 30]
    unknown = parse(tmp_path, f"_rlnImageName\n{COORDINATES}{PIXEL_SHIFTS}", "a.mrc 10 20 30 1 -2 0")
    assert place(unknown) == [9, 22, 30]


def test_shifts_in_angstrom_need_a_voxel_size_where_boxes_are_to_be_cut(tmp_path: Path) -> None:
    with pytest.raises(FormatProblem, match=r"row 1, rlnOriginXAngst: .*add the column rlnTomoTiltSeriesPixelSize"):
        parse(tmp_path, f"{COORDINATES}{SHIFTS}", "10 20 30 4 0 0").positions()
    assert place(parse(tmp_path, f"{COORDINATES}{SHIFTS}", "10 20 30 0 0 0")) == [10, 20, 30]
    assert place(parse(tmp_path, f"_rlnImageName\n{COORDINATES}{SHIFTS}", "a.mrc 10 20 30 4 0 0")) == [10, 20, 30]


def test_places_too_large_are_named(tmp_path: Path) -> None:
    table = parse(tmp_path, f"{COORDINATES}{PIXEL_SHIFTS}", "1e308 2 3 -1e308 0 0")
    with pytest.raises(FormatProblem, match="row 1: its coordinates are too large"):
        table.positions()


def text(values: tuple[float, float, float]) -> str:
    return " ".join(map(str, values))


def test_a_turned_cube_by_numbers(tmp_path: Path) -> None:
    """The cube is turned by 90° about z, and in it the particle is shifted along x: along -y of the tomogram."""
    columns = f"_rlnImageName\n{COORDINATES}{SHIFTS}{TURNED}{ANGLES}"
    groups = optics(TomoTiltSeriesPixelSize="2", ImagePixelSize="2")
    table = parse(tmp_path, columns, "a.mrc 10 20 30 4 0 0 90 0 0 0 0 0", groups)
    assert place(table) == [10, 22, 30]
    turned, in_cube = table.angles(), table.cube_angles()
    assert turned is not None
    np.testing.assert_allclose(relion_matrix(tuple(turned[0])), relion_matrix((90, 0, 0)), atol=1e-12)
    np.testing.assert_array_equal(in_cube, [[0, 0, 0]])


def test_angles_without_a_turned_cube_stay_as_they_are(tmp_path: Path) -> None:
    row = "a.mrc 3867.465 671.269 10742.958"
    for table in (
        parse(tmp_path, f"_rlnImageName\n{ANGLES}", row),
        parse(tmp_path, f"_rlnImageName\n{ANGLES}{TURNED}", f"{row} 0 0 0"),
    ):
        np.testing.assert_array_equal(table.angles(), [[3867.465, 671.269, 10742.958]])
    only_cube = parse(tmp_path, f"_rlnImageName\n{TURNED}", "a.mrc 1 2 3")
    np.testing.assert_array_equal(only_cube.angles(), [[1, 2, 3]])
    assert only_cube.cube_angles() is None


@settings(max_examples=fuzz_examples(60), deadline=None)
@given(cube=angles, particle=angles, shift=st.tuples(*[st.integers(-50, 50)] * 3))
def test_turned_cubes_agree_with_relions_matrices(
    tmp_path_factory: pytest.TempPathFactory,
    cube: tuple[float, float, float],
    particle: tuple[float, float, float],
    shift: tuple[int, int, int],
) -> None:
    """getMatrix3x3 = A(subtomogram) A(particle); getPosition = coordinate - A(subtomogram) shift / pixel size."""
    table = parse(
        tmp_path_factory.getbasetemp(),
        f"_rlnImageName\n{CENTRED}{SHIFTS}{TURNED}{ANGLES}",
        f"a.mrc 10 20 30 {text(shift)} {text(cube)} {text(particle)}",
    )
    composed = table.angles()
    assert composed is not None
    expected = relion_matrix(cube) @ relion_matrix(particle)
    np.testing.assert_allclose(relion_matrix(tuple(composed[0])), expected, atol=1e-9)
    np.testing.assert_allclose(place(table), [10, 20, 30] - relion_matrix(cube) @ np.array(shift), atol=1e-8)
    np.testing.assert_array_equal(table.cube_angles(), [particle])
