"""The artifact store: whole files by key, in a folder and on an fsspec URL, an S3-compatible server above all."""

import uuid
from pathlib import Path

import numpy as np
import pytest

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable


@pytest.fixture(params=["folder", "memory-url", "s3"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "s3":
        return ArtifactStore(request.getfixturevalue("s3_url"))
    return ArtifactStore(str(tmp_path) if request.param == "folder" else f"memory://{uuid.uuid4().hex}")


def test_bytes_come_back_and_are_replaced(artifacts: ArtifactStore) -> None:
    assert not artifacts.exists("runs/1/log.txt")
    artifacts.write_bytes("runs/1/log.txt", b"first")
    artifacts.write_bytes("runs/1/log.txt", b"second!")

    assert artifacts.read_bytes("runs/1/log.txt") == b"second!"
    assert artifacts.size("runs/1/log.txt") == 7
    assert artifacts.exists("runs/1/log.txt")
    assert not artifacts.exists("runs/1")


def test_what_is_missing_says_so(artifacts: ArtifactStore) -> None:
    for read in (artifacts.read_bytes, artifacts.size, artifacts.read_json, artifacts.read_tensors):
        with pytest.raises(ArtifactMissing, match="runs/2/none"):
            read("runs/2/none")


def test_json_and_tensors(artifacts: ArtifactStore) -> None:
    tensors = {
        "w": np.arange(6, dtype=np.float32).reshape(2, 3),
        "t": np.arange(6.0).reshape(2, 3).T,
        "step": np.array(7),
    }
    artifacts.write_json("a.json", {"accuracy": 0.5, "classes": ["é", None]})
    artifacts.write_tensors("w.safetensors", tensors, {"network": "resnet3d"})

    assert artifacts.read_json("a.json") == {"accuracy": 0.5, "classes": ["é", None]}
    read = artifacts.read_tensors("w.safetensors")
    assert sorted(read) == ["step", "t", "w"]
    np.testing.assert_array_equal(read["w"], tensors["w"])
    np.testing.assert_array_equal(read["t"], tensors["t"])
    assert int(read["step"]) == 7
    assert read["t"].dtype == np.float64
    assert artifacts.read_tensor_metadata("w.safetensors") == {"network": "resnet3d"}


def test_json_holds_no_nan(artifacts: ArtifactStore) -> None:
    with pytest.raises(ValueError, match="JSON"):
        artifacts.write_json("a.json", [float("nan")])
    assert not artifacts.exists("a.json")


@pytest.mark.parametrize("data", [b"", b"\x08\0\0\0\0\0\0\0[1, 2, 3", b"not tensors at all"])
def test_damaged_artifacts_are_named(artifacts: ArtifactStore, data: bytes) -> None:
    artifacts.write_bytes("x.bin", data)
    for read in (artifacts.read_json, artifacts.read_tensors, artifacts.read_tensor_metadata):
        with pytest.raises(ArtifactUnreadable, match=r"x\.bin"):
            read("x.bin")


def test_deleting_a_prefix_leaves_its_neighbours(artifacts: ArtifactStore) -> None:
    for key in ("runs/1/a", "runs/1/b/c", "runs/10/a"):
        artifacts.write_bytes(key, b"x")

    artifacts.delete_prefix("runs/1")
    artifacts.delete_prefix("runs/1")

    assert [artifacts.exists(key) for key in ("runs/1/a", "runs/1/b/c", "runs/10/a")] == [False, False, True]


@pytest.mark.parametrize("key", ["", "../x", "/etc/passwd", "a/../b", "a//b", "a/", "a\0", "a\\b", "ä", "memory://x"])
def test_keys_cannot_leave_the_store(artifacts: ArtifactStore, key: str) -> None:
    for use in (artifacts.read_bytes, artifacts.exists, artifacts.delete_prefix, artifacts.local_path):
        with pytest.raises(ValueError, match="no artifact key"):
            use(key)


def test_a_folder_has_local_paths_and_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path))
    artifacts.write_bytes("runs/1/a", b"old")
    path = artifacts.local_path("runs/1/a")
    assert path == tmp_path / "artifacts" / "runs" / "1" / "a"
    assert path.read_bytes() == b"old"

    with pytest.raises(TypeError):
        artifacts.write_bytes("runs/1/a", "text is not bytes")  # type: ignore[arg-type]

    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == ["a"]


def test_a_remote_store_has_no_local_paths() -> None:
    assert ArtifactStore("memory://x").local_path("a") is None


def test_a_streamed_file_is_seen_when_it_is_whole(artifacts: ArtifactStore) -> None:
    artifacts.write_bytes("exports/1/a.star", b"old")

    with artifacts.open_for_writing("exports/1/a.star") as file:
        for number in range(1000):
            file.write(b"%09d\n" % number)
        assert artifacts.read_bytes("exports/1/a.star") == b"old"
        assert file.tell() == 10_000

    with artifacts.open_for_reading("exports/1/a.star") as file:
        assert file.read(10) == b"000000000\n"
        file.seek(-10, 2)
        assert file.read() == b"000000999\n"
    assert artifacts.size("exports/1/a.star") == 10_000


def write_half(artifacts: ArtifactStore, key: str, data: bytes) -> None:
    with artifacts.open_for_writing(key) as file:
        file.write(data)
        raise RuntimeError("disk on fire")


def test_a_streamed_file_that_fails_leaves_what_was_there(artifacts: ArtifactStore) -> None:
    artifacts.write_bytes("a/old", b"old")
    for key in ("a/old", "a/new"):
        with pytest.raises(RuntimeError, match="disk on fire"):
            write_half(artifacts, key, b"half")

    assert artifacts.read_bytes("a/old") == b"old"
    assert not artifacts.exists("a/new")
    with pytest.raises(ArtifactMissing, match="a/new"):
        artifacts.open_for_reading("a/new")


def test_an_empty_file_may_be_streamed(artifacts: ArtifactStore) -> None:
    with artifacts.open_for_writing("a/empty"):
        pass
    assert artifacts.read_bytes("a/empty") == b""


def test_a_large_file_goes_up_in_parts(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomosift.kit.artifacts._UPLOAD_PART_BYTES", 5 * 2**20)
    artifacts = ArtifactStore(s3_url)
    data = np.random.default_rng(0).bytes(12_000_001)

    with artifacts.open_for_writing("big") as file:
        for start in range(0, len(data), 1_000_000):
            file.write(data[start : start + 1_000_000])
    with pytest.raises(RuntimeError, match="disk on fire"):
        write_half(artifacts, "given-up", data)

    assert artifacts.read_bytes("big") == data
    with artifacts.open_for_reading("big") as file:
        file.seek(11_000_000)
        assert file.read(5) == data[11_000_000:11_000_005]
    assert not artifacts.exists("given-up")
    assert artifacts._filesystem.list_multipart_uploads(s3_url.split("/")[2]) == []


def test_what_another_process_wrote_is_seen(s3_url: str) -> None:
    mine, theirs = ArtifactStore(s3_url), ArtifactStore(s3_url)
    mine.write_bytes("runs/1/a", b"x")
    assert not mine.exists("runs/1/b")
    theirs.write_bytes("runs/1/b", b"y")
    theirs.delete_prefix("runs/1/a")
    assert mine.exists("runs/1/b")
    assert not mine.exists("runs/1/a")
