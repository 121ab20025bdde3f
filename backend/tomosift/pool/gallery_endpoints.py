"""HTTP face of the gallery: the pool sorted and filtered, counted, and as small pictures."""

import re
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from tomosift.kit.database import transaction
from tomosift.kit.paging import PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.problems import forbidden, invalid
from tomosift.kit.routing import answered, problems
from tomosift.pool import tiles
from tomosift.pool.gallery import gallery_items, served_model
from tomosift.pool.gallery_keys import MOST_COUNTED, GalleryView, Key, Sort, count_before, count_items, gallery_keys
from tomosift.pool.gallery_schemas import GalleryCount, GalleryPage
from tomosift.pool.served_predictions import Said, read_served
from tomosift.pool.subtomograms import parse_label_filter
from tomosift.projects.access import Role, ViewerAccess
from tomosift.projects.shown_labels import reader_of
from tomosift.volumes.projections import View

router = APIRouter(prefix="/projects/{slug}", tags=["pool"], responses=problems(422))

MOST_IDS = 500
_IDS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*")
Share = Annotated[float | None, Query(ge=0, le=1)]


async def gallery_view(
    access: ViewerAccess,
    sort: Annotated[
        Sort,
        Query(
            description="`place` in the pool, the cycle's `score`, `confidence`, how `unlike` all classes, or the "
            "newest decision (`decided`). All but `place` leave out what has none."
        ),
    ] = "place",
    descending: bool = False,
    label: Annotated[
        str | None, Query(max_length=50, description="`unlabeled`, `class:<id>`, `junk` or `unsure`.")
    ] = None,
    predicted: Annotated[
        str | None, Query(max_length=50, description="What the serving model says: `class:<id>` or `junk`.")
    ] = None,
    confidence_min: Share = None,
    confidence_max: Share = None,
    tomogram: Annotated[str | None, Query(max_length=500)] = None,
    annotator: Annotated[
        uuid.UUID | None, Query(description="Decided by this person; others than yourself are for curators.")
    ] = None,
    disagrees: Annotated[bool, Query(description="Label and prediction are there and differ.")] = False,
    batch: Annotated[int | None, Query(ge=0, lt=2**31, description="Picked by the cycle of this number.")] = None,
    ids: Annotated[
        str | None, Query(max_length=10_000, description=f"Only these, at most {MOST_IDS}: `4711,4712`.")
    ] = None,
) -> GalleryView:
    """The view that a request asks for. A coroutine, because it waits for nothing. Raises ProblemError 403, 422."""
    if annotator not in (None, access.user.id) and not access.role.may(Role.CURATOR):
        raise forbidden("Annotators see their own decisions only, so that they decide unbiased. Ask for your own.")
    return GalleryView(
        sort=sort,
        descending=descending,
        label=parse_label_filter(label),
        predicted=_parse_predicted(predicted),
        confidence_min=confidence_min,
        confidence_max=confidence_max,
        tomogram=tomogram,
        annotator=annotator,
        disagrees=disagrees,
        batch=batch,
        ids=_parse_ids(ids),
    )


AskedView = Annotated[GalleryView, Depends(gallery_view)]


@router.get(
    "/gallery",
    response_model=GalleryPage,
    summary="The pool, sorted and filtered",
    responses=problems(401, 403, 404, 422),
)
def read_gallery(
    access: ViewerAccess,
    view: AskedView,
    limit: PageLimit = 100,
    after: PageAfter = None,
    rank: Annotated[int, Query(ge=0, lt=10**8, description="Begin at this place of the order, from 0.")] = 0,
) -> Response:
    """Subtomograms with label and prediction, in the order and with the filters asked for.

    Nothing is told of an item of the evaluation sample before it is decided: it passes no filter by label or
    prediction. Labels that would tell what others said of an item that you may still be asked about are not shown.
    """
    reader = reader_of(access)
    with transaction() as session:
        served = read_served(session, access.project_id)
        keys = gallery_keys(session, reader, served, view, limit=limit + 1, after=_key(view, after), rank=rank)
        items = gallery_items(session, reader, access.slug, served, [item for _, item in keys])
    page = page_of(list(zip(keys, items, strict=True)), limit, lambda row: row[1], lambda row: _cursor(row[0]))
    return answered(GalleryPage(items=page.items, next=page.next, model=served_model(served)))


