"""STAR text: every value comes back as the text it was, and what is broken is named."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_blocks import LoopBlock, PairBlock, read_star_blocks
from tomosift.formats.star_writer import write_star_blocks

names = st.from_regex(r"rln[A-Za-z0-9]{1,12}", fullmatch=True)
# Any text a STAR file can hold: no line breaks, not both kinds of closing quotes.
values = st.one_of(
    st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0'"), max_size=12),
    st.sampled_from(["nan", "NaN", "<NA>", "None", "000012@a b/c#1.mrcs", "data_1/a.mrc", "loop_", "_x", "#", "it's"]),
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    columns = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    rows = draw(st.lists(st.tuples(*[values] * len(columns)), min_size=1, max_size=6))
    return pd.DataFrame(rows, columns=columns, dtype=str)


@given(table=tables(), pairs=st.lists(st.tuples(names, values), min_size=1, max_size=3))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame, pairs: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.star"
    write_star_blocks(path, [PairBlock("general", pairs), LoopBlock("particles", table, version="30001")])

    general, particles = read_star_blocks(path)

    assert isinstance(general, PairBlock)
    assert isinstance(particles, LoopBlock)
    assert general.pairs == pairs
    assert particles.version == "30001"
    assert particles.columns == list(table.columns)
    assert particles.rows.to_numpy(object).tolist() == table.to_numpy(object).tolist()


def read(tmp_path: Path, text: str) -> list[PairBlock | LoopBlock]:
    path = tmp_path / "list.star"
    path.write_bytes(text.encode())
    return read_star_blocks(path)


def test_values_that_look_like_numbers_or_comments_stay_text(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "data_\nloop_\n_a #1\n_b #2\n_c #3\n01 1e-3 x#1/y.mrc\nnan +.5 it's\n")
    assert isinstance(block, LoopBlock)
    assert block.rows.to_numpy(object).tolist() == [["01", "1e-3", "x#1/y.mrc"], ["nan", "+.5", "it's"]]


def test_odd_layouts_are_read(tmp_path: Path) -> None:
    text = (
        "\ufeff# made by hand\r\n\r\ndata_optics # first\r\nloop_ \r\n_a\r\n_b #2\r\n"
        "\t1 'two words' # why\r\n\r\n# between\r\n3 \"a 'b' c\"\r\ndata_general\r\n_name \"x y\"\r\n\r\ndata_empty\r\n"
    )
    optics, general, empty = read(tmp_path, text)
    assert isinstance(optics, LoopBlock)
    assert optics.rows.to_numpy(object).tolist() == [["1", "two words"], ["3", "a 'b' c"]]
    assert general == PairBlock("general", [("name", "x y")])
    assert empty == PairBlock("empty", [])


def test_a_row_may_begin_with_data(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "data_x\nloop_\n_a\n_b\ndata_1/a.mrc 1\n")
    assert isinstance(block, LoopBlock)
    assert block.rows.to_numpy(object).tolist() == [["data_1/a.mrc", "1"]]


def test_a_table_may_be_empty(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "data_x\nloop_\n_a\n_b\n")
    assert isinstance(block, LoopBlock)
    assert block.columns == ["a", "b"]
    assert len(block.rows) == 0


def test_many_rows_are_joined_in_order(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "data_x\nloop_\n_a\n" + "".join(f"v{number}\n" for number in range(45_000)))
    assert isinstance(block, LoopBlock)
    assert block.rows["a"].tolist() == [f"v{number}" for number in range(45_000)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no data_ block"),
        ("hello\n", "line 1 .* outside of any data_ block"),
        ("data_a\nloop_\n1 2\n", "without a column name"),
        ("data_a\nloop_\n_x\n_x\n1 2\n", "column x appears twice"),
        ("data_a\nloop_\n_x\n1\ndata_a\n_y 1\n", "data_a appears twice"),
        ("data_a\n_x\n", "neither"),
        ("data_a\n_x 1\nloop_\n_y\n1\n", "neither"),
        ("data_a\n_x 1\0\n", "zero bytes"),
    ],
)
def test_broken_files_are_explained(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatProblem, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("row", ["1", "1 2 3", "'1 2"])
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(FormatProblem, match=r"row 2: line 6 of list\.star has \d values for 2 columns") as caught:
        read(
            tmp_path,
            f"data_a\nloop_\n_x\n_y\n1 2\n{row} \n" if row != "'1 2" else "data_a\nloop_\n_x\n_y\n1 2\n'1 2 3\n",
        )
    assert caught.value.row == 2


def test_other_encodings_and_binary_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.star"
    path.write_bytes(b"data_\n_x \xff\xfe\n")
    with pytest.raises(FormatProblem, match="UTF-8"):
        read_star_blocks(path)


def test_what_is_no_file_is_named_without_its_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.star")
    for name in ("none.star", "pipe.star"):
        with pytest.raises(FormatProblem, match=f"^{name} does not exist or is no file"):
            read_star_blocks(tmp_path / name)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0", "'a' \"b\" c"])
def test_values_no_star_file_can_hold_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(FormatProblem, match="no STAR file can hold"):
        write_star_blocks(tmp_path / "x.star", [PairBlock("a", [("x", value)])])
