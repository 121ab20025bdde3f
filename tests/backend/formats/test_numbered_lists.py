"""Dynamo tables, .em and STOPGAP motive lists: real files, other programs' readers, signs and numbering."""

import struct
from pathlib import Path

import dynamotable
import emfile
import numpy as np
import pandas as pd
import pytest
from fixtures.export_chunks import make_chunk, write_chunks

from tomosift.formats.catalogue import read_particle_list, recognise_format
from tomosift.formats.dynamo_table import COLUMNS as DYNAMO_COLUMNS
from tomosift.formats.dynamo_table import read_dynamo_table
from tomosift.formats.em_motive_list import COLUMNS as EM_COLUMNS
from tomosift.formats.em_motive_list import read_em_motive_list
from tomosift.formats.orientations import rotation_from_av3, rotation_from_dynamo, rotation_from_relion
from tomosift.formats.particle_list import ImageReference, ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.stopgap_list import read_stopgap_list

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "formats"
needs_real_files = pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real sample files is absent")

TABLE = """\
1 1 1 1.5 -2 0.25 30 40 50 0.1 0 0 0 -60 60 0 0 0 0 3 1 2 0 100 200 300 0 1.2e-06+3i NaN
  7 1 1 0 0 0 0 0 0 0.1 0 0 0 -60 60 0 0 0 0 12 1 1 0 10.5 20 30\t0 0 0
"""
STOPGAP = """
data_stopgap_motivelist

loop_
_motl_idx
_tomo_num
_object
_subtomo_num
_halfset
_orig_x
_orig_y
_orig_z
_score
_x_shift
_y_shift
_z_shift
_phi
_psi
_the
_class
1 3 1 11 A 101 201 301 0.5 1.5 -2 0.25 30 50 40 2
2 12 1 12 B 11 21 31 0.25 0 0 0 0 0 0 1
"""


def positions_of(table: ParticleList) -> np.ndarray:
    positions = table.positions()
    assert positions is not None
    assert (positions.unit, positions.origin) == ("voxel", "corner")
    return positions.values


def angles_of(table: ParticleList) -> np.ndarray:
    angles = table.angles()
    assert angles is not None
    return angles


def write_em(path: Path, values: np.ndarray, *, order: str = "<", code: int = 5, machine: int = 6) -> Path:
    kind = {1: "i1", 2: "i2", 4: "i4", 5: "f4", 9: "f8"}[code]
    header = bytes([machine, 0, 0, code]) + struct.pack(f"{order}3i", values.shape[1], values.shape[0], 1)
    path.write_bytes(header.ljust(512, b"\0") + values.astype(order + kind).tobytes())
    return path


@needs_real_files
def test_real_dynamo_table() -> None:
    table = read_particle_list(REAL_FILES / "dynamo_motl.tbl")
    assert (table.format, len(table), len(table.columns)) == ("dynamo", 1343, 26)
    np.testing.assert_allclose(
        positions_of(table)[[0, -1]], [[508.0651, 549.1602, 167.6847], [738.9991, 88.0259, 193.0774]]
    )
    first, last = rotation_from_dynamo([144.13, -79.159, -180]), rotation_from_dynamo([46.676, -127.04, 106])
    assert (rotation_from_relion(angles_of(table)[0]) * first.inv()).magnitude() < 1e-9
    assert (rotation_from_relion(angles_of(table)[-1]) * last.inv()).magnitude() < 1e-9
    assert (table.tomogram_names()[0], table.tomogram_names()[-1]) == ("2", "289")
    assert (table.particle_names()[0], table.particle_names()[-1]) == ("1", "1934")
    assert table.class_column == "class"
    assert np.isnan(table.pixel_sizes()).all()


@needs_real_files
def test_real_dynamo_table_as_dynamotable_reads_it() -> None:
    theirs = dynamotable.read(str(REAL_FILES / "dynamo_motl.tbl"))
    ours = read_dynamo_table(REAL_FILES / "dynamo_motl.tbl")
    assert list(theirs.columns) == ours.columns
    np.testing.assert_array_equal(theirs.to_numpy(float), ours.rows.astype(float).to_numpy())


