"""Damaged lists of every format but RELION's: a sentence or a list, never another error, and little memory."""

import json
import random
import resource
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from fixtures.export_chunks import make_chunk, write_chunks
from fixtures.fuzzing import fuzz_examples

from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem

WRITTEN = ("dynamo", "em", "stopgap", "eman2-json", "copick", "ndjson", "csv", "parquet")
MUTATIONS = fuzz_examples(25)
"""For each of ten formats."""
TOKENS = (
    *(b"NaN", b"-inf", b"1e999", b"99999999999999999999999", b"../../etc/passwd", b"/etc/passwd", b"\0", b"\xff\xfe"),
    *(b'"', b"{", b"[" * 3000, b'{"a":' * 3000, b",", b"\n", b"\t", b"\\ud800", b"\\u0000", b"s3://bucket/x", b"1+2i"),
)


def samples(folder: Path) -> dict[str, Path]:
    """A good list of each format: the file that gets damaged."""
    found = {}
    for key in WRITTEN:
        path = write_chunks(folder / key, key, [make_chunk(12)])
        found[key] = path if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())[0]
    found["eman2-lst"] = folder / "a.lst"
    matrix = json.dumps(np.eye(3, 4).ravel().tolist())
    lines = [f'{row}\tp/TS__a.hdf\t{{"xform.align3d": {{"matrix": "{matrix}"}}}}' for row in range(12)]
    found["eman2-lst"].write_text("\n".join(["#LSX", "# comment", "# 200", *lines]))
    found["eman2-hdf"] = folder / "a.hdf"
    with h5py.File(found["eman2-hdf"], "w") as file:
        for number in range(4):
            group = file.create_group(f"MDF/images/{number}")
            group["image"] = np.zeros((4, 4, 4), np.float32)
            group.attrs["EMAN.apix_x"], group.attrs["EMAN.ptcl_source_coord"] = 7.84, np.array([1.0, 2, 3])
    return found


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content cut, with bytes flipped, or with something foreign in it."""
    at = chance.randrange(len(content))
    kind = chance.randrange(5)
    if kind == 0:
        return content[:at]
    if kind == 1:
        flipped = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        return bytes(flipped)
    if kind == 2:
        return content[:at] + chance.choice(TOKENS) + content[at:]
    if kind == 3:
        return content[:at] + chance.choice(TOKENS) + content[at + chance.randint(1, 40) :]
    return content[:at] + content[chance.randrange(len(content)) :]


def look_at_everything(table: ParticleList) -> None:
    """Whatever an import asks of a list. Raises FormatProblem."""
    count = len(table)
    assert count > 0
    references = table.image_references()
    assert references is None or len(references) == count
    assert len(table.tomogram_names()) == len(table.particle_names()) == count
    positions, angles = table.positions(), table.angles()
    assert positions is None or positions.values.shape == (count, 3)
    assert angles is None or angles.shape == (count, 3)
    assert table.pixel_sizes().shape == (count,)
    assert table.class_column is None or table.class_column in table.columns
    # Databases take neither half characters nor zero bytes.
    text = json.dumps([table.rows.to_numpy(object).tolist(), table.blocks, table.columns], allow_nan=False)
    assert "\\u0000" not in text
    json.loads(text)
    "".join(str(cell) for row in table.rows.to_numpy(object).tolist() for cell in row).encode()


def problem_of(path: Path, key: str | None) -> FormatProblem | None:
    """What a list is refused for; None for one that is read."""
    try:
        look_at_everything(read_particle_list(path, key))
    except FormatProblem as problem:
        return problem
    return None


@pytest.mark.parametrize("key", [*WRITTEN, "eman2-lst", "eman2-hdf"])
def test_damage_ends_in_a_sentence_or_a_list(tmp_path: Path, key: str) -> None:
    good = samples(tmp_path / "good")[key]
    content = good.read_bytes()
    assert problem_of(good, key) is None
    chance = random.Random(key)
    refused = []
    for number in range(MUTATIONS):
        path = tmp_path / str(number) / good.name
        path.parent.mkdir()
        path.write_bytes(damaged(content, chance))
        refused += [problem for asked in (key, None) if (problem := problem_of(path, asked)) is not None]
    assert refused
    assert not [problem for problem in refused if str(tmp_path) in str(problem) or len(problem.message) < 16]


BOMBS = {
    "deep.ndjson": b"[" * 1_000_000,
    "deep.json": b'{"boxes_3d": ' + b"[" * 1_000_000,
    "wide.json": b'{"boxes_3d": [' + b"[]," * 10_000_000 + b"[]]}",
    "keys.ndjson": b"".join(
        b'{"type": "point", "location": {"x": 1, "y": 1, "z": 1}, "k%d": 1}\n' % number for number in range(100_000)
    ),
    "columns.csv": b"x,y,z,tomogram" + b",a" * 20_000 + b"\n1,2,3,4\n",
    "digits.json": b'{"boxes_3d": [[' + b"9" * 10_000_000 + b", 1, 2]]}",
    "size.em": bytes([6, 0, 0, 5]) + np.array([20, 2**31 - 1, 1], "<i4").tobytes() + bytes(10_000),
    "line.lst": b"#LSX\n0\ta.hdf\t" + b"{" * 5_000_000,
    "row.tbl": b"1 " * 5_000_000,
}
MOST_MEMORY = 3 * 2**30
READ = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.problem import FormatProblem
try:
    read_particle_list(Path(sys.argv[1])).positions()
except FormatProblem:
    sys.exit(3)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_bounds(tmp_path: Path, name: str) -> None:
    """In a process that may not take more memory than stated, libraries included."""
    (tmp_path / name).write_bytes(BOMBS[name])
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / name), str(MOST_MEMORY)], capture_output=True, timeout=120
    )
    assert done.returncode == 3, done.stderr.decode()[-2000:]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MOST_MEMORY // 1024
