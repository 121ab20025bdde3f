"""kill -9 of the API while a trigger's cycle is due: one cycle comes of it, whole, and says why it was started."""

import signal
import time

import pytest
from fixtures.api_process import ApiProcess
from fixtures.labeling_world import build_world, rows, scalar
from fixtures.launched_cycles import say

from tomosift.cycles.trigger_schemas import TriggersIn
from tomosift.cycles.triggers import set_triggers
from tomosift.kit.database import transaction

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]
KILLS = 2


def test_killed_around_a_due_cycle(api: ApiProcess) -> None:
    world = build_world(pool=40, queued=12)
    say(world, world.queued)
    api.send(signal.SIGKILL)
    with transaction() as session:
        set_triggers(session, world.project_id, world.user_ids[0], TriggersIn(after_labels=12))
    for number in range(KILLS):
        api.start()
        api.wait_until_up()
        time.sleep(0.1 * number)  # around the first look of the new process
        api.send(signal.SIGKILL)
    api.start()
    end = time.monotonic() + 30
    while scalar("SELECT count(*) FROM cycle") == 0 and time.monotonic() < end:
        time.sleep(0.1)
    assert rows("SELECT number, trigger->>'kind', trigger->>'reason' FROM cycle") == [
        (1, "labels", "Started after 12 new labels")
    ]
    assert scalar("SELECT count(*) FROM job WHERE kind = 'cycle'") == 1
    assert scalar("SELECT count(*) FROM audit_event WHERE action = 'cycle.launched'") == 1
