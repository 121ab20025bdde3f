"""Volumes in HDF5 as EMAN2 writes them: `/MDF/images/<n>/image`, n from 0, attributes beside each.

HDF5 can lead a reader to other files: by external and soft links, external raw data, virtual data sets, and filters
loaded as plugins. None of these is followed. Chunks are unpacked here and not by HDF5, which would unpack a small chunk
to any size. EMAN2's layout and its bit-reduced images: libEM/io/hdfio2.cpp of github.com/cryoem/eman2.
"""

import contextlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from tomosift.formats.byte_source import unreadable
from tomosift.formats.chunked_array import ChunkedArray, most_stored, unpack
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_file import (
    LARGEST_AXIS,
    VolumeFile,
    count_cubes,
    one_voxel_size,
    voxel_size_notes,
)

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_IMAGES = "MDF/images"
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
_MOST_ATTRIBUTE_BYTES = 65_536
_MOST_IMAGES = 10_000_000


class SafeHdf:
    """An HDF5 file whose objects are reached by hard links only. Every method raises FormatProblem."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        with self.explained():
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise FormatProblem(f"{self.name} cannot be read (no file)")
            self.size = status.st_size
            self._file = h5py.File(path, "r", locking=False)

    def names(self, group: str) -> list[str]:
        """What a group holds."""
        with self.explained():
            found = self._object(group)
            if not isinstance(found, h5py.Group):
                raise FormatProblem(f"{self.name}: {group} is no group")
            return [name.decode(errors="replace") for name in found.id]

    def attribute(self, path: str, name: str) -> float | str | None:
        """A number or text among the attributes of an object; None if there is no such."""
        with self.explained():
            found = self._object(path)
            if name not in found.attrs:
                return None
            stored = found.attrs.get_id(name)
            if stored.get_storage_size() > _MOST_ATTRIBUTE_BYTES or np.prod(stored.shape, dtype=np.int64) != 1:
                return None
            value = np.asarray(found.attrs[name]).reshape(-1)[0]
            if isinstance(value, bytes | str):
                return value.decode(errors="replace") if isinstance(value, bytes) else value
            return float(value) if np.isrealobj(value) else None

    def numbers(self, path: str, name: str) -> list[float] | None:
        """The numbers of an attribute, also of one with named parts, in their order; None if there is no such."""
        with self.explained():
            found = self._object(path)
            if name not in found.attrs or found.attrs.get_id(name).get_storage_size() > _MOST_ATTRIBUTE_BYTES:
                return None
            value = np.asarray(found.attrs[name])
            parts = (
                [value[part].reshape(-1) for part in value.dtype.names] if value.dtype.names else [value.reshape(-1)]
            )
            if any(part.dtype.kind not in "iuf" for part in parts):
                return None
            return [float(number) for part in parts for number in part]

    def array(self, path: str) -> "HdfArray":
        """A data set of numbers that lies in this very file, whole."""
        with self.explained():
            found = self._object(path)
            if not isinstance(found, h5py.Dataset):
                raise FormatProblem(f"{self.name}: {path} is no data set")
            return HdfArray(self, path, found)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _object(self, path: str) -> Any:
        found: Any = self._file["/"]
        for part in path.strip("/").split("/"):
            if not part:
                continue
            if not isinstance(found, h5py.Group) or not found.id.links.exists(part.encode()):
                raise FormatProblem(f"{self.name} has no {path}")
            if found.id.links.get_info(part.encode()).type != h5py.h5l.TYPE_HARD:
                raise FormatProblem(
                    f"{self.name}: {part} in it is a link to elsewhere, which is not followed; copy the data into it"
                )
            found = found[part]
        return found

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """HDF5's errors, of many kinds for a damaged file, in a sentence."""
        try:
            yield
        except FormatProblem:
            raise
        except (FileNotFoundError, PermissionError) as error:
            raise unreadable(self.name, error) from None
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError):
            raise FormatProblem(f"{self.name} is a damaged HDF5 file; copy it again") from None


