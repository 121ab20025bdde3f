"""What made a cycle's results: its labels, lists, settings, code and the cycles before it."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.cycles.model_schemas import (
    Lineage,
    LineageAncestor,
    LineageCode,
    LineageLabels,
    LineageModel,
    LineageSource,
)
from tomosift.kit.problems import not_found
from tomosift.tables import Cycle, Model, Source, User

MOST_ANCESTORS = 100


def read_lineage(session: Session, project_id: uuid.UUID, slug: str, number: int) -> Lineage:
    """Everything there is to say of a cycle's origin. Raises ProblemError 404 for no such cycle."""
    row = session.execute(
        select(Cycle, Model, User.display_name)
        .outerjoin(Model, Model.cycle_id == Cycle.id)
        .outerjoin(User, User.id == Cycle.created_by)
        .where(Cycle.project_id == project_id, Cycle.number == number)
    ).one_or_none()
    if row is None:
        raise not_found("cycle")
    cycle: Cycle = row.Cycle
    metrics = cycle.metrics or {}
    return Lineage(
        project=slug,
        cycle=cycle.number,
        stage=cycle.stage,
        launched_at=cycle.created_at,
        finished_at=cycle.finished_at,
        launched_by=row.display_name,
        reason=str(cycle.trigger.get("reason", "")),
        settings=cycle.settings,
        labels=LineageLabels(
            up_to_event=cycle.label_snapshot_event_id,
            rule=cycle.label_rule,
            class_set_version=cycle.class_set_version,
            training=cycle.training_label_count,
            evaluation=cycle.evaluation_label_count,
            checksum=metrics.get("origin", {}).get("labels"),
        ),
        sources=_sources(session, cycle),
        code=_code(cycle, row.Model),
        model=None if row.Model is None else _model(row.Model),
        began_with_weights_of=(metrics.get("training") or {}).get("began_with_weights_of"),
        ancestors=_ancestors(session, cycle),
    )


def _sources(session: Session, cycle: Cycle) -> list[LineageSource]:
    rows = session.scalars(
        select(Source)
        .where(Source.project_id == cycle.project_id, Source.created_at <= cycle.created_at)
        .order_by(Source.created_at, Source.id)
    )
    return [
        LineageSource(
            name=each.name,
            format=each.format,
            particles=each.row_count,
            checksum=each.checksum,
            imported_at=each.created_at,
        )
        for each in rows
    ]


def _code(cycle: Cycle, model: Model | None) -> LineageCode:
    origin = (cycle.metrics or {}).get("origin", {})
    described = {} if model is None else model.description  # where cycles of older versions say it
    return LineageCode(
        versions=origin.get("versions") or described.get("versions") or {},
        checksum=origin.get("code"),
        device=origin.get("device") or described.get("device"),
    )


def _model(model: Model) -> LineageModel:
    return LineageModel(
        id=model.id,
        checksum=model.checksum,
        network=model.network,
        parameters=model.parameter_count,
        classes=[str(each["name"]) for each in model.classes],
    )


def _ancestors(session: Session, cycle: Cycle) -> list[LineageAncestor]:
    found: list[LineageAncestor] = []
    previous_id = cycle.previous_cycle_id
    while previous_id is not None and len(found) < MOST_ANCESTORS:
        row = session.execute(
            select(Cycle.number, Cycle.training_label_count, Cycle.previous_cycle_id, Model.checksum)
            .outerjoin(Model, Model.cycle_id == Cycle.id)
            .where(Cycle.id == previous_id)
        ).one()
        found.append(
            LineageAncestor(cycle=row.number, training_labels=row.training_label_count, model_checksum=row.checksum)
        )
        previous_id = row.previous_cycle_id
    return found
