"""copick projects and the portal's points: what is read, and what a configuration may not do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.export_chunks import make_chunk, write_chunks
from scipy.spatial.transform import Rotation

from tomosift.formats.catalogue import read_particle_list, recognise_format
from tomosift.formats.copick_project import read_copick_project
from tomosift.formats.ndjson_list import read_ndjson_list
from tomosift.formats.orientations import rotation_from_relion
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem

TURNED = Rotation.from_euler("ZYZ", [10, 20, 30], degrees=True)


def copick_point(
    x: float, y: float, z: float, rotation: Rotation | None = None, shift: Any = (0, 0, 0)
) -> dict[str, Any]:
    matrix = np.eye(4)
    matrix[:3, :3] = (rotation or Rotation.identity()).as_matrix()
    matrix[:3, 3] = shift
    location = {"x": x, "y": y, "z": z}
    return {"location": location, "transformation_": matrix.tolist(), "instance_id": 3, "score": 0.25}


def write_picks(root: Path, run: str, name: str, points: list[dict[str, Any]], **more: Any) -> Path:
    path = root / "ExperimentRuns" / run / "Picks" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    user, session, what = name.split("_")
    head = {"pickable_object_name": what, "user_id": user, "session_id": session, "run_name": run, "unit": "angstrom"}
    path.write_text(json.dumps(head | more | {"points": points}))
    return path


def make_project(root: Path) -> Path:
    write_picks(root, "TS_1", "expert_0_ribosome", [copick_point(10, 20, 30.5, TURNED), copick_point(1, 2, 3)])
    write_picks(root, "TS_2", "model_7_apo-ferritin", [copick_point(100, 200, 300, shift=(1, -2, 0.5))])
    return root


def write_config(path: Path, **keys: Any) -> Path:
    default = {"config_type": "filesystem", "pickable_objects": [{"name": "ribosome"}], "overlay_root": "local://picks"}
    path.write_text(json.dumps({key: value for key, value in (default | keys).items() if value is not None}))
    return path


def positions_of(table: ParticleList) -> np.ndarray:
    positions = table.positions()
    assert positions is not None
    return positions.values


def test_a_project_folder(tmp_path: Path) -> None:
    table = read_particle_list(make_project(tmp_path))
    assert (table.format, table.class_column) == ("copick", "object")
    assert table.tomogram_names() == ["TS_1", "TS_1", "TS_2"]
    assert table.rows["object"].tolist() == ["ribosome", "ribosome", "apo-ferritin"]
    assert table.rows["location.z"].tolist() == ["30.5", "3", "300"]
    np.testing.assert_allclose(positions_of(table), [[10, 20, 30.5], [1, 2, 3], [101, 198, 300.5]])
    positions = table.positions()
    assert positions is not None
    assert (positions.unit, positions.origin) == ("angstrom", "corner")
    angles = table.angles()
    assert angles is not None
    assert (rotation_from_relion(angles[0]) * TURNED.inv()).magnitude() < 1e-9


def test_a_translation_that_repeats_the_location_counts_once(tmp_path: Path) -> None:
    write_picks(tmp_path, "TS_1", "tool_0_ribosome", [copick_point(10, 20, 30, shift=(10, 20, 30))])
    np.testing.assert_allclose(positions_of(read_copick_project(tmp_path)), [[10, 20, 30]])


def test_orientations_that_are_not_trusted_are_unknown(tmp_path: Path) -> None:
    write_picks(tmp_path, "TS_1", "a_0_ribosome", [copick_point(1, 2, 3, TURNED)], trust_orientation=False)
    assert read_copick_project(tmp_path).angles() is None
    write_picks(tmp_path, "TS_2", "a_0_ribosome", [copick_point(1, 2, 3, TURNED)])
    angles = read_copick_project(tmp_path).angles()
    assert angles is not None
    assert np.isnan(angles[0]).all()
    assert np.isfinite(angles[1]).all()


def test_a_configuration_beside_its_project(tmp_path: Path) -> None:
    make_project(tmp_path / "picks")
    config = write_config(tmp_path / "config.json", overlay_fs_args={"auto_mkdir": True})
    assert recognise_format(config).key == "copick"
    assert len(read_particle_list(config)) == 3
    absolute = write_config(tmp_path / "config.json", overlay_root=f"local://{tmp_path / 'picks'}")
    assert len(read_copick_project(absolute)) == 3


def test_one_file_of_picks(tmp_path: Path) -> None:
    path = write_picks(tmp_path, "TS_9", "a_0_ribosome", [copick_point(1, 2, 3)])
    table = read_particle_list(path)
    assert (table.format, table.tomogram_names()) == ("copick", ["TS_9"])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"static_root": "s3://bucket/project"}, r"static_root .* lies on a server \(s3://\)"),
        ({"overlay_root": "ssh://host/project"}, r"overlay_root .* lies on a server \(ssh://\)"),
        ({"overlay_root": "smb://host/share"}, "lies on a server"),
        ({"static_root": "https://example.org/"}, "lies on a server"),
        ({"static_root": "simplecache::s3://bucket"}, "lies on a server"),
        ({"overlay_root": "local:///etc"}, "not in the folder of that file"),
        ({"overlay_root": "/etc"}, "not in the folder of that file"),
        ({"overlay_root": "local://../other"}, "not in the folder of that file"),
        ({"overlay_root": "file:///%2e%2e/etc"}, "not in the folder of that file"),
        ({"overlay_root": "local://link"}, "not in the folder of that file"),
        ({"overlay_root": "local://missing"}, "does not exist"),
        ({"overlay_root": "local://a\0b"}, "zero bytes"),
        ({"overlay_root": ["x"]}, "does not exist"),
        ({"overlay_root": None}, "names neither"),
        ({"static_fs_args": {"anon": True}}, r"arguments for a file system \(static_fs_args\)"),
        ({"overlay_fs_args": "x"}, "arguments for a file system"),
        ({"config_type": "cryoet_data_portal"}, "whose data lie elsewhere"),
        ({"config_type": "mlcroissant"}, "whose data lie elsewhere"),
        ({"pickable_objects": "ribosome"}, "lists no pickable_objects"),
    ],
)
def test_what_a_configuration_may_not_do(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    project = tmp_path / "project"
    make_project(project / "picks")
    make_project(tmp_path / "other")
    (project / "link").symlink_to(tmp_path / "other")
    with pytest.raises(FormatProblem, match=message) as refused:
        read_copick_project(write_config(project / "config.json", **keys))
    assert str(tmp_path) not in str(refused.value)


def test_links_in_a_project_are_not_followed(tmp_path: Path) -> None:
    outside = make_project(tmp_path / "outside")
    project = tmp_path / "project"
    write_picks(project, "TS_1", "a_0_ribosome", [copick_point(1, 2, 3)])
    (project / "ExperimentRuns" / "TS_2").symlink_to(outside / "ExperimentRuns" / "TS_2")
    (project / "ExperimentRuns" / "TS_3").mkdir()
    (project / "ExperimentRuns" / "TS_3" / "Picks").symlink_to(outside / "ExperimentRuns" / "TS_1" / "Picks")
    secret = outside / "ExperimentRuns" / "TS_1" / "Picks" / "expert_0_ribosome.json"
    (project / "ExperimentRuns" / "TS_1" / "Picks" / "b_0_ribosome.json").symlink_to(secret)
    assert read_copick_project(project).tomogram_names() == ["TS_1"]


def read_everything(path: Path) -> None:
    table = read_copick_project(path)
    table.positions()
    table.angles()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([{"location": {"x": 1, "y": 2}}], "a point has a location"),
        ([[1, 2, 3]], "a point has a location"),
        ({"x": 1}, "no list of points"),
        ([copick_point(1, 2, 3) | {"transformation_": [[1, 2], [3, 4]]}], "no matrix of 4 x 4"),
        ([copick_point(1, 2, 3) | {"transformation_": np.diag([1, 1, -1, 1]).tolist()}], "no rotation"),
        ([copick_point(float("nan"), 2, 3)], "'NaN' is not a number"),
    ],
)
def test_points_that_are_none(tmp_path: Path, points: Any, message: str) -> None:
    write_picks(tmp_path, "TS_1", "a_0_ribosome", points)
    with pytest.raises(FormatProblem, match=message):
        read_everything(tmp_path)


def test_copick_files_as_its_own_models_have_them(tmp_path: Path) -> None:
    """Keys and types of copick's CopickPicksFile and CopickPoint."""
    path = write_chunks(tmp_path, "copick", [make_chunk(30)])
    files = sorted(path.rglob("*.json"))
    assert files
    for file in files:
        user, session, name = file.stem.split("_")
        picks = json.loads(file.read_text())
        assert (picks["user_id"], picks["session_id"], picks["pickable_object_name"]) == (user, session, name)
        assert file.parts[-3] == picks["run_name"]
        assert picks["unit"] == "angstrom"
        assert picks["trust_orientation"] is True
        for point in picks["points"]:
            matrix = np.array(point["transformation_"])
            assert matrix.shape == (4, 4)
            np.testing.assert_array_equal(matrix[3], [0, 0, 0, 1])
            assert set(point["location"]) == {"x", "y", "z"}


