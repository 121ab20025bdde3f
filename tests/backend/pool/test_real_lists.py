"""Every file of the sample folder through the service: imported rightly, or refused with what to do instead.

The volumes and tomograms that go with the lists are made up. The generated twins of these files are in the tests of
the formats and of cutting.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from fixtures.web_client import API, Service, do_job, make_project
from sqlalchemy import select

from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.mrc import write_cube
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_run import run_import
from tomosift.pool.preview_run import run_preview
from tomosift.pool.subtomograms import read_volume
from tomosift.tables import Source, Subtomogram

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "formats"
pytestmark = [
    pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real sample files is absent"),
    pytest.mark.usefixtures("clean_database"),
]

BOX = 8
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Particle:
    """A row of the file: its tomogram, place in the voxels that the list (or, cut, the tomogram) counts, angles."""

    tomogram: str
    place: Triple
    angles: Triple


@dataclass(frozen=True)
class Images:
    """A list that names cubes, which are made where it says."""

    count: int
    voxel_size: float
    first: Particle
    last: Particle


@dataclass(frozen=True)
class Coordinates:
    """A list that names none, with tomograms of `voxel_size` Å and `shape_zyx`; `why` it is refused without them.

    `list_voxel_size` is given where the file does not say what its coordinates count; `pattern` names the tomograms.
    """

    count: int
    voxel_size: float
    shape_zyx: tuple[int, int, int]
    first: Particle
    last: Particle
    why: str = "give the tomograms to cut boxes from"
    list_voxel_size: float | None = None
    pattern: str = "{tomogram}.mrc"
    tomograms_star: str | None = None


LISTS: dict[str, Images | Coordinates] = {
    "relion_3.0.star": Images(
        3,
        5.364,
        Particle("01006_10.73Apx", (1028.455, 733.955, 422.955), (-60.199770, 120.999041, 86.088799)),
        Particle("01006_10.73Apx", (115.955, 930.455, 366.455), (-69.146590, 81.330165, -43.339260)),
    ),
    "relion_4.0.star": Images(
        1746,
        3.942,
        Particle("TS_017", (1699.36052, 426.80052, 942.08052), (-61.71449, 150.606435, 110.442075)),
        Particle("TS_043", (1085.918387, 2153.198387, 1089.918387), (46.523713, 51.716437, 133.185665)),
    ),
    "warp_3d_export.star": Images(
        1037,
        6.896,
        Particle("tomo200528_100", (806, 398, 208), (-61.8573, 110.4252, 35.4281)),
        Particle("tomo200528_110", (842, 686, 302), (96.9338, 35.0830, 41.8234)),
    ),
    "stopgap_motl.star": Images(
        2,
        1.971,
        Particle("1342_7.88Apx", (4052.123, 3272.708, 777.879), (-74.015670, 102.202373, -102.160360)),
        Particle("1333_7.88Apx", (1364.908, 3645.250, 368.394), (177.546865, 97.691289, -61.050590)),
    ),
    "relion_5_warp2_particles_matching.star": Coordinates(
        1218,
        40.0,
        (32, 112, 96),
        Particle("TS_17", (35.4242, 39.7132, 7.5828), (3867.465, 671.269, 10742.958)),
        Particle("TS_23", (14.4690, 106.6511, 17.6932), (2578.310, 335.196, 1289.155)),
        why="cut boxes from the tomograms instead, or extract the particles again as 3D subtomograms",
        pattern="{tomogram}_40.00Apx.mrc",
        tomograms_star="relion_5_warp2_matching_tomograms.star",
    ),
    "relion_5_2d_stacks.star": Coordinates(
        40,
        60.0,
        (40, 160, 108),
        Particle("Unt_083", (98.9042, 112.813, 5.6292), (53.913, 104.840, -78.580)),
        Particle("Unt_088", (16.7066, 104.4188, 34.6838), (-125.419, 111.815, 15.878)),
        why="cut boxes from the tomograms instead, or extract the particles again as 3D subtomograms",
    ),
    "ps2.star": Coordinates(
        3111,
        40.0,
        (42, 103, 103),
        Particle("tomo_0024", (93.161629, 96.561629, 26.036629), (-51.782810, 165.360940, -174.945160)),
        Particle("tomo_1335", (14.136629, 62.936629, 21.386629), (-40.270180, 7.339494, 163.427874)),
        why="cut boxes from the tomograms",
        list_voxel_size=1.0,
    ),
    "dynamo_motl.tbl": Coordinates(
        1343,
        10.0,
        (44, 103, 103),
        Particle("2", (50.80651, 54.91602, 16.76847), (-90.0, 79.159, 54.13)),
        Particle("289", (73.89991, 8.80259, 19.30774), (-164.0, 127.04, -43.324)),
        list_voxel_size=1.0,
    ),
    "motl_20_fields.em": Coordinates(
        64,
        10.0,
        (36, 74, 70),
        Particle("160", (22.883020, 19.989326, 17.737042), (40.8151, 128.01443, -142.307846)),
        Particle("160", (47.944277, 61.622987, 33.260704), (19.94238, 19.905619, -145.644222)),
        list_voxel_size=1.0,
    ),
}

REFUSED = {
    "relion_3.1_optics2.star": "has 2.446 Å a voxel, most of the list has 3.446; extract all at one voxel size",
    "relion_5_warp2_matching_tomograms.star": "choose the particles' STAR file",
    "EMD-3001.map": "is a volume of 43 × 25 × 73 voxels, no particle list; give the list of its particles",
    "emd_3197.map.gz": "is a volume of 20 × 20 × 20 voxels, no particle list; give the list of its particles",
}


def test_no_file_is_forgotten() -> None:
    assert {path.name for path in REAL_FILES.iterdir()} == {*LISTS, *REFUSED}


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """An import folder; the lists lie as deep in it as their images' names climb."""
    folder = tmp_path / "roots"
    (folder / "refine" / "job").mkdir(parents=True)
    return folder


