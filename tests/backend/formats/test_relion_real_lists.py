"""Every STAR file of the sample folder: read rightly, written back token by token, or refused with advice."""

import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tomosift.formats.particle_list import ImageReference
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import read_particle_star, write_particle_table

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "formats"
pytestmark = pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real sample files is absent")

Place = tuple[float, float, float]

RAT = "/STORAGE/anschwar/cryoET/bpbrain/rat/processing/E4/80S/warp/mrc/reconstruction"
FLAGELLA = "/STORAGE/huxing/ribo/f29wt1/warpfull2/mrc/reconstruction"
LAMELLA = "/STORAGE/matuijte/Lamella_tilt_increment/warp_1deg/mrc/reconstruction"
NO_SHIFT = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Particle:
    """A row as the file has it: the place in voxels of `voxel_size` Å, and the shift in Å to subtract."""

    tomogram: str
    coordinate: Place
    angles: Place
    voxel_size: float
    pixel_size: float
    shift: Place = NO_SHIFT
    image: str | None = None


@dataclass(frozen=True)
class Expected:
    """What a file must give."""

    flavour: str
    count: int
    pixel_size_origin: str
    first: Particle
    last: Particle
    notes: int = 0


REAL = {
    "relion_3.0.star": Expected(
        "relion-3.0",
        3,
        "rlnPixelSize",
        Particle(
            f"{RAT}/01006_10.73Apx.mrc",
            (1028.455, 733.955, 422.955),
            (-60.199770, 120.999041, 86.088799),
            5.364,
            5.364,
            image="../warp/mrc/subtomo/01006/01006_0000000_5.36A.mrc",
        ),
        Particle(
            f"{RAT}/01006_10.73Apx.mrc",
            (115.955, 930.455, 366.455),
            (-69.146590, 81.330165, -43.339260),
            5.364,
            5.364,
            image="../warp/mrc/subtomo/01006/01006_0000002_5.36A.mrc",
        ),
    ),
    "relion_3.1_optics2.star": Expected(
        "relion-3.1",
        3,
        "rlnImagePixelSize of data_optics",
        Particle(
            f"{FLAGELLA}/0002_12.23Apx.mrc",
            (915.549, 1480.63, 938.008),
            (145.087672, 160.779720, 68.007232),
            2.446,
            2.446,
            (-0.25289, -2.69889, 7.24711),
            "../mrc/subtomo_sgbin2_39k/0002/0002_0000065_2.45A.mrc",
        ),
        Particle(
            f"{FLAGELLA}/0003_12.23Apx.mrc",
            (1998.897, 992.817, 548.008),
            (46.116111, 34.616989, -30.97476),
            3.446,
            3.446,
            (-0.25289, 2.19311, 2.74711),
            "../mrc/subtomo_sgbin2_39k/0003/0003_0000027_2.45A.mrc",
        ),
    ),
    "relion_4.0.star": Expected(
        "relion-4",
        1746,
        "rlnImagePixelSize of data_optics",
        Particle(
            "TS_017",
            (1700, 428, 944),
            (-61.71449, 150.606435, 110.442075),
            1.971,
            3.942,
            (1.260416, 2.364176, 3.783296),
            "PseudoSubtomo/job005/Subtomograms/TS_017/68_data.mrc",
        ),
        Particle(
            "TS_043",
            (1084, 2156, 1090),
            (46.523713, 51.716437, 133.185665),
            1.971,
            3.942,
            (-3.78114, 5.521981, 0.160861),
            "PseudoSubtomo/job005/Subtomograms/TS_043/1396_data.mrc",
        ),
    ),
    "warp_3d_export.star": Expected(
        "relion-3.0",
        1037,
        "rlnPixelSize",
        Particle(
            "tomo200528_100.mrc.tomostar",
            (806, 398, 208),
            (-61.8573, 110.4252, 35.4281),
            6.896,
            6.896,
            image="tomo200528_100.mrc/tomo200528_100.mrc_0000000_6.90A.mrc",
        ),
        Particle(
            "tomo200528_110.mrc.tomostar",
            (842, 686, 302),
            (96.9338, 35.0830, 41.8234),
            6.896,
            6.896,
            image="tomo200528_110.mrc/tomo200528_110.mrc_0000201_6.90A.mrc",
        ),
    ),
    "stopgap_motl.star": Expected(
        "relion-3.0",
        2,
        "rlnPixelSize",
        Particle(
            f"{LAMELLA}/1342_7.88Apx.mrc",
            (4052.123, 3272.708, 777.879),
            (-74.015670, 102.202373, -102.160360),
            1.971,
            1.971,
            image="../mrc/bin1_subtomo/1342/1342_0000328_1.97A.mrc",
        ),
        Particle(
            f"{LAMELLA}/1333_7.88Apx.mrc",
            (1364.908, 3645.250, 368.394),
            (177.546865, 97.691289, -61.050590),
            1.971,
            1.971,
            image="../mrc/bin1_subtomo/1333/1333_0000556_1.97A.mrc",
        ),
    ),
    "relion_5_warp2_particles_matching.star": Expected(
        "relion-5",
        1218,
        "rlnImagePixelSize of data_optics",
        Particle("TS_17.tomostar", (354.242, 397.132, 75.828), (3867.465, 671.269, 10742.958), 4.0, 4.0),
        Particle("TS_23.tomostar", (144.690, 1066.511, 176.932), (2578.310, 335.196, 1289.155), 4.0, 4.0),
        notes=2,
    ),
    "relion_5_2d_stacks.star": Expected(
        "relion-5",
        40,
        "rlnImagePixelSize of data_optics",
        Particle("Unt_083.tomostar", (494.521, 564.065, 28.146), (53.913, 104.840, -78.580), 12.0, 12.0),
        Particle("Unt_088.tomostar", (83.533, 522.094, 173.419), (-125.419, 111.815, 15.878), 12.0, 12.0),
        notes=2,
    ),
    "ps2.star": Expected(
        "relion-4",
        3111,
        "",
        Particle(
            "tomo_0024",
            (3726.465173, 3862.465173, 1041.465173),
            (-51.782810, 165.360940, -174.945160),
            np.nan,
            np.nan,
        ),
        Particle(
            "tomo_1335",
            (565.465173, 2517.465173, 855.465173),
            (-40.270180, 7.339494, 163.427874),
            np.nan,
            np.nan,
        ),
    ),
}