@needs_real_files
def test_real_motive_list() -> None:
    table = read_particle_list(REAL_FILES / "motl_20_fields.em")
    assert (table.format, len(table)) == ("em", 64)
    expected = [[230 - 0.16980344 - 1, 201 - 0.10673530 - 1, 178 + 0.37041563 - 1]]
    expected += [[480 + 0.44277173 - 1, 617 + 0.22986852 - 1, 334 - 0.39296496 - 1]]
    np.testing.assert_allclose(positions_of(table)[[0, -1]], expected, atol=1e-6)
    first = rotation_from_av3([49.1849, 52.307846, 128.01443])
    assert (rotation_from_relion(angles_of(table)[0]) * first.inv()).magnitude() < 1e-9
    assert set(table.tomogram_names()) == {"160"}
    assert set(table.rows["class"]) == {"1"}


@needs_real_files
def test_real_motive_list_as_emfile_reads_it() -> None:
    _, theirs = emfile.read(str(REAL_FILES / "motl_20_fields.em"))
    ours = read_em_motive_list(REAL_FILES / "motl_20_fields.em")
    np.testing.assert_array_equal(theirs[0], ours.rows.astype(np.float32).to_numpy())


def test_dynamo_adds_its_shifts_and_keeps_odd_values(tmp_path: Path) -> None:
    path = tmp_path / "a.tbl"
    path.write_text(TABLE)
    table = read_particle_list(path)
    np.testing.assert_allclose(positions_of(table), [[101.5, 198, 300.25], [10.5, 20, 30]])
    assert table.rows["daxis"].tolist() == ["1.2e-06+3i", "0"]
    assert table.rows["dnarot"].tolist() == ["NaN", "0"]
    assert table.tomogram_names() == ["3", "12"]
    assert table.image_references() is None


def test_dynamo_names_tomograms_by_the_doc_beside(tmp_path: Path) -> None:
    (tmp_path / "a.tbl").write_text(TABLE)
    (tmp_path / "a.doc").write_text("3 /data/tomo/TS_03.mrc\n12 relative/TS_12_b4.rec\n")
    assert read_dynamo_table(tmp_path / "a.tbl").tomogram_names() == ["TS_03", "TS_12_b4"]


def test_a_doc_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("3 TOPSECRET\n")
    folder = tmp_path / "list"
    folder.mkdir()
    (folder / "a.tbl").write_text(TABLE)
    (folder / "a.doc").symlink_to(secret)
    assert read_dynamo_table(folder / "a.tbl").tomogram_names() == ["3", "12"]


def test_a_garbled_doc_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tbl").write_text(TABLE)
    (tmp_path / "a.doc").write_text("tomograms:\n")
    with pytest.raises(FormatProblem, match=r"line 1 of a\.doc"):
        read_dynamo_table(tmp_path / "a.tbl")


def test_particles_of_a_dynamo_data_folder(tmp_path: Path) -> None:
    (tmp_path / "crop.tbl").write_text(TABLE)
    (tmp_path / "particle_000001.em").touch()
    expected = [ImageReference("particle_000001.em", None), ImageReference("particle_000007.em", None)]
    assert read_dynamo_table(tmp_path / "crop.tbl").image_references() == expected


def test_dynamo_voxel_size_is_column_36(tmp_path: Path) -> None:
    rows = [["1"] * 35 + ["7.84"], ["2"] * 35 + ["0"]]
    (tmp_path / "a.tbl").write_text("\n".join(" ".join(row) for row in rows))
    table = read_dynamo_table(tmp_path / "a.tbl")
    np.testing.assert_array_equal(table.pixel_sizes(), [7.84, np.nan])
    assert table.pixel_size_origin == "column 36 of the Dynamo table"


def test_a_short_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tbl").write_text(TABLE + "9 1 1\n")
    with pytest.raises(FormatProblem, match=r"row 3: a\.tbl has 3 values for 29 columns"):
        read_dynamo_table(tmp_path / "a.tbl")


def test_dynamotable_reads_what_is_written(tmp_path: Path) -> None:
    chunk = make_chunk(20)
    path = write_chunks(tmp_path, "dynamo", [chunk])
    theirs = dynamotable.read(str(path), str(path.with_suffix(".doc")))
    assert list(theirs.columns[:36]) == list(DYNAMO_COLUMNS[:36])
    np.testing.assert_allclose(theirs[["x", "y", "z"]], chunk.positions)
    assert theirs["tomo_file"].tolist() == list(chunk.tomograms)
    assert theirs["tag"].tolist() == chunk.ids.tolist()
    assert theirs["class"].tolist() == chunk.class_numbers.tolist()
    assert set(theirs["apix"]) == {7.84}


