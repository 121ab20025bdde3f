"""What the serving model's outputs count for now: the key to the rows of `prediction`."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Uuid, bindparam, exists, select
from sqlalchemy.orm import Session

from tomosift.kit.class_meanings import counts_for
from tomosift.kit.serving_model import of_serving_cycle
from tomosift.tables import Cycle, Model, ParticleClass, Prediction


@dataclass(frozen=True)
class Said:
    """A class, or junk."""

    kind: Literal["class", "junk"]
    class_id: uuid.UUID | None = None


@dataclass(frozen=True)
class ServedPredictions:
    """The cycle whose model serves; `said[n]` is what its output n counts for now, None for a retired class.

    Without `has_rows` the job that writes them has not come so far yet.
    """

    cycle_id: uuid.UUID
    cycle_number: int
    said: tuple[Said | None, ...]
    has_rows: bool

    def outputs_for(self, wanted: Said) -> list[int]:
        """The outputs that count for it; several where classes were merged."""
        return [output for output, each in enumerate(self.said) if each == wanted]

    def counted_outputs(self) -> list[int]:
        """All outputs that count for something."""
        return [output for output, each in enumerate(self.said) if each is not None]


def read_served(session: Session, project_id: uuid.UUID) -> ServedPredictions | None:
    """The predictions that are shown in this project; None while there is no model."""
    values = {"project": project_id}
    cycle = session.execute(_SERVING, values).one_or_none()
    if cycle is None:
        return None
    counted = counts_for(session.scalars(_CLASSES, values).all())
    said = tuple(_said(output, counted) for output in cycle.classes)
    return ServedPredictions(cycle.id, cycle.number, said, cycle.has_rows)


# Built once: every page of a list begins with them.
_PROJECT = bindparam("project", type_=Uuid())
_HAS_ROWS = exists().where(Prediction.cycle_id == Cycle.id).label("has_rows")
_SERVING = of_serving_cycle(select(Cycle.id, Cycle.number, Model.classes, _HAS_ROWS).select_from(Cycle), _PROJECT)
_CLASSES = select(ParticleClass).where(ParticleClass.project_id == _PROJECT)


def _said(output: dict[str, Any], counted: dict[uuid.UUID, uuid.UUID | None]) -> Said | None:
    """What an output of the model counts for; `counted` says it of each class."""
    if output["kind"] == "junk":
        return Said("junk")
    class_id = counted.get(uuid.UUID(output["id"]))
    return None if class_id is None else Said("class", class_id)
