"""Why the queue has nothing for somebody, and what they can do about it."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import EmptyQueue
from tomosift.kit.launch_readiness import active_cycle, launch_readiness
from tomosift.tables import Subtomogram


def explain_empty_queue(session: Session, asker: Asker, *, may_launch: bool) -> EmptyQueue:
    """The reason that comes first of all that hold. `may_launch`: the asker may start a cycle."""
    if not session.scalar(select(Subtomogram.id).where(Subtomogram.project_id == asker.project_id).limit(1)):
        return EmptyQueue(
            code="nothing-imported",
            title="There is nothing to label yet",
            detail="Import a particle list first; its subtomograms then come here one by one.",
            may_add_random=False,
        )
    holders = session.execute(statements.HOLDERS, asker.values()).one()
    untouched = bool(session.scalar(statements.ANY_UNTOUCHED, {"project": asker.project_id}))
    more = " You can label further random items meanwhile." if untouched else ""
    cycle = active_cycle(session, asker.project_id)
    if cycle is not None:
        return EmptyQueue(
            code="cycle-running",
            title="The next picks are being chosen",
            detail=f"{cycle.sentence()} Labeling goes on here as soon as it is ready.{more}",
            may_add_random=untouched,
        )
    if holders.others or holders.own or holders.free:
        return EmptyQueue(code="all-held", title=_held_title(holders), detail=_held(holders), may_add_random=untouched)
    if not untouched:
        return EmptyQueue(
            code="pool-exhausted",
            title="Every subtomogram has a decision",
            detail="You have been through the whole pool. A last cycle gives the final predictions.",
            may_add_random=False,
        )
    return _batch_done(session, asker, may_launch=may_launch)


def _batch_done(session: Session, asker: Asker, *, may_launch: bool) -> EmptyQueue:
    readiness = launch_readiness(session, asker.project_id)
    if readiness.is_ready:
        launch = "Launch a cycle" if may_launch else "Ask a curator of the project to launch a cycle"
        return EmptyQueue(
            code="batch-done-launch",
            title="You have answered this batch",
            detail=f"{launch}: it learns from the labels so far and chooses the next items. Or label further random "
            "items.",
            may_add_random=True,
        )
    return EmptyQueue(
        code="too-few-classes" if readiness.lacks_classes else "too-few-labels",
        title="You have answered this batch",
        detail=f"{readiness.missing()} Label further random items.",
        may_add_random=True,
    )


def _held_title(holders: Row[Any]) -> str:
    return "The last items are open elsewhere" if holders.others or holders.own else "An item just came free"


def _held(holders: Row[Any]) -> str:
    minutes = max(1, round(float(holders.seconds_to_first or 0) / 60))
    back = f"At the latest in {minutes} minute{'s' if minutes > 1 else ''} the first one comes free."
    if holders.others:
        own = f" You hold {holders.own} yourself, in another tab or a page that was closed." if holders.own else ""
        return f"{holders.others} of this batch {_are(holders.others)} open at other people's places.{own} {back}"
    if holders.own:
        return (
            f"You hold the last {holders.own} yourself, in another tab or a page that was closed. Go on there. {back}"
        )
    return "Ask again."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
