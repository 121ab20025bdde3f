"""Any order of claims, decisions, undos, second looks and lost leases, on items asked of one person or of two: the
tables always agree with a small model in plain Python."""

import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from fixtures.labeling_world import build_world, rows, run_out
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tomosift.annotation.asking import ask_again
from tomosift.annotation.decisions import record_decision
from tomosift.annotation.leases import release_lease
from tomosift.annotation.queue_schemas import QuestionsIn
from tomosift.annotation.schemas import DecisionIn
from tomosift.annotation.undo import undo_decision
from tomosift.kit.database import transaction
from tomosift.kit.lease_ends import end_expired_leases
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings
from tomosift.kit.standing_labels import standing_labels

USERS = st.integers(0, 2)
KINDS = st.sampled_from(["class", "class", "unsure", "junk", "skip"])
NUMBERS = itertools.count()


@dataclass
class Item:
    id: int
    subtomogram: int
    work: str
    slot: int
    priority: int
    position: int
    asked_after: int = 0
    """How many events there were when it was asked."""
    is_open: bool = True


@dataclass
class Held:
    lease: int
    user: int
    item: Item
    in_time: bool = True
    ended: bool = False


@dataclass
class Event:
    id: int
    subtomogram: int
    user: int
    kind: str
    class_number: int | None
    late: bool
    item: Item | None
    undone: bool = False


@dataclass
class Model:
    items: list[Item]
    held: list[Held] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def holder(self, item: Item) -> Held | None:
        return next((each for each in self.held if each.item is item and not each.ended and each.in_time), None)

    def said_by(self, user: int, subtomogram: int, since: int = 0) -> "list[Event]":
        return [e for e in self.events[since:] if e.user == user and e.subtomogram == subtomogram and not e.undone]

    def is_for(self, user: int, item: Item) -> bool:
        second_look = item.work == "label-error"
        return not self.said_by(user, item.subtomogram, item.asked_after if second_look else 0)

    def answered_before(self, user: int, subtomogram: int) -> bool:
        return any(e.kind != "skip" and not e.late for e in self.said_by(user, subtomogram))

    def holds(self, user: int, subtomogram: int) -> bool:
        return any(
            h.user == user and h.item.subtomogram == subtomogram and h.in_time and not h.ended for h in self.held
        )

    def next_items(self, user: int, count: int) -> list[Item]:
        found: dict[int, Item] = {}
        for item in sorted(self.items, key=lambda each: (-each.priority, each.position, each.id)):
            is_free = item.is_open and self.holder(item) is None and self.is_for(user, item)
            if is_free and not self.holds(user, item.subtomogram) and len(found) < count:
                found.setdefault(item.subtomogram, item)
        return list(found.values())

    def hold(self, lease: int, user: int, item: Item) -> None:
        for each in self.held:
            if each.item is item or (each.user == user and each.item.subtomogram == item.subtomogram):
                each.ended = True
        self.held.append(Held(lease, user, item))

    def labels(self) -> dict[int, tuple[str, int | None]]:
        result = {}
        for subtomogram in {item.subtomogram for item in self.items}:
            said = [e for e in self.events if e.subtomogram == subtomogram and not e.undone]
            if said:
                timely = [e for e in said if e.kind != "skip" and not e.late]
                late = [e for e in said if e.kind != "skip" and e.late]
                best = (timely or late or said)[-1]
                result[subtomogram] = (best.kind, best.class_number)
        return result


class QueueMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        overlap = {"overlap_share": 1.0, "overlap_opinions": 2}
        self.world = build_world(pool=7, queued=5, evaluation=2, slug=f"machine-{next(NUMBERS)}", settings=overlap)
        # A share between hangs on the items' ids, which differ from run to run: here these items have one opinion.
        alone = [*self.world.queued[::2], self.world.evaluation[0]]
        found = rows(
            "WITH gone AS (DELETE FROM queue_item WHERE subtomogram_id = ANY(:alone) AND slot > 1)"
            " SELECT id, subtomogram_id, work, slot, priority, position FROM queue_item"
            " WHERE project_id = :id AND NOT (subtomogram_id = ANY(:alone) AND slot > 1) ORDER BY id",
            id=self.world.project_id,
            alone=alone,
        )
        self.model = Model([Item(*row) for row in found])
        self.snapshots: dict[int, dict[int, tuple[str, int | None]]] = {}

    @rule(user=USERS, count=st.integers(1, 3))
    def claim(self, user: int, count: int) -> None:
        expected = self.model.next_items(user, count)
        tasks = self.world.claim(user, count)
        assert [task.subtomogram.id for task in tasks] == [item.subtomogram for item in expected]
        for task, item in zip(tasks, expected, strict=True):
            self.model.hold(task.lease.id, user, item)

    @precondition(lambda self: self.model.held)
    @rule(data=st.data(), kind=KINDS, class_number=st.integers(0, 2))
    def decide(self, data: st.DataObject, kind: str, class_number: int) -> None:
        held = data.draw(st.sampled_from(self.model.held))
        item = held.item
        holder = self.model.holder(item)
        before = item.work != "label-error" and self.model.answered_before(held.user, item.subtomogram)
        late = not before and held.ended and not (item.is_open and (holder is None or holder.user == held.user))
        answer = self._send(held.user, item.subtomogram, kind, class_number, held.lease)
        assert answer["status"] == ("late" if late else "accepted")
        if not late and not before and item.is_open:
            if kind == "skip":
                item.position = 1 + max(each.position for each in self.model.items if each.is_open)
            else:
                item.is_open = False
        for each in self.model.held:
            if each.item is item and each.user == held.user:
                each.ended = True
        answered = None if before else item
        self._said(answer["event_id"], item.subtomogram, held.user, kind, class_number, late, answered)

    @rule(user=USERS, data=st.data(), kind=st.sampled_from(["class", "junk", "skip"]), class_number=st.integers(0, 2))
    def choose_freely(self, user: int, data: st.DataObject, kind: str, class_number: int) -> None:
        subtomogram = data.draw(st.sampled_from(self.world.queued + self.world.evaluation))
        asked = [
            item
            for item in sorted(self.model.items, key=lambda each: each.slot)
            if item.subtomogram == subtomogram and item.is_open and item.work in ("query", "recheck")
        ]
        before = self.model.answered_before(user, subtomogram)
        holders = [self.model.holder(item) for item in asked]
        own = [item for item, holder in zip(asked, holders, strict=True) if holder and holder.user == user]
        free = [item for item, holder in zip(asked, holders, strict=True) if holder is None]
        is_taken = bool(asked) and not before and not own and not free
        if subtomogram in self.world.evaluation or kind == "skip" or is_taken:
            with pytest.raises(ProblemError):
                self._send(user, subtomogram, kind, class_number, None)
            return
        answer = self._send(user, subtomogram, kind, class_number, None)
        answered = None if before else next(iter(own + free), None)
        if answered is not None:
            answered.is_open = False
            for each in self.model.held:
                if each.item is answered and each.user == user:
                    each.ended = True
        self._said(answer["event_id"], subtomogram, user, kind, class_number, False, answered)

    @rule(data=st.data())
    def ask_for_a_second_look(self, data: st.DataObject) -> None:
        subtomogram = data.draw(st.sampled_from(self.world.queued))
        wanted = QuestionsIn(work="label-error", subtomogram_ids=[subtomogram])
        label = self.model.labels().get(subtomogram)
        mine = [item for item in self.model.items if item.subtomogram == subtomogram]
        is_asked = any(item.is_open and item.work == "label-error" for item in mine)
        with transaction() as session:
            added = ask_again(session, self.world.project_id, wanted).added
        assert added == (label is not None and label[0] != "skip" and not is_asked)
        if added:
            last = max((each.position for each in self.model.items if each.is_open), default=0)
            slot = 1 + max(item.slot for item in mine)
            (found,) = rows("SELECT max(id) AS id FROM queue_item WHERE project_id = :id", id=self.world.project_id)
            item = Item(found.id, subtomogram, "label-error", slot, -20, last + 1, len(self.model.events))
            self.model.items.append(item)

    @precondition(lambda self: self.model.events)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.model.events))
        if event.undone:
            with pytest.raises(ProblemError):
                undo_decision(self.world.asker(event.user), event.id, str(uuid.uuid4()))
            return
        answer, _ = undo_decision(self.world.asker(event.user), event.id, str(uuid.uuid4()))
        event.undone = True
        item = event.item
        if item is not None and not item.is_open and not event.late and event.kind != "skip":
            item.is_open = True
        comes_back = (
            item is not None
            and item.is_open
            and self.model.holder(item) is None
            and not self.model.holds(event.user, item.subtomogram)
        )
        assert (answer.task is not None) == comes_back
        if item is not None and answer.task is not None:
            self.model.hold(answer.task.lease.id, event.user, item)
        self.snapshots[answer.event_id] = self.model.labels()

    @precondition(lambda self: any(not each.ended for each in self.model.held))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from([each for each in self.model.held if not each.ended]))
        with transaction() as session:
            release_lease(session, self.world.asker(held.user), held.lease)
        held.ended = True

    @rule(user=USERS)
    def time_passes(self, user: int) -> None:
        run_out(self.world, user)
        for each in self.model.held:
            each.in_time = each.in_time and each.user != user

    @rule()
    def sweep(self) -> None:
        with transaction() as session:
            end_expired_leases(session)
        for each in self.model.held:
            each.ended = each.ended or not each.in_time

    @invariant()
    def tables_agree(self) -> None:
        if not hasattr(self, "world"):
            return
        project = self.world.project_id
        items = rows("SELECT id, position, state FROM queue_item WHERE project_id = :id", id=project)
        assert {(each.id, each.position, "open" if each.is_open else "done") for each in self.model.items} == {
            tuple(row) for row in items
        }
        live = rows("SELECT id FROM lease WHERE project_id = :id AND ended_at IS NULL", id=project)
        assert {row.id for row in live} == {each.lease for each in self.model.held if not each.ended}
        found = rows("SELECT subtomogram_id, kind, class_id FROM current_label WHERE project_id = :id", id=project)
        assert self._by_subtomogram(found) == self.model.labels()

    def teardown(self) -> None:
        """Whenever one looks, the labels at a snapshot are those of that time."""
        if not hasattr(self, "world"):
            return
        for event_id, labels in self.snapshots.items():
            with transaction() as session:
                found = session.execute(standing_labels(self.world.project_id, up_to_event_id=event_id)).all()
            assert self._by_subtomogram(found) == labels

    def _by_subtomogram(self, found: Any) -> dict[int, tuple[str, int | None]]:
        return {
            row.subtomogram_id: (row.kind, self.world.class_ids.index(row.class_id) if row.class_id else None)
            for row in found
        }

    def _send(self, user: int, subtomogram: int, kind: str, class_number: int, lease: int | None) -> dict[str, Any]:
        body = {
            "subtomogram_id": subtomogram,
            "lease_id": lease,
            "fencing_token": lease,
            "kind": kind,
            "class_id": self.world.class_ids[class_number] if kind == "class" else None,
        }
        answer, _ = record_decision(self.world.asker(user), DecisionIn.model_validate(body), str(uuid.uuid4()))
        return answer.model_dump()

    def _said(
        self, event_id: int, subtomogram: int, user: int, kind: str, number: int, late: bool, item: Item | None
    ) -> None:
        class_number = number if kind == "class" else None
        self.model.events.append(Event(event_id, subtomogram, user, kind, class_number, late, item))
        self.snapshots[event_id] = self.model.labels()


@pytest.mark.usefixtures("clean_database")
def test_the_queue_follows_its_model(settings: Settings) -> None:
    run_state_machine_as_test(
        QueueMachine,
        settings=hypothesis_settings(
            max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
