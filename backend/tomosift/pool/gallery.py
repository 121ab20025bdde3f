"""Items of the gallery with what a reader may see of them."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from tomosift.pool.gallery_schemas import GalleryItem, GalleryPrediction, ServedModel
from tomosift.pool.schemas import LabelOut
from tomosift.pool.served_predictions import ServedPredictions
from tomosift.pool.subtomograms import volume_url
from tomosift.projects.shown_labels import Reader, is_shown_to
from tomosift.tables import CurrentLabel, EvaluationItem, Prediction, Subtomogram

_NO_CYCLE = uuid.UUID(int=0)


def gallery_items(
    session: Session, reader: Reader, slug: str, served: ServedPredictions | None, ids: Sequence[int]
) -> list[GalleryItem]:
    """These subtomograms of the project in this order; ids that are not in it are left out."""
    cycle_id = _NO_CYCLE if served is None else served.cycle_id
    rows = session.execute(
        select(
            Subtomogram,
            CurrentLabel,
            Prediction,
            EvaluationItem.subtomogram_id.label("sampled"),
            is_shown_to(reader).label("is_shown"),
        )
        .select_from(Subtomogram)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .outerjoin(Prediction, and_(Prediction.cycle_id == cycle_id, Prediction.subtomogram_id == Subtomogram.id))
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.project_id == reader.project_id, Subtomogram.id.in_(ids))
    )
    found = {row.Subtomogram.id: _item(slug, served, row) for row in rows}
    return [found[each] for each in ids if each in found]


def served_model(served: ServedPredictions | None) -> ServedModel:
    """Whose predictions there are, as pages tell it."""
    if served is None:
        return ServedModel(cycle_number=None, state="none")
    return ServedModel(cycle_number=served.cycle_number, state="ready" if served.has_rows else "preparing")


def _item(slug: str, served: ServedPredictions | None, row: Any) -> GalleryItem:
    particle: Subtomogram = row.Subtomogram
    label: CurrentLabel | None = row.CurrentLabel if row.is_shown else None
    # What a model says of the sample is for those who may see how it was decided; a skip is no decision.
    is_open = row.sampled is None or (label is not None and label.kind != "skip")
    return GalleryItem(
        id=particle.id,
        name=particle.name,
        tomogram=particle.tomogram,
        content_hash=particle.content_hash,
        volume_url=volume_url(slug, particle),
        label=None if label is None else LabelOut.model_validate({"kind": label.kind, "class_id": label.class_id}),
        prediction=_prediction(served, row.Prediction) if is_open else None,
        in_evaluation_sample=row.sampled is not None,
    )


def _prediction(served: ServedPredictions | None, row: Prediction | None) -> GalleryPrediction | None:
    if served is None or row is None:
        return None
    said = served.said[row.output]
    return GalleryPrediction(
        kind=None if said is None else said.kind,
        class_id=None if said is None else said.class_id,
        confidence=row.confidence,
        score=row.score,
        unlike=row.unlike,
    )
