"""The map of the pool for one reader: the cycle's places with what the reader may see of each particle."""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tomosift.kit.class_meanings import counts_for
from tomosift.kit.problems import conflict
from tomosift.kit.serving_model import in_force
from tomosift.pool.map_places import NOTHING, MapFiles, MapPlaces
from tomosift.pool.map_schemas import BetterMap, MapLegend, MapValue
from tomosift.projects.classes import all_classes
from tomosift.projects.shown_labels import Item, Reader, read_hidden, read_undecided
from tomosift.tables import CurrentLabel, Cycle, Job, Model, QueueItem, Subtomogram

MAP = "map"
"""The entry of a cycle's numbers, and the kind of the job that makes a better map."""
NOT_PICKED = 0
DELETED = -2


@dataclass(frozen=True)
class MapPlan:
    """A cycle's map: where it is, what its numbers stand for."""

    files: MapFiles
    cycle: Cycle
    values: list[MapValue]
    better: BetterMap | None


def plan_map(session: Session, store_url: str, project_id: uuid.UUID) -> MapPlan:
    """The newest map of a cycle that counts. Raises ProblemError 409 where there is none yet."""
    row = session.execute(
        select(Cycle, Model)
        .outerjoin(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", Cycle.metrics.has_key(MAP), in_force())
        .order_by(Cycle.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise conflict(
            "no-map", "There is no map yet", "Launch a cycle; it looks at every particle and lays out those alike."
        )
    cycle: Cycle = row.Cycle
    metrics = cycle.metrics or {}
    classes = all_classes(session, project_id)
    standing = [each for each in classes if each.retired_in_version is None]
    values = [MapValue(kind="class", class_id=each.id, name=each.name, color=each.color) for each in standing]
    values += [MapValue(kind="junk", name="junk"), MapValue(kind="unsure", name="unsure")]
    numbers = _numbers(values)
    counted = {str(each): meant for each, meant in counts_for(classes).items()}
    outputs: list[dict[str, Any]] = [] if row.Model is None else row.Model.classes
    files = MapFiles(
        store_url=store_url,
        map_key=metrics[MAP]["key"],
        scores_key=str(cycle.scores_key),
        meant=tuple(
            numbers.get((each["kind"], counted.get(str(each["id"])) if each["kind"] == "class" else None), NOTHING)
            for each in outputs
        ),
        temperature=(metrics.get("calibration") or {}).get("temperature", 1.0),
    )
    return MapPlan(files, cycle, values, _better(session, cycle))


def describe_map(
    session: Session, plan: MapPlan, places: MapPlaces, reader: Reader
) -> tuple[dict[str, NDArray[np.generic]], MapLegend]:
    """The columns `(m, ...)` of the map for this reader, and what they mean.

    A particle of the evaluation sample is there only with a label this reader may see: where it lies would tell what it
    is. What was deleted since the cycle is left out.
    """
    ids = places.item_ids
    tomogram, names = _tomograms(session, reader.project_id, ids)
    label = _labels(session, reader.project_id, ids, _numbers(plan.values))
    label[_are_in(ids, read_hidden(session, reader))] = NOTHING
    withheld = _are_in(ids, read_undecided(session, reader)) & (tomogram != DELETED)
    chosen = (tomogram != DELETED) & ~withheld
    columns: dict[str, NDArray[np.generic]] = {
        "item_ids": ids[chosen],
        "points": places.points[chosen],
        "label": label[chosen],
        "prediction": places.predicted[chosen],
        "confidence": places.confidence[chosen],
        "cycle": _picked_in(session, reader.project_id, ids)[chosen],
        "tomogram": tomogram[chosen],
    }
    legend = MapLegend(
        cycle_number=plan.cycle.number,
        method=(plan.cycle.metrics or {})[MAP]["method"],
        values=plan.values,
        tomograms=names,
        placed=places.placed,
        shown=int(chosen.sum()),
        withheld=int(withheld.sum()),
        is_thinned=places.placed > len(places.item_ids),
        is_calibrated=bool((plan.cycle.metrics or {}).get("calibration")),
        better=plan.better,
    )
    return columns, legend


def _numbers(values: list[MapValue]) -> dict[tuple[str, uuid.UUID | None], int]:
    return {(each.kind, each.class_id): number for number, each in enumerate(values)}


def _tomograms(
    session: Session, project_id: uuid.UUID, item_ids: NDArray[np.int64]
) -> tuple[NDArray[np.int32], list[str]]:
    """The number of each item's tomogram `(m,)`: NOTHING for none, DELETED where the item is gone; and their names."""
    # As arrays: a row for each of 100,000 items would take longer than all the rest.
    rows = session.execute(
        select(Subtomogram.tomogram, func.array_agg(Subtomogram.id).label("ids"))
        .where(Subtomogram.project_id == project_id, _is_among(Subtomogram.id))
        .group_by(Subtomogram.tomogram)
        .order_by(Subtomogram.tomogram),
        {"ids": item_ids.tolist()},
    ).all()
    numbers, names = np.full(len(item_ids), DELETED, np.int32), [row.tomogram for row in rows if row.tomogram]
    for row in rows:
        number = names.index(row.tomogram) if row.tomogram else NOTHING
        numbers[np.searchsorted(item_ids, np.array(row.ids, np.int64))] = number
    return numbers, names


def _labels(
    session: Session,
    project_id: uuid.UUID,
    item_ids: NDArray[np.int64],
    numbers: dict[tuple[str, uuid.UUID | None], int],
) -> NDArray[np.int16]:
    """The number of each item's label `(m,)`, whoever may see it; NOTHING for none."""
    labels = np.full(len(item_ids), NOTHING, np.int16)
    item = CurrentLabel.subtomogram_id
    rows = session.execute(
        select(item.label("id"), CurrentLabel.kind, CurrentLabel.class_id).where(
            CurrentLabel.project_id == project_id, _is_among(item)
        ),
        {"ids": item_ids.tolist()},
    ).all()
    places = np.searchsorted(item_ids, np.array([row.id for row in rows], np.int64))
    labels[places] = [numbers.get((row.kind, row.class_id), NOTHING) for row in rows]
    return labels


def _are_in(item_ids: NDArray[np.int64], wanted: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(item_ids, np.fromiter(wanted, np.int64, len(wanted)))


def _is_among(item: Item) -> ColumnElement[bool]:
    """Whether an id is one of the parameter `ids`."""
    return item == any_(bindparam("ids", type_=ARRAY(BigInteger)))


def _picked_in(session: Session, project_id: uuid.UUID, item_ids: NDArray[np.int64]) -> NDArray[np.int32]:
    """`(m,)`: the number of the last cycle that picked each item, NOT_PICKED for those that none did."""
    picked = np.full(len(item_ids), NOT_PICKED, np.int32)
    rows = session.execute(
        select(QueueItem.subtomogram_id, Cycle.number)
        .join(Cycle, Cycle.id == QueueItem.cycle_id)
        .where(QueueItem.project_id == project_id, QueueItem.work == "query")
        .order_by(Cycle.number)
    ).all()
    ids = np.array([row.subtomogram_id for row in rows], np.int64)
    places = np.minimum(np.searchsorted(item_ids, ids), max(len(item_ids) - 1, 0))
    on_map = item_ids[places] == ids if len(item_ids) else np.zeros(len(ids), np.bool_)
    picked[places[on_map]] = np.array([row.number for row in rows], np.int32)[on_map]
    return picked


def _better(session: Session, cycle: Cycle) -> BetterMap | None:
    """The newest job for a better map of this cycle, if it has not succeeded."""
    job = session.scalars(
        select(Job)
        .where(Job.project_id == cycle.project_id, Job.kind == MAP, Job.payload["cycle_id"].astext == str(cycle.id))
        .order_by(Job.created_at.desc())
        .limit(1)
    ).one_or_none()
    if job is None or job.state == "succeeded":
        return None
    detail = job.problem.get("detail") if job.problem else None
    return BetterMap(job_id=job.id, state=job.state, progress=job.progress or {}, detail=detail)
