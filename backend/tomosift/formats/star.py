"""RELION particle lists (STAR) read and written, in the flavours of RELION 3.0 to 5, Warp and WarpTools."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Literal

import pandas as pd

from tomosift.formats.particle_list import JsonBlock
from tomosift.formats.problem import FormatProblem
from tomosift.formats.relion_table import STACKS_2D, ParticleTable
from tomosift.formats.star_blocks import LoopBlock, StarBlock, read_star_blocks
from tomosift.formats.star_writer import StarTableWriter, block_to_json, write_star_blocks

__all__ = ["ParticleTable", "read_particle_star", "write_particle_star", "write_particle_table"]

Flavour = Literal["relion-3.0", "relion-3.1", "relion-4", "relion-5", "unknown"]

# RELION recognises tables with optics groups by this comment.
_RELION_31_VERSION = "30001"
_RELION_4_COLUMNS = {"rlnTomoTiltSeriesPixelSize", "rlnTomoSubtomogramBinning", "rlnTomoParticleName"}
_RELION_5_COLUMNS = {"rlnCenteredCoordinateXAngst", "rlnTomoVisibleFrames", "rlnTomoSubTomosAre2DStacks"}
_RELION_30_COLUMNS = {"rlnDetectorPixelSize", "rlnMagnification", "rlnPixelSize", "rlnOriginX", "rlnMicrographName"}
_PLACES = ({f"rlnCoordinate{axis}" for axis in "XYZ"}, {f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ"})
_TOMOGRAMS = (
    "is a list of tomograms, not of particles; choose the particles' STAR file (often called particles.star) and give "
    "this one beside it, as the tomograms to cut from"
)
# Columns that tell another kind of STAR file, and what to say of it.
_OTHER_FILES = {
    "rlnTomoParticlesFile": "is an optimisation set of RELION; choose the particles' STAR file that it names",
    "wrpCoordinateX1": "is a species file of M; export its particles with WarpTools (ts_export_particles) first",
    "subtomo_num": "is a motive list of STOPGAP; import it in that format (stopgap)",
    "rlnTomoTiltSeriesStarFile": _TOMOGRAMS,
    "rlnTomoSizeX": _TOMOGRAMS,
}


def read_particle_star(path: Path) -> ParticleTable:
    """Read a particle list: RELION 3.0, 3.1, 4 or 5, Warp or WarpTools, with images or coordinates alone.

    Raises FormatProblem for a file that is no STAR file, or has neither volumes nor coordinates; the sentence says
    what to do.
    """
    blocks = read_star_blocks(path)
    particles = _find_particles(blocks, path.name)
    others = {block.name: block_to_json(block, at) for at, block in enumerate(blocks) if block is not particles}
    place: JsonBlock = {"position": blocks.index(particles), "version": particles.version, "particles": True}
    table = ParticleTable(
        flavour=_recognise(blocks, particles), rows=particles.rows, blocks=others | {particles.name: place}
    )
    if not table.has_images:
        _check_places(table, path.name)
    return replace(table, notes=tuple(_notes(table)))


def write_particle_star(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], optics: Mapping[str, Sequence[str]] | None
) -> None:
    """Write a RELION 3.1 list: data_optics (column name → one text a group) and data_particles.

    Without `optics` it is one unnamed table, as RELION 3.0 has it. `rows` are texts in the order of `columns`.
    """
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=str)
    if optics is None:
        write_star_blocks(path, [LoopBlock("", frame)])
    else:
        groups = LoopBlock("optics", pd.DataFrame(dict(optics), dtype=str), _RELION_31_VERSION)
        write_star_blocks(path, [groups, LoopBlock("particles", frame, _RELION_31_VERSION)])


def write_particle_table(target: Path | BinaryIO, table: ParticleTable) -> None:
    """Write a list with all its blocks in their order: every value as it was read."""
    with StarTableWriter(target, table.blocks, table.columns) as writer:
        writer.write(table.rows)


def _find_particles(blocks: list[StarBlock], file_name: str) -> LoopBlock:
    tables = [block for block in blocks if isinstance(block, LoopBlock) and block.name != "optics"]
    candidates = [table for table in tables if "rlnImageName" in table.columns]
    candidates += [table for table in tables if any(places <= set(table.columns) for places in _PLACES)]
    if not candidates:
        names = {name for block in blocks for name in _names_of(block)}
        for column, sentence in _OTHER_FILES.items():
            if column in names:
                raise FormatProblem(f"{file_name} {sentence}")
        raise FormatProblem(
            f"{file_name} has no table with the column rlnImageName or with coordinates (rlnCoordinateX, Y and Z), so "
            "it is no list of particles; choose the particles' STAR file (often called particles.star)"
        )
    particles = next((table for table in candidates if table.name == "particles"), candidates[0])
    if len(particles.rows) == 0:
        raise FormatProblem(f"the table data_{particles.name} of {file_name} has no rows; choose a list with particles")
    return particles


def _recognise(blocks: list[StarBlock], particles: LoopBlock) -> Flavour:
    names = set(particles.columns)
    for block in blocks:
        names |= set(_names_of(block)) if block.name in ("optics", "general") else set()
    if names & _RELION_5_COLUMNS:
        return "relion-5"
    if names & _RELION_4_COLUMNS:
        return "relion-4"
    if any(block.name == "optics" for block in blocks):
        return "relion-3.1"
    if "rlnTomoName" in names:
        return "relion-4"
    return "relion-3.0" if names & _RELION_30_COLUMNS else "unknown"


def _check_places(table: ParticleTable, file_name: str) -> None:
    if not any(places <= set(table.columns) for places in _PLACES):
        raise FormatProblem(f"{file_name} cannot be used: {STACKS_2D}; nor has it coordinates to cut boxes at")
    coordinates = table.coordinates()
    if (
        coordinates is not None
        and not _PLACES[1] <= set(table.columns)
        and coordinates.min() >= 0
        and coordinates.max() <= 1
    ):
        raise FormatProblem(
            f"all coordinates of {file_name} lie between 0 and 1: they are parts of the tomogram's size, as Warp's "
            "template matching writes them; let WarpTools export them first (ts_export_particles --normalized_coords)"
        )


def _notes(table: ParticleTable) -> Iterator[str]:
    if table.has_2d_stacks:
        yield "its images are 2D tilt stacks, which are not read: boxes can only be cut from the tomograms"
    if table.counts_in_image_voxels:
        yield (
            "the coordinates count in voxels of the images, as WarpTools writes them, whatever "
            "rlnTomoTiltSeriesPixelSize says"
        )


def _names_of(block: StarBlock) -> list[str]:
    return block.columns if isinstance(block, LoopBlock) else [name for name, _ in block.pairs]