POINTS = """\
{"type": "orientedPoint", "location": {"x": 1.50, "y": 2, "z": 3}, "xyz_rotation_matrix": [[0,-1,0],[1,0,0],[0,0,1]]}
{"type": "point", "location": {"x": 4, "y": 5, "z": 6}, "note": "by hand"}

{"type": "instancePoint", "location": {"x": 7, "y": 8, "z": 9}, "instance_id": 12}
"""


def test_points_of_the_portal(tmp_path: Path) -> None:
    folder = tmp_path / "10001" / "TS_026" / "Reconstructions" / "VoxelSpacing7.840" / "Annotations" / "100"
    folder.mkdir(parents=True)
    path = folder / "cytosolic_ribosome-1.0_orientedpoint.ndjson"
    path.write_text(POINTS)
    table = read_particle_list(path)
    assert table.format == "ndjson"
    assert table.tomogram_names() == ["TS_026"] * 3
    assert set(table.rows["object"]) == {"cytosolic_ribosome"}
    assert table.rows["location.x"].tolist() == ["1.50", "4", "7"]
    assert table.rows["instance_id"].tolist() == ["", "", "12"]
    np.testing.assert_array_equal(positions_of(table), [[1.5, 2, 3], [4, 5, 6], [7, 8, 9]])
    angles = table.angles()
    assert angles is not None
    quarter = Rotation.from_euler("z", 90, degrees=True)
    assert (rotation_from_relion(angles[0]) * quarter.inv()).magnitude() < 1e-9
    assert np.isnan(angles[1:]).all()


