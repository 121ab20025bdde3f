"""CSV and Parquet: which columns are known, in which unit, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fixtures.export_chunks import make_chunk, write_chunks
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from tomosift.formats import parquet_list
from tomosift.formats.catalogue import read_particle_list, recognise_format
from tomosift.formats.csv_list import read_csv_list
from tomosift.formats.parquet_list import read_parquet_list
from tomosift.formats.particle_list import ImageReference, ParticleList
from tomosift.formats.problem import FormatProblem

cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def read_text(folder: Path, text: str, name: str = "list.csv") -> ParticleList:
    (folder / name).write_bytes(text.encode())
    assert recognise_format(folder / name).key == "csv"
    return read_particle_list(folder / name)


def test_every_column_is_kept_as_text(tmp_path: Path) -> None:
    table = read_text(tmp_path, 'x,y,z,tomogram,my note\n1.50,2,3e1,TS_1,"a, ""b"""\n007,-1,.5,,nan\n')
    assert table.columns == ["x", "y", "z", "tomogram", "my note"]
    assert table.rows.iloc[0].tolist() == ["1.50", "2", "3e1", "TS_1", 'a, "b"']
    assert table.rows.iloc[1].tolist() == ["007", "-1", ".5", "", "nan"]
    positions = table.positions()
    assert positions is not None
    assert (positions.unit, positions.origin) == ("voxel", "corner")
    np.testing.assert_array_equal(positions.values, [[1.5, 2, 30], [7, -1, 0.5]])
    assert table.tomogram_names() == ["TS_1", ""]
    assert "taken as voxels" in table.notes[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_byte_order_marks(tmp_path: Path, delimiter: str, newline: str, mark: str) -> None:
    lines = [["Coord_X", "coord_y", "COORD_Z", "tomo_id", "class"], ["1", "2", "3", "A", "ribo some"]]
    table = read_text(tmp_path, mark + newline.join(delimiter.join(line) for line in lines) + newline)
    assert table.columns == lines[0]
    assert table.rows.iloc[0].tolist() == lines[1]
    assert table.tomogram_names() == ["A"]
    assert table.class_column == "class"


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("x,y,z,tomogram", "voxel"),
        ("x_angstrom,y_angstrom,z_angstrom,tomogram", "angstrom"),
        ("x [angst],y [angst],z [angst],tomo", "angstrom"),
        ("experiment,x,y,z", "angstrom"),  # the CZII challenge
        ("run_name,x,y,z", "angstrom"),  # copick's tables
        ("rlnTomoName,rlnCoordinateX,rlnCoordinateY,rlnCoordinateZ", "voxel"),
    ],
)
def test_units_come_from_the_names(tmp_path: Path, header: str, unit: str) -> None:
    positions = read_text(tmp_path, f"{header}\n1,2,3,4\n").positions()
    assert positions is not None
    assert positions.unit == unit


