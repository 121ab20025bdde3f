"""Why the queue has nothing for somebody, and what they can do about it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from tomosift.annotation.more_tasks import has_untouched
from tomosift.annotation.queue import Asker, holders, queue_status
from tomosift.annotation.schemas import EmptyQueue, Work
from tomosift.kit.launch_readiness import active_cycle, launch_readiness
from tomosift.tables import Subtomogram


def explain_empty_queue(session: Session, asker: Asker, works: Sequence[Work], *, may_launch: bool) -> EmptyQueue:
    """The reason that comes first of all that hold. `may_launch`: the asker may start a cycle."""
    if not session.scalar(select(Subtomogram.id).where(Subtomogram.project_id == asker.project_id).limit(1)):
        return EmptyQueue(
            code="nothing-imported",
            title="There is nothing to label yet",
            detail="Import a particle list first; its subtomograms then come here one by one.",
            may_add_random=False,
        )
    status = queue_status(session, asker)
    if status.is_paused:
        return EmptyQueue(
            code="paused",
            title="The queue is paused",
            detail="A curator of the project has paused it: nothing is handed out until they resume it. What you have "
            "decided is stored.",
            may_add_random=False,
        )
    held = holders(session, asker, works)
    if held.holds_most and held.own:
        return EmptyQueue(
            code="lease-limit",
            title="You hold as many particles as one may",
            detail=f"{held.own} particles are open in your tabs and pages that were closed. Decide them or give them "
            "back.",
            may_add_random=False,
        )
    if "query" not in works:
        return _no_such_work(held)
    empty = _used_up(session, asker, held, may_launch=may_launch)
    if status.waiting_for_others:
        empty.detail += f" {_waiting(status.waiting_for_others)}"
    return empty


def _used_up(session: Session, asker: Asker, held: Row[Any], *, may_launch: bool) -> EmptyQueue:
    untouched = has_untouched(session, asker.project_id)
    more = " You can label further random particles meanwhile." if untouched else ""
    cycle = active_cycle(session, asker.project_id)
    if cycle is not None:
        return EmptyQueue(
            code="cycle-running",
            title="The next picks are being chosen",
            detail=f"{cycle.sentence()} Labeling goes on here as soon as it is ready.{more}",
            may_add_random=untouched,
        )
    if held.others or held.own or held.free:
        return EmptyQueue(code="all-held", title=_held_title(held), detail=_held(held), may_add_random=untouched)
    if not untouched:
        return EmptyQueue(
            code="pool-exhausted",
            title="Every subtomogram has a decision",
            detail="You have been through the whole pool. A last cycle gives the final predictions.",
            may_add_random=False,
        )
    return _batch_done(session, asker, may_launch=may_launch)


def _no_such_work(held: Row[Any]) -> EmptyQueue:
    is_held = bool(held.others or held.own or held.free)
    return EmptyQueue(
        code="all-held" if is_held else "no-such-work",
        title=_held_title(held) if is_held else "Nothing of this kind is asked",
        detail=_held(held) if is_held else "Ask for other kinds of work, or for all by leaving `work` out.",
        may_add_random=False,
    )


def _waiting(count: int) -> str:
    if count == 1:
        return "1 particle that you have answered waits for a second person."
    return f"{count} particles that you have answered wait for a second person."


def _batch_done(session: Session, asker: Asker, *, may_launch: bool) -> EmptyQueue:
    readiness = launch_readiness(session, asker.project_id)
    if readiness.is_ready:
        launch = "Launch a cycle" if may_launch else "Ask a curator of the project to launch a cycle"
        return EmptyQueue(
            code="batch-done-launch",
            title="You have answered this batch",
            detail=f"{launch}: it learns from the labels so far and chooses the next particles. Or label further "
            "random particles.",
            may_add_random=True,
        )
    return EmptyQueue(
        code="too-few-classes" if readiness.lacks_classes else "too-few-labels",
        title="You have answered this batch",
        detail=f"{readiness.missing()} Label further random particles.",
        may_add_random=True,
    )


def _held_title(held: Row[Any]) -> str:
    return "The last particles are open elsewhere" if held.others or held.own else "A particle just came free"


def _held(held: Row[Any]) -> str:
    minutes = max(1, round(float(held.seconds_to_first or 0) / 60))
    back = f"At the latest in {minutes} minute{'s' if minutes > 1 else ''} the first one comes free."
    if held.others:
        own = f" You hold {held.own} yourself, in another tab or a page that was closed." if held.own else ""
        return f"{held.others} of this batch {_are(held.others)} open at other people's places.{own} {back}"
    if held.own:
        return f"You hold the last {held.own} yourself, in another tab or a page that was closed. Go on there. {back}"
    return "Ask again."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
