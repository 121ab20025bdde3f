"""Files out of archives of strangers: tar (plain or gzipped) and zip, as streams, with every name and size checked.

The tar reader is our own: it asks a header for nothing but a short name and a size, so that no header makes it take
memory. Only whole regular files are given; links, devices and sparse files are refused, folders passed over.
"""

import errno
import gzip
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from tomosift.kit.problems import ProblemError, invalid
from tomosift.pool.upload_paths import checked_path

BLOCK = 512
PIECE_BYTES = 1_000_000
LONGEST_HEADER_BYTES = 65_536
LARGEST_ZIP_DIRECTORY_BYTES = 64_000_000
MOST_BLOWN_UP = 200
"""How many times larger than the archive its files may be: ten times more than compressed cubes ever are."""
ALWAYS_ALLOWED_BYTES = 100_000_000

# What gzip, tarfile and zipfile raise for bytes that make no sense; a place before the file's start is a ValueError or
# an OSError, as the file is in memory or on a disk.
_SIGNS_OF_DAMAGE = (
    *(EOFError, ValueError, OverflowError, RuntimeError, struct.error),
    *(zlib.error, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile),
)
_CUT_OFF = "the archive is cut off or damaged; send it again"

_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


class ByteStream(Protocol):
    """What a tar is read from: bytes, from front to back."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


@dataclass(frozen=True)
class Member:
    """A file in an archive: its checked path, its size, and its bytes, to be read once and before the next member."""

    path: PurePosixPath
    size: int
    pieces: Iterator[bytes]


def read_archive(file: BinaryIO, archive_bytes: int) -> Iterator[Member]:
    """The files in an archive of so many bytes, recognised by content.

    Raises ProblemError: 422 that names the member and the reason, 413 for one that unpacks to far more than it is.
    """
    head = file.read(BLOCK)
    file.seek(0)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _read_zip(file, archive_bytes)
    if head.startswith(b"\x1f\x8b"):
        return _read_gzipped_tar(file, archive_bytes)
    if head[257:262] == b"ustar":
        return read_tar(file)
    raise _bad("it is no archive this program knows; send .zip, .tar or .tar.gz")


def read_tar(stream: ByteStream) -> Iterator[Member]:
    """The regular files of a tar stream, in its order. Raises ProblemError 422."""
    name: str | None = None
    size: int | None = None
    while (header := _header(stream)) is not None:
        if header.type in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE):
            text = _header_text(stream, header.size)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                name = text.rstrip(b"\0").decode(errors="replace")
            elif header.type == tarfile.XHDTYPE:
                fields = _pax_fields(text)
                name, size = fields.get("path", name), _pax_size(fields, size)
            continue
        member_name, member_size = name or header.name, header.size if size is None else size
        name, size = None, None
        if header.type == tarfile.DIRTYPE and member_size == 0:
            continue
        if header.type not in _REGULAR:
            raise _bad(f"{member_name[:200]!r} is a link, a device or a sparse file; only whole files are taken")
        path = checked_path(member_name.removeprefix("./"))
        pieces = _pieces(stream, member_size, member_name)
        yield Member(path, member_size, pieces)
        for _ in pieces:  # what the taker has left
            pass
        _skip(stream, -member_size % BLOCK)


def _read_gzipped_tar(file: BinaryIO, archive_bytes: int) -> Iterator[Member]:
    given = 0
    with gzip.GzipFile(fileobj=file) as unpacked:
        for member in read_tar(_Gunzipped(unpacked)):
            given += member.size
            _refuse_bomb(given, archive_bytes)
            yield member


class _Gunzipped:
    """A gzip stream whose damage is told as a problem, whoever reads."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        with _damage_told(_CUT_OFF):
            return self._stream.read(size)


def _read_zip(file: BinaryIO, archive_bytes: int) -> Iterator[Member]:
    _refuse_huge_directory(file, archive_bytes)
    with _damage_told(_CUT_OFF):
        archive = zipfile.ZipFile(file)
    with archive:
        members = [each for each in archive.infolist() if not each.orig_filename.endswith("/")]
        _refuse_bomb(sum(each.file_size for each in members), archive_bytes)
        for each in members:
            _refuse_odd_zip_member(each)
        for each in members:
            yield Member(checked_path(each.orig_filename), each.file_size, _zip_pieces(archive, each))