@router.get("/gallery/count", summary="How many the gallery has", responses=problems(401, 403, 404, 422))
def count_gallery(
    access: ViewerAccess,
    view: AskedView,
    value: Annotated[
        float | None, Query(description="Also count what comes before this score, confidence or unlikeness.")
    ] = None,
) -> GalleryCount:
    """How many items the view has, up to 100,000 where it has a filter, and the rank of a value in its order."""
    if value is not None and view.sort not in ("score", "confidence", "unlike"):
        raise invalid("no-values", "This order has no values", "Sort by score, confidence or unlike to go to a value.")
    reader, most = reader_of(access), MOST_COUNTED if view.has_filter else None
    with transaction() as session:
        served = read_served(session, access.project_id)
        count = count_items(session, reader, served, view, most=most)
        before = None if value is None else count_before(session, reader, served, view, value)
    is_capped = most is not None and count > most
    return GalleryCount(count=most if is_capped and most else count, is_capped=is_capped, before=before)


@router.get(
    "/tiles",
    summary="Small pictures of many subtomograms",
    response_class=Response,
    responses={**tiles.ANSWER, **problems(401, 404, 422)},
)
def read_tiles(
    access: ViewerAccess,
    ids: Annotated[
        str,
        Query(
            max_length=6000,
            description=f"At most {tiles.MOST}, each with the first 8 digits of its content's hash: "
            "`4711-9f2c01ab,4712-…`. With all of them right the answer may be kept for ever; a wrong one is 404.",
        ),
    ],
    view: Annotated[
        View,
        Query(description="Mean of the middle eighth along z, or the sum, largest or smallest value along all of z."),
    ] = "central",
    size: Annotated[int, Query(ge=16, le=192, description="Edge in pixels; never more than the box.")] = 64,
    low_pass: Annotated[
        float | None, Query(gt=0, le=1000, description="Å at which amplitudes are halved; none where it is left out.")
    ] = None,
) -> Response:
    """One byte a pixel, tile after tile in the order of the ids, rows from the top, y upwards as in the viewer.

    All tiles have one scale: 0 to 255 are -4 to +4 standard deviations from the mean of the tile's own pixels.
    """
    wanted = tiles.parse_ids(ids)
    with transaction() as session:
        places = tiles.find_places(session, access.project_id, wanted)
    return tiles.answer(tiles.make_tiles(places, view, size, low_pass), is_named=all(each.digest for each in wanted))


def _cursor(key: Key) -> tuple[float, ...]:
    """The values that `_key` reads again."""
    return tuple(each for each in key if each is not None)


def _key(view: GalleryView, after: str | None) -> Key | None:
    if view.sort == "place":
        cursor = decode_cursor(after, int)
        return None if cursor is None else (None, int(str(cursor[0])))
    cursor = decode_cursor(after, int if view.sort == "decided" else float, int)
    return None if cursor is None else (float(str(cursor[0])), int(str(cursor[1])))


def _parse_predicted(text: str | None) -> Said | None:
    wanted = parse_label_filter(text)
    if wanted is None:
        return None
    if wanted.kind == "class" and wanted.class_id is not None:
        return Said("class", wanted.class_id)
    if wanted.kind == "junk":
        return Said("junk")
    raise invalid("bad-filter", "Not a prediction", "Use junk or class:<id> (the ids are in the project).")


def _parse_ids(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    numbers = tuple(map(int, text.split(","))) if _IDS.fullmatch(text) else ()
    if not numbers or len(numbers) > MOST_IDS:
        raise invalid("bad-ids", "Not a list of ids", f"Give 1 to {MOST_IDS} numbers with commas between them.")
    return numbers