class HdfArray:
    """A data set of numbers in three dimensions (two: one section), read by parts."""

    def __init__(self, file: SafeHdf, path: str, dataset: h5py.Dataset) -> None:
        self._file, self._dataset = file, dataset
        name = self.name = f"{file.name} ({path})"
        kind, item = dataset.dtype.kind, dataset.dtype.itemsize
        if kind not in "iuf" or item > 8:
            raise FormatProblem(f"{name} does not hold numbers that are read ({dataset.dtype})")
        if dataset.ndim not in (2, 3) or not all(0 < size <= LARGEST_AXIS for size in dataset.shape):
            raise FormatProblem(f"{name} is no volume: its shape is {dataset.shape}")
        self.stored_shape = tuple(int(size) for size in dataset.shape)
        height, width = self.stored_shape[-2:]
        depth = self.stored_shape[0] if dataset.ndim == 3 else 1
        self.shape_zyx: tuple[int, int, int] = (depth, height, width)
        settings = dataset.id.get_create_plist()
        if settings.get_external_count() or settings.get_layout() == h5py.h5d.VIRTUAL:
            raise FormatProblem(f"{name} keeps its voxels in other files, which are not read; copy them into it")
        self._chunks: _HdfChunks | None = None
        if settings.get_layout() == h5py.h5d.CHUNKED:
            self._chunks = _HdfChunks(name, dataset, settings)
        elif settings.get_layout() == h5py.h5d.CONTIGUOUS:
            self._check_length(depth * height * width * item)

    @property
    def is_chunked(self) -> bool:
        """Whether unpacked chunks are kept in memory."""
        return self._chunks is not None

    def read(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        """A part that lies inside, `(z, y, x)`. Raises FormatProblem."""
        axes = len(self.stored_shape)
        start, size = start_zyx[-axes:], shape_zyx[-axes:]
        with self._file.explained():
            if self._chunks is not None:
                part = self._chunks.read(start, size)
            else:
                stored = self._dataset[tuple(slice(first, first + n) for first, n in zip(start, size, strict=True))]
                with np.errstate(over="ignore", invalid="ignore"):
                    part = np.asarray(stored, np.float32)
        return part.reshape(shape_zyx)

    def _check_length(self, size: int) -> None:
        offset = self._dataset.id.get_offset()
        if offset is None or offset + size > self._file.size or self._dataset.id.get_storage_size() < size:
            raise FormatProblem(f"{self.name} is cut off: it promises {size} bytes that are not in the file")


class _HdfChunks(ChunkedArray):
    def __init__(self, name: str, dataset: h5py.Dataset, settings: Any) -> None:
        super().__init__(name, dataset.shape, settings.get_chunk(), dataset.dtype)
        self._dataset = dataset
        self._filters = [int(settings.get_filter(number)[0]) for number in range(settings.get_nfilters())]
        unknown = [number for number in self._filters if number not in (_DEFLATE, _SHUFFLE, _FLETCHER32)]
        if unknown:
            raise FormatProblem(
                f"{name} is packed with HDF5 filter {unknown[0]}, which is not read; write it again with gzip or none"
            )

    def load_chunk(self, place: tuple[int, ...]) -> NDArray[Any]:
        offset = tuple(index * chunk for index, chunk in zip(place, self.chunks, strict=True))
        stored = self._dataset.id.get_chunk_info_by_coord(offset)
        if stored.byte_offset is None or stored.size > most_stored(self.chunk_bytes):
            raise FormatProblem(f"{self.name} lacks some of its voxels, or they are damaged; copy it again")
        mask, data = self._dataset.id.read_direct_chunk(offset)
        for place_in_pipeline in reversed(range(len(self._filters))):
            if not mask >> place_in_pipeline & 1:
                data = self._undone(self._filters[place_in_pipeline], data)
        if len(data) != self.chunk_bytes:
            raise FormatProblem(f"{self.name} is damaged: a chunk of it has not {self.chunk_bytes} bytes")
        return np.frombuffer(data, self.voxel_type).reshape(self.chunks)

    def _undone(self, number: int, data: bytes | memoryview) -> bytes | memoryview:
        if number == _DEFLATE:
            # The checksum that may follow the voxels is packed with them.
            tail = 4 if _FLETCHER32 in self._filters[: self._filters.index(_DEFLATE)] else 0
            return unpack("zlib", data, self.chunk_bytes + tail, self.name)
        if number == _FLETCHER32:
            return data[:-4]
        item = self.voxel_type.itemsize
        return np.frombuffer(data, np.uint8).reshape(item, -1).T.tobytes()


@dataclass(frozen=True)
class _Scale:
    """EMAN2 may store floats as whole numbers of `bits`: value = low + number · (high − low) / (2^bits − 1)."""

    factor: float
    offset: float


class HdfVolumeFile(VolumeFile):
    """An EMAN2 .hdf: one volume, or many of one shape. A box is read from a file of one volume only."""

    def __init__(self, path: Path) -> None:
        self._file = SafeHdf(path)
        self.name = self._file.name
        self._numbers = self._image_numbers()
        first = self._file.array(self._image_path(self._numbers[0]))
        self._one_shape = first.shape_zyx
        self._is_single = len(self._numbers) == 1
        count = 1 if self._is_single else max(self._numbers) + 1
        depth, height, width = first.shape_zyx
        self.n_cubes = count if count_cubes(first.shape_zyx) == 1 and depth > 1 else None
        if self._is_single:
            self.n_cubes = count_cubes(first.shape_zyx)
        self.shape_zyx = (depth * (count if self.n_cubes else 1), height, width)
        sizes = self._voxel_sizes(self._numbers[0])
        self.voxel_size = one_voxel_size(sizes)
        self.notes = voxel_size_notes(sizes)
        self.holds_memory = first.is_chunked
        self._arrays = {self._numbers[0]: first}

    def read_cube(self, index: int | None) -> NDArray[np.float32]:
        """As VolumeFile."""
        number = self.number_of_cube(index)
        where = f"cube {index} of {self.name}" if index is not None else self.name
        if self._is_single:
            edge = self.shape_zyx[2]
            return self.check_finite(self._read(self._numbers[0], (number * edge, 0, 0), (edge,) * 3), where)
        if number not in self._numbers:
            raise FormatProblem(f"{self.name} has no image {number} (counted from 0), which is {where}")
        return self.check_finite(self._read(number, (0, 0, 0), self._one_shape), where)

    def read_box(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        """As VolumeFile."""
        if not self._is_single:
            raise FormatProblem(f"{self.name} holds {len(self._numbers)} volumes, so it is no tomogram to cut from")
        self.check_box(start_zyx, shape_zyx)
        part = self._read(self._numbers[0], start_zyx, shape_zyx)
        return self.check_finite(part, f"the box at x, y, z = {start_zyx[::-1]} of {self.name}")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _read(
        self, number: int, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        array = self._arrays.get(number) or self._file.array(self._image_path(number))
        if array.shape_zyx != self._one_shape:
            raise FormatProblem(f"image {number} of {self.name} has the shape {array.shape_zyx}, not {self._one_shape}")
        voxels = array.read(start_zyx, shape_zyx)
        scale = self._scale(number)
        return voxels if scale is None else (voxels * np.float32(scale.factor) + np.float32(scale.offset))

    def _image_numbers(self) -> list[int]:
        if "MDF" not in self._file.names(""):
            raise FormatProblem(
                f"{self.name} is HDF5, but not as EMAN2 writes it (no /MDF/images); convert it to MRC (e2proc3d.py)"
            )
        numbers = sorted(int(name) for name in self._file.names(_IMAGES) if name.isdecimal() and name.isascii())
        if not numbers or numbers[-1] > _MOST_IMAGES:
            raise FormatProblem(f"{self.name} holds no image, or the numbers of its images are damaged")
        return numbers

    def _image_path(self, number: int) -> str:
        return f"{_IMAGES}/{number}/image"

    def _number(self, image: int, name: str) -> float | None:
        value = self._file.attribute(f"{_IMAGES}/{image}", f"EMAN.{name}")
        return value if isinstance(value, float) and np.isfinite(value) else None

    def _voxel_sizes(self, image: int) -> tuple[float, float, float] | None:
        z, y, x = (self._number(image, f"apix_{axis}") for axis in "zyx")
        return None if z is None or y is None or x is None else (z, y, x)

    def _scale(self, image: int) -> _Scale | None:
        bits = self._number(image, "stored_renderbits")
        low, high = self._number(image, "stored_rendermin"), self._number(image, "stored_rendermax")
        if bits is None or not 0 < bits <= 32 or low is None or high is None or low == high:
            return None
        return _Scale((high - low) / (2 ** int(bits) - 1), low)
