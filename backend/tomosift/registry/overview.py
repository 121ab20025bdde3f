"""Models and the workers' catalogue, read from the tables."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tomosift.formats.catalogue import LIST_FORMATS
from tomosift.kit.problems import not_found
from tomosift.kit.worker_nodes import NO_WORKER, newest_catalogue, training_workers_seen
from tomosift.registry.schemas import CatalogueOut, ListFormatOut, ModelOut
from tomosift.tables import Cycle, Model

NEVER_SEEN = (
    "No worker has announced itself yet, so it is not known which networks and functions there are. It takes a few "
    "seconds after the start; after that, see the worker's log."
)


def list_models(session: Session, project_id: uuid.UUID, limit: int, before_cycle: int | None) -> Sequence[ModelOut]:
    """Up to `limit + 1` models of cycles below `before_cycle`, newest first."""
    query = _models(project_id).order_by(Cycle.number.desc()).limit(limit + 1)
    if before_cycle is not None:
        query = query.where(Cycle.number < before_cycle)
    return [_model_out(row) for row in session.execute(query)]


def read_model(session: Session, project_id: uuid.UUID, model_id: uuid.UUID) -> ModelOut:
    """One model of the project, or 404."""
    row = session.execute(_models(project_id).where(Model.id == model_id)).one_or_none()
    if row is None:
        raise not_found("model")
    return _model_out(row)


def read_catalogue(session: Session) -> CatalogueOut:
    """What the newest worker announced, empty lists and the reason when there was none; and the list formats."""
    formats = [ListFormatOut.model_validate(each) for each in LIST_FORMATS]
    catalogue = newest_catalogue(session)
    workers = training_workers_seen(session)
    if catalogue is None:
        return CatalogueOut(
            workers_seen=workers,
            acquisition=[],
            presets=[],
            settings_schema=None,
            default_preset=None,
            list_formats=formats,
            reason=NEVER_SEEN,
        )
    return CatalogueOut.model_validate(
        {
            "workers_seen": workers,
            "acquisition": catalogue.get("acquisition", []),
            "presets": catalogue.get("presets", []),
            "settings_schema": catalogue.get("settings_schema"),
            "default_preset": catalogue.get("default_preset"),
            "list_formats": formats,
            "reason": None if workers else NO_WORKER,
        }
    )


def _models(project_id: uuid.UUID) -> "Select[Model, int]":
    return (
        select(Model, Cycle.number.label("cycle_number"))
        .join(Cycle, Cycle.id == Model.cycle_id)
        .where(Model.project_id == project_id)
    )


def _model_out(row: Any) -> ModelOut:
    model: Model = row.Model
    return ModelOut(
        id=model.id,
        cycle_number=row.cycle_number,
        network=model.network,
        parameter_count=model.parameter_count,
        classes=model.classes,
        checksum=model.checksum,
        description=model.description,
        created_at=model.created_at,
    )
