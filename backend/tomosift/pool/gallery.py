"""Items of the gallery with what a reader may see of them."""

import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, Uuid, and_, any_, bindparam, select
from sqlalchemy.orm import Session

from tomosift.pool.gallery_schemas import GalleryItem, GalleryPrediction, ServedModel
from tomosift.pool.schemas import LabelOut
from tomosift.pool.served_predictions import ServedPredictions
from tomosift.pool.subtomograms import volume_url
from tomosift.projects.shown_labels import Reader, is_shown_to, parametric_reader
from tomosift.tables import CurrentLabel, EvaluationItem, Prediction, Subtomogram

_NO_CYCLE = uuid.UUID(int=0)


def gallery_items(
    session: Session, reader: Reader, slug: str, served: ServedPredictions | None, ids: Sequence[int]
) -> list[GalleryItem]:
    """These subtomograms of the project in this order; ids that are not in it are left out."""
    cycle_id = _NO_CYCLE if served is None else served.cycle_id
    values = {"ids": list(ids), "cycle": cycle_id, **reader.parameters()}
    found = {row.id: _item(slug, served, row) for row in session.execute(_rows(reader.is_curator), values)}
    return [found[each] for each in ids if each in found]


@cache
def _rows(is_curator: bool) -> Select[*tuple[Any, ...]]:
    """What `_item` needs: columns, for objects of four tables a row would take longer than reading them."""
    reader = parametric_reader(is_curator)
    of_cycle = Prediction.cycle_id == bindparam("cycle", type_=Uuid())
    return (
        select(
            Subtomogram.id,
            Subtomogram.name,
            Subtomogram.tomogram,
            Subtomogram.content_hash,
            CurrentLabel.kind,
            CurrentLabel.class_id,
            Prediction.output,
            Prediction.confidence,
            Prediction.score,
            Prediction.unlike,
            EvaluationItem.subtomogram_id.is_not(None).label("is_sampled"),
            is_shown_to(reader).label("is_shown"),
        )
        .select_from(Subtomogram)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .outerjoin(Prediction, and_(of_cycle, Prediction.subtomogram_id == Subtomogram.id))
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(
            Subtomogram.project_id == reader.project_id,
            Subtomogram.id == any_(bindparam("ids", type_=ARRAY(BigInteger))),
        )
    )


def served_model(served: ServedPredictions | None) -> ServedModel:
    """Whose predictions there are, as pages tell it."""
    if served is None:
        return ServedModel(cycle_number=None, state="none")
    return ServedModel(cycle_number=served.cycle_number, state="ready" if served.has_rows else "preparing")


def _item(slug: str, served: ServedPredictions | None, row: Any) -> GalleryItem:
    label = LabelOut(kind=row.kind, class_id=row.class_id) if row.is_shown and row.kind is not None else None
    # What a model says of the sample is for those who may see how it was decided; a skip is no decision.
    is_open = not row.is_sampled or (label is not None and label.kind != "skip")
    return GalleryItem(
        id=row.id,
        name=row.name,
        tomogram=row.tomogram,
        content_hash=row.content_hash,
        volume_url=volume_url(slug, row),
        label=label,
        prediction=_prediction(served, row) if is_open else None,
        in_evaluation_sample=row.is_sampled,
    )


def _prediction(served: ServedPredictions | None, row: Any) -> GalleryPrediction | None:
    if served is None or row.output is None:
        return None
    said = served.said[row.output]
    return GalleryPrediction(
        kind=None if said is None else said.kind,
        class_id=None if said is None else said.class_id,
        confidence=row.confidence,
        score=row.score,
        unlike=row.unlike,
    )
