"""MRC files and stacks (.mrc .map .rec .mrcs .st): opened as volumes, and written."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.byte_source import ByteSource
from tomosift.formats.mrc_header import HEADER_BYTES, new_header, parse_header
from tomosift.formats.raw_volume import RawVolumeFile


def open_mrc(source: ByteSource) -> RawVolumeFile:
    """The MRC file behind `source`. Raises FormatProblem, also for a file shorter than its header says."""
    header = parse_header(source.head(HEADER_BYTES), source.name)
    return RawVolumeFile(source, header.layout, header.voxel_sizes_zyx, header.notes)


def write_cube(path: Path, volume: NDArray[np.float32], voxel_size: float) -> None:
    """Write one volume `(z, y, x)` as an MRC file of mode 2, `voxel_size` in Å."""
    write_stack(path, [volume], voxel_size)


def write_stack(path: Path, volumes: Sequence[NDArray[np.float32]], voxel_size: float) -> None:
    """Write volumes of one shape piled along z, as RELION reads `000001@stack.mrcs` for cubes.

    One volume gets space group 1, several get 401 (a volume stack of MRC2014).
    """
    pile = np.concatenate([np.asarray(volume, "<f4") for volume in volumes])
    if pile.ndim != 3 or pile.size == 0:
        raise ValueError(f"an MRC file needs volumes (z, y, x), not a pile of shape {pile.shape}")
    exact = pile.astype(np.float64)
    statistics = (float(pile.min()), float(pile.max()), float(exact.mean()), float(exact.std()))
    depth, height, width = pile.shape
    with path.open("wb") as file:
        file.write(new_header((depth, height, width), voxel_size, len(volumes), statistics))
        file.write(pile.tobytes())
