"""MRC files: every mode and axis order read as z, y, x; what is broken is named before memory is taken for it."""

import gzip
import os
import resource
from pathlib import Path
from typing import Any, Literal

import mrcfile
import numpy as np
import pytest
from numpy.typing import NDArray

from tomosift.formats.mrc import write_cube, write_stack
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader, open_volume_file, read_cube, read_volume

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "formats"
needs_real_files = pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real sample files is absent")


def noise(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def _count_open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def edit_header(path: Path, **fields: Any) -> None:
    """Overwrite header fields of a little-endian file in place."""
    raw = bytearray(path.read_bytes())
    header = np.frombuffer(raw, mrcfile.dtypes.HEADER_DTYPE, count=1)
    for name, value in fields.items():
        header[name][0] = value
    path.write_bytes(raw)


def test_a_cube_is_written_as_a_valid_file_and_read(tmp_path: Path) -> None:
    cube, path = noise(8, 8, 8), tmp_path / "a.mrc"
    write_cube(path, cube, 13.48)

    header = open_volume_file(path)

    assert mrcfile.validate(path)
    assert header.shape_zyx == (8, 8, 8)
    assert header.voxel_size == pytest.approx(13.48)
    assert (header.n_cubes, header.notes) == (1, ())
    np.testing.assert_array_equal(read_cube(path), cube)
    np.testing.assert_array_equal(read_cube(path, 1), cube)
    np.testing.assert_array_equal(mrcfile.read(path), cube)


def test_equal_volumes_make_equal_files(tmp_path: Path) -> None:
    for name in ("a.mrc", "b.mrc"):
        write_cube(tmp_path / name, noise(6, 6, 6), 10.0)
    assert (tmp_path / "a.mrc").read_bytes() == (tmp_path / "b.mrc").read_bytes()


def test_a_stack_holds_its_cubes_counted_from_one(tmp_path: Path) -> None:
    cubes, path = noise(5, 6, 6, 6), tmp_path / "s.mrcs"
    write_stack(path, list(cubes), 4.0)

    header = open_volume_file(path)

    assert mrcfile.validate(path)
    assert mrcfile.read(path).shape == (5, 6, 6, 6)
    assert (header.n_cubes, header.shape_zyx) == (5, (30, 6, 6))
    assert header.voxel_size == pytest.approx(4.0)
    for index in range(1, 6):
        np.testing.assert_array_equal(read_cube(path, index), cubes[index - 1])
    for index in (0, 6):
        with pytest.raises(FormatProblem, match=r"s\.mrcs holds the cubes 1 to 5"):
            read_cube(path, index)
    with pytest.raises(FormatProblem, match=r"the list must say which: rlnImageName 000001@s\.mrcs"):
        read_cube(path)


def test_a_pile_without_the_stack_space_group_is_a_stack_too(tmp_path: Path) -> None:
    cubes = noise(3, 4, 4, 4)
    mrcfile.write(tmp_path / "pile.mrcs", cubes.reshape(12, 4, 4), voxel_size=2.0)
    np.testing.assert_array_equal(read_cube(tmp_path / "pile.mrcs", 2), cubes[1])


def test_many_cubes_of_one_stack_open_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cubes, path = noise(20, 4, 4, 4), tmp_path / "s.mrcs"
    write_stack(path, list(cubes), 4.0)
    opened: list[object] = []
    really_open = os.open

    def open_and_note(name: Path, flags: int) -> int:
        opened.append(name)
        return really_open(name, flags)

    monkeypatch.setattr(os, "open", open_and_note)

    with VolumeReader() as reader:
        for index in range(1, 21):
            np.testing.assert_array_equal(reader.open(path).read_cube(index), cubes[index - 1])

    assert opened == [path]


def test_few_files_stay_open(tmp_path: Path) -> None:
    for number in range(80):
        write_cube(tmp_path / f"{number}.mrc", noise(3, 3, 3, seed=number), 1.5)
    before = _count_open_files()
    with VolumeReader() as reader:
        for number in range(80):
            reader.open(tmp_path / f"{number}.mrc").read_cube(None)
        assert _count_open_files() - before <= 32
    assert _count_open_files() == before


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.uint16, np.float16, np.float32])
@pytest.mark.parametrize("order", ["<", ">"])
def test_modes_and_byte_orders(tmp_path: Path, kind: type, order: Literal["<", ">"]) -> None:
    values: NDArray[Any] = (np.abs(noise(5, 5, 5)) * 30 - (kind is not np.uint16) * 20).astype(kind)
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as file:
        file.set_data(values.astype(np.dtype(kind).newbyteorder(order)))
        file.voxel_size = 3.0

    np.testing.assert_array_equal(read_cube(path), values.astype(np.float32))
    assert open_volume_file(path).voxel_size == pytest.approx(3.0)


