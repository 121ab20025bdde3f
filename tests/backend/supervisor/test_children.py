"""Child processes: started apart from the terminal, stopped in time, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tomosift.supervisor import stray_processes
from tomosift.supervisor.children import Child, ChildPlan, OtherUser, run_to_end, stop_together
from tomosift.supervisor.leftovers import ChildRegister
from tomosift.supervisor.problems import ServiceProblem
from tomosift.supervisor.process_table import birth_mark, descendants, processes_in
from tomosift.supervisor.restarts import WatchedChild

WAIT = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WAIT
WATCHING = "from tomosift.kit.parent_watch import exit_when_stdin_closes as e; e(grace_seconds=0.5);"


def plan(tmp_path: Path, code: str, name: str = "child", **options: object) -> ChildPlan:
    return ChildPlan(
        name=name, title=name.title(), command=[sys.executable, "-c", code], log=tmp_path / f"{name}.log", **options
    )  # type: ignore[arg-type]


def started(child: Child) -> Child:
    child.start()
    assert child.plan.log is not None
    wait_until(lambda: "up" in (child.plan.log.read_text() if child.plan.log else ""))
    return child


def wait_until(condition: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_is_direct_and_in_a_session_of_its_own(tmp_path: Path) -> None:
    child = started(Child(plan(tmp_path, WAIT)))
    assert child.pid is not None
    assert os.getsid(child.pid) == child.pid
    assert Path(f"/proc/{child.pid}/stat").read_text().split(") ")[1].split()[1] == str(os.getpid())
    assert (tmp_path / "child.log").stat().st_mode & 0o777 == 0o600
    assert child.running
    assert stop_together([child], 5.0) == []
    assert child.exit_status == -signal.SIGTERM


def test_the_stubborn_are_killed_together_in_time(tmp_path: Path) -> None:
    children = [started(Child(plan(tmp_path, STUBBORN, f"child{n}"))) for n in range(3)]
    children.append(started(Child(plan(tmp_path, WAIT, "gentle"))))
    began = time.monotonic()
    assert stop_together(children, 0.5) == children[:3]
    assert time.monotonic() - began < 2.0
    assert not any(child.running for child in children)


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); " + WAIT
    child = started(Child(plan(tmp_path, code)))
    wait_until(lambda: len(descendants(child.pid or 0)) == 1)
    grandchild = descendants(child.pid or 0)[0]
    mark = birth_mark(grandchild)
    stop_together([child], 5.0)
    wait_until(lambda: birth_mark(grandchild) != mark, 2.0)


def test_grandchildren_in_other_sessions_are_found_by_their_mark(tmp_path: Path) -> None:
    code = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True); "
        f"print(p.pid, flush=True); " + WAIT
    )
    child = started(Child(plan(tmp_path, code, env={**os.environ, **stray_processes.RUN_MARK})))
    grandchild = int((tmp_path / "child.log").read_text().split()[0])
    stop_together([child], 5.0)
    assert stray_processes.stray_processes() == [grandchild]
    assert stray_processes.kill_stray_processes() == 1
    wait_until(lambda: stray_processes.stray_processes() == [])


def test_a_missing_program_is_told_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = Child(ChildPlan(name="child", title="Child", command=["/no/such/program"], log=log))
    child.start()
    assert child.wait(20)
    assert child.exit_status == 126
    assert "cannot start /no/such/program" in child.log_tail()


@pytest.mark.parametrize("net", ["the kernel's signal", "the launcher's guard", "the pipe"])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, net: str) -> None:
    """Each net alone holds: for the pipe, the child ignores the kernel's signal."""
    code = WATCHING + STUBBORN if net == "the pipe" else WAIT
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from tomosift.supervisor.children import Child, ChildPlan\n"
            "c = Child(ChildPlan(name='c', title='C', command=[sys.executable, '-c', sys.argv[1]],"
            " log=Path(sys.argv[2])), guard=sys.argv[3] == 'guard')\n"
            "c.start(); Path(sys.argv[2] + '.pid').write_text(str(c.pid)); time.sleep(600)",
            code,
            str(tmp_path / "log"),
            "guard" if "guard" in net else "",
        ]
    )
    wait_until(lambda: (tmp_path / "log").exists() and "up" in (tmp_path / "log").read_text())
    family = [int((tmp_path / "log.pid").read_text())]
    family += descendants(family[0])
    assert len(family) == (2 if "guard" in net else 1)
    marks = {pid: birth_mark(pid) for pid in family}
    parent.kill()
    parent.wait()
    wait_until(lambda: all(birth_mark(pid) != mark for pid, mark in marks.items()), 8.0)


