"""Volumes that come out beside the lists, and class sums."""

import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import zarr
from fixtures.export_world import ExportWorld, build_export_world, cubes
from fixtures.particle_files import write_particles

from tomosift.formats.star import read_particle_star
from tomosift.kit.settings import Settings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> ExportWorld:
    made = build_export_world()
    for seed in (1, 2):
        made.import_list(write_particles(tmp_path / str(seed), 5, seed=seed).star, volumes=True)
    made.label(made.ids[1:7], "ribosome")
    return made


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("kind", ["mrc-cubes", "mrc-stack"])
def test_images_named_anew_are_the_particles_volumes(world: ExportWorld, tmp_path: Path, kind: str) -> None:
    files = world.exported(volumes=kind, rewrite_images=True, filters={"classes": ["ribosome"]})

    folder = unpacked(files, tmp_path / "out")
    references = read_particle_star(folder / "particles.star").image_references()
    assert references is not None
    for each, volume in zip(references, cubes(world.ids[1:7]), strict=True):
        with mrcfile.open(folder / each.path) as file:
            np.testing.assert_array_equal(file.data if each.index is None else file.data[each.index - 1], volume)
            assert float(file.voxel_size.x) == pytest.approx(10.0)


def test_images_keep_their_names_unless_asked(world: ExportWorld, tmp_path: Path) -> None:
    folder = unpacked(world.exported(volumes="ome-zarr"), tmp_path / "out")

    assert read_particle_star(folder / "particles.star").rows["rlnImageName"][0] == "Extract/000001.mrc"
    volumes = zarr.open_group(folder / "volumes" / "particles.zarr", mode="r")["0"]
    assert isinstance(volumes, zarr.Array)
    np.testing.assert_array_equal(np.asarray(volumes[:]), cubes(world.ids))


def test_each_list_has_volumes_of_its_own(world: ExportWorld, tmp_path: Path) -> None:
    files = world.exported(volumes="mrc-cubes", layout="selection-and-rest", filters={"classes": ["ribosome"]})

    written = [name for name in files if name.startswith("volumes/")]
    assert sum(name.startswith("volumes/particles_selected/") for name in written) == 6
    assert sum(name.startswith("volumes/particles_rest/") for name in written) == 4


def test_class_sums_are_of_the_selected_particles(world: ExportWorld, tmp_path: Path) -> None:
    world.label(world.ids[:1], "unsure")

    files = world.exported(class_sums=True, wedge={"minimum_degrees": -60, "maximum_degrees": 60})

    assert [name for name in files if name.startswith("class_sums/")] == ["class_sums/ribosome.mrc"]
    (entry,) = json.loads(files["manifest.json"])["class_sums"]
    assert (entry["class"], entry["particles"], entry["aligned"], entry["wedge_compensated"]) == (
        "ribosome",
        6,
        True,
        True,
    )
    folder = unpacked(files, tmp_path / "out")
    assert mrcfile.validate(folder / "class_sums" / "ribosome.mrc")


def test_class_sums_without_angles_are_plain_means(settings: Settings, tmp_path: Path) -> None:
    world = build_export_world()
    (tmp_path / "bare.csv").write_text("image,tomogram\n" + "".join(f"{n}.mrc,TS\n" for n in range(4)))
    world.import_list(tmp_path / "bare.csv", volumes=True)
    world.label(world.ids[1:], "junk")

    folder = unpacked(world.exported(class_sums=True), tmp_path / "out")

    with mrcfile.open(folder / "class_sums" / "junk.mrc") as file:
        np.testing.assert_allclose(file.data, cubes(world.ids[1:]).mean(axis=0), atol=1e-6)