def test_dynamo_reads_what_dynamotable_writes(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2], "y": [3.0, 4], "z": [5.0, 6], "dx": [0.5, 0], "tomo_file": ["A.mrc", "B.mrc"]})
    dynamotable.write(frame, str(tmp_path / "theirs.tbl"))
    table = read_particle_list(tmp_path / "theirs.tbl")
    np.testing.assert_allclose(positions_of(table), [[1.5, 3, 5], [2, 4, 6]])
    assert table.tomogram_names() == ["A", "B"]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code", [2, 4, 5, 9])
def test_motive_lists_of_every_type_and_order(tmp_path: Path, order: str, code: int) -> None:
    values = np.arange(60).reshape(3, 20) + (0.5 if code in (5, 9) else 0)
    path = write_em(tmp_path / "a.em", values, order=order, code=code, machine=6 if order == "<" else 3)
    table = read_em_motive_list(path)
    assert recognise_format(path).key == "em"
    np.testing.assert_array_equal(table.rows.astype(float).to_numpy(), values)
    shifted = values[:, 7:10] + values[:, 10:13] - 1
    np.testing.assert_allclose(positions_of(table), shifted)


def test_the_seventh_field_names_the_tomogram_where_the_fifth_is_empty(tmp_path: Path) -> None:
    values = np.zeros((2, 20))
    values[:, EM_COLUMNS.index("subtomo_mean")] = [4, 5]
    assert read_em_motive_list(write_em(tmp_path / "a.em", values)).tomogram_names() == ["4", "5"]


def test_emfile_reads_what_is_written(tmp_path: Path) -> None:
    chunk = make_chunk(20)
    path = write_chunks(tmp_path, "em", [chunk])
    header, values = emfile.read(str(path))
    assert (header["xdim"], header["ydim"], header["zdim"]) == (20, 20, 1)
    np.testing.assert_allclose(values[0][:, 7:10], chunk.positions + 1, rtol=1e-6)
    np.testing.assert_array_equal(values[0][:, 19], chunk.class_numbers)
    phi_psi_theta = values[0][:, 16:19]
    difference = rotation_from_av3(phi_psi_theta) * rotation_from_relion(chunk.angles).inv()
    assert np.degrees(difference.magnitude()).max() < 1e-4


def test_a_volume_in_em_format_is_no_motive_list(tmp_path: Path) -> None:
    path = write_em(tmp_path / "a.em", np.zeros((16, 16)))
    with pytest.raises(FormatProblem, match="has not 20 numbers a particle"):
        read_em_motive_list(path)


def test_a_motive_list_cut_off_is_told_from_its_bytes(tmp_path: Path) -> None:
    path = write_em(tmp_path / "a.em", np.zeros((16, 20)))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatProblem, match=r"a\.em has 1791 bytes and needs 1792 for 16 particles"):
        read_em_motive_list(path)


def test_stopgap_counts_from_one_and_adds_shifts(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    path.write_text(STOPGAP)
    table = read_particle_list(path)
    assert table.format == "stopgap"
    np.testing.assert_allclose(positions_of(table), [[101.5, 198, 300.25], [10, 20, 30]])
    expected = rotation_from_av3([30, 50, 40])
    assert (rotation_from_relion(angles_of(table)[0]) * expected.inv()).magnitude() < 1e-9
    assert table.tomogram_names() == ["3", "12"]
    assert table.particle_names() == ["11", "12"]
    assert table.rows["halfset"].tolist() == ["A", "B"]


def test_stopgap_without_a_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    path.write_text("data_stopgap_motivelist\nloop_\n_motl_idx\n_tomo_num\n1 2\n")
    with pytest.raises(FormatProblem, match="lacks the column object"):
        read_stopgap_list(path)


def test_the_three_describe_one_particle_alike(tmp_path: Path) -> None:
    """The same shifted particle by hand in each format (Dynamo's angles are the negatives in reverse order)."""
    (tmp_path / "a.tbl").write_text(" ".join(TABLE.split("\n")[0].split()[:26]).replace("30 40 50", "-50 -40 -30"))
    (tmp_path / "a.star").write_text(STOPGAP)
    values = np.zeros((1, 20))
    values[0, 7:13] = [101, 201, 301, 1.5, -2, 0.25]
    values[0, 16:19] = [30, 50, 40]
    write_em(tmp_path / "a.em", values)
    tables = [read_particle_list(tmp_path / f"a.{suffix}") for suffix in ("tbl", "star", "em")]
    for table in tables:
        np.testing.assert_allclose(positions_of(table)[0], [101.5, 198, 300.25])
        difference = rotation_from_relion(angles_of(table)[0]) * rotation_from_av3([30, 50, 40]).inv()
        assert np.degrees(difference.magnitude()) < 1e-6
