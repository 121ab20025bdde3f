"""When a person may see what a model makes of a particle: it would colour their answer."""

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from tomosift.kit.problems import conflict, not_found
from tomosift.projects.schemas import ProjectSettings

# A blind question that this person is still to answer (of a re-check or adjudication, by whom it is asked; of a likely
# label error, since it was asked). Overlap makes a re-check of a pick: then its first opinion is blind as well.
_CONCERNS = text("""
    SELECT p.settings,
           EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = s.id) AS is_evaluation_item,
           EXISTS (
               SELECT 1 FROM queue_item q
               WHERE q.subtomogram_id = s.id AND q.state = 'open' AND NOT :user = ANY(q.answered_by)
                 AND q.work IN ('recheck', 'label-error', 'adjudication')
           ) AS is_asked_blind,
           EXISTS (
               SELECT 1 FROM label_event e
               WHERE e.subtomogram_id = s.id AND e.user_id = :user AND e.kind IN ('class', 'unsure', 'junk')
                 AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
           ) AS has_decided
    FROM subtomogram s JOIN project p ON p.id = s.project_id
    WHERE s.id = :subtomogram AND s.project_id = :project
""")


def check_suggestion_may_be_seen(
    session: Session, project_id: uuid.UUID, user_id: uuid.UUID, subtomogram_id: int
) -> None:
    """Whether this person may see now what a model makes of the particle, or what it resembles.

    Raises ProblemError: 404 where there is no such particle; 409 `blind` for one of the evaluation sample, or that this
    person is still asked about without hints, `suggestions-off` and `decide-first` by the project's setting.
    """
    values = {"project": project_id, "user": user_id, "subtomogram": subtomogram_id}
    row = session.execute(_CONCERNS, values).one_or_none()
    if row is None:
        raise not_found("subtomogram")
    if row.is_evaluation_item:
        detail = "It measures accuracy and is decided blind, so nobody is shown what the model says. Choose another."
        raise conflict("blind", "This subtomogram is of the evaluation sample", detail)
    setting = ProjectSettings.model_validate(row.settings).suggestions
    if setting == "never":
        detail = "The project shows nobody what its model suggests. An owner can change that in its settings."
        raise conflict("suggestions-off", "Suggestions are switched off", detail)
    if row.is_asked_blind:
        raise conflict("blind", "This one is decided without hints", "Decide it when the queue asks you for it.")
    if setting == "after-deciding" and not row.has_decided:
        raise conflict("decide-first", "Decide first", "The project shows what its model says once you have decided.")
