"""What the serving model's outputs count for now: the key to the rows of `prediction`."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tomosift.kit.class_meanings import counts_for
from tomosift.kit.serving_model import serving_cycle
from tomosift.tables import Model, ParticleClass, Prediction


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
    cycle = serving_cycle(session, project_id)
    if cycle is None:
        return None
    outputs = session.scalars(select(Model.classes).where(Model.cycle_id == cycle.id)).one()
    classes = session.scalars(select(ParticleClass).where(ParticleClass.project_id == project_id)).all()
    counted = counts_for(classes)
    said = tuple(_said(output, counted) for output in outputs)
    has_rows = bool(session.scalar(select(exists().where(Prediction.cycle_id == cycle.id))))
    return ServedPredictions(cycle.id, cycle.number, said, has_rows)


def _said(output: dict[str, Any], counted: dict[uuid.UUID, uuid.UUID | None]) -> Said | None:
    """What an output of the model counts for; `counted` says it of each class."""
    if output["kind"] == "junk":
        return Said("junk")
    class_id = counted.get(uuid.UUID(output["id"]))
    return None if class_id is None else Said("class", class_id)
