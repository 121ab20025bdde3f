"""Columns of a model's outputs, read in parts, and what damage to them says."""

from pathlib import Path

import numpy as np
import pytest

from tomosift.kit import stored_columns
from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable
from tomosift.kit.stored_columns import open_columns


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    made = ArtifactStore(str(tmp_path))
    logits = np.arange(21, dtype=np.float32).reshape(7, 3)
    tensors = {"item_ids": np.arange(7) * 10, "logits": logits, "short": np.zeros(2, np.float16)}
    made.write_tensors("outputs", tensors, {"classes": "[]"})
    return made


def test_parts_together_are_the_columns(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_columns, "ROWS_AT_A_TIME", 3)
    whole = store.read_tensors("outputs")
    with open_columns(store, "outputs") as columns:
        assert (columns.rows, columns.width("logits"), columns.width("item_ids")) == (7, 3, 1)
        assert "logits" in columns
        assert columns.metadata == {"classes": "[]"}
        parts = list(columns.parts("item_ids", "logits"))
        assert [len(ids) for ids, _ in parts] == [3, 3, 1]
        np.testing.assert_array_equal(np.concatenate([each for _, each in parts]), whole["logits"])
        np.testing.assert_array_equal(columns.read("item_ids", 5), [50, 60])


def test_damage_is_named(store: ArtifactStore) -> None:
    with open_columns(store, "outputs") as columns:
        for name, words in (("nothing", "no column 'nothing'"), ("short", "other rows")):
            with pytest.raises(ArtifactUnreadable, match=words):
                columns.read(name)
    data = store.read_bytes("outputs")
    store.write_bytes("cut", data[:-60])
    store.write_bytes("noise", b"\x04\0\0\0\0\0\0\0noise")
    with open_columns(store, "cut") as columns, pytest.raises(ArtifactUnreadable, match="cut off"):
        columns.read("logits")
    with pytest.raises(ArtifactUnreadable, match="holds no outputs"), open_columns(store, "noise"):
        pass