def test_the_guard_passes_signals_and_status_on(tmp_path: Path) -> None:
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); " + WAIT
    child = started(Child(plan(tmp_path, code), guard=True))
    child.ask_to_stop()
    assert child.wait(10)
    assert child.exit_status == 7


def test_parent_watch_leaves_processes_started_by_hand_alone(tmp_path: Path) -> None:
    code = WATCHING + "print('still here')"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stdout == "still here\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to look like somebody else")
def test_a_program_can_be_run_without_looking_like_root(tmp_path: Path) -> None:
    said = run_to_end(["/usr/bin/id", "-u"], env=dict(os.environ), other_user=OtherUser())
    assert said.stdout.strip() not in ("0", "")
    said = run_to_end(["/usr/bin/id", "-u"], env=dict(os.environ), other_user=OtherUser(12345, 12345))
    assert said.stdout.strip() == "12345"


def test_leftovers_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    register = ChildRegister(tmp_path / "children.json")
    gentle, stubborn = (
        started(Child(plan(tmp_path, code, name))) for name, code in (("gentle", WAIT), ("stubborn", STUBBORN))
    )
    register.record([gentle, stubborn])
    assert [entry["name"] for entry in json.loads((tmp_path / "children.json").read_text())] == ["gentle", "stubborn"]
    assert ChildRegister(tmp_path / "children.json").end_leftovers(patience_seconds=0.5) == 2
    assert gentle.wait(5)
    assert stubborn.wait(5)
    assert stubborn.exit_status == -signal.SIGKILL
    assert not (tmp_path / "children.json").exists()
    assert register.end_leftovers() == 0


def test_a_reused_process_number_is_nobodys_leftover(tmp_path: Path) -> None:
    bystander = started(Child(plan(tmp_path, WAIT)))
    (tmp_path / "children.json").write_text(
        json.dumps([{"name": "x", "pid": bystander.pid, "born": "another time", "stop": 9}])
    )
    assert ChildRegister(tmp_path / "children.json").end_leftovers() == 0
    assert bystander.running
    bystander.close()


def test_processes_are_found_by_their_folder(tmp_path: Path) -> None:
    child = started(Child(plan(tmp_path, WAIT, folder=tmp_path)))
    assert processes_in(tmp_path) == [child.pid]
    child.signal(signal.SIGKILL)
    # Dead, but nobody waited for it: not a living process.
    wait_until(lambda: processes_in(tmp_path) == [])
    child.close()


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail_once(watched: WatchedChild, clock: Clock, said: list[str]) -> float:
    """Let the child end and be started again; returns the pause before that."""
    assert watched.child.wait(20)
    began = clock.now
    while not watched.look_after(said.append):
        clock.now += 0.01
    return clock.now - began


def test_restarts_wait_longer_each_time_and_end(tmp_path: Path) -> None:
    clock, said = Clock(), list[str]()
    child = Child(plan(tmp_path, "print('the reason'); raise SystemExit(3)"))
    child.start()
    watched = WatchedChild(child, child.start, now=clock)
    pauses = [fail_once(watched, clock, said) for _ in range(4)]
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6], abs=0.03)
    assert said == ["Child ended with status 3; starting it again"] * 4
    with pytest.raises(ServiceProblem, match="Child ended 5 times within a minute") as caught:
        fail_once(watched, clock, said)
    assert str(tmp_path / "child.log") in caught.value.advice
    assert "the reason" in caught.value.advice


def test_rare_failures_are_forgiven(tmp_path: Path) -> None:
    clock, said = Clock(), list[str]()
    child = Child(plan(tmp_path, "raise SystemExit(3)"))
    child.start()
    watched = WatchedChild(child, child.start, now=clock)
    for _ in range(8):
        assert fail_once(watched, clock, said) <= 0.85
        clock.now += 25.0
    assert child.wait(20)
