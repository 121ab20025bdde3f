"""Volumes written for other programs: read back by mrcfile, by zarr and by our own reader."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import mrcfile
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomosift.formats.volume_files import VolumeReader
from tomosift.formats.volume_writers import (
    MrcCubesWriter,
    MrcStackWriter,
    OmeZarrWriter,
    OpenForWriting,
    VolumeStatistics,
    VolumeWriter,
)

VOXEL_SIZE = 6.8
MakeWriter = Callable[[OpenForWriting, int, NDArray[np.float32]], VolumeWriter]

WRITERS: dict[str, MakeWriter] = {
    "stack": lambda to, n, volumes: MrcStackWriter(to, "all.mrcs", n, volumes.shape[1], VOXEL_SIZE, _seen(volumes)),
    "zarr": lambda to, n, volumes: OmeZarrWriter(to, "all.zarr", n, volumes.shape[1], VOXEL_SIZE),
}


def destination(folder: Path) -> OpenForWriting:
    """As the artifact store does it: a file stands under its name once it was closed without an error."""

    @contextlib.contextmanager
    def open_for_writing(name: str) -> Iterator[BinaryIO]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        with partial.open("wb") as file:
            yield file
        partial.rename(path)

    return open_for_writing


def particles(n: int, box: int = 8) -> NDArray[np.float32]:
    return np.random.default_rng(n).normal(3.0, 2.0, (n, box, box, box)).astype(np.float32)


def _seen(volumes: NDArray[np.float32]) -> VolumeStatistics:
    statistics = VolumeStatistics()
    statistics.add(volumes)
    return statistics


def test_each_cube_is_an_mrc_file_of_its_own_a_thousand_in_a_folder(tmp_path: Path) -> None:
    volumes = particles(1003, 4)
    with MrcCubesWriter(destination(tmp_path), "subtomograms", 4, VOXEL_SIZE) as writer:
        names = writer.write(volumes[:700]) + writer.write(volumes[700:])
    assert names[0] == "subtomograms/000/0000001.mrc"
    assert names[1000:] == [f"subtomograms/001/000100{number}.mrc" for number in (1, 2, 3)]
    assert len(list((tmp_path / "subtomograms/000").iterdir())) == 1000
    for number in (0, 999, 1002):
        assert mrcfile.validate(tmp_path / names[number])
        with mrcfile.open(tmp_path / names[number]) as file:
            np.testing.assert_array_equal(file.data, volumes[number])
            assert file.header.mode == 2
            assert file.voxel_size.x == pytest.approx(VOXEL_SIZE)
            assert file.is_volume()


@settings(max_examples=25, deadline=None)
@given(n=st.integers(2, 12), box=st.integers(2, 7), cut=st.integers(0, 12))
def test_a_stack_reads_back_as_the_same_cubes(
    tmp_path_factory: pytest.TempPathFactory, n: int, box: int, cut: int
) -> None:
    folder, volumes = tmp_path_factory.mktemp("stack"), particles(n, box)
    with WRITERS["stack"](destination(folder), n, volumes) as writer:
        references = writer.write(volumes[:cut]) + writer.write(volumes[cut:])
    assert references == [f"{number:06d}@all.mrcs" for number in range(1, n + 1)]
    assert mrcfile.validate(folder / "all.mrcs")
    with mrcfile.open(folder / "all.mrcs") as file:
        assert file.is_volume_stack()
        np.testing.assert_array_equal(file.data, volumes)
        assert file.voxel_size.z == pytest.approx(VOXEL_SIZE)
        assert float(file.header.rms) == pytest.approx(volumes.std(dtype=np.float64))
        assert float(file.header.dmean) == pytest.approx(volumes.mean(dtype=np.float64))
    with VolumeReader() as reader:
        np.testing.assert_array_equal(reader.open(folder / "all.mrcs").read_cube(n), volumes[-1])


def test_a_stack_of_more_sections_than_two_bytes_count_is_read_again(tmp_path: Path) -> None:
    volumes = particles(8200, 8)
    with WRITERS["stack"](destination(tmp_path), len(volumes), volumes) as writer:
        writer.write(volumes)
    with VolumeReader() as reader:
        assert reader.open(tmp_path / "all.mrcs").n_cubes == 8200
        np.testing.assert_array_equal(reader.open(tmp_path / "all.mrcs").read_cube(8200), volumes[-1])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.floats(-1e6, 1e6))
def test_statistics_by_batches_are_those_of_everything(sizes: list[int], level: float) -> None:
    everything = (np.random.default_rng(sum(sizes)).standard_normal(sum(sizes)) + level).astype(np.float32)
    statistics = VolumeStatistics()
    for batch in np.split(everything, np.cumsum(sizes)[:-1]):
        statistics.add(batch)
    assert (statistics.minimum, statistics.maximum) == (everything.min(), everything.max())
    assert statistics.mean == pytest.approx(everything.mean(dtype=np.float64), rel=1e-9, abs=1e-9)
    assert statistics.deviation == pytest.approx(everything.std(dtype=np.float64), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("box", [8, 100])
def test_an_ome_zarr_opens_in_zarr_with_axes_and_voxel_size(tmp_path: Path, box: int) -> None:
    # Cubes of 100 voxels fill a shard by eights: eleven take two, the last one not full.
    volumes = particles(11, box)
    with WRITERS["zarr"](destination(tmp_path), 11, volumes) as writer:
        references = [reference for part in np.split(volumes, [3, 4, 9]) for reference in writer.write(part)]
    assert references[-1] == "000011@all.zarr"
    group = zarr.open_group(tmp_path / "all.zarr", mode="r")
    ome = group.attrs["ome"]
    image = ome["multiscales"][0]
    array = group[image["datasets"][0]["path"]]
    np.testing.assert_array_equal(array[:], volumes)
    assert ome["version"] == "0.5"
    assert [axis["name"] for axis in image["axes"]] == list(array.metadata.dimension_names) == ["n", "z", "y", "x"]
    # The specification: two or three axes of space, all last, and before them at most one of a kind of one's own.
    assert [axis["type"] for axis in image["axes"][1:]] == ["space"] * 3
    assert image["axes"][0]["type"] not in ("space", "time", "channel")
    assert image["datasets"][0]["coordinateTransformations"] == [{"type": "scale", "scale": [1.0, *[VOXEL_SIZE] * 3]}]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_missing_volume_leaves_nothing_that_reads_as_whole(tmp_path: Path, kind: str) -> None:
    volumes = particles(5)
    with (
        pytest.raises(ValueError, match="5 volumes were promised, 4 came"),
        WRITERS[kind](destination(tmp_path), 5, volumes) as writer,
    ):
        writer.write(volumes[:4])
    assert not (tmp_path / "all.mrcs").exists()
    assert not (tmp_path / "all.zarr" / "zarr.json").exists()


@pytest.mark.parametrize("kind", WRITERS)
def test_an_error_between_the_volumes_leaves_nothing_that_reads_as_whole(tmp_path: Path, kind: str) -> None:
    volumes = particles(5)

    def lost_after(written: NDArray[np.float32]) -> NDArray[np.float32]:
        writer.write(written)
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"), WRITERS[kind](destination(tmp_path), 5, volumes) as writer:
        writer.write(lost_after(volumes))
    assert not (tmp_path / "all.mrcs").exists()
    assert not (tmp_path / "all.zarr" / "zarr.json").exists()


@pytest.mark.parametrize("kind", WRITERS)
def test_more_volumes_or_another_size_than_promised_are_refused(tmp_path: Path, kind: str) -> None:
    with (
        pytest.raises(ValueError, match="3 volumes were promised, and more came"),
        WRITERS[kind](destination(tmp_path), 3, particles(4)) as writer,
    ):
        writer.write(particles(4))
    with (
        pytest.raises(ValueError, match="cubes of 8 voxels were promised"),
        WRITERS[kind](destination(tmp_path), 3, particles(3)) as writer,
    ):
        writer.write(particles(3, 9))


def test_a_stack_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one volume"):
        MrcStackWriter(destination(tmp_path), "all.mrcs", 0, 8, VOXEL_SIZE, VolumeStatistics())


def test_the_array_is_described_as_zarr_itself_would(tmp_path: Path) -> None:
    volumes = particles(5)
    with WRITERS["zarr"](destination(tmp_path), 5, volumes) as writer:
        writer.write(volumes)
    ours = json.loads((tmp_path / "all.zarr/0/zarr.json").read_text())
    zarr.create_array(
        tmp_path / "theirs",
        shape=(5, 8, 8, 8),
        chunks=(1, 8, 8, 8),
        shards=(5, 8, 8, 8),
        dtype="float32",
        compressors=None,
        fill_value=0.0,
        dimension_names=["n", "z", "y", "x"],
    )
    theirs = json.loads((tmp_path / "theirs/zarr.json").read_text())
    for field in ours:
        assert ours[field] == theirs[field], field
