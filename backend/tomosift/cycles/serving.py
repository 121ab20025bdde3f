"""Going back to the model of an earlier cycle, and forward again."""

import uuid

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tomosift.cycles.model_schemas import ServingModel
from tomosift.kit.database import utc_now
from tomosift.kit.job_control import announce
from tomosift.kit.prediction_jobs import post_predictions_job
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.serving_model import serving_cycle
from tomosift.tables import Cycle, Model, ModelChoice, User


def read_serving(session: Session, project_id: uuid.UUID) -> ServingModel:
    """Which cycle's model serves, and who chose it."""
    serving = serving_cycle(session, project_id)
    choice = session.execute(
        select(ModelChoice, User.display_name)
        .outerjoin(User, User.id == ModelChoice.chosen_by)
        .where(ModelChoice.project_id == project_id)
    ).one_or_none()
    is_chosen = serving is not None and choice is not None and choice.ModelChoice.cycle_id == serving.id
    return ServingModel(
        cycle=None if serving is None else serving.number,
        newest_cycle=_newest_with_model(session, project_id),
        chosen_by=choice.display_name if choice is not None and is_chosen else None,
        chosen_at=choice.ModelChoice.chosen_at if choice is not None and is_chosen else None,
    )


def choose_model(session: Session, project_id: uuid.UUID, user_id: uuid.UUID, number: int) -> int | None:
    """Let the model of the cycle `number` serve; returns the number of the cycle that served before.

    Raises ProblemError: 404 where there is no such cycle, 409 where it has no model.
    """
    row = session.execute(
        select(Cycle, Model.id.label("model_id"))
        .outerjoin(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.number == number)
    ).one_or_none()
    if row is None:
        raise not_found("cycle")
    if row.Cycle.stage != "ready" or row.model_id is None:
        raise conflict(
            "cycle-without-model",
            "This cycle has no model",
            f"Cycle {number} is {row.Cycle.stage} and made no model. Choose one that is ready and has one.",
        )
    before = serving_cycle(session, project_id)
    newest = _newest_with_model(session, project_id)
    if newest == number:
        session.execute(delete(ModelChoice).where(ModelChoice.project_id == project_id))
    else:
        ready = select(func.max(Cycle.number)).where(Cycle.project_id == project_id, Cycle.stage == "ready")
        chosen = {
            "cycle_id": row.Cycle.id,
            "passed_up_to": session.scalar(ready),
            "chosen_by": user_id,
            "chosen_at": utc_now(),
        }
        session.execute(
            insert(ModelChoice)
            .values(project_id=project_id, **chosen)
            .on_conflict_do_update(index_elements=["project_id"], set_=chosen)
        )
    post_predictions_job(session, project_id)
    announce(session, project_id, "cycle", number=number, stage="ready")
    return None if before is None else before.number


def _newest_with_model(session: Session, project_id: uuid.UUID) -> int | None:
    return session.scalar(
        select(func.max(Cycle.number))
        .join(Model, Model.cycle_id == Cycle.id)
        .where(Cycle.project_id == project_id, Cycle.stage == "ready")
    )
