"""Every format that can be written: what is written reads as the same particles, and a list by itself as it was."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fixtures.export_chunks import CLASSES, as_chunk, make_chunk, write_chunks, write_unchanged
from fixtures.fuzzing import fuzz_examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tomosift.formats.catalogue import LIST_FORMATS, read_particle_list, recognise_format
from tomosift.formats.export_chunk import ExportChunk
from tomosift.formats.list_writer import LIST_WRITERS, writer_by_key
from tomosift.formats.orientations import rotation_from_relion
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem

KEYS = ["dynamo", "em", "stopgap", "eman2-json", "copick", "ndjson", "csv", "parquet"]
FLOAT32 = {"em"}
WITHOUT_ANGLES = {"eman2-json"}
BY_NAME = {"copick", "ndjson", "csv", "parquet"}
"""Formats that keep the names of classes."""
some = settings(
    max_examples=fuzz_examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def order_of(tomograms: list[str], positions: np.ndarray) -> np.ndarray:
    """Formats of many files bring the particles file by file."""
    return np.lexsort([*positions.round(1).T, np.array(tomograms)])


def positions_in_voxels(table: ParticleList, voxel_size: float) -> np.ndarray:
    positions = table.positions()
    assert positions is not None
    assert positions.origin == "corner"
    return positions.values / voxel_size if positions.unit == "angstrom" else positions.values


def check_same(table: ParticleList, chunk: ExportChunk, key: str) -> None:
    positions = positions_in_voxels(table, 7.84)
    ours, theirs = order_of(list(chunk.tomograms), chunk.positions), order_of(table.tomogram_names(), positions)
    assert [table.tomogram_names()[row] for row in theirs] == [chunk.tomograms[row] for row in ours]
    np.testing.assert_allclose(positions[theirs], chunk.positions[ours], atol=2e-4 if key in FLOAT32 else 1e-6)
    if key in WITHOUT_ANGLES:
        assert table.angles() is None
    else:
        angles = table.angles()
        assert angles is not None
        difference = rotation_from_relion(angles[theirs]) * rotation_from_relion(chunk.angles[ours]).inv()
        assert np.degrees(difference.magnitude()).max() < (1e-4 if key in FLOAT32 else 1e-6)
    assert table.class_column is not None
    found = [str(text) for text in table.rows[table.class_column].iloc[theirs]]
    if key in ("copick", "ndjson"):
        names = {"": "unclassified", "fatty acid synthase": "fatty-acid-synthase"}
        names |= {"proteasome_26S": "proteasome-26S"} if key == "copick" else {}
        assert found == [names.get(chunk.class_names[row], chunk.class_names[row]) for row in ours]
    elif key == "eman2-json":
        assert found == [chunk.class_names[row] or "unclassified" for row in ours]
    else:
        assert [float(text) for text in found] == chunk.class_numbers[ours].tolist()


@pytest.mark.parametrize("key", KEYS)
@given(count=st.integers(1, 40), seed=st.integers(0, 10_000))
@some
def test_what_is_written_reads_as_the_same_particles(
    tmp_path_factory: pytest.TempPathFactory, key: str, count: int, seed: int
) -> None:
    chunk = make_chunk(count, seed=seed)
    path = write_chunks(tmp_path_factory.mktemp(key), key, [chunk])
    assert recognise_format(path).key == key
    check_same(read_particle_list(path), chunk, key)


@pytest.mark.parametrize("key", KEYS)
def test_chunks_follow_one_another(tmp_path: Path, key: str) -> None:
    chunks = [make_chunk(30, seed=seed, first_id=1 + 30 * seed) for seed in range(3)]
    table = read_particle_list(write_chunks(tmp_path, key, chunks), key)
    whole = ExportChunk(
        rows=pd.DataFrame(index=range(90)),
        tomograms=[name for chunk in chunks for name in chunk.tomograms],
        class_names=[name for chunk in chunks for name in chunk.class_names],
        **{
            name: np.concatenate([getattr(chunk, name) for chunk in chunks])
            for name in ("ids", "positions", "voxel_sizes", "angles", "class_numbers")
        },
    )
    check_same(table, whole, key)


@pytest.mark.parametrize("first", KEYS)
@pytest.mark.parametrize("second", KEYS)
def test_positions_and_angles_agree_between_formats(tmp_path: Path, first: str, second: str) -> None:
    """Out in one format, in, out in another and in again: the same places and orientations."""
    chunk = make_chunk(20, seed=5)
    table = read_particle_list(write_chunks(tmp_path / "first", first, [chunk]))
    angles = table.angles()
    order = order_of(table.tomogram_names(), positions_in_voxels(table, 7.84))
    read = ExportChunk(
        rows=pd.DataFrame(index=range(20)),
        ids=chunk.ids,
        tomograms=table.tomogram_names(),
        positions=positions_in_voxels(table, 7.84),
        voxel_sizes=np.full(20, 7.84),
        angles=np.full((20, 3), np.nan) if angles is None else angles,
        class_numbers=np.ones(20, np.int64),
        class_names=[CLASSES[0]] * 20,
    )
    again = read_particle_list(write_chunks(tmp_path / "second", second, [read]))
    positions = positions_in_voxels(again, 7.84)
    again_order = order_of(again.tomogram_names(), positions)
    np.testing.assert_allclose(positions[again_order], read.positions[order], atol=3e-4)
    if angles is not None and second not in WITHOUT_ANGLES:
        found = again.angles()
        assert found is not None
        difference = rotation_from_relion(found[again_order]) * rotation_from_relion(angles[order]).inv()
        assert np.degrees(difference.magnitude()).max() < 1e-4


@pytest.mark.parametrize("key", KEYS)
@given(count=st.integers(1, 30), seed=st.integers(0, 10_000))
@some
def test_a_list_written_unchanged_has_every_value_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, key: str, count: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp(key)
    table = read_particle_list(write_chunks(folder / "source", key, [make_chunk(count, seed=seed)]))
    again = read_particle_list(write_unchanged(folder / "again", table), key)
    pd.testing.assert_frame_equal(again.rows, table.rows)
    assert again.blocks == table.blocks


@pytest.mark.parametrize("key", KEYS)
def test_the_class_takes_its_place(tmp_path: Path, key: str) -> None:
    table = read_particle_list(write_chunks(tmp_path / "source", key, [make_chunk(25)]))
    again = read_particle_list(write_unchanged(tmp_path / "again", table, sets_class=True), key)
    assert again.class_column is not None
    expected = {"copick": "proteasome-26S", "ndjson": CLASSES[1], "eman2-json": CLASSES[1]}.get(key, "2")
    assert set(again.rows[again.class_column]) == {expected}
    others = [name for name in table.columns if name in again.columns and not name.startswith(("class", "object"))]
    others = [name for name in others if key != "copick" or name not in ("user", "session")]
    order = order_of(table.tomogram_names(), positions_in_voxels(table, 7.84))
    again_order = order_of(again.tomogram_names(), positions_in_voxels(again, 7.84))
    pd.testing.assert_frame_equal(
        again.rows[others].iloc[again_order].reset_index(drop=True),
        table.rows[others].iloc[order].reset_index(drop=True),
    )


@pytest.mark.parametrize("key", ["csv", "parquet", "stopgap", "ndjson"])
def test_added_columns_come_last(tmp_path: Path, key: str) -> None:
    table = read_particle_list(write_chunks(tmp_path / "source", key, [make_chunk(10)]))
    chunk = as_chunk(table, slice(None))
    texts = [f"label, {row}" for row in range(10)] if key != "stopgap" else [f"label {row}" for row in range(10)]
    context = {"columns": table.columns, "source_format": key, "source_blocks": table.blocks, "sets_class": False}
    path = write_chunks(
        tmp_path / "again",
        key,
        [ExportChunk(**(vars(chunk) | {"extra": {"tomosiftLabel": texts}}))],
        extra_columns=["tomosiftLabel"],
        **context,
    )
    again = read_particle_list(path, key)
    assert again.columns == [*table.columns, "tomosiftLabel"]
    assert sorted(again.rows["tomosiftLabel"]) == sorted(texts)


@pytest.mark.parametrize("key", [each.key for each in LIST_WRITERS if each.needs_positions and each.key in KEYS])
def test_a_format_of_positions_refuses_a_particle_without(tmp_path: Path, key: str) -> None:
    chunk = make_chunk(3)
    chunk.positions[1] = np.nan
    with pytest.raises(FormatProblem, match="particle 2 has no position"):
        write_chunks(tmp_path, key, [chunk])


@pytest.mark.parametrize("key", [each.key for each in LIST_WRITERS if not each.needs_positions])
def test_unknown_positions_and_angles_are_written(tmp_path: Path, key: str) -> None:
    chunk = make_chunk(3)
    chunk.positions[:], chunk.angles[:], chunk.voxel_sizes[:] = np.nan, np.nan, np.nan
    table = read_particle_list(write_chunks(tmp_path, key, [chunk]))
    assert len(table) == 3
    if key in ("csv", "parquet"):
        assert table.positions() is None
        assert table.angles() is None
        assert np.isnan(table.pixel_sizes()).all()


def test_keys_are_known_on_both_sides() -> None:
    assert {each.key for each in LIST_WRITERS} <= {each.key for each in LIST_FORMATS}
    with pytest.raises(FormatProblem, match=r"use one of .*dynamo"):
        writer_by_key("docx")