@pytest.fixture
def service(settings: Settings, roots: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TOMOSIFT_IMPORT_ROOTS", f"{roots}:{REAL_FILES}")
    get_settings.cache_clear()
    made = Service()
    make_project(made.owner())
    return made


def previewed(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    job = do_job(service.owner(), "imports/preview", run_preview, body)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    found: dict[str, Any] = service.owner().get(f"{API}/projects/ribosomes/imports/previews/{job['id']}").json()
    return found


def imported(service: Service, body: dict[str, Any]) -> tuple[Source, list[Subtomogram]]:
    job = do_job(service.owner(), "imports", run_import, body)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    with transaction() as session:
        source = session.scalars(select(Source)).one()
        return source, list(session.scalars(select(Subtomogram).order_by(Subtomogram.source_row)))


def make_images(list_path: Path, voxel_size: float) -> list[Path]:
    """Cubes where the list says, links to three files: the first, the last, and all others."""
    references = read_particle_list(list_path).image_references()
    assert references is not None
    paths = [Path(os.path.normpath(list_path.parent / each.path)) for each in references]
    made = {}
    for number, name in enumerate(("first", "other", "last")):
        made[name] = list_path.parent / f"{name}.mrc"
        write_cube(made[name], np.full((BOX,) * 3, number, np.float32), voxel_size)
    for at, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(made["first" if at == 0 else "last" if at == len(paths) - 1 else "other"])
    return paths


def make_tomograms(folder: Path, list_path: Path, expected: Coordinates) -> np.ndarray:
    """A tomogram of noise under the name of each of the list's; the voxels of all of them."""
    folder.mkdir()
    volume = np.random.default_rng(0).normal(size=expected.shape_zyx).astype(np.float32)
    write_cube(folder / "volume", volume, expected.voxel_size)
    names = {name.removesuffix(".tomostar") for name in read_particle_list(list_path).tomogram_names()}
    for name in names:
        (folder / expected.pattern.format(tomogram=name)).hardlink_to(folder / "volume")
    return volume


def check_particle(found: Subtomogram, expected: Particle) -> None:
    name = Path(found.tomogram or "").name.removesuffix(".tomostar").removesuffix(".mrc")
    assert name == expected.tomogram
    assert (found.x, found.y, found.z) == pytest.approx(expected.place, abs=2e-5)
    assert (found.rot, found.tilt, found.psi) == pytest.approx(expected.angles, abs=2e-5)


@pytest.mark.parametrize("name", [name for name, each in LISTS.items() if isinstance(each, Images)])
def test_lists_with_cubes(service: Service, roots: Path, name: str) -> None:
    expected = LISTS[name]
    assert isinstance(expected, Images)
    path = roots / "refine" / "job" / name
    shutil.copy(REAL_FILES / name, path)
    make_images(path, expected.voxel_size)

    preview = previewed(service, {"path": str(path)})
    assert (preview["kind"], preview["row_count"], preview["new_count"]) == ("images", expected.count, expected.count)
    assert (preview["voxel_size_angstrom"], preview["box_size"], preview["errors"]) == (expected.voxel_size, BOX, [])

    source, particles = imported(service, {"path": str(path)})
    assert (source.row_count, len(particles)) == (expected.count, expected.count)
    assert (source.voxel_size_angstrom, source.format) == (expected.voxel_size, "relion")
    check_particle(particles[0], expected.first)
    check_particle(particles[-1], expected.last)
    means = [read_volume(source.volumes_key, row).mean() for row in (0, 1, expected.count - 1)]
    assert means == [0, 2 if expected.count == 2 else 1, 2]


@pytest.mark.parametrize("name", [name for name, each in LISTS.items() if isinstance(each, Coordinates)])
def test_lists_of_coordinates(service: Service, roots: Path, name: str) -> None:
    expected = LISTS[name]
    assert isinstance(expected, Coordinates)
    path = REAL_FILES / name
    volume = make_tomograms(roots / "tomograms", path, expected)

    alone = previewed(service, {"path": str(path)})
    assert (alone["kind"], alone["row_count"], len(alone["errors"])) == ("coordinates", expected.count, 1)
    assert expected.why in alone["errors"][0]["reason"]

    tomograms = {"folder": str(roots / "tomograms"), "pattern": expected.pattern}
    if expected.tomograms_star is not None:
        tomograms["tomograms_star"] = str(REAL_FILES / expected.tomograms_star)
    body: dict[str, Any] = {"path": str(path), "tomograms": tomograms, "cut": {"box_size": BOX}}
    body["voxel_size_angstrom"] = expected.list_voxel_size
    preview = previewed(service, body)
    assert (preview["kind"], preview["row_count"], preview["errors"]) == ("cut", expected.count, [])
    assert (preview["voxel_size_angstrom"], preview["new_count"]) == (expected.voxel_size, expected.count)

    source, particles = imported(service, body)
    assert (source.row_count, len(particles)) == (expected.count, expected.count)
    assert source.voxel_size_angstrom == expected.voxel_size
    check_particle(particles[0], expected.first)
    check_particle(particles[-1], expected.last)
    for particle in (particles[0], particles[-1]):
        box = read_volume(source.volumes_key, particle.source_row)
        x, y, z = (int(np.floor(each + 0.5)) for each in (particle.x, particle.y, particle.z))
        assert box[BOX // 2, BOX // 2, BOX // 2] == volume[z, y, x]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_to_do(service: Service, roots: Path, name: str) -> None:
    path = roots / "refine" / "job" / name
    shutil.copy(REAL_FILES / name, path)
    if name == "relion_3.1_optics2.star":
        make_images(path, 2.446)
    job = do_job(service.owner(), "imports", run_import, {"path": str(path)})
    assert job["state"] == "failed"
    assert REFUSED[name] in job["problem"]["errors"][0]["reason"]
    assert str(roots) not in str(job["problem"])


def test_a_map_is_a_particle_in_a_folder_of_cubes(service: Service, roots: Path) -> None:
    (roots / "cubes").mkdir()
    shutil.copy(REAL_FILES / "emd_3197.map.gz", roots / "cubes")
    source, particles = imported(service, {"path": str(roots / "cubes")})
    assert (source.format, source.box_size, len(particles)) == ("volume-folder", 20, 1)
    assert source.voxel_size_angstrom == pytest.approx(11.4)
    with mrcfile.open(REAL_FILES / "emd_3197.map.gz") as file:
        np.testing.assert_array_equal(read_volume(source.volumes_key, 0), file.data)


def test_boxes_are_cut_from_a_map_with_turned_axes(service: Service, roots: Path) -> None:
    (roots / "picks.csv").write_text("tomogram,x,y,z\nEMD-3001,20,12,40\nEMD-3001,25,9,30\n")
    tomograms = {"folder": str(REAL_FILES), "pattern": "{tomogram}.map", "voxel_size_angstrom": 0.43}
    body = {"path": str(roots / "picks.csv"), "tomograms": tomograms, "cut": {"box_size": BOX}}
    source, particles = imported(service, body)
    with mrcfile.open(REAL_FILES / "EMD-3001.map") as file:
        turned = np.array(file.data).transpose(_order(file.header))
    for particle, (x, y, z) in zip(particles, [(20, 12, 40), (25, 9, 30)], strict=True):
        box = read_volume(source.volumes_key, particle.source_row)
        np.testing.assert_array_equal(box, turned[z - 4 : z + 4, y - 4 : y + 4, x - 4 : x + 4])


def _order(header: Any) -> list[int]:
    """How the file's axes (section, row, column) are to be transposed to z, y, x."""
    held = [int(header.maps), int(header.mapr), int(header.mapc)]  # 1, 2, 3: x, y, z
    return [held.index(axis) for axis in (3, 2, 1)]
