"""Paths from users never leave the allowed roots."""

from pathlib import Path

import pytest

from tomosift.kit.contained_paths import PathOutsideRoots, ReferenceFinder, find_relative, resolve_inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed root: project/job/list.star, project/maps/a.mrc; beside it, outside: secret.mrc."""
    root = tmp_path / "root"
    (root / "project" / "job").mkdir(parents=True)
    (root / "project" / "maps").mkdir()
    (root / "project" / "job" / "list.star").touch()
    (root / "project" / "maps" / "a.mrc").touch()
    (tmp_path / "secret.mrc").touch()
    return root


def test_paths_inside_are_resolved(root: Path) -> None:
    expected = root.resolve() / "project" / "job" / "list.star"
    assert resolve_inside(root / "project" / "maps" / ".." / "job" / "list.star", [root]) == expected
    assert resolve_inside("project/job/list.star", [Path("/nowhere"), root]) == expected
    assert resolve_inside(root, [root]) == root.resolve()
    for missing in ("new.star", "x" * 300):
        assert resolve_inside(missing, [root]) == root.resolve() / missing
        assert find_relative(missing, root, [root]) is None


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../secret.mrc", "/", "project/../../secret.mrc", "a\0b", "/" + "x" * 300]
)
def test_paths_outside_or_impossible_are_refused(root: Path, path: str) -> None:
    with pytest.raises(PathOutsideRoots):
        resolve_inside(path, [root])


def test_links_that_lead_out_are_refused(root: Path, tmp_path: Path) -> None:
    (root / "link.mrc").symlink_to(tmp_path / "secret.mrc")
    (root / "folder").symlink_to(tmp_path)
    for path in (root / "link.mrc", root / "folder" / "secret.mrc"):
        with pytest.raises(PathOutsideRoots):
            resolve_inside(path, [root])
    assert find_relative("link.mrc", root, [root]) is None
    assert find_relative("folder/secret.mrc", root, [root]) is None


def test_links_that_stay_inside_are_followed(root: Path) -> None:
    (root / "project" / "job" / "b.mrc").symlink_to(root / "project" / "maps" / "a.mrc")
    expected = root.resolve() / "project" / "maps" / "a.mrc"
    assert resolve_inside(root / "project" / "job" / "b.mrc", [root]) == expected
    assert find_relative("b.mrc", root / "project" / "job", [root]) == expected


def test_a_root_that_is_itself_a_link_works(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    found = find_relative("maps/a.mrc", tmp_path / "alias" / "project" / "job", [tmp_path / "alias"])
    assert found == root.resolve() / "project" / "maps" / "a.mrc"


def test_the_message_tells_no_more_than_the_given_path(root: Path, tmp_path: Path) -> None:
    (root / "link.mrc").symlink_to(tmp_path / "secret.mrc")
    messages = []
    for path in ("/etc/passwd", "/etc/there-is-no-such-file"):
        with pytest.raises(PathOutsideRoots) as caught:
            resolve_inside(path, [root])
        messages.append(str(caught.value).replace(path, "PATH"))
    with pytest.raises(PathOutsideRoots) as caught:
        resolve_inside("link.mrc", [root])

    assert messages[0] == messages[1]
    assert str(tmp_path) not in str(caught.value)


def test_without_roots_nothing_is_readable(tmp_path: Path) -> None:
    with pytest.raises(PathOutsideRoots, match="TOMOSIFT_IMPORT_ROOTS"):
        resolve_inside(tmp_path, [])


def test_references_are_found_beside_the_list_then_in_its_parents(root: Path) -> None:
    job = root / "project" / "job"
    in_parent = root.resolve() / "project" / "maps" / "a.mrc"
    assert find_relative("maps/a.mrc", job, [root]) == in_parent
    assert find_relative("../maps/a.mrc", job, [root]) == in_parent
    assert find_relative(str(in_parent), job, [root]) == in_parent

    (job / "maps").mkdir()
    (job / "maps" / "a.mrc").touch()
    assert find_relative("maps/a.mrc", job, [root]) == root.resolve() / "project" / "job" / "maps" / "a.mrc"


@pytest.mark.parametrize(
    "reference", ["secret.mrc", "../../../secret.mrc", "/etc/passwd", "", "maps", "maps/", "..", "a\0b", "maps/no.mrc"]
)
def test_references_outside_or_missing_are_not_found(root: Path, reference: str) -> None:
    assert find_relative(reference, root / "project" / "job", [root]) is None


def test_a_list_outside_the_roots_finds_nothing(root: Path, tmp_path: Path) -> None:
    assert find_relative("secret.mrc", tmp_path, [root]) is None


def test_the_list_s_own_folder_wins_however_often_a_parent_was_used(root: Path) -> None:
    job = root / "project" / "job"
    (job / "c.mrc").touch()
    (root / "project" / "c.mrc").touch()
    finder = ReferenceFinder(job, [root])
    for _ in range(3):
        finder.find("maps/a.mrc")
    assert finder.find("c.mrc") == job.resolve() / "c.mrc"


def test_a_zarr_folder_is_found_as_a_file_is(root: Path, tmp_path: Path) -> None:
    job = root / "project" / "job"
    (root / "project" / "maps" / "all.zarr").mkdir()
    (tmp_path / "outside.zarr").mkdir()
    (job / "outside.zarr").symlink_to(tmp_path / "outside.zarr")
    (job / "inside.zarr").symlink_to(root / "project" / "maps" / "all.zarr")
    found = root.resolve() / "project" / "maps" / "all.zarr"
    assert find_relative("maps/all.zarr", job, [root]) == found
    assert find_relative("inside.zarr", job, [root]) == found
    assert find_relative("outside.zarr", job, [root]) is None