def test_imod_bytes_may_be_unsigned(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    mrcfile.write(path, np.full((2, 2, 2), -56, np.int8))
    assert read_cube(path)[0, 0, 0] == -56
    raw = bytearray(path.read_bytes())
    raw[152:160] = np.array([1146047817, 0], "<i4").tobytes()
    path.write_bytes(raw)
    assert read_cube(path)[0, 0, 0] == 200
    raw[156] = 1
    path.write_bytes(raw)
    assert read_cube(path)[0, 0, 0] == -56


@pytest.mark.parametrize("edge", [4, 5])
def test_four_bit_voxels(tmp_path: Path, edge: int) -> None:
    values = np.random.default_rng(0).integers(0, 16, (edge, edge, edge), np.uint8)
    path = tmp_path / "a.mrc"
    write_cube(path, np.zeros((edge, edge, edge), np.float32), 2.0)
    edit_header(path, mode=101)
    padded = np.pad(values, ((0, 0), (0, 0), (0, edge % 2)))
    packed = padded[:, :, 0::2] | padded[:, :, 1::2] << 4
    path.write_bytes(path.read_bytes()[:1024] + packed.tobytes())

    np.testing.assert_array_equal(read_cube(path), values)


@pytest.mark.parametrize("axes", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1), (2, 1, 3)])
def test_permuted_axes_are_put_back(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    """`axes` is (mapc, mapr, maps): which of x, y, z runs along columns, rows and sections."""
    volume, path = noise(4, 5, 6), tmp_path / "a.mrc"
    stored = volume.transpose([3 - name for name in axes[::-1]])
    mrcfile.write(path, np.ascontiguousarray(stored))
    edit_header(path, mapc=axes[0], mapr=axes[1], maps=axes[2], mx=6, my=5, mz=4, cella=(6 * 2.0, 5 * 3.0, 4 * 4.0))

    header = open_volume_file(path)

    assert header.shape_zyx == (4, 5, 6)
    assert header.voxel_size is None
    assert header.notes == ("its voxels are no cubes (2 × 3 × 4 Å along x, y, z)",)
    np.testing.assert_array_equal(read_volume(path), volume)


def test_extended_headers_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as file:
        file.set_data(noise(4, 4, 4))
        file.set_extended_header(np.frombuffer(b"x" * 128, "V1"))
    np.testing.assert_array_equal(read_cube(path), noise(4, 4, 4))


def test_oddities_are_told_and_not_fatal(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    write_cube(path, noise(4, 4, 4), 2.0)
    edit_header(path, map=b"\0\0\0\0", machst=(0, 0, 0, 0), mapc=0, mapr=0, maps=0, cella=(0, 0, 0))
    path.write_bytes(path.read_bytes() + b"more than promised")

    header = open_volume_file(path)

    assert header.voxel_size is None
    assert [note for note in header.notes if "MAP" in note]
    assert [note for note in header.notes if "axis order" in note]
    np.testing.assert_array_equal(read_cube(path), noise(4, 4, 4))


def test_a_voxel_size_of_one_is_unknown(tmp_path: Path) -> None:
    write_cube(tmp_path / "a.mrc", noise(4, 4, 4), 1.0)
    assert open_volume_file(tmp_path / "a.mrc").voxel_size is None


def test_gzipped_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    write_stack(path, list(noise(3, 4, 4, 4)), 2.0)
    packed = tmp_path / "a.mrc.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))

    with VolumeReader() as reader:
        np.testing.assert_array_equal(reader.open(packed).read_cube(3), noise(3, 4, 4, 4)[2])
        assert reader.open(packed).n_cubes == 3

    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(FormatProblem, match=r"a\.mrc\.gz is no complete gzip file"):
        read_cube(packed, 1)
    packed.write_bytes(b"no gzip at all")
    with pytest.raises(FormatProblem, match="gzip"):
        read_cube(packed, 1)


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    write_cube(path, noise(2, 2, 2), 2.0)
    edit_header(path, nx=4096, ny=4096, nz=4096)
    packed = tmp_path / "bomb.mrc.gz"
    packed.write_bytes(gzip.compress(path.read_bytes() + bytes(1_000_000)))
    with pytest.raises(FormatProblem, match="over 2 GiB"):
        open_volume_file(packed)


@pytest.mark.parametrize("size", [(2**31 - 1, 60000, 60000), (100000, 1000, 1000), (3, 3, 4)])
def test_sizes_are_not_believed_before_the_file_is_that_long(tmp_path: Path, size: tuple[int, int, int]) -> None:
    path = tmp_path / "a.mrc"
    write_cube(path, noise(3, 3, 3), 2.0)
    edit_header(path, nx=size[1], ny=size[2], nz=size[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(FormatProblem, match=r"a\.mrc is cut off: its header promises \d+ bytes, the file has 1132"):
        read_cube(path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("length", [0, 500, 1024, 1131])
def test_truncated_files_are_named_with_their_bytes(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.mrc"
    write_cube(path, noise(3, 3, 3), 2.0)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(FormatProblem, match=rf"a\.mrc .*\b{length}\b.*cut off|a\.mrc is cut off.*has {length};"):
        open_volume_file(path)


@pytest.mark.parametrize(
    "fields", [{"nx": 0}, {"ny": -5}, {"mode": 77}, {"mode": -1}, {"nsymbt": -4}, {"nx": 2**31 - 1, "ny": -1}]
)
def test_damaged_headers_are_explained(tmp_path: Path, fields: dict[str, int]) -> None:
    path = tmp_path / "a.mrc"
    write_cube(path, noise(3, 3, 3), 2.0)
    edit_header(path, **fields)
    with pytest.raises(FormatProblem, match="no MRC file or its header is damaged"):
        open_volume_file(path)


def test_other_files_are_no_mrc_files(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    path.write_bytes(b"\x89PNG" + os.urandom(5000))
    with pytest.raises(FormatProblem, match="no MRC file"):
        open_volume_file(path)
    with pytest.raises(FormatProblem, match="does not exist"):
        open_volume_file(tmp_path / "none.mrc")
    os.mkfifo(tmp_path / "pipe.mrc")
    for name in ("pipe.mrc", "."):
        with pytest.raises(FormatProblem, match="cannot be read"):
            open_volume_file(tmp_path / name)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_not_finite_are_counted(tmp_path: Path, bad: float) -> None:
    cubes, path = noise(2, 3, 3, 3), tmp_path / "s.mrcs"
    cubes[1, 0, 1, 2] = cubes[1, 2, 2, 2] = bad
    write_stack(path, list(cubes), 2.0)

    np.testing.assert_array_equal(read_cube(path, 1), cubes[0])
    with pytest.raises(FormatProblem, match=r"cube 2 of s\.mrcs holds 2 voxels that are NaN or infinite, of 27"):
        read_cube(path, 2)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 8, 8), "2D image"), ((41, 32, 32), "neither a cube nor a pile"), ((8, 8, 9), "neither a cube nor a pile")],
)
def test_what_is_no_cube_is_explained(tmp_path: Path, shape: tuple[int, int, int], message: str) -> None:
    path = tmp_path / "a.mrc"
    write_cube(path, noise(*shape), 2.0)
    with pytest.raises(FormatProblem, match=message):
        read_cube(path)


def test_fourier_transforms_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    mrcfile.write(path, noise(4, 4, 4).astype(np.complex64))
    with pytest.raises(FormatProblem, match="Fourier"):
        open_volume_file(path)


def test_a_permuted_pile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mrcs"
    mrcfile.write(path, noise(3, 6, 3))
    edit_header(path, mapc=1, mapr=3, maps=2)
    with pytest.raises(FormatProblem, match="permuted"):
        read_cube(path, 1)


def test_writing_needs_volumes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs volumes"):
        write_cube(tmp_path / "a.mrc", noise(4, 4), 2.0)


@needs_real_files
def test_a_real_map_with_permuted_axes() -> None:
    """EMD-3001: columns run along z, rows along x, sections along y."""
    path = REAL_FILES / "EMD-3001.map"
    header = open_volume_file(path)
    assert header.shape_zyx == (73, 25, 43)
    np.testing.assert_array_equal(read_volume(path), mrcfile.read(path).transpose(2, 0, 1))
    with pytest.raises(FormatProblem, match="neither a cube"):
        read_cube(path)


@needs_real_files
def test_a_real_gzipped_map() -> None:
    path = REAL_FILES / "emd_3197.map.gz"
    assert open_volume_file(path).voxel_size == pytest.approx(11.4)
    np.testing.assert_array_equal(read_cube(path), mrcfile.read(path))


@needs_real_files
def test_real_density_maps() -> None:
    maps = sorted((REAL_FILES.parent / "templates_10A").glob("*.mrc"))
    assert len(maps) == 12
    for path in maps:
        with open_volume_file(path) as volume:
            assert (volume.n_cubes, volume.voxel_size) == (1, pytest.approx(10.0, abs=0.01))
            np.testing.assert_array_equal(volume.read_cube(None), mrcfile.read(path))


@needs_real_files
def test_a_real_motive_list_is_no_volume() -> None:
    with pytest.raises(FormatProblem, match=r"motl_20_fields\.em is a motive list of"):
        open_volume_file(REAL_FILES / "motl_20_fields.em")