def test_a_file_of_points_elsewhere_names_the_tomogram_itself(tmp_path: Path) -> None:
    (tmp_path / "TS_1_point.ndjson").write_text(POINTS)
    table = read_ndjson_list(tmp_path / "TS_1_point.ndjson")
    assert set(table.tomogram_names()) == {"TS_1"}
    assert "TS_1" in table.notes[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"type": "point"}', "row 2: .*a point has a location"),
        ("[1, 2]", "row 2: .*a point has a location"),
        ('{"type": "point", "location": {"x": 1', "row 2: .*no valid JSON"),
        ('{"a": ' * 5000, "nests its values too deeply|no valid JSON"),
        ('{"type": "point", "location": {"x": "\\ud800", "y": 1, "z": 1}}', "half a character"),
        ('{"type": "point", "location": {"x": 1, "y": 1, "z": 1}, "a": "\\u0000"}', "zero bytes"),
        ("x" * (1 << 21), "too long for a point"),
        ("\udcff", "no valid JSON|not a text file"),
    ],
)
def test_lines_that_are_no_points(tmp_path: Path, line: str, message: str) -> None:
    first = '{"type": "point", "location": {"x": 1, "y": 2, "z": 3}}\n'
    (tmp_path / "a.ndjson").write_bytes((first + line).encode("utf-8", "surrogateescape"))
    with pytest.raises(FormatProblem, match=message):
        read_ndjson_list(tmp_path / "a.ndjson")
