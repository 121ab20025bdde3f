"""The map of the pool for one reader: the cycle's places with what the reader may see of each particle."""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tomosift.kit.class_meanings import counts_for
from tomosift.kit.problems import conflict
from tomosift.kit.serving_model import in_force
from tomosift.pool.map_places import NOTHING, MapFiles, MapPlaces
from tomosift.pool.map_schemas import BetterMap, MapLegend, MapValue
from tomosift.pool.shown_labels import Reader, is_shown_to
from tomosift.projects.classes import all_classes
from tomosift.tables import CurrentLabel, Cycle, EvaluationItem, Job, Model, QueueItem, Subtomogram

MAP = "map"
"""The entry of a cycle's numbers, and the kind of the job that makes a better map."""
NOT_PICKED = 0


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
    numbers, tomograms = _numbers(plan.values), _Names()
    kept: list[int] = []
    labels: list[int] = []
    tomogram: list[int] = []
    withheld = 0
    for row in session.execute(_statement(reader), {"ids": places.item_ids.tolist()}):
        label = numbers.get((row.kind, row.class_id), NOTHING)
        if row.evaluation_id is not None and label == NOTHING:
            withheld += 1
            continue
        kept.append(row.id)
        labels.append(label)
        tomogram.append(tomograms.number_of(row.tomogram))
    chosen = np.searchsorted(places.item_ids, np.array(kept, np.int64))
    columns: dict[str, NDArray[np.generic]] = {
        "item_ids": places.item_ids[chosen],
        "points": places.points[chosen],
        "label": np.array(labels, np.int16),
        "prediction": places.predicted[chosen],
        "confidence": places.confidence[chosen],
        "cycle": _picked_in(session, reader.project_id, places.item_ids)[chosen],
        "tomogram": np.array(tomogram, np.int32),
    }
    legend = MapLegend(
        cycle_number=plan.cycle.number,
        method=(plan.cycle.metrics or {})[MAP]["method"],
        values=plan.values,
        tomograms=tomograms.names,
        placed=places.placed,
        shown=len(kept),
        withheld=withheld,
        is_thinned=places.placed > len(places.item_ids),
        is_calibrated=bool((plan.cycle.metrics or {}).get("calibration")),
        better=plan.better,
    )
    return columns, legend


class _Names:
    """Numbers for names, in the order they come; NOTHING for none."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number_of(self, name: str | None) -> int:
        """The number of a name, a new one if it has none."""
        return NOTHING if name is None else self._numbers.setdefault(name, len(self._numbers))

    @property
    def names(self) -> list[str]:
        """All names, by number."""
        return list(self._numbers)


def _numbers(values: list[MapValue]) -> dict[tuple[str, uuid.UUID | None], int]:
    return {(each.kind, each.class_id): number for number, each in enumerate(values)}


def _statement(reader: Reader) -> Any:
    ids = bindparam("ids", type_=ARRAY(BigInteger))
    return (
        select(
            Subtomogram.id,
            Subtomogram.tomogram,
            CurrentLabel.kind,
            CurrentLabel.class_id,
            EvaluationItem.subtomogram_id.label("evaluation_id"),
        )
        .select_from(Subtomogram)
        .outerjoin(CurrentLabel, (CurrentLabel.subtomogram_id == Subtomogram.id) & is_shown_to(reader))
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.project_id == reader.project_id, Subtomogram.id == any_(ids))
    )


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
