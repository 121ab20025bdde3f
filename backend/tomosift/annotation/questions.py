"""Which question of the queue a decision answers, whether it comes in time, and what becomes of the question."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.label_events import Context
from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import DecisionIn
from tomosift.kit.problems import conflict, invalid


@dataclass(frozen=True)
class Question:
    """The queue item that a decision answers, locked.

    No id: it answers none, because the subtomogram is not asked about, or because its author answered before and the
    question wants somebody else's word. `late`: somebody else has or had the item, so the answer is a further opinion
    only. `spoken_of`: there may be events about the subtomogram.
    """

    item_id: int | None
    is_open: bool
    work: str
    cycle_id: uuid.UUID | None
    late: bool
    spoken_of: bool = True

    @property
    def is_answered(self) -> bool:
        """Whether a decision (that is no skip) closes it."""
        return self.item_id is not None and self.is_open and not self.late


OUTSIDE_THE_QUEUE = Question(None, is_open=False, work="choice", cycle_id=None, late=False)


def question_of(session: Session, asker: Asker, body: DecisionIn, context: Context) -> Question:
    """Find and lock the question. Raises ProblemError 409 or 422 for one that may not be answered this way."""
    if body.lease_id is not None:
        return _leased(session, asker, body)
    if context.in_evaluation:
        raise conflict(
            "evaluation-only-by-queue",
            "This subtomogram belongs to the evaluation sample",
            "It is decided blind, when the queue asks for it; otherwise the model's numbers could not be believed.",
        )
    if body.kind == "skip":
        raise invalid("nothing-to-skip", "Nothing to skip", "Only an item that the queue gave you can be skipped.")
    return _chosen(session, asker, body.subtomogram_id)


def put_behind(session: Session, asker: Asker, question: Question) -> None:
    """A skipped question goes behind all others."""
    if question.is_answered:
        session.execute(statements.SKIP_ITEM, asker.values(item=question.item_id))


def _leased(session: Session, asker: Asker, body: DecisionIn) -> Question:
    item = statements.LOCK_LEASED_ITEM.one_or_none(
        session, asker.values(lease=body.lease_id, subtomogram=body.subtomogram_id)
    )
    if item is None:
        raise invalid(
            "wrong-lease",
            "This lease is not yours or is for another subtomogram",
            "Claim the item again, or decide it without a lease.",
        )
    if item.answered_before:
        session.execute(statements.END_OWN_LEASE, {"queue_item_id": item.id, "user_id": asker.user_id})
        return Question(None, is_open=False, work=item.work, cycle_id=item.cycle_id, late=False)
    # A lease that ran out still counts while the question is open and nobody else has taken it.
    in_time = item.lease_is_live or (item.state == "open" and not _others_hold(session, asker, item.id))
    return Question(item.id, item.state == "open", item.work, item.cycle_id, not in_time, item.spoken_of)


def _others_hold(session: Session, asker: Asker, item_id: int) -> bool:
    holders = session.execute(statements.HOLDERS_OF_ITEMS, {"user": asker.user_id, "items": [item_id]})
    return any(not row.is_own for row in holders)


def _chosen(session: Session, asker: Asker, subtomogram_id: int) -> Question:
    items = session.execute(statements.LOCK_OPEN_ITEMS, asker.values(subtomogram=subtomogram_id)).all()
    if not items or items[0].answered_before:
        return OUTSIDE_THE_QUEUE
    found = session.execute(statements.HOLDERS_OF_ITEMS, {"user": asker.user_id, "items": [item.id for item in items]})
    is_own = {row.queue_item_id: row.is_own for row in found}
    item = next(
        (each for each in items if is_own.get(each.id)), next((each for each in items if each.id not in is_own), None)
    )
    if item is None:
        raise conflict(
            "held-by-another",
            "Somebody is looking at this subtomogram",
            "It is reserved for another annotator just now. Try again later, or choose another one.",
        )
    return Question(item.id, is_open=True, work="choice", cycle_id=item.cycle_id, late=False)
