"""EMAN2: boxes, .lst lists, particle stacks; what counts from the middle, from 0, and which way transforms go."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from fixtures.export_chunks import CLASSES, make_chunk, write_chunks
from scipy.spatial.transform import Rotation

from tomosift.formats.catalogue import read_particle_list, recognise_format
from tomosift.formats.eman2_hdf import read_eman2_hdf
from tomosift.formats.eman2_json import read_eman2_json
from tomosift.formats.eman2_lst import read_eman2_lst
from tomosift.formats.orientations import rotation_from_eman2, rotation_from_relion
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions
from tomosift.formats.problem import FormatProblem

BOXES = [[10, -20.5, 30, "manual", 0.0, 0], [1, 2, 3, "tempmatch", 4.25, 1]]
CLASS_LIST = {"0": {"name": "ribosome", "boxsize": 48}, "1": {"name": "particles_01", "boxsize": 48}}
TURNED = rotation_from_eman2([10, 20, 30])
"""Reference → particle."""


def write_info(path: Path, **keys: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"boxes_3d": BOXES, "class_list": CLASS_LIST, "tlt_file": "a.hdf"} | keys))
    return path


def align3d(rotation: Rotation, shift: Any = (0, 0, 0)) -> np.ndarray:
    """xform.align3d of a particle: the transform onto the reference, 3 rows of 4."""
    return np.column_stack([rotation.inv().as_matrix(), np.asarray(shift, float)])


def positions_of(table: ParticleList) -> Positions:
    positions = table.positions()
    assert positions is not None
    return positions


def write_stack(path: Path, attributes: list[dict[str, Any]]) -> Path:
    kind = np.dtype([(f"{row}{column}", "f4") for row in range(3) for column in range(4)])
    with h5py.File(path, "w") as file:
        for number, values in enumerate(attributes):
            group = file.create_group(f"MDF/images/{number}")
            group["image"] = np.zeros((4, 4, 4), np.float32)
            for name, value in values.items():
                stored = np.array([tuple(value.ravel())], kind) if name == "xform.align3d" else value
                group.attrs[f"EMAN.{name}"] = stored
    return path


def test_boxes_count_from_the_middle_in_unbinned_pixels(tmp_path: Path) -> None:
    table = read_particle_list(write_info(tmp_path / "info" / "TS_1_info.json", apix_unbin=1.96))
    assert (table.format, table.class_column) == ("eman2-json", "class_name")
    positions = positions_of(table)
    assert (positions.unit, positions.origin) == ("voxel", "centre")
    np.testing.assert_array_equal(positions.values, [[10, -20.5, 30], [1, 2, 3]])
    np.testing.assert_array_equal(positions.voxel_size, [1.96, 1.96])
    assert table.tomogram_names() == ["TS_1", "TS_1"]
    assert table.rows["class_name"].tolist() == ["ribosome", "particles_01"]
    assert table.rows["method"].tolist() == ["manual", "tempmatch"]
    assert table.angles() is None


def test_boxes_without_apix_unbin_count_from_the_corner(tmp_path: Path) -> None:
    positions = positions_of(read_eman2_json(write_info(tmp_path / "TS_1_info.json")))
    assert positions.origin == "corner"
    assert np.isnan(positions.voxel_size).all()


def test_a_folder_of_info_files(tmp_path: Path) -> None:
    for name in ("TS_2", "TS_1"):
        write_info(tmp_path / "info" / f"{name}_info.json", apix_unbin=1.96)
    (tmp_path / "info" / "project.json").write_text("{}")
    table = read_particle_list(tmp_path / "info")
    assert table.tomogram_names() == ["TS_1", "TS_1", "TS_2", "TS_2"]


def test_files_that_count_from_different_places_are_refused(tmp_path: Path) -> None:
    write_info(tmp_path / "TS_1_info.json")
    write_info(tmp_path / "TS_2_info.json", apix_unbin=2)
    with pytest.raises(FormatProblem, match="import them one by one"):
        read_eman2_json(tmp_path)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"boxes_3d": []}, "has no boxes"),
        ({"boxes_3d": {}}, "no list boxes_3d"),
        ({"boxes_3d": [[1, 2]]}, "row 1: a box of"),
        ({"boxes_3d": [[1, 2, 3], list(range(1000))]}, "row 2: a box of"),
        ({"boxes_3d": [[1, "two", 3]]}, "is not a number"),
    ],
)
def test_boxes_that_are_none(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    path = write_info(tmp_path / "TS_1_info.json", **keys)
    with pytest.raises(FormatProblem, match=message):
        read_eman2_json(path).positions()


def test_written_boxes_have_what_e2spt_boxer_reads(tmp_path: Path) -> None:
    chunk = make_chunk(12)
    folder = write_chunks(tmp_path, "eman2-json", [chunk])
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["TS_01_info.json", "TS_02_info.json", "TS_03_info.json"]
    for file in files:
        info = json.loads(file.read_text())
        assert info["class_list"]["1"] == {"name": CLASSES[0], "boxsize": 64}
        assert {type(value) for box in info["boxes_3d"] for value in (*box[:3], *box[4:])} <= {int, float}
        assert all(len(box) == 6 and str(box[5]) in info["class_list"] for box in info["boxes_3d"])


def test_lists_name_images_from_zero(tmp_path: Path) -> None:
    matrix = json.dumps(align3d(TURNED).ravel().tolist())
    lines = [
        "#LSX",
        "# This file is in fast LST format.",
        "# 250",
        f'0\tparticles3d/TS_1__ribo.hdf\t{{"score":-0.5,"xform.align3d":{{"__class__":"Transform","matrix":"{matrix}"}}}}',
        "12\t../../etc/passwd",
    ]
    path = tmp_path / "sets.lst"
    path.write_text("\n".join(line.ljust(250) for line in lines) + "\n")
    table = read_particle_list(path)
    assert table.format == "eman2-lst"
    references = [ImageReference("particles3d/TS_1__ribo.hdf", 1), ImageReference("../../etc/passwd", 13)]
    assert table.image_references() == references
    assert table.tomogram_names() == ["TS_1", ""]
    assert table.rows["score"].tolist() == ["-0.5", ""]
    angles = table.angles()
    assert angles is not None
    assert (rotation_from_relion(angles[0]) * TURNED.inv()).magnitude() < 1e-6
    assert np.isnan(angles[1]).all()
    assert table.positions() is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x\ta.hdf", "row 1: .*should read: image number, tab, file"),
        ("-1\ta.hdf", "should read"),
        ("1", "should read"),
        ("1\ta.hdf\t[1]", "should be a JSON object"),
        ("1\ta.hdf\t{", "no valid JSON"),
        ('1\ta.hdf\t{"xform.align3d": {"matrix": "[1, 2]"}}', "row 1, xform.align3d: it is no transform"),
        ('1\ta.hdf\t{"xform.align3d": {"matrix": "x"}}', "it is no transform"),
        ('1\ta.hdf\t{"xform.align3d": 3}', "it is no transform"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.lst"
    path.write_text(f"#LST\n{line}\n")
    with pytest.raises(FormatProblem, match=message):
        read_eman2_lst(path).angles()


def test_transforms_by_angles_and_by_matrix_are_one(tmp_path: Path) -> None:
    path = tmp_path / "a.lst"
    matrix = align3d(TURNED).ravel().tolist()
    by_angles = json.dumps({"xform.align3d": {"az": 10, "alt": 20, "phi": 30}})
    path.write_text(f"#LST\n0\ta.hdf\t{by_angles}\n1\ta.hdf\t{json.dumps({'xform.align3d': matrix})}\n")
    angles = read_eman2_lst(path).angles()
    assert angles is not None
    np.testing.assert_allclose(angles[0], angles[1], atol=1e-6)


def test_a_stack_tells_where_its_particles_were(tmp_path: Path) -> None:
    particle = {"apix_x": 7.84, "ptcl_source_coord": np.array([10.0, -20, 30]), "score": -0.25}
    particle |= {"ptcl_source_image": "tomograms/TS_1__bin4.hdf"}
    path = tmp_path / "TS_9__ribo.hdf"
    write_stack(path, [particle, particle | {"xform.align3d": align3d(TURNED, (1, 2, 3)), "ptcl_source_image": ""}])
    assert recognise_format(path).key == "eman2-hdf"
    table = read_particle_list(path)
    assert table.image_references() == [ImageReference("TS_9__ribo.hdf", 1), ImageReference("TS_9__ribo.hdf", 2)]
    assert table.tomogram_names() == ["TS_1", "TS_9"]
    positions = positions_of(table)
    assert (positions.unit, positions.origin) == ("voxel", "centre")
    # As e2spt's own scripts do: coordinate + xform.align3d.inverse().get_trans().
    np.testing.assert_allclose(positions.values[0], [10, -20, 30])
    np.testing.assert_allclose(positions.values[1], np.array([10, -20, 30]) - TURNED.apply([1, 2, 3]), atol=1e-5)
    np.testing.assert_allclose(table.pixel_sizes(), 7.84)
    angles = table.angles()
    assert angles is not None
    assert (rotation_from_relion(angles[1]) * TURNED.inv()).magnitude() < 1e-5


def test_a_stack_without_attributes_is_a_list_of_images(tmp_path: Path) -> None:
    table = read_eman2_hdf(write_stack(tmp_path / "a.hdf", [{}, {}, {}]))
    assert len(table) == 3
    assert table.positions() is None
    assert table.angles() is None
    assert np.isnan(table.pixel_sizes()).all()


def test_a_stack_whose_images_are_links_is_refused(tmp_path: Path) -> None:
    write_stack(tmp_path / "secret.hdf", [{}, {}])
    with h5py.File(tmp_path / "a.hdf", "w") as file:
        file.create_group("MDF")["images"] = h5py.ExternalLink("secret.hdf", "/MDF/images")
    with pytest.raises(FormatProblem, match="a link to elsewhere"):
        read_eman2_hdf(tmp_path / "a.hdf")