def tokens(path: Path) -> list[str]:
    """Every value, column and block name, in order; numbers after column names are not compared."""
    lines = [line.split(" #")[0] if line.startswith("_") else line for line in path.read_text().splitlines()]
    return [token for line in lines if not line.startswith("#") for token in shlex.split(line, posix=False)]


@pytest.mark.parametrize("name", REAL)
def test_real_lists(tmp_path: Path, name: str) -> None:
    expected = REAL[name]
    table = read_particle_star(REAL_FILES / name)
    assert (table.flavour, len(table), table.pixel_size_origin) == (
        expected.flavour,
        expected.count,
        expected.pixel_size_origin,
    )
    assert len(table.notes) == expected.notes

    positions, angles, images = table.positions(), table.angles(), table.image_references()
    assert positions is not None
    assert angles is not None
    assert (positions.unit, positions.origin) == ("voxel", "corner")
    assert (images is None) == (expected.first.image is None)
    for row, particle in ((0, expected.first), (-1, expected.last)):
        shift = np.nan_to_num(np.array(particle.shift) / particle.voxel_size)
        assert table.tomogram_names()[row] == particle.tomogram
        np.testing.assert_allclose(positions.values[row], np.array(particle.coordinate) - shift, rtol=1e-12)
        np.testing.assert_array_equal(positions.voxel_size[row], particle.voxel_size)
        np.testing.assert_array_equal(angles[row], particle.angles)
        np.testing.assert_array_equal(table.pixel_sizes()[row], particle.pixel_size)
        if images is not None:
            assert images[row] == ImageReference(str(particle.image), None)

    write_particle_table(tmp_path / name, table)
    again = read_particle_star(tmp_path / name)
    assert again.rows.equals(table.rows)
    assert again.blocks == table.blocks
    assert tokens(tmp_path / name) == tokens(REAL_FILES / name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("relion_5_warp2_matching_tomograms.star", "is a list of tomograms, not of particles"),
        ("dynamo_motl.tbl", "STAR file"),
        ("motl_20_fields.em", "plain text"),
    ],
)
def test_real_files_that_are_no_particle_lists_say_what_to_do(name: str, advice: str) -> None:
    with pytest.raises(FormatProblem, match=advice):
        read_particle_star(REAL_FILES / name)
