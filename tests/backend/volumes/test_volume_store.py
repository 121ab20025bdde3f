"""The volume store: what is written is read, by our fast path and by Zarr alike."""

import contextlib
import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomosift.volumes import store as store_module
from tomosift.volumes.store import VolumeArray, VolumeStore
from tomosift.volumes.trusted_metadata import VolumeStoreProblem


def noise(n: int, box: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((n, box, box, box), np.float32)


def fill(array: VolumeArray, volumes: NDArray[np.float32]) -> None:
    for block in array.blocks():
        array.write_block(block.start, volumes[block.start : block.stop])


@pytest.fixture(params=["folder", "file-url", "memory-url", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        return str(request.getfixturevalue("s3_url"))
    return {
        "folder": str(tmp_path / "store"),
        "file-url": f"file://{tmp_path}/store",
        "memory-url": f"memory://{uuid.uuid4().hex}",
    }[request.param]


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four 6-voxel cubes a shard."""
    monkeypatch.setattr(store_module, "_SHARD_BYTES", 4 * 6**3 * 4)


@pytest.mark.usefixtures("small_shards")
def test_random_reads_give_what_was_written(url: str) -> None:
    volumes = noise(10, 6)
    store = VolumeStore(url)
    fill(store.create("source-1", 10, 6, 13.48), volumes)

    opened = store.open("source-1")
    wanted = [9, 0, 3, 3, 8, 4]

    assert len(opened) == 10
    assert opened.shape == (10, 6, 6, 6)
    assert opened.voxel_size == 13.48
    assert [len(block) for block in opened.blocks()] == [4, 4, 2]
    np.testing.assert_array_equal(opened.read(wanted), volumes[wanted])
    np.testing.assert_array_equal(opened.read(np.array([7], np.int32)), volumes[[7]])
    assert opened.read([]).shape == (0, 6, 6, 6)


@pytest.mark.usefixtures("small_shards")
def test_a_volume_of_zeros_is_written_and_a_gap_is_an_error(url: str) -> None:
    array = VolumeStore(url).create("s", 10, 6, 1.5)
    array.write_block(4, np.zeros((4, 6, 6, 6), np.float32))

    assert not array.read([4, 7]).any()
    with pytest.raises(VolumeStoreProblem, match="never written"):
        array.read([5, 1])


@pytest.mark.usefixtures("small_shards")
def test_writing_a_block_again_replaces_it_even_after_a_read(url: str) -> None:
    array = VolumeStore(url).create("s", 6, 6, 1.5)
    first, second = noise(6, 6, 1), noise(6, 6, 2)
    fill(array, first)
    array.read([0, 5])

    array.write_block(0, second[:4])
    array.write_block(0, second[:4])

    np.testing.assert_array_equal(array.read(range(6)), np.concatenate([second[:4], first[4:]]))


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize(("start", "count"), [(1, 4), (0, 3), (4, 7), (-4, 4), (8, 4), (0, 0)])
def test_blocks_that_are_not_whole_shards_are_refused(tmp_path: Path, start: int, count: int) -> None:
    array = VolumeStore(str(tmp_path)).create("s", 10, 6, 1.5)
    with pytest.raises(ValueError, match="whole shards"):
        array.write_block(start, noise(count, 6))


def test_volumes_of_another_box_are_refused(tmp_path: Path) -> None:
    array = VolumeStore(str(tmp_path)).create("s", 2, 6, 1.5)
    with pytest.raises(ValueError, match="do not fit"):
        array.write_block(0, noise(2, 5))


@pytest.mark.parametrize("index", [-1, 10])
def test_an_index_out_of_range_is_an_error(tmp_path: Path, index: int) -> None:
    array = VolumeStore(str(tmp_path)).create("s", 10, 6, 1.5)
    with pytest.raises(IndexError, match="0…9"):
        array.read([0, index])


@pytest.mark.usefixtures("small_shards")
def test_creating_again_goes_on_where_it_stopped(url: str) -> None:
    store = VolumeStore(url)
    volumes = noise(10, 6)
    store.create("s", 10, 6, 2.0).write_block(0, volumes[:4])

    again = store.create("s", 10, 6, 2.0)
    again.write_block(4, volumes[4:])

    np.testing.assert_array_equal(again.read(range(10)), volumes)
    with pytest.raises(VolumeStoreProblem, match="delete them first"):
        store.create("s", 11, 6, 2.0)


@pytest.mark.usefixtures("small_shards")
def test_a_block_is_there_when_all_of_it_is(url: str) -> None:
    array = VolumeStore(url).create("s", 10, 6, 2.0)
    array.write_block(4, noise(4, 6))
    array.write_block(8, noise(2, 6))

    assert [array.has_block(block.start) for block in array.blocks()] == [False, True, True]
    assert [VolumeStore(url).open("s").has_block(start) for start in (0, 4, 8)] == [False, True, True]
    for start in (-4, 2, 12):
        with pytest.raises(ValueError, match="no block begins"):
            array.has_block(start)


@pytest.mark.usefixtures("small_shards")
def test_a_damaged_block_is_not_there(tmp_path: Path) -> None:
    array = VolumeStore(str(tmp_path)).create("s", 10, 6, 2.0)
    fill(array, noise(10, 6))
    shards = [tmp_path / "volumes" / "s" / "c" / f"{number}" / "0" / "0" / "0" for number in range(3)]
    whole = shards[0].read_bytes()
    shards[0].write_bytes(whole[:-1])
    shards[1].write_bytes(b"")
    shards[2].write_bytes(whole[2000:])
    assert [array.has_block(start) for start in (0, 4, 8)] == [False, False, False]


@pytest.mark.usefixtures("small_shards")
def test_a_dead_attempts_array_is_handed_on(url: str) -> None:
    store = VolumeStore(url)
    volumes = noise(10, 6)
    dead = store.create("attempt-1", 10, 6, 2.0)
    dead.write_block(0, volumes[:4])

    assert store.adopt("attempt-1", "attempt-2")
    assert not store.adopt("attempt-1", "attempt-3")
    array = store.create("attempt-2", 10, 6, 2.0)

    # The dead one was only slow.
    with contextlib.suppress(OSError):
        dead.write_block(4, noise(4, 6, seed=9))
    assert [array.has_block(start) for start in (0, 4, 8)] == [True, False, False]
    array.write_block(4, volumes[4:])
    np.testing.assert_array_equal(array.read(range(10)), volumes)
    assert not store.exists("attempt-1")
    store.create("attempt-3", 1, 6, 2.0)
    with pytest.raises(VolumeStoreProblem, match="is there already"):
        store.adopt("attempt-3", "attempt-2")


def test_a_copy_that_broke_off_is_made_again(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = VolumeStore(s3_url)
    volumes = noise(2, 6)
    fill(store.create("old", 2, 6, 2.0), volumes)
    really_copy = store._filesystem.cp_file

    def copy_until_the_metadata(source: str, target: str) -> None:
        if source.endswith("zarr.json"):
            raise OSError("the connection broke")
        really_copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(store._filesystem, "cp_file", copy_until_the_metadata)
        with pytest.raises(OSError, match="broke"):
            store.adopt("old", "new")
    assert store.exists("old")
    assert not store.exists("new")

    assert store.adopt("old", "new")
    np.testing.assert_array_equal(store.open("new").read([0, 1]), volumes)


WRITE_EVERY_OTHER_BLOCK = """
import sys
import numpy as np
from tomosift.volumes import store as store_module
store_module._SHARD_BYTES = 4 * 6**3 * 4
array = store_module.VolumeStore(sys.argv[1]).create("s", 38, 6, 1.5)
for number, block in enumerate(array.blocks()):
    if number % 2 == int(sys.argv[2]):
        cubes = [np.full((6, 6, 6), row + 1, np.float32) for row in block]
        array.write_block(block.start, np.stack(cubes))
"""


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_two_processes_fill_one_array_and_share_no_shard(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = str(tmp_path) if place == "folder" else request.getfixturevalue("s3_url")
    command = [sys.executable, "-c", WRITE_EVERY_OTHER_BLOCK, url]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "_SHARD_BYTES", 4 * 6**3 * 4)
        array = VolumeStore(url).create("s", 38, 6, 1.5)
    writers = [subprocess.Popen([*command, parity]) for parity in ("0", "1")]

    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert all(array.has_block(block.start) for block in array.blocks())
    volumes = array.read(range(38))
    np.testing.assert_array_equal(volumes, np.broadcast_to(np.arange(1, 39).reshape(-1, 1, 1, 1), volumes.shape))


def test_deleting_removes_one_source_only(url: str) -> None:
    store = VolumeStore(url)
    for source in ("keep", "drop"):
        fill(store.create(source, 2, 4, 1.5), noise(2, 4))

    store.delete("drop")
    store.delete("drop")

    assert not store.exists("drop")
    assert store.open("keep").read([1]).shape == (1, 4, 4, 4)
    with pytest.raises(VolumeStoreProblem, match="no such source"):
        store.open("drop")


@pytest.mark.parametrize("source_id", ["../x", "a/b", "", ".", "a\0b", "-x"])
def test_source_ids_cannot_leave_the_store(tmp_path: Path, source_id: str) -> None:
    with pytest.raises(ValueError, match="no source id"):
        VolumeStore(str(tmp_path)).open(source_id)


def _edit_metadata(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / "volumes" / "s" / "zarr.json"
    metadata = json.loads(path.read_text())
    change(metadata)
    path.write_text(json.dumps(metadata))


def _with_inner_codec(name: str) -> Callable[[dict[str, object]], None]:
    def change(metadata: dict[str, object]) -> None:
        metadata["codecs"][0]["configuration"]["codecs"].append({"name": name})  # type: ignore[index]

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda metadata: metadata.update(codecs=[{"name": "numcodecs.pickle"}]), "numcodecs.pickle"),
        (_with_inner_codec("numcodecs.pickle"), "numcodecs.pickle"),
        (lambda metadata: metadata.update(codecs=["numcodecs.json2"]), "numcodecs.json2"),
        (lambda metadata: metadata.update(codecs=None), "not allowed"),
        (lambda metadata: metadata.update(zarr_format=2), "version 3"),
        (lambda metadata: metadata.update(data_type="object"), "float32"),
        (lambda metadata: metadata.update(shape=[3, 4, 4]), "float32 array of shape"),
        (lambda metadata: metadata.update(storage_transformers=[{"name": "x"}]), "transformers"),
        (lambda metadata: metadata.update(node_type="group"), "array"),
    ],
)
def test_untrusted_metadata_is_refused_before_zarr_sees_it(
    tmp_path: Path, change: Callable[[dict[str, object]], None], reason: str
) -> None:
    store = VolumeStore(str(tmp_path))
    fill(store.create("s", 2, 4, 1.5), noise(2, 4))
    _edit_metadata(tmp_path, change)

    with pytest.raises(VolumeStoreProblem, match=reason):
        store.open("s")


def test_metadata_that_is_no_json_is_refused(tmp_path: Path) -> None:
    store = VolumeStore(str(tmp_path))
    store.create("s", 2, 4, 1.5)
    (tmp_path / "volumes" / "s" / "zarr.json").write_text("{")
    with pytest.raises(VolumeStoreProblem, match="damaged"):
        store.open("s")


def test_a_damaged_shard_is_an_error(tmp_path: Path) -> None:
    store = VolumeStore(str(tmp_path))
    fill(store.create("s", 3, 4, 1.5), noise(3, 4))
    shard = tmp_path / "volumes" / "s" / "c" / "0" / "0" / "0" / "0"

    shard.write_bytes(shard.read_bytes()[:-10])

    with pytest.raises(VolumeStoreProblem, match="index is damaged"):
        store.open("s").read([0])


def test_a_compressed_array_is_read_through_zarr(tmp_path: Path) -> None:
    volumes = noise(5, 4)
    array = zarr.create_array(
        str(tmp_path), name="volumes/s", data=volumes, chunks=(1, 4, 4, 4), shards=(5, 4, 4, 4), overwrite=True
    )
    array.attrs["voxel_size"] = 3.0

    opened = VolumeStore(str(tmp_path)).open("s")

    assert opened._shards is None
    np.testing.assert_array_equal(opened.read([4, 1, 1]), volumes[[4, 1, 1]])


@settings(max_examples=25, deadline=None)
@given(data=st.data(), n=st.integers(1, 14), box=st.integers(1, 5), shard=st.integers(1, 6))
def test_the_fast_path_agrees_with_zarr(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, n: int, box: int, shard: int
) -> None:
    folder = tmp_path_factory.mktemp("store")
    volumes = noise(n, box, seed=n * 100 + box)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "_SHARD_BYTES", shard * box**3 * 4)
        array = VolumeStore(str(folder)).create("s", n, box, 1.5)
    fill(array, volumes)
    wanted = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=20)))

    by_zarr = np.asarray(zarr.open_array(folder / "volumes" / "s", mode="r"))[wanted]

    assert array._shards is not None
    np.testing.assert_array_equal(array.read(wanted), by_zarr)
    np.testing.assert_array_equal(array._read_through_zarr(wanted), by_zarr)


@pytest.mark.usefixtures("small_shards")
def test_threads_may_read_at_once_while_shards_are_evicted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomosift.volumes.shard_reader._MOST_OPEN_SHARDS", 2)
    volumes = noise(60, 6)
    array = VolumeStore(str(tmp_path)).create("s", 60, 6, 1.5)
    fill(array, volumes)
    wrong: list[int] = []

    def read_much(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(60):
            wanted = random.integers(0, 60, 8)
            if not np.array_equal(array.read(wanted), volumes[wanted]):
                wrong.append(seed)

    threads = [threading.Thread(target=read_much, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