def test_images_angles_and_voxel_sizes(tmp_path: Path) -> None:
    table = read_text(tmp_path, "image,rot,tilt,psi,voxel_size\n3@a/b.mrcs,10,20,30,7.84\nc.mrc,1,2,3,\n")
    assert table.image_references() == [ImageReference("a/b.mrcs", 3), ImageReference("c.mrc", None)]
    angles = table.angles()
    assert angles is not None
    np.testing.assert_array_equal(angles, [[10, 20, 30], [1, 2, 3]])
    np.testing.assert_array_equal(table.pixel_sizes(), [7.84, np.nan])
    assert table.pixel_size_origin == "the column voxel_size"
    assert table.positions() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,z\n1,2,3\n", "needs the columns x, y, z and tomogram"),
        ("1,2,3,4\n5,6,7,8\n", "needs the columns"),
        ("x,y,z,tomogram,x\n1,2,3,4,5\n", "the column 'x' appears twice"),
        ("x,y,z,tomogram\n", "no particles"),
        ("x,y,z,tomogram\n1,2,3,A\n1,2,3\n", r"row 2: .*3 values for 4 columns"),
        ("x,y,z,tomogram\n1,2,3,A\0\n", "zero bytes"),
        ("", "needs the columns"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(FormatProblem, match=message):
        read_csv_list(tmp_path / "list.csv")


def test_a_value_that_is_no_number_is_named(tmp_path: Path) -> None:
    table = read_text(tmp_path, "x,y,z,tomogram\n1,2,3,A\n1,two,3,A\n")
    with pytest.raises(FormatProblem, match="row 2, y: 'two' is not a number"):
        table.positions()


@given(rows=st.lists(st.tuples(cell, cell), min_size=1, max_size=12))
@settings(deadline=None, max_examples=40)
def test_any_text_survives_csv(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    chunk = make_chunk(len(rows))
    originals = pd.DataFrame({"one": [row[0] for row in rows], "two": [row[1] for row in rows]}, dtype=str)
    folder = tmp_path_factory.mktemp("csv")
    path = write_chunks(folder, "csv", [type(chunk)(**(vars(chunk) | {"rows": originals}))], columns=["one", "two"])
    again = read_csv_list(path)
    # One kind of line end is as good as another inside a value; Arrow reads what stands there.
    assert again.rows["one"].tolist() == originals["one"].tolist()
    assert again.rows["two"].tolist() == originals["two"].tolist()


def test_parquet_of_any_plain_type(tmp_path: Path) -> None:
    frame = pa.table(
        {
            "x": pa.array([1, 2], pa.int32()),
            "y": pa.array([1.25, None]),
            "z": pa.array([3.0, 4.0], pa.float32()),
            "tomogram": pa.array(["A", "B"]).dictionary_encode(),
            "good": pa.array([True, False]),
        }
    )
    pq.write_table(frame, tmp_path / "a.parquet")
    table = read_particle_list(tmp_path / "a.parquet")
    assert table.format == "parquet"
    assert table.rows.iloc[0].tolist() == ["1", "1.25", "3", "A", "true"]
    assert table.rows.iloc[1].tolist() == ["2", "", "4", "B", "false"]


def test_parquet_gets_its_types_again(tmp_path: Path) -> None:
    frame = pa.table({"x": [1, 2], "y": [1.25, 2.0], "z": [3.0, 4.0], "tomogram": ["A", "B"], "good": [True, None]})
    pq.write_table(frame, tmp_path / "a.parquet")
    table = read_parquet_list(tmp_path / "a.parquet")
    chunk = type(make_chunk(2))(**(vars(make_chunk(2)) | {"rows": table.rows}))
    path = write_chunks(
        tmp_path,
        "parquet",
        [chunk],
        columns=table.columns,
        source_format="parquet",
        source_blocks=table.blocks,
        sets_class=False,
    )
    assert pq.read_table(path).equals(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pa.table({"x": [[1]], "y": [1], "z": [1], "tomogram": ["A"]}), "the column 'x' of a.parquet is nested"),
        (pa.table({"x": [1], "y": [1]}), "needs the columns"),
        (pa.table({"x": [1.0], "y": [1.0], "z": [1.0], "tomogram": ["A"]}).slice(0, 0), "holds no particles"),
        (pa.table({"x": [1], "y": [1], "z": [1], "tomogram": ["A\0"]}), "cannot be read as text"),
        (pa.table({"x": [1], "y": [1], "z": [1], "tomogram": pa.array([b"\xff"])}), "cannot be read as text"),
    ],
)
def test_parquet_that_is_no_list(tmp_path: Path, frame: pa.Table, message: str) -> None:
    pq.write_table(frame, tmp_path / "a.parquet")
    with pytest.raises(FormatProblem, match=message):
        read_parquet_list(tmp_path / "a.parquet")


def test_parquet_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would fill the memory: many equal rows, or one long text that many rows share."""
    monkeypatch.setattr(parquet_list, "_LONGEST_UNPACKED", 10_000_000)
    pq.write_table(
        pa.table({name: ["A"] * 3_000_000 for name in ("x", "y", "z", "tomogram")}), tmp_path / "rows.parquet"
    )
    shared = {"x": [1] * 2000, "y": [1] * 2000, "z": [1] * 2000, "tomogram": ["A" * 10_000] * 2000}
    pq.write_table(pa.table(shared), tmp_path / "text.parquet")
    for name in ("rows.parquet", "text.parquet"):
        assert (tmp_path / name).stat().st_size < 100_000
        with pytest.raises(FormatProblem, match=f"{name} unpacks to more than 9 MiB"):
            read_parquet_list(tmp_path / name)


def test_class_names_go_into_a_column_of_names(tmp_path: Path) -> None:
    """particle_type holds names, so that an export puts names there and numbers nowhere else."""
    table = read_text(tmp_path, "x,y,z,tomogram,particle_type\n1,2,3,A,old\n")
    assert table.class_column == "particle_type"
    chunk = type(make_chunk(1))(
        **(vars(make_chunk(1)) | {"rows": table.rows, "class_names": ["new"], "class_numbers": np.array([1])})
    )
    path = write_chunks(
        tmp_path,
        "csv",
        [chunk],
        columns=table.columns,
        source_format="csv",
        source_blocks=table.blocks,
        source_class_column="particle_type",
    )
    assert path.read_text().splitlines() == ["x,y,z,tomogram,particle_type,class_name", "1,2,3,A,new,new"]
