"""Archives of strangers: what is taken out of them, and every trick that is refused by name."""

import contextlib
import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from tempfile import TemporaryFile

import pytest
from fixtures.fuzzing import fuzz_examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tomosift.kit.problems import ProblemError
from tomosift.pool.archives import read_archive, read_tar

Contents = dict[str, bytes]


def as_tar(contents: Contents, **fields: object) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def as_gnu_tar(contents: Contents) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def as_tar_gz(contents: Contents) -> bytes:
    return gzip.compress(as_tar(contents))


def as_zip(contents: Contents, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def unpacked(data: bytes) -> Contents:
    return {str(each.path): b"".join(each.pieces) for each in read_archive(io.BytesIO(data), len(data))}


def refusal(data: bytes) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        unpacked(data)
    return caught.value


names = st.lists(
    st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(
        lambda part: part not in (".", "..") and len(part.encode()) <= 255
    ),
    min_size=1,
    max_size=6,
).map("/".join)


@settings(deadline=None)
@given(contents=st.dictionaries(names, st.binary(max_size=2000), min_size=1, max_size=6))
def test_every_kind_of_archive_gives_its_files_back(contents: Contents) -> None:
    for pack in (as_tar, as_gnu_tar, as_tar_gz, as_zip):
        assert unpacked(pack(contents)) == contents


@settings(deadline=None, max_examples=fuzz_examples(100))
@example(data=b"\0\0", keep=0, place=628, byte=1)  # the zip's first file then begins before the archive
@example(data=b"\0", keep=0, place=2020, byte=0)  # the name of the second is then empty before its NUL
@given(data=st.binary(max_size=4000), keep=st.integers(0, 3000), place=st.integers(0, 3000), byte=st.integers(0, 255))
def test_damage_is_a_named_problem_or_harmless(data: bytes, keep: int, place: int, byte: int) -> None:
    for pack in (as_tar, as_tar_gz, as_zip):
        whole = bytearray(pack({"a.mrc": data, "b/c.mrc": b"x" * 600}))
        whole[place % len(whole)] = byte
        for damaged in (bytes(whole), bytes(whole[:keep])):
            taken: Contents = {}
            with contextlib.suppress(ProblemError):  # anything else fails the test
                taken = unpacked(damaged)
            with contextlib.suppress(ProblemError), TemporaryFile() as file:  # as above, from a disk
                file.write(damaged)
                taken = {str(each.path): b"".join(each.pieces) for each in read_archive(file, len(damaged))}
            assert sum(map(len, taken.values())) <= len(data) + 600


@pytest.mark.parametrize("pack", [as_tar, as_gnu_tar, as_tar_gz, as_zip])
@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "a//b", "a\\..\\b", "a/./b", "n" * 300, "/".join("abcdefghij" * 5)]
)
def test_names_that_lead_elsewhere(pack: Callable[[Contents], bytes], name: str) -> None:
    assert refusal(pack({"good.mrc": b"1", name: b"x"})).kind == "bad-path"


def test_a_nul_does_not_hide_a_name() -> None:
    data = as_zip({"aXevil": b"1"}).replace(b"aXevil", b"a\0evil")
    assert refusal(data).kind in ("bad-path", "bad-archive")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar(kind: bytes) -> None:
    problem = refusal(as_tar({"link": b""}, type=kind, linkname="/etc/passwd"))
    assert "only whole files" in problem.detail


def test_links_in_a_zip() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(buffer.getvalue()).detail


def test_folders_are_passed_over() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        archive.addfile(tarfile.TarInfo("./folder/empty.mrc"))
    assert unpacked(buffer.getvalue()) == {"folder/empty.mrc": b""}


@pytest.mark.parametrize("pack", [as_tar_gz, as_zip])
def test_bombs(pack: Callable[[Contents], bytes]) -> None:
    bomb = pack({"zeros.mrc": bytes(150_000_000)})
    assert len(bomb) < 200_000
    assert (refusal(bomb).status, refusal(bomb).kind) == (413, "archive-too-large")


def test_a_zip_may_not_say_less_than_it_holds() -> None:
    honest = as_zip({"a.mrc": bytes(5000)})
    lying = honest.replace(struct.pack("<I", 5000), struct.pack("<I", 10))
    assert lying != honest
    assert refusal(lying).kind == "bad-archive"


def test_a_zip_with_an_endless_list_of_files_is_not_read() -> None:
    data = bytearray(as_zip({"a.mrc": b"1"}))
    place = data.rfind(b"PK\5\6")
    data[place + 12 : place + 16] = struct.pack("<I", 3_000_000_000)
    assert "too many files" in refusal(bytes(data)).detail


def test_a_tar_header_cannot_make_the_reader_take_memory() -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 8_000_000_000
    data = header.tobuf(tarfile.GNU_FORMAT) + bytes(2000)
    assert "far too long" in refusal(data).detail


def test_a_size_is_not_believed() -> None:
    header = tarfile.TarInfo("x.mrc")
    header.size = 8_000_000_000
    assert "ends in the middle" in refusal(header.tobuf(tarfile.GNU_FORMAT) + bytes(2000)).detail


def test_members_may_be_passed_over_unread() -> None:
    data = as_tar({"a": b"1" * 700, "b": b"2" * 700, "c": b"3"})
    taken = {}
    for member in read_tar(io.BytesIO(data)):
        if str(member.path) != "b":
            taken[str(member.path)] = b"".join(member.pieces)
    assert taken == {"a": b"1" * 700, "c": b"3"}


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b" + bytes(30), b"PK\5\6", b"BZh9" + bytes(600)])
def test_what_is_no_archive(data: bytes) -> None:
    assert refusal(data).kind == "bad-archive"
