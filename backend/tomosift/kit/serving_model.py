"""Which cycle's model serves a project: the newest, unless people went back to an earlier one. One rule for all."""

import uuid
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from tomosift.tables import Cycle, Model, ModelChoice


def in_force() -> ColumnElement[bool]:
    """Whether a `cycle` counts when the newest is looked for: people have not gone back behind it.

    Of the cycles that count, the newest serves: one that came after the choice, else the chosen one.
    """
    return ~exists().where(
        ModelChoice.project_id == Cycle.project_id,
        ModelChoice.passed_up_to >= Cycle.number,
        ModelChoice.cycle_id != Cycle.id,
    )


def serving_cycle(session: Session, project_id: uuid.UUID) -> Cycle | None:
    """The cycle whose model serves the project; None while there is no model."""
    return session.scalars(of_serving_cycle(select(Cycle), project_id)).one_or_none()


def of_serving_cycle(statement: Select[Any], project_id: uuid.UUID | BindParameter[uuid.UUID]) -> Select[Any]:
    """A statement that selects columns of `cycle` and its `model`, for the cycle whose model serves the project."""
    return (
        statement.join(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready", in_force())
        .order_by(Cycle.number.desc())
        .limit(1)
    )