def _refuse_odd_zip_member(member: zipfile.ZipInfo) -> None:
    checked_path(member.orig_filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _bad(f"{member.orig_filename[:200]!r} is a link or a device; only whole files are taken")
    if member.flag_bits & 0x1:
        raise _bad(f"{member.orig_filename[:200]!r} is encrypted; send it without a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _bad(f"{member.orig_filename[:200]!r} is compressed in a way other than deflate; pack it anew")


def _zip_pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    count = 0
    with _damage_told(f"{member.orig_filename[:200]!r} is damaged; pack it anew"), archive.open(member) as file:
        while piece := file.read(PIECE_BYTES):
            count += len(piece)
            yield piece
    if count != member.file_size:
        raise _bad(f"{member.orig_filename[:200]!r} has {count} bytes where the archive says {member.file_size}")


def _refuse_huge_directory(file: BinaryIO, archive_bytes: int) -> None:
    """The list of a zip's files is read whole: look first how long it says it is (at its end, within 64 KiB)."""
    file.seek(max(0, archive_bytes - 65_633))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + 22:
        raise _bad(_CUT_OFF)
    size = int.from_bytes(tail[place + 12 : place + 16], "little")
    if tail[max(0, place - 20) :].startswith(b"PK\6\7"):  # a zip64: the record before that locator counts
        size = (
            int.from_bytes(tail[place - 36 : place - 28], "little") if place >= 76 else LARGEST_ZIP_DIRECTORY_BYTES + 1
        )
    if size > LARGEST_ZIP_DIRECTORY_BYTES:
        raise _bad("the .zip holds too many files; send a .tar instead")


def _refuse_bomb(unpacked: int, packed: int) -> None:
    if unpacked > max(ALWAYS_ALLOWED_BYTES, MOST_BLOWN_UP * packed):
        raise ProblemError(
            413,
            "archive-too-large",
            "The archive unpacks to too much",
            f"Its files would be more than {MOST_BLOWN_UP} times larger than the archive, which no volumes are. Send "
            "them as they are.",
        )


@dataclass(frozen=True)
class _Header:
    name: str
    type: bytes
    size: int


def _header(stream: ByteStream) -> _Header | None:
    """The next header; None at the end of the archive (a block of zeros, or nothing)."""
    block = stream.read(BLOCK)
    if not block or block.count(0) == BLOCK:
        return None
    with _damage_told(_CUT_OFF):
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    if info.size < 0 or info.type == tarfile.GNUTYPE_SPARSE:
        raise _bad(f"{info.name[:200]!r} is a sparse file; only whole files are taken")
    return _Header(info.name, info.type, info.size)


def _header_text(stream: ByteStream, size: int) -> bytes:
    if size > LONGEST_HEADER_BYTES:
        raise _bad("a header of the archive is far too long; pack it anew")
    text = _read_exactly(stream, size)
    _read_exactly(stream, -size % BLOCK)
    return text


def _pax_fields(text: bytes) -> dict[str, str]:
    """Records of `length key=value\\n` (POSIX.1-2001, pax Interchange Format)."""
    fields = {}
    while text:
        length_text, _, _ = text.partition(b" ")
        length = int(length_text) if length_text.isdigit() and len(length_text) < 8 else 0
        record = text[len(length_text) + 1 : length - 1]
        key, equals, value = record.partition(b"=")
        if not equals or length <= len(length_text) or length > len(text):
            raise _bad("a header of the archive is damaged; pack it anew")
        fields[key.decode(errors="replace")] = value.decode(errors="replace")
        text = text[length:]
    if any(key.startswith("GNU.sparse") for key in fields):
        raise _bad("the archive holds sparse files; only whole files are taken")
    return fields


def _pax_size(fields: dict[str, str], otherwise: int | None) -> int | None:
    if "size" not in fields:
        return otherwise
    if not fields["size"].isdigit() or len(fields["size"]) > 18:
        raise _bad("a header of the archive is damaged; pack it anew")
    return int(fields["size"])


def _pieces(stream: ByteStream, size: int, name: str) -> Iterator[bytes]:
    left = size
    while left:
        piece = stream.read(min(PIECE_BYTES, left))
        if not piece:
            raise _bad(f"the archive ends in the middle of {name[:200]!r}; send it again")
        left -= len(piece)
        yield piece


def _skip(stream: ByteStream, size: int) -> None:
    for _ in _pieces(stream, size, "a folder"):
        pass


def _read_exactly(stream: ByteStream, size: int) -> bytes:
    return b"".join(_pieces(stream, size, "a header"))


@contextmanager
def _damage_told(reason: str) -> Iterator[None]:
    """Signs of damage inside become the problem with this reason; other troubles of the disk stay what they are."""
    try:
        yield
    except _SIGNS_OF_DAMAGE as error:
        raise _bad(reason) from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise _bad(reason) from error


def _bad(reason: str) -> ProblemError:
    return invalid("bad-archive", "The archive cannot be unpacked", f"{reason}.")
