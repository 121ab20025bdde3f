"""The word that settles a dispute: an event like the others, which counts more than all of them."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tomosift.annotation.current_labels import opinions_about, store_label
from tomosift.annotation.decisions import unknown_class
from tomosift.annotation.label_events import hash_payload, lock_subtomogram, write_event, written_once
from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import LabelOut
from tomosift.kit.job_control import announce
from tomosift.kit.label_rule import Opinion
from tomosift.kit.problems import conflict
from tomosift.review.schemas import AdjudicationIn, AdjudicationOut

_LOCK_QUESTIONS = text("""
    WITH asked AS MATERIALIZED (
        SELECT id, work FROM queue_item
        WHERE project_id = :project AND subtomogram_id = :subtomogram AND state = 'open'
        ORDER BY id FOR UPDATE
    )
    SELECT id FROM asked WHERE work = 'adjudication' ORDER BY id
""")
_CLOSE_QUESTIONS = text("""
    WITH ended AS (
        UPDATE lease SET ended_at = now(), outcome = CASE WHEN user_id = :user THEN 'decided' ELSE 'superseded' END
        WHERE queue_item_id = ANY(:items) AND ended_at IS NULL
    )
    UPDATE queue_item SET state = 'done', closed_at = now() WHERE id = ANY(:items)
""")


def adjudicate(asker: Asker, subtomogram_id: int, body: AdjudicationIn, key: str) -> tuple[AdjudicationOut, bool]:
    """Store the asker's word; True when it is new, False when this key stored it before.

    Raises ProblemError: 404 unknown subtomogram, 409 `key-reused`, `nothing-to-adjudicate`, 422 unknown class.
    """
    return written_once(lambda session: _adjudicate(session, asker, subtomogram_id, body, key))


def _adjudicate(
    session: Session, asker: Asker, subtomogram_id: int, body: AdjudicationIn, key: str
) -> tuple[AdjudicationOut, bool]:
    payload_hash = hash_payload(f"adjudicate {subtomogram_id} {body.model_dump_json()}")
    context = lock_subtomogram(session, asker, key, payload_hash, subtomogram_id, body.class_id)
    if context.earlier is not None:
        return AdjudicationOut(event_id=context.earlier.id, **context.earlier.response), False
    if body.kind == "class" and not context.class_is_known:
        raise unknown_class()
    opinions = opinions_about(session, asker.project_id, subtomogram_id)
    _check_said(opinions)
    questions = session.scalars(_LOCK_QUESTIONS, asker.values(subtomogram=subtomogram_id)).all()
    session.execute(_CLOSE_QUESTIONS, asker.values(items=list(questions)))
    label = LabelOut(kind=body.kind, class_id=body.class_id)
    event_id = write_event(
        session,
        asker,
        key,
        payload_hash,
        {"label": label.model_dump(mode="json")},
        subtomogram_id=subtomogram_id,
        kind=body.kind,
        class_id=body.class_id,
        class_set_version=context.class_set_version,
        work="adjudication",
        queue_item_id=questions[0] if questions else None,
        confidence=body.confidence,
        comment=body.comment or None,
    )
    word = Opinion(event_id, asker.user_id, body.kind, body.class_id, adjudicates=True)
    store_label(session, asker.project_id, subtomogram_id, [*opinions, word], context.rule)
    announce(session, asker.project_id, "decision")
    return AdjudicationOut(event_id=event_id, label=label), True


def _check_said(opinions: list[Opinion]) -> None:
    """Where nobody has said anything, there is nothing to settle: a blind opinion would be lost."""
    if not any(each.kind != "skip" for each in opinions):
        raise conflict(
            "nothing-to-adjudicate",
            "Nobody has decided this subtomogram yet",
            "Nothing was stored. Decide it like any other; adjudication settles what people disagree about.",
        )
