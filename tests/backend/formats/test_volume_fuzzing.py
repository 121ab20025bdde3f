"""Damaged and malicious volume files: always a named reason, never a crash, much memory, or a look at other files.

Short by default; `TOMOSIFT_FUZZ_EXAMPLES=2000` tries as many mutations of each kind.
"""

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import mrcfile
import numcodecs
import numpy as np
import pytest
import zarr
from fixtures.fuzzing import fuzz_examples
from fixtures.volume_samples import WRITERS, edit_json, noise, write_eman, write_mrc, write_ome_zarr

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import open_volume_file, read_volume

MUTATIONS_EACH = 40
MEMORY_BOUND_MIB = 600
"""A chunk of 256 MiB, packed and unpacked, and the small volume itself."""
SAMPLES: dict[str, Callable[[Path, Any], Path]] = {
    **WRITERS,
    "sharded zarr": lambda folder, volume: write_ome_zarr(folder, volume, 3, chunks=(4, 4, 4), shards=(8, 8, 8)),
}

# Reads each file of a folder in a process of its own, so that a crash of a library is seen, and its memory too. What
# it says of a file is a reason, "fine", or the error that should not have been; files it opens elsewhere are told.
READ_ALL = """
import json, os, resource, sys
from pathlib import Path
import numpy as np
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import open_volume_file
folder = Path(sys.argv[1])
opened = []
watching = False
def watch(event, arguments):
    if watching and event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        opened.append(os.fspath(arguments[0]))
sys.addaudithook(watch)
def say(**what):
    print(json.dumps(what), flush=True)
def try_all(path):
    with open_volume_file(path) as volume:
        parts = [lambda: volume.read_cube(None), lambda: volume.read_cube(1)]
        ends = [size - min(size, 5) for size in volume.shape_zyx]
        box = tuple(min(size, 5) for size in volume.shape_zyx)
        parts += [lambda: volume.read_box((0, 0, 0), box), lambda: volume.read_box(tuple(ends), box)]
        reasons = []
        for part in parts:
            try:
                assert np.isfinite(part()).all()
            except FormatProblem as problem:
                reasons.append(problem.message)
        return reasons
for path in sorted(folder.iterdir()):
    say(file=path.name)
    watching = True
    try:
        reasons = try_all(path)
    except FormatProblem as problem:
        reasons = [problem.message]
    except BaseException as error:
        reasons = None
        say(file=path.name, wrong=repr(error))
    watching = False
    say(file=path.name, reasons=reasons)
# Python itself loads modules when they are needed first.
ours = (str(folder), sys.prefix, sys.base_prefix)
say(elsewhere=[name for name in opened if not os.path.realpath(name).startswith(ours)],
    peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
IMPORTS_ALONE = """
import resource
import tomosift.formats.volume_files
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Cut off, with flipped bits, or with numbers in the header that promise far too much."""
    raw = bytearray(data)
    kind = random.integers(0, 5)
    if kind == 0:
        return bytes(raw[: random.integers(0, len(raw))])
    if kind == 1:
        for place in random.integers(0, len(raw), random.integers(1, 6)):
            raw[place] ^= 1 << random.integers(0, 8)
    elif kind == 2:
        for place in random.integers(0, min(len(raw), 1024), random.integers(1, 30)):
            raw[place] = random.integers(0, 256)
    elif kind == 3:
        place = 4 * int(random.integers(0, max(1, min(len(raw), 1024) // 4)))
        raw[place : place + 4] = int(random.choice([0, -1, 2**31 - 1, 60_000, 7])).to_bytes(4, "little", signed=True)
    else:
        place = int(random.integers(0, len(raw)))
        raw[place : place + 8] = random.choice([b"\xff" * 8, b"\0" * 8, b"\0\0\xc0\x7f" * 2, b"\xff\xff\xff\x7f" * 2])
    return bytes(raw)


STRANGE_VALUES = [
    *(-1, 0, 2**31, 2**62, 1e308, True, None, "", "x", "NaN", [], {}, [1], [2**40] * 3, [[1]], "|O", "object"),
    *("../../../etc/passwd", "/etc/passwd", {"id": "pickle"}, {"name": "numcodecs.pickle"}),
]


def mutate_json(value: Any, random: np.random.Generator) -> Any:
    """The same JSON with one value somewhere replaced or left out."""
    if isinstance(value, dict | list) and value and random.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = keys[random.integers(0, len(keys))]
        if random.random() < 0.1:
            del value[key]
        else:
            value[key] = mutate_json(value[key], random)
        return value
    return STRANGE_VALUES[random.integers(0, len(STRANGE_VALUES))]


def mutate_folder(path: Path, random: np.random.Generator) -> None:
    files = sorted(each for each in path.rglob("*") if each.is_file())
    descriptions = [each for each in files if each.name in ("zarr.json", ".zarray", ".zattrs")]
    if random.random() < 0.7:
        chosen = descriptions[random.integers(0, len(descriptions))]
        chosen.write_text(json.dumps(mutate_json(json.loads(chosen.read_text()), random)))
    else:
        chosen = files[random.integers(0, len(files))]
        chosen.write_bytes(mutated(chosen.read_bytes(), random))


def read_all(folder: Path) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """What the reading process said of each file, and of itself at the end."""
    run = subprocess.run([sys.executable, "-c", READ_ALL, str(folder)], capture_output=True, text=True, timeout=280)
    said = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, (said[-1:], run.stderr[-2000:])
    wrong = [each for each in said if "wrong" in each]
    assert not wrong
    return {each["file"]: each["reasons"] for each in said if "reasons" in each}, said[-1]


@pytest.mark.parametrize("kind", SAMPLES)
def test_mutated_files_have_a_named_reason(tmp_path: Path, kind: str) -> None:
    """Fewer than all are refused: a flipped bit of a voxel is a voxel."""
    count = fuzz_examples(MUTATIONS_EACH)
    folder, sample = tmp_path / "mutated", tmp_path / "sample"
    folder.mkdir()
    sample.mkdir()
    for number in range(count):
        random = np.random.default_rng([number, len(kind)])
        path = SAMPLES[kind](sample, noise(8, 8, 8))
        target = folder / f"{number:05d}{''.join(path.suffixes)}"
        path.rename(target)
        if target.is_dir():
            mutate_folder(target, random)
        else:
            target.write_bytes(mutated(target.read_bytes(), random))

    reasons, itself = read_all(folder)

    assert len(reasons) == count
    assert itself["elsewhere"] == []
    refused = {file: each for file, each in reasons.items() if each}
    assert len(refused) >= count // 5
    for file, each in refused.items():
        assert all(file in reason or f"image 0 of {file}" in reason for reason in each), each
    baseline = int(subprocess.run([sys.executable, "-c", IMPORTS_ALONE], capture_output=True, text=True).stdout)
    assert itself["peak"] - baseline < MEMORY_BOUND_MIB


def bomb_mrc_gz(folder: Path) -> None:
    """Two megabytes that unpack to two gigabytes, behind a header that promises a little."""
    head = write_mrc(folder, noise(4, 4, 4)).read_bytes()
    (folder / "a.mrc").unlink()
    packer = gzip.compress(head + bytes(64 * 2**20), 9)
    # Members of a gzip file follow one another.
    (folder / "bomb.mrc.gz").write_bytes(packer + gzip.compress(bytes(64 * 2**20), 9) * 31)


def bomb_huge_mrc_gz(folder: Path) -> None:
    """A header that promises two gigabytes, with a megabyte behind it."""
    raw = bytearray(write_mrc(folder, noise(4, 4, 4)).read_bytes())
    (folder / "a.mrc").unlink()
    raw[:12] = np.array([1000, 1000, 500], "<i4").tobytes()
    (folder / "bomb.mrc.gz").write_bytes(gzip.compress(bytes(raw) + bytes(10**6)))


def bomb_hdf(folder: Path) -> None:
    """A chunk of two kilobytes that gzip would make a megabyte of."""
    path = write_eman(folder, noise(8, 8, 8), chunks=(8, 8, 8), compression="gzip")
    with h5py.File(path, "r+") as file:
        file["MDF/images/0/image"].id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(10**6), 9))


def bomb_zarr(folder: Path) -> None:
    path = write_ome_zarr(folder, noise(8, 8, 8), compressors=zarr.codecs.ZstdCodec(), chunks=(8, 8, 8))
    (path / "s0" / "c" / "0" / "0" / "0").write_bytes(numcodecs.Zstd().encode(bytes(500 * 2**20)))


def bomb_zarr_2(folder: Path) -> None:
    path = write_ome_zarr(folder, noise(8, 8, 8), 2, compressors=numcodecs.GZip(), chunks=(8, 8, 8))
    chunk = next(each for each in (path / "s0").rglob("*") if each.name[-1] == "0" and each.is_file())
    chunk.write_bytes(gzip.compress(bytes(4 * 2**20), 9))


def huge_zarr(folder: Path) -> None:
    """A few bytes of JSON that promise 2.8e14 voxels of zero in one chunk each."""
    path = write_ome_zarr(folder, noise(8, 8, 8))

    def enlarge(value: dict[str, Any]) -> None:
        value["shape"] = [65_000, 65_000, 65_000]
        value["chunk_grid"]["configuration"]["chunk_shape"] = [65_000, 65_000, 65_000]

    edit_json(path / "s0" / "zarr.json", enlarge)


def sparse_zarr(folder: Path) -> None:
    path = write_ome_zarr(folder, noise(8, 8, 8))
    edit_json(path / "s0" / "zarr.json", lambda value: value.update(shape=[65_000, 65_000, 65_000]))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (bomb_mrc_gz, None),
        (bomb_huge_mrc_gz, "cut off: its header promises 2000001024 bytes"),
        (bomb_hdf, "a chunk of it"),
        (bomb_zarr, "a chunk of it cannot be unpacked"),
        (bomb_zarr_2, "a chunk of it has not 2048 bytes"),
        (huge_zarr, "stored in chunks of"),
        (sparse_zarr, "cubes of 65000 voxels"),
    ],
)
def test_bombs_take_no_memory(tmp_path: Path, make: Callable[[Path], None], reason: str | None) -> None:
    make(tmp_path)
    reasons, itself = read_all(tmp_path)
    (told,) = reasons.values()
    assert told == [] if reason is None else any(reason in each for each in told)
    baseline = int(subprocess.run([sys.executable, "-c", IMPORTS_ALONE], capture_output=True, text=True).stdout)
    assert itself["peak"] - baseline < 100


def secret(folder: Path) -> Path:
    """A volume that nothing in `folder/open` may lead to."""
    path = folder / "secret.hdf"
    with h5py.File(path, "w") as file:
        file["image"] = noise(8, 8, 8)
    return path


def hdf_with(folder: Path, make: Callable[[h5py.Group, Path], None]) -> Path:
    path = folder / "a.hdf"
    hidden = secret(folder)
    with h5py.File(path, "w") as file:
        make(file.create_group("MDF/images/0"), hidden)
    return path


def external_link(group: h5py.Group, hidden: Path) -> None:
    group["image"] = h5py.ExternalLink(str(hidden), "/image")


def soft_link(group: h5py.Group, hidden: Path) -> None:
    group.file["elsewhere"] = h5py.ExternalLink(str(hidden), "/image")
    group["image"] = h5py.SoftLink("/elsewhere")


def linked_group(group: h5py.Group, hidden: Path) -> None:
    del group.file["MDF/images"]
    group.file["MDF/images"] = h5py.ExternalLink(str(hidden), "/")


def virtual_data(group: h5py.Group, hidden: Path) -> None:
    layout = h5py.VirtualLayout((8, 8, 8), "f4")
    layout[:] = h5py.VirtualSource(str(hidden), "image", (8, 8, 8))
    group.create_virtual_dataset("image", layout)


def external_data(group: h5py.Group, hidden: Path) -> None:
    group.create_dataset("image", (8, 8, 8), "f4", external=[(str(hidden), 0, 2048)])


def unknown_filter(group: h5py.Group, hidden: Path) -> None:
    group.create_dataset("image", (8, 8, 8), "f4", chunks=(8, 8, 8), compression="lzf")


def never_written(group: h5py.Group, hidden: Path) -> None:
    group.create_dataset("image", (60_000, 60_000, 60_000), "f4")


def never_written_chunks(group: h5py.Group, hidden: Path) -> None:
    group.create_dataset("image", (900, 900, 900), "f4", chunks=(16, 16, 16))


def objects(group: h5py.Group, hidden: Path) -> None:
    group.create_dataset("image", (8, 8, 8), h5py.string_dtype())


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (external_link, "image in it is a link to elsewhere"),
        (soft_link, "image in it is a link to elsewhere"),
        (linked_group, "images in it is a link to elsewhere"),
        (virtual_data, "keeps its voxels in other files"),
        (external_data, "keeps its voxels in other files"),
        (unknown_filter, "HDF5 filter 32000"),
        (never_written, "is cut off"),
        (never_written_chunks, "lacks some of its voxels"),
        (objects, "does not hold numbers"),
    ],
)
def test_hdf5_leads_nowhere_else(tmp_path: Path, make: Callable[[h5py.Group, Path], None], reason: str) -> None:
    path = hdf_with(tmp_path, make)
    with pytest.raises(FormatProblem, match=reason):
        read_volume_part(path)


def read_volume_part(path: Path) -> None:
    with open_volume_file(path) as volume:
        volume.read_box((0, 0, 0), (8, 8, 8))


def _first_level(change: dict[str, Any]) -> Callable[[Path], None]:
    return lambda path: edit_json(path / "s0" / "zarr.json", lambda value: value.update(change))


def _old_level(change: dict[str, Any]) -> Callable[[Path], None]:
    return lambda path: edit_json(path / "s0" / ".zarray", lambda value: value.update(change))


def _linked_chunk(path: Path) -> None:
    chunk = path / "s0" / "c" / "0" / "0" / "0"
    (path.parent / "chunk").write_bytes(chunk.read_bytes())
    chunk.unlink()
    chunk.symlink_to(path.parent / "chunk")


def _linked_level(path: Path) -> None:
    (path / "s0").rename(path.parent / "level")
    (path / "s0").symlink_to(path.parent / "level")


def _level_elsewhere(to: str) -> Callable[[Path], None]:
    def change(value: dict[str, Any]) -> None:
        value["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = to

    def make(path: Path) -> None:
        write_ome_zarr(path.parent, noise(4, 4, 4)).rename(path.parent / "other.zarr")
        write_ome_zarr(path.parent, noise(8, 8, 8))
        edit_json(path / "zarr.json", change)

    return make


def _pipe_for_a_chunk(path: Path) -> None:
    chunk = path / "s0" / "c" / "0" / "0" / "0"
    chunk.unlink()
    os.mkfifo(chunk)


@pytest.mark.parametrize(
    ("version", "make", "reason"),
    [
        (3, _first_level({"codecs": [{"name": "numcodecs.pickle"}]}), "codec 'numcodecs.pickle' is not read"),
        (3, _first_level({"codecs": [{"name": "bytes"}, {"name": "vlen-utf8"}]}), "codec 'vlen-utf8' is not read"),
        (3, _first_level({"data_type": "string"}), "'string', and only plain numbers"),
        (3, _first_level({"storage_transformers": [{"name": "x"}]}), "storage transformers"),
        (3, _linked_chunk, "leads out of the folder"),
        (3, _linked_level, "leads out of the folder"),
        (3, _level_elsewhere("../other.zarr/s0"), "is no path inside the folder"),
        (3, _level_elsewhere("/etc"), "is no path inside the folder"),
        (3, _level_elsewhere(""), "no Zarr array in it"),
        (3, _pipe_for_a_chunk, "is no file"),
        (2, _old_level({"compressor": {"id": "pickle"}}), "codec 'pickle' is not read"),
        (2, _old_level({"filters": [{"id": "pickle"}]}), "written with filters"),
        (2, _old_level({"dtype": "|O"}), "'|O', and only plain numbers"),
        (2, _old_level({"dtype": [["a", "<f4"]]}), "only plain numbers"),
        (2, _old_level({"chunks": [8, 8]}), "its shape or its chunks are damaged"),
    ],
)
def test_zarr_runs_no_code_and_leads_nowhere_else(
    tmp_path: Path, version: int, make: Callable[[Path], None], reason: str
) -> None:
    path = write_ome_zarr(tmp_path, noise(8, 8, 8), version)
    make(path)
    with pytest.raises(FormatProblem, match=reason.replace("|", r"\|")):
        read_volume_part(path)


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path, noise(8, 8, 8))
    (path / "s0").rename(path / "level")
    (path / "s0").symlink_to("level")
    np.testing.assert_array_equal(read_volume(path), noise(8, 8, 8))


def test_a_link_loop_in_hdf5_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.hdf"
    with h5py.File(path, "w") as file:
        file["MDF"] = h5py.SoftLink("/MDF")
    with pytest.raises(FormatProblem, match="link to elsewhere"):
        open_volume_file(path)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mrcfile_reads_what_we_do_not_refuse(tmp_path: Path) -> None:
    """Of mutated headers that both read, the voxels are the same."""
    agreed = 0
    for number in range(fuzz_examples(150)):
        path = write_mrc(tmp_path, noise(4, 6, 8))
        raw = bytearray(path.read_bytes())
        random = np.random.default_rng(number)
        for place in random.integers(0, 230, 2):
            raw[place] = random.integers(0, 4)
        path.write_bytes(raw)
        try:
            ours = read_volume(path)
            theirs = np.asarray(mrcfile.read(path), np.float32)
        except (FormatProblem, ValueError):
            continue
        if ours.shape == theirs.shape:
            np.testing.assert_array_equal(ours, theirs)
            agreed += 1
    assert agreed > 10
