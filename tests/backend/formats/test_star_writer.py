"""A list written again differs from its source in the added columns alone, whatever its layout and however long."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from fixtures.fuzzing import fuzz_examples
from hypothesis import given, settings
from hypothesis import strategies as st

from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import ParticleTable, read_particle_star, write_particle_table
from tomosift.formats.star_writer import StarTableWriter, set_column

TOKEN = re.compile(r"""(?:(?<=\s)|^)(?:"(.*?)"|'(.*?)'|(\S+))(?=\s|$)""")
names = st.from_regex(r"rln[A-Za-z0-9]{1,8}", fullmatch=True)
# Values and how a program may have written them: what needs quotes, in either kind; what does not, with and without.
plain = st.one_of(
    st.from_regex(r"-?0{0,2}[0-9]{1,6}(\.[0-9]{1,6})?(e-?[0-9])?", fullmatch=True),
    st.sampled_from(
        ["nan", "NaN", "<NA>", "None", "inf", "000012@a/b#1.mrcs", "it's", "a\"b'c", "é", "[1,0,1]", "+.5"]
    ),
)
spaced = st.sampled_from(["two words", "#1", "_x", "data_a", "loop_", "", " ", "a  b", "x\u00a0y", "# no comment"])
written = st.one_of(
    plain.map(lambda value: (value, value)),
    plain.filter(lambda value: '"' not in value).map(lambda value: (value, f'"{value}"')),
    spaced.map(lambda value: (value, f'"{value}"')),
    spaced.map(lambda value: (value, f"'{value}'")),
)
gaps = st.sampled_from([" ", "  ", "\t", "    \t "])
versions = st.one_of(st.none(), st.sampled_from(["30001", "50001"]))


@dataclass
class Source:
    """A STAR file: its text, and every token it means, block by block."""

    text: str
    tokens: list[list[str]]


@st.composite
def loops(draw: st.DrawFn, name: str, first: tuple[str, ...]) -> Source:
    columns = [*first, *draw(st.lists(names.filter(lambda each: each not in first), max_size=4, unique=True))]
    rows = draw(st.lists(st.tuples(*[written] * len(columns)), min_size=1, max_size=6))
    numbered = draw(st.booleans())
    lines = ["loop_ ", *(f"_{column} #{at}" if numbered else f"_{column}" for at, column in enumerate(columns, 1))]
    for row in rows:
        indent, end = draw(st.sampled_from(["", " ", "\t  "])), draw(st.sampled_from(["", " ", " # why", "\r", "\n"]))
        lines.append(indent + draw(gaps).join(each for _, each in row) + end)
    tokens = [["loop_"], *([f"_{column}"] for column in columns), *([value for value, _ in row] for row in rows)]
    return Source("\n".join(lines), [[f"data_{name}"], *tokens])


@st.composite
def pairs(draw: st.DrawFn, name: str) -> Source:
    found = draw(st.lists(st.tuples(names, written), max_size=3))
    lines = [f"_{column}{draw(gaps)}{each}" for column, (_, each) in found]
    return Source("\n".join(lines), [[f"data_{name}"], *([f"_{column}", value] for column, (value, _) in found)])


@st.composite
def sources(draw: st.DrawFn) -> Source:
    particles = draw(loops("particles", ("rlnImageName",)))
    others = draw(st.lists(st.sampled_from(["optics", "general", "x", ""]), max_size=3, unique=True))
    blocks = [draw(st.one_of(loops(name, ("rlnOpticsGroup",)), pairs(name))) for name in others]
    blocks.insert(draw(st.integers(0, len(blocks))), particles)
    text, tokens = draw(st.sampled_from(["", "\ufeff# Created by a program\n"])), []
    for block in blocks:
        version = draw(versions)
        comment = f"# version {version}\n" if version else draw(st.sampled_from(["", "# by hand\n"]))
        text += f"\n{comment}\n{block.tokens[0][0]}\n\n{block.text}\n\n"
        tokens += [[f"# version {version}"]] * bool(version) + block.tokens
    return Source(text, tokens)


def tokens_of(text: str) -> list[list[str]]:
    lines = [line for line in text.split("\n") if line and (not line.startswith("#") or "version" in line)]
    lines = [re.sub(r"^(_\w+) #\d+$", r"\1", line) for line in lines]
    return [
        [line] if line.startswith("# version") else ["".join(map(str, match)) for match in TOKEN.findall(line)]
        for line in lines
    ]


def parse(folder: Path, text: str) -> ParticleTable:
    path = folder / "particles.star"
    path.write_text(text, encoding="utf-8", newline="")
    return read_particle_star(path)


@settings(max_examples=fuzz_examples(80), deadline=None)
@given(source=sources(), piece=st.integers(1, 4))
def test_only_the_added_column_differs(tmp_path_factory: pytest.TempPathFactory, source: Source, piece: int) -> None:
    folder = tmp_path_factory.getbasetemp()
    table = parse(folder, source.text)

    unchanged, extended = io.BytesIO(), io.BytesIO()
    write_particle_table(unchanged, table)
    with StarTableWriter(extended, table.blocks, [*table.columns, "tomosiftLabel"]) as writer:
        for start in range(0, len(table), piece):
            rows = table.rows.iloc[start : start + piece]
            writer.write(rows.assign(tomosiftLabel=[f"label {row}" for row in range(start, start + len(rows))]))

    assert tokens_of(unchanged.getvalue().decode()) == source.tokens
    start = source.tokens.index(["data_particles"])
    head = start + 2 + len(table.columns)
    with_label = [
        *source.tokens[:head],
        ["_tomosiftLabel"],
        *([*row, f"label {at}"] for at, row in enumerate(source.tokens[head : head + len(table)])),
        *source.tokens[head + len(table) :],
    ]
    assert tokens_of(extended.getvalue().decode()) == with_label
    again = parse(folder, extended.getvalue().decode())
    assert again.rows[table.columns].equals(table.rows)
    assert again.blocks == table.blocks
    assert writer.count == len(table)


def test_plain_and_careful_reading_agree(tmp_path: Path) -> None:
    """Rows of more than one piece, the last of them with quotes: the same values as read one by one."""
    rows = "".join(f" a{row}.mrc\t{row}.50   -0{row} \n" for row in range(300_000))
    text = f"data_particles\nloop_\n_rlnImageName\n_b\n_c\n{rows}'x y' 1 2\n\n# version 7\ndata_more\n_x 1\n"
    table = parse(tmp_path, text)
    assert len(table) == 300_001
    assert table.rows["rlnImageName"].tolist() == [*(f"a{row}.mrc" for row in range(300_000)), "x y"]
    assert table.rows["c"].tolist() == [*(f"-0{row}" for row in range(300_000)), "2"]
    assert table.blocks["more"] == {"position": 1, "version": "7", "pairs": [["x", "1"]]}


def test_a_row_that_does_not_fit_is_found_among_many(tmp_path: Path) -> None:
    rows = "".join(f"a{row}.mrc {row}\n" for row in range(50_000))
    with pytest.raises(FormatProblem, match=r"row 50001: line 50005 of particles.star has 3 values for 2 columns"):
        parse(tmp_path, f"data_\nloop_\n_rlnImageName\n_b\n{rows}b.mrc 1 2\nc.mrc 1\n")


def test_a_class_number_takes_its_place_or_the_last() -> None:
    numbers = pa.array(["7", "8"])
    rows = pa.record_batch({"a": ["x", "y"], "rlnClassNumber": ["1", "2"], "b": ["0", "0"]})
    replaced = set_column(rows, "rlnClassNumber", numbers)
    assert replaced.column_names == ["a", "rlnClassNumber", "b"]
    assert replaced["rlnClassNumber"].to_pylist() == ["7", "8"]
    assert set_column(rows.drop_columns(["rlnClassNumber"]), "rlnClassNumber", numbers).column_names == [
        "a",
        "b",
        "rlnClassNumber",
    ]


@pytest.mark.parametrize(
    "blocks",
    [
        {
            "optics": {"position": 0, "version": "30001", "columns": ["rlnOpticsGroup"], "rows": [["1"]]},
            "particles": {"position": 1, "version": "30001", "particles": True},
            "more": {"position": 2, "version": None, "pairs": [["x", "1"]]},
        },
        {
            "particle_block": "particles",
            "version": "30001",
            "others": {
                "optics": {"position": 0, "version": "30001", "columns": ["rlnOpticsGroup"], "rows": [["1"]]},
                "more": {"position": 2, "version": None, "pairs": [["x", "1"]]},
            },
        },
    ],
)
def test_blocks_as_sources_store_them_now_and_stored_them_first(tmp_path: Path, blocks: dict[str, object]) -> None:
    with StarTableWriter(tmp_path / "out.star", blocks, ["rlnImageName"]) as writer:  # type: ignore[arg-type]
        writer.write(pd.DataFrame({"other": ["-"], "rlnImageName": ["a b.mrc"]}))
        writer.write(pa.record_batch({"rlnImageName": ["c.mrc"]}))
    assert [" ".join(line.split()) for line in (tmp_path / "out.star").read_text().splitlines() if line] == [
        *("# version 30001", "data_optics", "loop_", "_rlnOpticsGroup #1", "1"),
        *("# version 30001", "data_particles", "loop_", "_rlnImageName #1", '"a b.mrc"', "c.mrc"),
        *("data_more", "_x 1"),
    ]


def test_no_empty_line_ends_the_table_early() -> None:
    """RELION takes the first empty line for the table's end."""
    stream = io.BytesIO()
    blocks = {"particles": {"position": 0, "version": None, "particles": True}}
    with StarTableWriter(stream, blocks, ["a"]) as writer:
        writer.write(pd.DataFrame({"a": ["1"]}))
        writer.write(pd.DataFrame({"a": pd.Series([], dtype=str)}))
        writer.write(pd.DataFrame({"a": [""]}))
    assert stream.getvalue().endswith(b'_a #1\n1\n""\n\n')


def test_missing_values_and_broken_writing_are_not_hidden(tmp_path: Path) -> None:
    blocks = {"particles": {"position": 0, "version": None, "particles": True}, "z": {"position": 1, "version": None}}
    blocks["z"]["pairs"] = [["end", "1"]]
    with (
        pytest.raises(FormatProblem, match="a value is missing"),
        StarTableWriter(tmp_path / "out.star", blocks, ["a"]) as writer,
    ):
        writer.write(pa.record_batch({"a": ["1", None]}))
    assert "data_z" not in (tmp_path / "out.star").read_text()
