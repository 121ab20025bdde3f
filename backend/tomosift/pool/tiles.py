"""Small pictures of many subtomograms in one answer."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import Response
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.problems import invalid, not_found
from tomosift.kit.settings import get_settings
from tomosift.pool.subtomograms import open_source
from tomosift.pool.volume_answer import IMMUTABLE
from tomosift.tables import Source, Subtomogram
from tomosift.volumes.projections import RANGE, View, gaussian_sigma, project, resample, to_greys

MOST = 256
DIGITS = 8
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Pixels of one byte, tile after tile.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "X-Tile-Edge": {"schema": {"type": "integer"}, "description": "Pixels along an edge of each tile."},
            "X-Tile-Range": {
                "schema": {"type": "number"},
                "description": "0 and 255 are so many standard deviations below and above the mean of a tile.",
            },
        },
    }
}
_VOXELS_AT_ONCE = 8 * 2**20
_IDS = re.compile(r"[0-9]{1,18}(-[0-9a-f]{8})?(,[0-9]{1,18}(-[0-9a-f]{8})?)*")


@dataclass(frozen=True)
class WantedTile:
    """A subtomogram, and the beginning of its content's hash where the asker knows it."""

    subtomogram_id: int
    digest: str | None


@dataclass(frozen=True)
class TilePlace:
    """Where the voxels of a tile are."""

    volumes_key: str
    row: int
    box: int
    voxel_size_angstrom: float | None


def parse_ids(text: str) -> list[WantedTile]:
    """The subtomograms of `4711-9f2c01ab,4712`. Raises ProblemError 422."""
    parts = text.split(",") if _IDS.fullmatch(text) else []
    if not 0 < len(parts) <= MOST:
        detail = f"Give 1 to {MOST} ids with commas between them, each with 8 digits of its hash: 4711-9f2c01ab."
        raise invalid("bad-ids", "Not a list of ids", detail)
    wanted = [each.partition("-") for each in parts]
    return [WantedTile(int(number), digest or None) for number, _, digest in wanted]


def find_places(session: Session, project_id: uuid.UUID, wanted: Sequence[WantedTile]) -> list[TilePlace]:
    """Where each tile's voxels are. Raises ProblemError 404 for what is not there, or has other voxels by now."""
    rows = session.execute(
        select(
            Subtomogram.id,
            Subtomogram.content_hash,
            Subtomogram.source_row,
            Source.volumes_key,
            Source.box_size,
            Source.voxel_size_angstrom,
        )
        .join(Source, Source.id == Subtomogram.source_id)
        .where(Subtomogram.project_id == project_id, Subtomogram.id.in_([each.subtomogram_id for each in wanted]))
    )
    found = {row.id: row for row in rows}
    for each in wanted:
        row = found.get(each.subtomogram_id)
        if row is None or (each.digest is not None and row.content_hash[:DIGITS] != each.digest):
            raise not_found(f"subtomogram {each.subtomogram_id} with these voxels")
    in_order = [found[each.subtomogram_id] for each in wanted]
    return [TilePlace(row.volumes_key, row.source_row, row.box_size, row.voxel_size_angstrom) for row in in_order]


def make_tiles(places: Sequence[TilePlace], view: View, size: int, low_pass: float | None) -> NDArray[np.uint8]:
    """Tiles `(n, edge, edge)`, rows from the top; `edge` is `size`, or the largest box where that is smaller.

    Raises ProblemError 422 for a low-pass in Å where nobody knows how large a voxel is.
    """
    edge = min(size, max(place.box for place in places))
    tiles = np.empty((len(places), edge, edge), np.uint8)
    for numbers in _groups(places):
        first = places[numbers[0]]
        volumes = open_source(get_settings().effective_store_url, first.volumes_key).read(
            [places[number].row for number in numbers]
        )
        pictures = resample(project(volumes, view, _sigma(first, low_pass)), edge)
        tiles[numbers] = to_greys(pictures)[:, ::-1]
    return tiles


def answer(tiles: NDArray[np.uint8], *, is_named: bool) -> Response:
    """The tiles as an HTTP answer; `is_named`: its address names their content, so it may be kept for ever."""
    return Response(
        tiles.tobytes(),
        media_type="application/octet-stream",
        headers={
            "Cache-Control": IMMUTABLE if is_named else "private, no-cache",
            "X-Tile-Edge": str(tiles.shape[1]),
            "X-Tile-Range": repr(RANGE),
        },
    )


def _groups(places: Sequence[TilePlace]) -> list[list[int]]:
    """Numbers of tiles from one source, as many together as memory allows."""
    by_source: dict[str, list[int]] = {}
    for number, place in enumerate(places):
        by_source.setdefault(place.volumes_key, []).append(number)
    groups = []
    for numbers in by_source.values():
        together = max(1, _VOXELS_AT_ONCE // places[numbers[0]].box ** 3)
        groups += [numbers[start : start + together] for start in range(0, len(numbers), together)]
    return groups


def _sigma(place: TilePlace, low_pass: float | None) -> float:
    if low_pass is None:
        return 0.0
    if not place.voxel_size_angstrom:
        raise invalid(
            "no-voxel-size",
            "The voxel size is not known",
            "A low-pass in Å needs it, and the list of these subtomograms did not say; leave low_pass out.",
        )
    return gaussian_sigma(low_pass, place.voxel_size_angstrom)
