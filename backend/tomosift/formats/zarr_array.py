"""Zarr arrays of versions 2 and 3 from anywhere: numbers only, plain codecs only, inside one folder only.

The metadata is checked before a chunk is touched, and a chunk is never unpacked to more bytes than it should have,
which zarr's own reader does not promise. Specifications: https://zarr-specs.readthedocs.io (core 2, 3; sharding 1.0).
"""

import json
import math
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from tomosift.formats.byte_source import unreadable
from tomosift.formats.chunked_array import ChunkedArray, most_stored, unpack
from tomosift.formats.problem import FormatProblem

_LARGEST_METADATA = 16 * 2**20
_MOST_CHUNKS_A_SHARD = 2**20
_INDEXES_KEPT = 16
_ABSENT = 2**64 - 1
_V2_TYPE = re.compile(r"[<>|][iuf][1248]")
_V3_TYPES = {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)} | {
    "float16",
    "float32",
    "float64",
}
# The names of codecs and what `unpack` calls them.
_V2_COMPRESSORS = {"zlib": "zlib", "gzip": "zlib", "bz2": "bz2", "zstd": "zstd", "blosc": "blosc", "lz4": "lz4"}
_V3_COMPRESSORS = {"gzip": "zlib", "zstd": "zstd", "blosc": "blosc"}


class ZarrFolder:
    """The files of one folder. Links that lead out of it are not followed."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._root = os.path.realpath(path)

    def read(self, relative: str, limit: int) -> bytes | None:
        """A whole file, None if there is none. Raises FormatProblem, also for more than `limit` bytes."""
        return self._read(relative, limit, None)

    def read_range(self, relative: str, offset: int | None, size: int) -> bytes | None:
        """`size` bytes from `offset` on (None: the last ones); None if there is no file, fewer bytes where it ends."""
        return self._read(relative, size, offset if offset is not None else -size)

    def read_json(self, relative: str) -> dict[str, Any] | None:
        """A JSON object, None if there is no file."""
        data = self.read(relative, _LARGEST_METADATA)
        if data is None:
            return None
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise FormatProblem(f"{self.name}: its {relative} is no JSON; it is damaged") from None
        if not isinstance(value, dict):
            raise FormatProblem(f"{self.name}: its {relative} is damaged")
        return value

    def _read(self, relative: str, limit: int, offset: int | None) -> bytes | None:
        path = os.path.realpath(f"{self._root}/{relative}")
        if not path.startswith(f"{self._root}/"):
            raise FormatProblem(f"{self.name}: {relative} leads out of the folder, which is not followed")
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise unreadable(self.name, error) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FormatProblem(f"{self.name}: {relative} is no file")
            if offset is None:
                if status.st_size > limit:
                    raise FormatProblem(
                        f"{self.name}: {relative} is damaged: {status.st_size} bytes where at most {limit} belong"
                    )
                offset = 0
            start = offset if offset >= 0 else max(0, status.st_size + offset)
            return os.pread(descriptor, limit, start)
        except OSError as error:
            raise unreadable(self.name, error) from None
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class ChunkCoding:
    """How a chunk becomes bytes: axes in `order`, then numbers of the array's type, then `byte_codecs` one by one."""

    order: tuple[int, ...]
    byte_codecs: tuple[str, ...]

    def decode(
        self, data: bytes | memoryview, shape: tuple[int, ...], voxel_type: np.dtype[Any], name: str
    ) -> NDArray[Any]:
        """The chunk of `shape`. Raises FormatProblem."""
        size = math.prod(shape) * voxel_type.itemsize
        for place in reversed(range(len(self.byte_codecs))):
            if self.byte_codecs[place] == "crc32c":
                data = _without_checksum(data, name)
            else:
                data = unpack(self.byte_codecs[place], data, size + 4 * place, name)
        if len(data) != size:
            raise FormatProblem(f"{name} is damaged: a chunk of it has {len(data)} bytes, not {size}; copy it again")
        stored_shape = [shape[axis] for axis in self.order]
        return np.frombuffer(data, voxel_type).reshape(stored_shape).transpose(np.argsort(self.order))


@dataclass(frozen=True)
class Sharding:
    """Chunks lie in files of `shard_shape`, behind or before an index of offsets and lengths."""

    shard_shape: tuple[int, ...]
    index_at_end: bool
    index_has_checksum: bool


