"""Volume files of every kind: recognised by content, the same voxels from each, and any part of them by itself."""

import shutil
import threading
from pathlib import Path
from typing import Any, Literal

import emfile
import h5py
import numpy as np
import pytest
import zarr
from fixtures.volume_samples import (
    VOXEL_SIZE,
    WRITERS,
    edit_json,
    noise,
    write_em,
    write_eman,
    write_mrc,
    write_ome_zarr,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader, open_volume_file, read_cube, read_volume

STACK_KINDS = ["hdf", "packed hdf", "zarr 3", "zarr 2"]


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_is_recognised_whatever_its_name(tmp_path: Path, kind: str) -> None:
    cube = noise(9, 9, 9)
    path = WRITERS[kind](tmp_path, cube).rename(tmp_path / "volume")

    with open_volume_file(path) as volume:
        assert (volume.name, volume.shape_zyx, volume.n_cubes, volume.notes) == ("volume", (9, 9, 9), 1, ())
        assert volume.voxel_size == pytest.approx(VOXEL_SIZE)
        np.testing.assert_array_equal(volume.read_cube(None), cube)
        np.testing.assert_array_equal(volume.read_cube(1), cube)
        with pytest.raises(FormatProblem, match="holds the cubes 1 to 1"):
            volume.read_cube(2)


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_box_is_read_without_the_rest(
    kind: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    shape = data.draw(st.tuples(*[st.integers(2, 11)] * 3))
    dtype = data.draw(st.sampled_from(["<f4", ">f4", "<i2"]))
    values = (noise(*shape) * 50).astype(dtype)
    path = WRITERS[kind](tmp_path_factory.mktemp("volume"), values)
    start = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    size = tuple(data.draw(st.integers(1, whole - first)) for first, whole in zip(start, shape, strict=True))

    with open_volume_file(path) as volume:
        box = volume.read_box((start[0], start[1], start[2]), (size[0], size[1], size[2]))
        assert box.dtype == np.float32
        np.testing.assert_array_equal(
            box, values[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))].astype(np.float32)
        )
        np.testing.assert_array_equal(volume.read_volume(), values.astype(np.float32))
        for bad in ((-1, 0, 0), (0, shape[1], 0)):
            with pytest.raises(ValueError, match="does not lie in"):
                volume.read_box(bad, (1, 1, 1))


@pytest.mark.parametrize("kind", STACK_KINDS)
def test_many_volumes_in_one_file_are_counted_from_one(tmp_path: Path, kind: str) -> None:
    cubes = noise(12, 5, 5, 5)
    with open_volume_file(WRITERS[kind](tmp_path, cubes)) as volume:
        assert (volume.n_cubes, volume.shape_zyx) == (12, (60, 5, 5))
        assert volume.voxel_size == pytest.approx(VOXEL_SIZE)
        for index in (1, 11, 12):
            np.testing.assert_array_equal(volume.read_cube(index), cubes[index - 1])
        with pytest.raises(FormatProblem, match="the list must say which"):
            volume.read_cube(None)
        with pytest.raises(FormatProblem, match="no tomogram to cut from"):
            volume.read_box((0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_tomogram_is_no_cube(tmp_path: Path, kind: str) -> None:
    with open_volume_file(WRITERS[kind](tmp_path, noise(4, 6, 7))) as volume:
        assert volume.n_cubes is None
        with pytest.raises(FormatProblem, match="neither a cube nor a pile"):
            volume.read_cube(None)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@pytest.mark.parametrize("kind", WRITERS)
def test_voxels_that_are_no_numbers_are_counted(tmp_path: Path, kind: str) -> None:
    cube = noise(6, 6, 6)
    cube[1, 2, 3] = np.nan
    cube[5, 5, 5] = np.inf
    with open_volume_file(WRITERS[kind](tmp_path, cube)) as volume:
        with pytest.raises(FormatProblem, match="holds 2 voxels that are NaN or infinite, of 216"):
            volume.read_cube(None)
        with pytest.raises(FormatProblem, match="holds 1 voxels that are NaN"):
            volume.read_box((1, 2, 3), (1, 1, 2))
        assert volume.read_box((2, 0, 0), (3, 6, 6)).shape == (3, 6, 6)


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_em_types_and_byte_orders(tmp_path: Path, kind: str, order: str) -> None:
    values = (noise(4, 5, 6) * 40).astype(kind)
    path = write_em(tmp_path, values)
    if order == ">":
        raw = path.read_bytes()
        header = np.frombuffer(raw, "<i4", 128).astype(">i4").tobytes()
        # Machine 5 is a Mac, big-endian; the first four bytes are no number.
        path.write_bytes(b"\x05" + raw[1:4] + header[4:512] + values.astype(f">{kind}").tobytes())
    with open_volume_file(path) as volume:
        assert volume.voxel_size == pytest.approx(VOXEL_SIZE)
        np.testing.assert_array_equal(volume.read_volume(), values.astype(np.float32))
        assert bool(volume.notes) == (kind == "i1")


def test_em_files_that_are_no_volumes_are_explained(tmp_path: Path) -> None:
    emfile.write(tmp_path / "motl.em", noise(1, 30, 20))
    with pytest.raises(FormatProblem, match=r"motl\.em is a motive list of 30 particles"):
        open_volume_file(tmp_path / "motl.em")
    path = write_em(tmp_path, noise(4, 4, 4))
    raw = bytearray(path.read_bytes())
    raw[3] = 8
    path.write_bytes(raw)
    with pytest.raises(FormatProblem, match="complex"):
        open_volume_file(path)
    raw[3] = 5
    path.write_bytes(raw[:-1])
    with pytest.raises(FormatProblem, match=r"a\.em is cut off: its header promises 768 bytes, the file has 767"):
        open_volume_file(path)


@pytest.mark.parametrize("bits", [8, 12])
def test_eman_stores_floats_as_whole_numbers(tmp_path: Path, bits: int) -> None:
    stored = np.random.default_rng(0).integers(0, 2**bits, (6, 6, 6), np.uint16)
    path = write_eman(tmp_path, stored, chunks=(3, 6, 6), compression="gzip", shuffle=True, fletcher32=True)
    with h5py.File(path, "a") as file:
        attributes = file["MDF/images/0"].attrs
        attributes["EMAN.stored_renderbits"] = bits
        attributes["EMAN.stored_rendermin"], attributes["EMAN.stored_rendermax"] = -3.0, 5.0
    values = stored / (2**bits - 1) * 8.0 - 3.0
    np.testing.assert_allclose(read_cube(path), values, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (4, 5, 3), "compression": "gzip", "shuffle": True},
        {"chunks": (4, 5, 3), "fletcher32": True},
        {"chunks": (4, 5, 3)},
    ],
)
def test_packed_hdf_agrees_with_h5py(tmp_path: Path, options: dict[str, Any]) -> None:
    volume = noise(9, 10, 11)
    np.testing.assert_array_equal(read_volume(write_eman(tmp_path, volume, **options)), volume)


