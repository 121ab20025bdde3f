"""Copying an import's voxels into the volume store: one block is read while another is written; finished ones stay."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.voxel_sources import VoxelSource
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeArray


class BlockRecords(Protocol):
    """Remembers the content hashes of blocks that are in the store for good."""

    def find(self, start: int) -> Sequence[str] | None:
        """The hashes of the block that begins at `start`; None if it is not there."""

    def keep(self, start: int, hashes: Sequence[str]) -> None:
        """The block that begins at `start` is on the disk."""


class NoRecords:
    """Remembers nothing: for a copy that need not go on after a crash."""

    def find(self, start: int) -> Sequence[str] | None:
        return None

    def keep(self, start: int, hashes: Sequence[str]) -> None:
        pass


def copy_voxels(
    voxels: VoxelSource,
    array: VolumeArray,
    tell: Callable[[int], None],
    records: BlockRecords | None = None,
    list_rows: NDArray[np.int64] | None = None,
) -> list[str]:
    """Copy all voxels into `array`, whole shards at a time, and return their content hashes.

    `tell(done)` is called for each cube. Blocks that `records` has are left as they are. Memory: about four blocks of
    32 MiB. Raises ProblemError 422 that names the cubes which cannot be read by their `list_rows` (from 0).
    """
    records = records or NoRecords()
    problems = ImportProblems()
    hashes: list[str] = []
    buffers = _Buffers(array.box)
    with (
        VolumeReader() as reader,
        ThreadPoolExecutor(1, thread_name_prefix="hash-voxels") as hasher,
        ThreadPoolExecutor(1, thread_name_prefix="write-voxels") as writer,
    ):
        writing: Future[Sequence[str]] | None = None
        for block in array.blocks():
            known = records.find(block.start)
            if known is not None:
                hashes += _written(writing)
                writing = None
                hashes += known
                tell(block.stop)
                continue
            batch = buffers.next(len(block))
            _read_block(reader, voxels, block, batch, tell, problems, list_rows)
            hashes += _written(writing)
            writing = None
            if not problems:  # with problems, go on reading only to name them all
                writing = writer.submit(_write_block, array, records, block.start, batch, hasher)
        hashes += _written(writing)
    problems.raise_any()
    return hashes


class _Buffers:
    """Two blocks of memory in turn: one is read into while the other is written. New memory for each block would cost
    as much as copying the voxels into it, because the system clears it first."""

    def __init__(self, box: int) -> None:
        self._shape = (box, box, box)
        self._blocks: list[NDArray[np.float32]] = []

    def next(self, count: int) -> NDArray[np.float32]:
        """Room for `count` cubes: the memory that was given out the last time but one."""
        block = self._blocks.pop(0) if len(self._blocks) == 2 else None
        if block is None or len(block) < count:
            block = np.empty((count, *self._shape), np.float32)
        self._blocks.append(block)
        return block[:count]


def _read_block(
    reader: VolumeReader,
    voxels: VoxelSource,
    block: range,
    batch: NDArray[np.float32],
    tell: Callable[[int], None],
    problems: ImportProblems,
    list_rows: NDArray[np.int64] | None,
) -> None:
    for done, place in enumerate(voxels.reading_order(block), start=block.start):
        tell(done)
        try:
            batch[place - block.start] = voxels.read(reader, place)
        except FormatProblem as problem:
            row = place if list_rows is None else int(list_rows[place])
            problems.add_format_problem(problem, row + 1)
            if problems.is_full:
                problems.raise_any()


def _write_block(
    array: VolumeArray, records: BlockRecords, start: int, batch: NDArray[np.float32], hasher: ThreadPoolExecutor
) -> Sequence[str]:
    hashing = hasher.submit(_hashes, batch)  # while the disk is waited for
    array.write_block(start, batch)
    hashes = hashing.result()
    records.keep(start, hashes)
    return hashes


def _hashes(batch: NDArray[np.float32]) -> Sequence[str]:
    return [content_hash(volume) for volume in batch]


def _written(writing: "Future[Sequence[str]] | None") -> Sequence[str]:
    return writing.result() if writing is not None else ()
