"""Volumes in EM format (.em), as TOM, Dynamo, STOPGAP and PyTom write them.

512 bytes of header (machine, type of the voxels, size, 40 parameters), then the voxels with x running fastest. Source:
Nickell et al., J. Struct. Biol. 149, 227 (2005), and the description in tom_emread.m.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tomosift.formats.byte_source import ByteSource
from tomosift.formats.problem import FormatProblem
from tomosift.formats.raw_volume import RawVolumeFile, VoxelLayout
from tomosift.formats.volume_file import LARGEST_AXIS

HEADER_BYTES = 512
_MACHINES = (0, 1, 2, 3, 5, 6)
_VOXEL_TYPES = {1: "i1", 2: "i2", 4: "i4", 5: "f4", 9: "f8"}
_COMPLEX_TYPES = (8, 10)
# Parameter 7, the size of a pixel in the object, in thousandths of an ångström.
_PIXEL_SIZE_AT = 96 + 6 * 4
# Å; many programs leave rubbish among the parameters.
_PLAUSIBLE_SIZES = (0.1, 1000.0)


@dataclass(frozen=True)
class EmHeader:
    """What an EM header says: sizes, the code of the voxels' type, the byte order, Å per voxel (None: nothing)."""

    shape_zyx: tuple[int, int, int]
    type_code: int
    byte_order: Literal["<", ">"]
    voxel_size: float | None


def parse_em_header(head: bytes) -> EmHeader | None:
    """The header in a file's first bytes; None if they are not EM's."""
    if len(head) < HEADER_BYTES or head[0] not in _MACHINES or head[3] not in (*_VOXEL_TYPES, *_COMPLEX_TYPES):
        return None
    orders: tuple[Literal["<", ">"], ...] = ("<", ">")
    for order in orders:
        # Sizes are below 65,536 in one byte order only, so the code of the machine, often wrong, is not needed.
        x, y, z = (int(size) for size in np.frombuffer(head, f"{order}i4", 3, 4))
        if 0 < min(x, y, z) <= LARGEST_AXIS:
            size = int(np.frombuffer(head, f"{order}i4", 1, _PIXEL_SIZE_AT)[0]) / 1000
            known = _PLAUSIBLE_SIZES[0] <= size <= _PLAUSIBLE_SIZES[1]
            return EmHeader((z, y, x), head[3], order, size if known else None)
    return None


def open_em(source: ByteSource) -> RawVolumeFile:
    """The EM file behind `source`. Raises FormatProblem for one that holds no volume in real space."""
    header = parse_em_header(source.head(HEADER_BYTES))
    if header is None:
        raise FormatProblem(f"{source.name} is no EM file or its header is damaged")
    if header.type_code in _COMPLEX_TYPES:
        raise FormatProblem(
            f"{source.name} holds complex numbers (EM type {header.type_code}), not a volume in real space"
        )
    if header.shape_zyx[0] == 1 and header.shape_zyx[2] == 20:
        raise FormatProblem(
            f"{source.name} is a motive list of {header.shape_zyx[1]} particles, no volume; import it as a list"
        )
    voxel_type = np.dtype(_VOXEL_TYPES[header.type_code]).newbyteorder(header.byte_order)
    layout = VoxelLayout(HEADER_BYTES, header.shape_zyx, (0, 1, 2), voxel_type)
    notes = ("its bytes were read as signed numbers",) if header.type_code == 1 else ()
    sizes = None if header.voxel_size is None else (header.voxel_size,) * 3
    return RawVolumeFile(source, layout, sizes, notes)