def test_hdf_of_another_program_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["data"] = noise(4, 4, 4)
    with pytest.raises(FormatProblem, match=r"a\.h5 is HDF5, but not as EMAN2 writes it"):
        open_volume_file(path)


def test_images_of_another_shape_or_missing_are_named(tmp_path: Path) -> None:
    path = write_eman(tmp_path, noise(4, 5, 5, 5))
    with h5py.File(path, "a") as file:
        del file["MDF/images/1"]
        del file["MDF/images/2/image"]
        file["MDF/images/2/image"] = noise(4, 4, 4)
    with open_volume_file(path) as volume:
        assert volume.n_cubes == 4
        np.testing.assert_array_equal(volume.read_cube(4), noise(4, 5, 5, 5)[3])
        with pytest.raises(FormatProblem, match="no image 1"):
            volume.read_cube(2)
        with pytest.raises(FormatProblem, match=r"image 2 of a\.hdf has the shape"):
            volume.read_cube(3)


ZARR_2 = [{"compressors": None}] + [
    {"compressors": {"id": name}} for name in ("zlib", "gzip", "bz2", "zstd", "blosc", "lz4")
]
ZARR_3: list[dict[str, Any]] = [
    {"compressors": None},
    {"compressors": zarr.codecs.GzipCodec()},
    {"compressors": [zarr.codecs.ZstdCodec(checksum=True), zarr.codecs.Crc32cCodec()]},
    {"compressors": zarr.codecs.BloscCodec(cname="lz4")},
    {"compressors": [zarr.codecs.Crc32cCodec(), zarr.codecs.ZstdCodec()]},
    {"filters": zarr.codecs.TransposeCodec(order=(2, 0, 1))},
    {"chunks": (3, 2, 4), "shards": (6, 4, 12)},
    {
        "chunks": (3, 2, 4),
        "shards": (6, 4, 12),
        "compressors": None,
        "serializer": zarr.codecs.BytesCodec(endian="big"),
    },
]


@pytest.mark.parametrize(("version", "options"), [(2, each) for each in ZARR_2] + [(3, each) for each in ZARR_3])
def test_codecs_that_zarr_writes(tmp_path: Path, version: int, options: dict[str, Any]) -> None:
    volume = noise(9, 10, 11)
    if version == 2 and options["compressors"]:
        import numcodecs

        options = {"compressors": numcodecs.get_codec(options["compressors"])}
    path = write_ome_zarr(tmp_path, volume, version, **options)
    with open_volume_file(path) as opened:
        assert opened.shape_zyx == (9, 10, 11)
        assert opened.voxel_size == pytest.approx(VOXEL_SIZE)
        np.testing.assert_array_equal(opened.read_box((2, 3, 1), (6, 5, 9)), volume[2:8, 3:8, 1:10])
        np.testing.assert_array_equal(opened.read_volume(), volume)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("separator", [".", "/"])
def test_zarr_2_orders_and_separators(tmp_path: Path, order: Literal["C", "F"], separator: Literal[".", "/"]) -> None:
    volume = noise(5, 6, 7)
    zarr.create_array(
        tmp_path / "a.zarr",
        data=volume,
        chunks=(2, 4, 3),
        zarr_format=2,
        order=order,
        chunk_key_encoding={"name": "v2", "separator": separator},
    )
    np.testing.assert_array_equal(read_volume(tmp_path / "a.zarr"), volume)


