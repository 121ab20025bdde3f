"""Damaged STAR files: a list or a sentence, never a crash, in bounded time and memory."""

import contextlib
import resource
import time
from pathlib import Path

import pytest
from fixtures.fuzzing import fuzz_examples
from hypothesis import given, settings
from hypothesis import strategies as st

from tomosift.formats.problem import FormatProblem
from tomosift.formats.relion_tomograms import read_relion_tomograms
from tomosift.formats.star import read_particle_star, write_particle_table

OPTICS = (
    "data_optics\nloop_\n_rlnOpticsGroup #1\n_rlnTomoTiltSeriesPixelSize\n_rlnImagePixelSize #3\n1 1.5 3\n2 1.5 3\n"
)
PARTICLES = "".join(
    f"TS_{row % 3} {row}.5 20 30 1 2 -{row}.25 {row:06d}@TS/stack.mrcs {row % 2 + 1} 1.5 -2 0 10 20 30 'a b' {row}\n"
    for row in range(1, 30)
)
COLUMNS = [
    "rlnTomoName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnImageName",
    "rlnOpticsGroup",
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnOriginZAngst",
    "rlnTomoSubtomogramRot",
    "rlnTomoSubtomogramTilt",
    "rlnTomoSubtomogramPsi",
    "labNote",
    "rlnClassNumber",
]
LIST = f"# version 30001\n{OPTICS}\n# version 30001\ndata_particles\nloop_\n" + "".join(
    f"_{each}\n" for each in COLUMNS
)
TILTS = "".join(f"data_TS_{name}\nloop_\n_rlnTomoProjZ\n_rlnTomoYTilt\n[0.1,0,0.9,0] 6\n" for name in range(3))
TOMOGRAMS = (
    "data_global\nloop_\n_rlnTomoName\n_rlnTomoSizeX\n_rlnTomoSizeY\n_rlnTomoSizeZ\n_rlnTomoTiltSeriesStarFile\n"
    + "".join(f"TS_{name} 10 20 30 tilts/{name}.star\n" for name in range(3))
    + TILTS
)
SOURCES = [f"{LIST}{PARTICLES}\n".encode(), TOMOGRAMS.encode()]
FEW = [
    "nan",
    "inf",
    "-1e308",
    "1e999",
    "x",
    '"',
    "'",
    "#",
    "\0",
    "data_",
    "loop_",
    "_",
    "",
    "\n",
    "\r",
    "\t",
    "\x1c",
    "é",
]
FEW += ["0@a", "@", "../../etc/passwd", "99999999999999999999@a", "\ufeff", "\u2028", "data_particles\nloop_\n_a\n"]

mutation = st.one_of(
    st.tuples(st.just("truncate"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("flip"), st.floats(0, 1), st.binary(min_size=1, max_size=3)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.sampled_from(FEW).map(str.encode)),
    st.tuples(st.just("word"), st.floats(0, 1), st.sampled_from(FEW).map(str.encode)),
    st.tuples(st.just("repeat"), st.floats(0, 1), st.integers(1, 400).map(lambda count: b"%d" % count)),
)


def mutate(data: bytes, kind: str, place: float, what: bytes) -> bytes:
    at = int(place * len(data))
    if kind == "truncate":
        return data[:at]
    if kind == "flip":
        return data[:at] + what + data[at + len(what) :]
    if kind == "insert":
        return data[:at] + what + data[at:]
    if kind == "word":
        end = min((found for found in (data.find(b" ", at), data.find(b"\n", at)) if found >= 0), default=len(data))
        return data[:at] + what + data[end:]
    end = data.find(b"\n", at) + 1
    return data[:end] + data[at:end] * int(what) + data[end:]


def use_everything(path: Path) -> None:
    """What an import does with a list, each view by itself; and the list written again reads the same."""
    with contextlib.suppress(FormatProblem):
        read_relion_tomograms(path, [path.parent])
    try:
        table = read_particle_star(path)
    except FormatProblem:
        return
    views = [table.image_references, table.positions, table.angles, table.cube_angles, table.pixel_sizes]
    for view in [*views, table.tomogram_names, table.particle_names, table.origins_angstrom]:
        with contextlib.suppress(FormatProblem):
            found = view()
            assert found is None or not isinstance(found, list) or len(found) == len(table)
    assert table.why_no_images
    try:
        write_particle_table(path.with_name("again.star"), table)
    except FormatProblem:
        return  # a value no STAR file can hold, which only other programs' reading of quotes lets in
    again = read_particle_star(path.with_name("again.star"))
    assert again.rows.equals(table.rows)
    assert again.blocks == table.blocks


@settings(max_examples=fuzz_examples(200), deadline=None)
@given(source=st.sampled_from(SOURCES), mutations=st.lists(mutation, min_size=1, max_size=3))
def test_mutated_files(
    tmp_path_factory: pytest.TempPathFactory, source: bytes, mutations: list[tuple[str, float, bytes]]
) -> None:
    for each in mutations:
        source = mutate(source, *each)
    path = tmp_path_factory.getbasetemp() / "mutated.star"
    path.write_bytes(source)
    use_everything(path)


LONG = 3_000_000
TABLE = "data_particles\nloop_\n_rlnImageName\n_b\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE + "x" * LONG, "longer than"),
        (TABLE + "x " * LONG, "longer than"),
        (TABLE + "\t" * LONG, "longer than"),
        (TABLE + '"a ' * 300_000, "300000 values for 2 columns"),
        (TABLE + '\'"a"b ' * 100_000, "values for 2 columns"),
        ("data_particles\nloop_\n" + "".join(f"_c{number}\n" for number in range(400_000)), "more than 1,000 columns"),
        ("".join(f"data_{number}\n" for number in range(400_000)), "more than 20,000 blocks"),
        ("data_x\n" + "_a 1\n" * 300_000 + "_b\n", "neither"),
        ("\n" * LONG, "no data_ block"),
        ("# version 1\n" * 200_000, "no data_ block"),
        ("\r" * LONG, "no data_ block"),
        (TABLE + "data_/a.mrc 1\n" * 100_000 + "1\n", "row 100001"),
        (TABLE + "\n \n" * 500_000 + "1\n", "row 1: line 1000005"),
    ],
    ids=range(13),
)
def test_huge_parts_take_bounded_time_and_memory(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "huge.star"
    path.write_text(text)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(FormatProblem, match=message):
        read_particle_star(path)
    assert time.process_time() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
