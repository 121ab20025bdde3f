"""Folders and stacks of volumes as lists by themselves, and how the catalogue tells lists apart."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.export_chunks import make_chunk, write_chunks

from tomosift.formats.catalogue import (
    LIST_FORMATS,
    format_by_key,
    read_particle_list,
    recognise_format,
    reference_folder,
)
from tomosift.formats.mrc import write_cube, write_stack
from tomosift.formats.particle_list import ImageReference
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_folder import read_volume_folder

CUBE = np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32)


def test_a_folder_of_cubes_by_path(tmp_path: Path) -> None:
    for name in ("b/2.mrc", "a/10.mrc", "a/deep/1.em", "top.map", "b/notes.txt", ".hidden.mrc", "c.zarr/x"):
        (tmp_path / "cubes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cubes" / name).touch()
    table = read_particle_list(tmp_path / "cubes")
    assert table.format == "volume-folder"
    assert table.rows["path"].tolist() == ["top.map", "a/10.mrc", "a/deep/1.em", "b/2.mrc"]
    assert table.rows["folder"].tolist() == ["", "a", "a", "b"]
    assert table.class_column == "folder"
    references = table.image_references()
    assert references is not None
    assert references[1] == ImageReference("a/10.mrc", None)
    assert (reference_folder(tmp_path / "cubes", table) / references[1].path).is_file()


def test_links_in_a_folder_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.mrc").touch()
    (tmp_path / "cubes").mkdir()
    (tmp_path / "cubes" / "own.mrc").touch()
    (tmp_path / "cubes" / "linked.mrc").symlink_to(tmp_path / "outside" / "a.mrc")
    (tmp_path / "cubes" / "linked").symlink_to(tmp_path / "outside")
    table = read_volume_folder(tmp_path / "cubes")
    assert table.rows["path"].tolist() == ["own.mrc"]
    assert table.class_column is None


def test_a_folder_without_volumes_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(FormatProblem, match="no particle list"):
        recognise_format(tmp_path)
    with pytest.raises(FormatProblem, match="no folder with volumes"):
        read_volume_folder(tmp_path)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (Path(str(tmp_path)) / "caf\udce9.mrc").touch()
    with pytest.raises(FormatProblem, match="not in UTF-8"):
        read_volume_folder(tmp_path)


def test_a_stack_counts_from_one(tmp_path: Path) -> None:
    write_stack(tmp_path / "all.mrcs", [CUBE] * 3, 7.84)
    table = read_particle_list(tmp_path / "all.mrcs")
    assert (table.format, len(table)) == ("stack", 3)
    assert table.image_references() == [ImageReference("all.mrcs", number) for number in (1, 2, 3)]
    np.testing.assert_allclose(table.pixel_sizes(), 7.84, rtol=1e-6)
    assert table.pixel_size_origin == "the header of all.mrcs"


def test_one_cube_is_no_list_unless_asked_for(tmp_path: Path) -> None:
    write_cube(tmp_path / "a.mrc", CUBE, 7.84)
    with pytest.raises(FormatProblem, match="no particle list"):
        recognise_format(tmp_path / "a.mrc")
    assert len(read_particle_list(tmp_path / "a.mrc", "stack")) == 1


def test_an_unknown_key_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(FormatProblem, match=r"use one of .*copick"):
        format_by_key("docx")


@pytest.mark.parametrize("key", [each.key for each in LIST_FORMATS])
@pytest.mark.parametrize("written", ["dynamo", "em", "copick", "parquet"])
def test_a_wrong_format_is_refused_in_a_sentence(tmp_path: Path, key: str, written: str) -> None:
    path = write_chunks(tmp_path, written, [make_chunk(5)])
    if key == written:
        assert len(read_particle_list(path, key)) == 5
        return
    with pytest.raises(FormatProblem) as refused:
        read_particle_list(path, key)
    assert len(refused.value.message) > 20
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("each", LIST_FORMATS, ids=lambda each: each.key)
def test_what_is_not_there_is_said(tmp_path: Path, each: object) -> None:
    with pytest.raises(FormatProblem):
        read_particle_list(tmp_path / "missing", getattr(each, "key", None))
    with pytest.raises(FormatProblem, match="does not exist or is no file"):
        recognise_format(tmp_path / "missing")