def test_chunks_that_were_never_written_hold_the_fill_value(tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path / "a.zarr", shape=(6, 6, 6), chunks=(3, 6, 6), dtype="i2", fill_value=7)
    array[3:] = 1
    volume = read_volume(tmp_path / "a.zarr")
    assert (volume[:3] == 7).all()
    assert (volume[3:] == 1).all()


def test_axes_before_z_may_be_single_and_channels_may_not_be_many(tmp_path: Path) -> None:
    volume = noise(1, 1, 4, 5, 6)
    zarr.create_array(tmp_path / "a.zarr", data=volume)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.zarr"), volume[0, 0])
    path = write_ome_zarr(tmp_path, noise(3, 4, 4, 4))
    edit_json(path / "zarr.json", lambda value: _axes(value)[0].update(name="c", type="channel"))
    with pytest.raises(FormatProblem, match="several channels or times"):
        open_volume_file(path)
    edit_json(path / "zarr.json", lambda value: _axes(value).reverse())
    with pytest.raises(FormatProblem, match="the axes x, y, z, c; z, y, x must be its last three"):
        open_volume_file(path)


def _axes(value: dict[str, Any]) -> list[dict[str, Any]]:
    axes: list[dict[str, Any]] = value["attributes"]["ome"]["multiscales"][0]["axes"]
    return axes


def test_a_voxel_size_without_a_unit_is_unknown(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path, noise(4, 4, 4))
    edit_json(path / "zarr.json", lambda value: [axis.pop("unit") for axis in _axes(value)])
    assert open_volume_file(path).voxel_size is None


def test_a_folder_without_an_image_is_explained(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w").create_array("0", data=noise(4, 4, 4))
    with pytest.raises(FormatProblem, match=r"a\.zarr is no OME-Zarr image"):
        open_volume_file(tmp_path / "a.zarr")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatProblem, match="empty cannot be read"):
        open_volume_file(tmp_path / "empty")


def test_a_file_that_shrinks_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    path = write_mrc(tmp_path, noise(40, 40, 40))
    with open_volume_file(path) as volume:
        with path.open("r+b") as file:
            file.truncate(20_000)
        with pytest.raises(FormatProblem, match=r"a\.mrc became shorter while it was read"):
            volume.read_box((30, 3, 3), (8, 8, 8))


def test_boxes_from_beyond_four_gigabytes(tmp_path: Path) -> None:
    """A tomogram of 6 GB that takes no room on the disk but for one box."""
    path = write_mrc(tmp_path, noise(2, 2, 2))
    raw = bytearray(path.read_bytes()[:1024])
    raw[:12] = np.array([1000, 1000, 1500], "<i4").tobytes()
    box = noise(3, 4, 5)
    with path.open("wb") as file:
        file.write(raw)
        for z, y in np.ndindex(3, 4):
            file.seek(1024 + (((1490 + z) * 1000 + 900 + y) * 1000 + 800) * 4)
            file.write(box[z, y].tobytes())
        file.truncate(1024 + 1500 * 1000 * 1000 * 4)
    with open_volume_file(path) as volume:
        np.testing.assert_array_equal(volume.read_box((1490, 900, 800), (3, 4, 5)), box)
        with pytest.raises(FormatProblem, match="too large to be read at once"):
            volume.read_volume()


def test_rows_too_long_to_read_through_are_read_in_pieces(tmp_path: Path) -> None:
    volume = (noise(3, 4, 9000) * 99).astype(np.int16)
    with open_volume_file(write_mrc(tmp_path, volume)) as opened:
        np.testing.assert_array_equal(opened.read_box((1, 1, 5000), (2, 3, 40)), volume[1:3, 1:4, 5000:5040])


@pytest.mark.parametrize("kind", WRITERS)
def test_threads_share_a_reader(tmp_path: Path, kind: str) -> None:
    volume = noise(16, 16, 16)
    path = WRITERS[kind](tmp_path, volume)
    wrong: list[object] = []

    def read(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(40):
            z, y, x = (int(n) for n in random.integers(0, 12, 3))
            try:
                box: NDArray[np.float32] = reader.open(path).read_box((z, y, x), (4, 4, 4))
                if not np.array_equal(box, volume[z : z + 4, y : y + 4, x : x + 4]):
                    wrong.append(seed)
            except FormatProblem as problem:
                wrong.append(problem)

    with VolumeReader() as reader:
        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_of_files_that_fill_memory_one_stays_open(tmp_path: Path) -> None:
    first = WRITERS["mrc.gz"](tmp_path, noise(4, 4, 4))
    second = shutil.copy(first, tmp_path / "b.mrc.gz")
    with VolumeReader() as reader:
        opened = reader.open(first)
        reader.open(write_mrc(tmp_path, noise(4, 4, 4)))
        assert reader.open(first) is opened
        reader.open(second)
        assert reader.open(first) is not opened