class ZarrArray(ChunkedArray):
    """An array of numbers in a Zarr folder. Raises FormatProblem for one that is not safe to read, or damaged."""

    def __init__(self, folder: ZarrFolder, path: str) -> None:
        self._folder = folder
        self._prefix = f"{path}/" if path else ""
        if any(part in ("", ".", "..") for part in path.split("/")) and path:
            raise FormatProblem(f"{folder.name}: {path!r} is no path inside the folder")
        metadata = folder.read_json(f"{self._prefix}zarr.json")
        old = None if metadata else folder.read_json(f"{self._prefix}.zarray")
        try:
            described = _read_v3(metadata) if metadata else _read_v2(old)
            shape, chunks = described.shape, described.chunks
            if not shape or len(shape) != len(chunks):
                raise _Unreadable("its shape or its chunks are damaged")
        except _Unreadable as reason:
            raise FormatProblem(f"{folder.name}: {reason}") from None
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
            raise FormatProblem(f"{folder.name}: the description of its array is damaged") from None
        super().__init__(folder.name, shape, chunks, described.voxel_type)
        self.attributes: dict[str, Any] = described.attributes
        if old is not None:
            self.attributes = folder.read_json(f"{self._prefix}.zattrs") or {}
        self._described = described
        self._indexes: OrderedDict[str, NDArray[np.uint64] | None] = OrderedDict()

    def load_chunk(self, place: tuple[int, ...]) -> NDArray[Any]:
        """As ChunkedArray; a chunk that was never written holds the fill value."""
        sharding = self._described.sharding
        limit = most_stored(self.chunk_bytes)
        if sharding is None:
            data = self._folder.read(self._key(place), limit)
        else:
            data = self._from_shard(place, sharding, limit)
        if data is None:
            return np.broadcast_to(np.array(self._described.fill_value, self.voxel_type), self.chunks)
        return self._described.coding.decode(data, self.chunks, self.voxel_type, self.name)

    def _key(self, place: Sequence[int]) -> str:
        joined = self._described.separator.join(str(index) for index in place)
        return f"{self._prefix}{self._described.key_start}{joined}"

    def _from_shard(self, place: tuple[int, ...], sharding: Sharding, limit: int) -> bytes | None:
        counts = [size // chunk for size, chunk in zip(sharding.shard_shape, self.chunks, strict=True)]
        key = self._key([index // count for index, count in zip(place, counts, strict=True)])
        index = self._index_of(key, sharding, math.prod(counts))
        if index is None:
            return None
        inner = tuple(index % count for index, count in zip(place, counts, strict=True))
        offset, size = (int(number) for number in index[np.ravel_multi_index(inner, counts)])
        if offset == size == _ABSENT:
            return None
        if size > limit or offset > 2**62:
            raise FormatProblem(f"{self.name} is damaged: the index of a shard is wrong; copy it again")
        data = self._folder.read_range(key, offset, size)
        if data is None or len(data) != size:
            raise FormatProblem(f"{self.name} is damaged: a shard ends too early; copy it again")
        return data

    def _index_of(self, key: str, sharding: Sharding, count: int) -> NDArray[np.uint64] | None:
        with self._lock:
            if key in self._indexes:
                return self._indexes[key]
        size = count * 16 + (4 if sharding.index_has_checksum else 0)
        data = self._folder.read_range(key, None if sharding.index_at_end else 0, size)
        index = None
        if data is not None:
            if len(data) != size:
                raise FormatProblem(f"{self.name} is damaged: a shard has no index; copy it again")
            plain = _without_checksum(data, self.name) if sharding.index_has_checksum else data
            index = np.frombuffer(plain, "<u8").reshape(count, 2)
        with self._lock:
            self._indexes[key] = index
            if len(self._indexes) > _INDEXES_KEPT:
                self._indexes.popitem(last=False)
        return index


class _Unreadable(Exception):
    """Why an array is not read; the rest of a sentence."""


@dataclass(frozen=True)
class _Described:
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    voxel_type: np.dtype[Any]
    fill_value: float
    coding: ChunkCoding
    sharding: Sharding | None
    key_start: str
    separator: str
    attributes: dict[str, Any]


def _read_v2(metadata: dict[str, Any] | None) -> _Described:
    if metadata is None:
        raise _Unreadable("there is no Zarr array in it")
    if metadata["zarr_format"] != 2:
        raise _Unreadable("only Zarr versions 2 and 3 are read")
    if not isinstance(metadata["dtype"], str) or not _V2_TYPE.fullmatch(metadata["dtype"]):
        raise _Unreadable(f"it holds {str(metadata['dtype'])[:40]!r}, and only plain numbers are read")
    if metadata.get("filters"):
        raise _Unreadable("it was written with filters, and none is read; write it again without")
    compressor = metadata["compressor"]
    if compressor is not None and compressor["id"] not in _V2_COMPRESSORS:
        raise _codec_refused(compressor["id"], _V2_COMPRESSORS)
    shape, chunks = _sizes(metadata["shape"]), _sizes(metadata["chunks"])
    axes = tuple(range(len(shape)))
    separator = metadata.get("dimension_separator", ".")
    if metadata["order"] not in ("C", "F") or separator not in (".", "/"):
        raise _Unreadable("the description of its array is damaged")
    return _Described(
        shape=shape,
        chunks=chunks,
        voxel_type=np.dtype(metadata["dtype"]),
        fill_value=_fill(metadata["fill_value"], np.dtype(metadata["dtype"])),
        coding=ChunkCoding(
            axes if metadata["order"] == "C" else axes[::-1],
            () if compressor is None else (_V2_COMPRESSORS[compressor["id"]],),
        ),
        sharding=None,
        key_start="",
        separator=separator,
        attributes={},
    )


def _read_v3(metadata: dict[str, Any]) -> _Described:
    if metadata["zarr_format"] != 3 or metadata["node_type"] != "array":
        raise _Unreadable("there is no Zarr array in it")
    if metadata.get("storage_transformers"):
        raise _Unreadable("it was written with storage transformers, and none is read")
    if metadata["data_type"] not in _V3_TYPES:
        raise _Unreadable(f"it holds {str(metadata['data_type'])[:40]!r}, and only plain numbers are read")
    if metadata["chunk_grid"]["name"] != "regular":
        raise _Unreadable("its chunks are not all of one shape")
    shape, outer = _sizes(metadata["shape"]), _sizes(metadata["chunk_grid"]["configuration"]["chunk_shape"])
    keys = metadata["chunk_key_encoding"]
    default_separator = {"default": "/", "v2": "."}[keys["name"]]
    separator = keys.get("configuration", {}).get("separator", default_separator)
    if separator not in ("/", "."):
        raise _Unreadable("the description of its array is damaged")
    codecs, chunks, sharding = metadata["codecs"], outer, None
    if len(codecs) == 1 and codecs[0]["name"] == "sharding_indexed":
        inside = codecs[0]["configuration"]
        codecs, chunks, sharding = inside["codecs"], _sizes(inside["chunk_shape"]), _sharding(inside, outer)
    coding, byte_order = _coding(codecs, len(shape))
    voxel_type = np.dtype(metadata["data_type"]).newbyteorder(byte_order)
    attributes = metadata.get("attributes", {})
    return _Described(
        shape=shape,
        chunks=chunks,
        voxel_type=voxel_type,
        fill_value=_fill(metadata["fill_value"], voxel_type),
        coding=coding,
        sharding=sharding,
        key_start=f"c{separator}" if keys["name"] == "default" else "",
        separator=separator,
        attributes=attributes if isinstance(attributes, dict) else {},
    )


def _sharding(configuration: dict[str, Any], outer: tuple[int, ...]) -> Sharding:
    inner = _sizes(configuration["chunk_shape"])
    if len(inner) != len(outer) or any(size % chunk for size, chunk in zip(outer, inner, strict=True)):
        raise _Unreadable("its shards do not hold whole chunks")
    counts = [size // chunk for size, chunk in zip(outer, inner, strict=True)]
    coding, byte_order = _coding(configuration["index_codecs"], len(outer))
    if byte_order != "<" or coding.byte_codecs not in ((), ("crc32c",)) or math.prod(counts) > _MOST_CHUNKS_A_SHARD:
        raise _Unreadable("the index of its shards is not read")
    location = configuration.get("index_location", "end")
    if location not in ("start", "end"):
        raise _Unreadable("the index of its shards is not read")
    return Sharding(outer, location == "end", bool(coding.byte_codecs))


def _coding(codecs: Sequence[dict[str, Any]], axes: int) -> tuple[ChunkCoding, str]:
    """The codecs of a chunk, and the byte order of its numbers."""
    order, byte_order, byte_codecs = tuple(range(axes)), "", list[str]()
    for codec in codecs:
        name, configuration = codec["name"], codec.get("configuration") or {}
        if name == "transpose" and not byte_order:
            order = tuple(order[int(axis)] for axis in configuration["order"])
            if sorted(order) != list(range(axes)):
                raise _Unreadable("the order of its axes is damaged")
        elif name == "bytes" and not byte_order:
            byte_order = {"little": "<", "big": ">"}[configuration.get("endian", "little")]
        elif name == "crc32c" and byte_order:
            byte_codecs.append(name)
        elif name in _V3_COMPRESSORS and byte_order and set(byte_codecs) <= {"crc32c"}:
            byte_codecs.append(_V3_COMPRESSORS[name])
        else:
            raise _codec_refused(name, ("transpose", "bytes", "crc32c", *_V3_COMPRESSORS))
    if not byte_order:
        raise _Unreadable("the description of its array is damaged")
    return ChunkCoding(order, tuple(byte_codecs)), byte_order


def _codec_refused(name: object, allowed: Sequence[str] | dict[str, str]) -> _Unreadable:
    return _Unreadable(f"its codec {str(name)[:40]!r} is not read here; those that are: {', '.join(allowed)}")


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or len(value) > 8:
        raise _Unreadable("its shape or its chunks are damaged")
    if not all(type(size) is int and 0 < size < 2**40 for size in value):
        raise _Unreadable("its shape or its chunks are damaged")
    return tuple(value)


def _fill(value: object, voxel_type: np.dtype[Any]) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Unreadable("its fill value is damaged")
    # "NaN", "Infinity" and "-Infinity" are numbers in words; bit patterns in hexadecimal digits are not read.
    number = float(value)
    if voxel_type.kind != "f" and not np.iinfo(voxel_type).min <= number <= np.iinfo(voxel_type).max:
        raise _Unreadable("its fill value is damaged")
    return number


def _without_checksum(data: bytes | memoryview, name: str) -> bytes | memoryview:
    if len(data) < 4 or google_crc32c.value(bytes(data[:-4])) != int.from_bytes(data[-4:], "little"):
        raise FormatProblem(f"{name} is damaged: a checksum is wrong; copy it again")
    return data[:-4]
