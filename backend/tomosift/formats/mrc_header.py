"""The header of an MRC file, read permissively and checked against the file's size before anything is allocated.

MRC2014: Cheng et al., J. Struct. Biol. 192, 146 (2015), https://www.ccpem.ac.uk/mrc_format/mrc2014.php; mode 101
(two voxels a byte) and the sign flag of bytes as IMOD writes them, https://bio3d.colorado.edu/imod/doc/mrc_format.txt.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from mrcfile.dtypes import HEADER_DTYPE
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.raw_volume import VoxelLayout
from tomosift.formats.volume_file import LARGEST_AXIS

HEADER_BYTES = 1024
# Voxels of each mode that is read; mode 101 packs two unsigned 4-bit voxels in a byte.
_MODE_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", 101: "u1"}
_COMPLEX_MODES = (3, 4)
_IMOD_STAMP = 1146047817


@dataclass(frozen=True, slots=True)
class MrcHeader:
    """What the header of an MRC file says, with its oddities in `notes` (sentences for the user)."""

    layout: VoxelLayout
    voxel_sizes_zyx: tuple[float, float, float] | None
    """Å per voxel as written; None where no intervals are."""
    notes: tuple[str, ...]


def is_marked_mrc(head: bytes) -> bool:
    """Whether the file carries MRC's mark; old ones may lack it."""
    return head[208:211] == b"MAP"


def parse_header(raw: bytes, name: str) -> MrcHeader:
    """The header in the first 1024 bytes of file `name`. Raises FormatProblem for what is no MRC volume."""
    if len(raw) < HEADER_BYTES:
        raise FormatProblem(f"{name} has {len(raw)} bytes, less than an MRC header ({HEADER_BYTES}); it is cut off")
    header = _in_its_byte_order(raw, name)
    notes: list[str] = []
    mode = int(header["mode"])
    if mode in _COMPLEX_MODES:
        raise FormatProblem(f"{name} holds Fourier coefficients (MRC mode {mode}), not a volume in real space")
    stored_shape = tuple(int(header[axis]) for axis in ("nz", "ny", "nx"))
    extended = int(header["nsymbt"])
    if mode not in _MODE_TYPES or min(stored_shape) < 1 or extended < 0:
        raise FormatProblem(
            f"{name} is no MRC file or its header is damaged (mode {mode}, size {stored_shape[::-1]}, "
            f"extended header {extended} bytes)"
        )
    if not is_marked_mrc(raw):
        notes.append("the header lacks the mark 'MAP'")
    layout = VoxelLayout(
        offset=HEADER_BYTES + extended,
        stored_shape=(stored_shape[0], stored_shape[1], stored_shape[2]),
        axis_order=_axis_order(header, notes),
        voxel_type=_voxel_type(header, mode),
        is_four_bit=mode == 101,
    )
    return MrcHeader(layout, _voxel_sizes(header), tuple(notes))


def new_header(
    shape: tuple[int, int, int], voxel_size: float, volumes: int, statistics: tuple[float, float, float, float]
) -> bytes:
    """A little-endian float32 header; `shape` is the whole pile `(z, y, x)`, of `volumes` volumes.

    `statistics` are minimum, maximum, mean and standard deviation of the voxels. No date is written, so that equal
    volumes make equal files.
    """
    header: NDArray[Any] = np.zeros((), HEADER_DTYPE.newbyteorder("<"))
    depth, height, width = shape
    header["nx"], header["ny"], header["nz"] = width, height, depth
    header["mode"] = 2
    header["mx"], header["my"], header["mz"] = width, height, depth // volumes
    header["cella"] = (width * voxel_size, height * voxel_size, depth // volumes * voxel_size)
    header["cellb"] = (90.0, 90.0, 90.0)
    header["mapc"], header["mapr"], header["maps"] = 1, 2, 3
    header["dmin"], header["dmax"], header["dmean"], header["rms"] = statistics
    header["ispg"] = 1 if volumes == 1 else 401
    header["nversion"] = 20141
    header["map"] = b"MAP "
    header["machst"] = (0x44, 0x44, 0, 0)
    header["nlabl"] = 1
    header["label"][0] = b"Tomosift"
    return header.tobytes()


def _in_its_byte_order(raw: bytes, name: str) -> Any:
    orders: tuple[Literal["<", ">"], ...] = ("<", ">")
    for order in orders:
        header = np.frombuffer(raw[:HEADER_BYTES], HEADER_DTYPE.newbyteorder(order))[0]
        # Sizes are below 65,536 in either order, a swapped one never is; so the machine stamp, often wrong, is not
        # needed.
        sizes = [int(header[field]) for field in ("nx", "ny", "nz")]
        if 0 <= int(header["mode"]) < 128 and 0 < min(sizes) <= LARGEST_AXIS:
            return header
    little = np.frombuffer(raw[:HEADER_BYTES], HEADER_DTYPE.newbyteorder("<"))[0]
    raise FormatProblem(f"{name} is no MRC file or its header is damaged (mode {int(little['mode'])})")


def _axis_order(header: Any, notes: list[str]) -> tuple[int, int, int]:
    """For the stored (section, row, column): which of (z, y, x) each is."""
    names = [int(header[field]) for field in ("maps", "mapr", "mapc")]
    if sorted(names) != [1, 2, 3]:
        notes.append(f"the axis order {names[::-1]} is none; columns, rows, sections were taken as x, y, z")
        names = [3, 2, 1]
    section, row, column = (3 - name for name in names)
    return section, row, column


def _voxel_sizes(header: Any) -> tuple[float, float, float] | None:
    sizes = []
    for axis in "zyx":
        intervals = int(header[f"m{axis}"])
        length = float(header["cella"][axis])
        sizes.append(length / intervals if intervals > 0 else 0.0)
    if not all(np.isfinite(size) and size > 0 for size in sizes):
        return None
    return sizes[0], sizes[1], sizes[2]


def _voxel_type(header: Any, mode: int) -> np.dtype[Any]:
    kind = _MODE_TYPES[mode]
    if mode == 0 and _imod_says_unsigned(header):
        kind = "u1"
    order: Literal["<", ">"] = "<" if header.dtype["nx"].str.startswith("<") else ">"
    return np.dtype(kind).newbyteorder(order)


def _imod_says_unsigned(header: Any) -> bool:
    """IMOD marks its files with a stamp at byte 152; bit 0 of the next word tells that bytes are signed."""
    extra = header.tobytes()[152:160]
    stamp, flags = np.frombuffer(extra, header.dtype["nx"])
    return bool(stamp == _IMOD_STAMP and not flags & 1)
