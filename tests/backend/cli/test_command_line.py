"""The command `tomosift` against the real program: service, worker and database as a user has them."""

import csv
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures.live_service import TOMOSIFT, LiveService, start_service
from fixtures.particle_files import write_particles
from fixtures.supervised import free_port
from fixtures.tomogram_files import write_coordinates, write_tomograms
from PIL import Image

from tomosift.cli import app, main
from tomosift.kit.settings import get_settings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("import-roots")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, roots: Path) -> Iterator[LiveService]:
    live = start_service(
        tmp_path_factory.mktemp("cli") / "home", "--no-demo", TOMOSIFT_IMPORT_ROOTS=str(roots), TOMOSIFT_DEVICE="cpu"
    )
    yield live
    live.api.close()
    live.process.stop()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Run a command in this process; returns exit status, output and errors."""
    for name in list(os.environ):
        if name.startswith("TOMOSIFT_") and not name.startswith("TOMOSIFT_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: str, home: Path | None = None) -> tuple[int, str, str]:
        monkeypatch.setenv("TOMOSIFT_HOME", str(home or tmp_path / "no-home"))
        get_settings.cache_clear()
        try:
            main(list(arguments))
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    yield run_command
    get_settings.cache_clear()


@pytest.fixture
def here(run: Run, service: LiveService) -> Run:
    """Run a command on the computer of the service."""
    return lambda *arguments: run(*arguments, home=service.home)


def test_help_of_every_command_has_an_example(run: Run) -> None:
    for command in all_commands():
        status, shown, _ = run(*command, "--help")
        assert status == 0
        assert re.search(rf"Example: (TOMOSIFT_PORT=9000 )?tomosift {' '.join(command)}\b", shown), command


def test_no_command_is_left_out_of_these_tests() -> None:
    groups = [(app, []), *((each.typer_instance, [each.name]) for each in app.registered_groups)]
    known = [
        [*path, each.name or each.callback.__name__] for group, path in groups for each in group.registered_commands
    ]
    assert sorted(map(str, known)) == sorted(map(str, all_commands()))


def all_commands() -> list[list[str]]:
    return [
        *([name] for name in ("up", "demo", "export", "import", "simulate", "audit", "openapi", "doctor")),
        *(["cycle", name] for name in ("start", "status", "cancel")),
        *(["labels", name] for name in ("import", "undo")),
        *(["project", name] for name in ("list", "delete", "restore")),
        *(["user", name] for name in ("add", "link", "list", "invite", "reset-password", "deactivate", "reactivate")),
        *(["token", name] for name in ("create", "list", "revoke")),
    ]


def test_version(run: Run) -> None:
    status, shown, _ = run("--version")
    assert (status, bool(re.fullmatch(r"\d+\.\d+\.\d+\n", shown))) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["user", "list"], "tomosift up"),
        (["import", "absent.star", "--project", "x"], "No service runs"),
        (["user", "list", "--server", "http://127.0.0.1:1"], "needs an access token"),
        (["user", "list", "--server", "http://127.0.0.1:1", "--token", "tms_x"], "does not answer"),
        (["simulate", "--out", "/proc/nothing", "--templates", "/nowhere"], "is no folder"),
        (["doctor"], "No service runs"),
        (["doctor", "--worker"], "TOMOSIFT_DATABASE_URL is not set"),
    ],
)
def test_what_goes_wrong_is_one_line_and_status_2(
    run: Run, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomosift.client.sync_client.time.sleep", lambda _: None)
    status, shown, told = run(*arguments)
    assert (status, shown) == (2, "")
    assert told.startswith("Error: ")
    assert words in told
    assert len(told.strip().splitlines()) == 1


def test_wrong_usage_and_wrong_settings_are_status_2_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("import")[0] == 2
    assert run("no-such-command")[0] == 2
    monkeypatch.setenv("TOMOSIFT_PORT", "abc")
    status, _, told = run("user", "list")
    assert (status, "TOMOSIFT_PORT" in told) == (2, True)


def test_as_a_program_of_its_own_it_ends_the_same_way(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tomosift.cli", "user", "list"],
        capture_output=True,
        text=True,
        env={**os.environ, "TOMOSIFT_HOME": str(tmp_path)},
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr


def test_simulate_writes_a_set_that_can_be_imported(run: Run, here: Run, tmp_path: Path, service: LiveService) -> None:
    out = tmp_path / "simulated"
    status, shown, _ = run(
        "simulate", "--out", str(out), "--per-class", "2", "--box", "20", "--junk", "1", "--seed", "4"
    )
    assert status == 0
    assert "13 particles at 10 Å a voxel" in shown
    assert len((out / "truth.csv").read_text().splitlines()) == 14
    again = run("simulate", "--out", str(out))
    assert (again[0], "is not empty" in again[2]) == (2, True)
    status, shown, told = here(
        "import", str(out / "particles.star"), "--project", "simulated", "--create", "--classes", "a, b"
    )
    assert (status, told) == (0, "")
    assert "13 subtomograms are in simulated" in shown
    assert service.get("projects/simulated/progress")["pool_size"] == 13


def test_labels_are_brought_and_taken_back(run: Run, here: Run, tmp_path: Path, service: LiveService) -> None:
    out = tmp_path / "labeled"
    run("simulate", "--out", str(out), "--per-class", "2", "--box", "20", "--junk", "2", "--seed", "5")
    here("import", str(out / "particles.star"), "--project", "labeled", "--create", "--classes", "a")
    bring = ("labels", "import", str(out / "truth.csv"), "--project", "labeled", "--importer", "Truth")
    status, shown, told = here(*bring)
    assert (status, "without a class" in told.lower()) == (2, True)
    assert "junk" not in shown
    status, shown, told = here(*bring, "--create-classes")
    assert (status, told) == (0, "")
    assert "Left out: " in shown
    assert service.get("projects/labeled/decisions?mine=false")["items"][0]["user"] == "Truth"
    job = re.search(r"tomosift labels undo (\S+)", shown)
    assert job is not None
    again = here(*bring)
    assert "nothing new" in again[1]
    assert "were there already" in again[1]
    status, shown, _ = here("labels", "undo", job[1], "--project", "labeled")
    assert (status, "labels taken back" in shown) == (0, True)
    assert here(*bring, "--map", "wrong")[0] == 2
    assert "does not exist" in here("labels", "import", "absent.csv", "-p", "labeled", "--importer", "x")[2]


def test_import_of_files_the_service_can_read_sends_nothing(here: Run, roots: Path, service: LiveService) -> None:
    star = write_particles(roots / "run1", 6).star
    status, shown, _ = here("import", str(star), "-p", "in-place", "--create", "--classes", "a,b")
    assert status == 0
    assert "6 subtomograms are in in-place" in shown
    assert not list(service.home.glob("uploads/*"))
    status, shown, _ = here("import", str(star), "-p", "in-place", "--create")
    assert status == 0
    assert "Nothing was added: all 6 particles" in shown


def test_import_from_another_computer_sends_the_files(
    run: Run, here: Run, service: LiveService, tmp_path: Path
) -> None:
    token = here("token", "create", "import", "--scope", "write")[1].strip()
    star = write_particles(tmp_path / "mine", 6, seed=11).star
    remote = ["--server", service.url, "--token", token]
    status, shown, told = run("import", str(star), "-p", "sent", "--create", "--classes", "a,b", *remote)
    assert (status, told) == (0, "")
    assert "6 subtomograms are in sent" in shown
    status, shown, _ = run("import", str(star), "-p", "sent", *remote)
    assert (status, "holds this list already" in shown) == (0, True)
    status, _, told = run("import", str(star), "-p", "nowhere", *remote)
    assert (status, "no such project" in told) == (2, True)
    status, _, told = run("import", str(star), "-p", "nowhere", "--create", *remote)
    assert (status, "--classes" in told) == (2, True)


CUT = ["--box", "16", "--tomograms"]


def test_boxes_are_previewed_and_cut_where_the_service_reads_tomograms(
    here: Run, roots: Path, tmp_path: Path, service: LiveService
) -> None:
    write_tomograms(roots / "cut" / "tomograms")
    star = write_coordinates(roots / "cut" / "particles.star")
    arguments = ["import", str(star), "-p", "cut", *CUT, str(roots / "cut" / "tomograms")]
    picture = tmp_path / "samples.png"
    create = ["--create", "--classes", "a,b"]
    status, shown, told = here(*arguments, *create, "--preview", "--preview-image", str(picture))
    assert (status, told) == (0, "")
    assert re.search(r"^particles +8: 8 new, 0 there already", shown, re.MULTILINE)
    assert re.search(r"^voxel size +10 Å, from the tomograms", shown, re.MULTILINE)
    assert "Nothing was imported." in shown
    assert Image.open(picture).size == (656, 260)
    status, shown, told = here(*arguments)
    assert (status, told) == (0, "")
    assert "8 subtomograms are in cut" in shown
    status, shown, told = here(*arguments, "--invert", "--replace-volumes")
    assert (status, "8 subtomograms of cut have new volumes" in shown) == (0, True), told


def test_tomograms_are_sent_with_a_list(run: Run, here: Run, service: LiveService, tmp_path: Path) -> None:
    token = here("token", "create", "cut", "--scope", "write")[1].strip()
    remote = ["--server", service.url, "--token", token]
    write_tomograms(tmp_path / "rec", pattern="{}_10.00Apx.rec")
    star = write_coordinates(tmp_path / "lists" / "particles.star", names=("TS_01.tomostar", "TS_02.tomostar"))
    pattern = ["--tomogram-pattern", "{tomogram}_*.rec"]
    arguments = ["import", str(star), "-p", "sent-cut", *CUT, str(tmp_path / "rec"), *pattern, *remote]
    status, shown, told = run(*arguments, "--create", "--classes", "a,b", "--preview")
    assert (status, told, "8 new" in shown) == (0, "", True)
    status, shown, told = run(*arguments)
    assert (status, told) == (0, "")
    assert "8 subtomograms are in sent-cut" in shown
    absent = write_coordinates(tmp_path / "lists" / "more.star", names=("TS_03",))
    status, _, told = run("import", str(absent), "-p", "sent-cut", *CUT, str(tmp_path / "rec"), *pattern, *remote)
    assert (status, "tomogram TS_03: there is no TS_03_*.rec" in told) == (2, True)


def test_options_that_do_not_go_together_are_refused(here: Run, tmp_path: Path) -> None:
    star = str(write_coordinates(tmp_path / "particles.star"))
    for options, words in (
        (["--invert"], "go with --box"),
        (["--box", "16"], "cut needs tomograms"),
        (["--tomogram-voxel-size", "10"], "need --tomograms"),
        (["--tomograms", str(tmp_path / "absent")], "does not exist"),
        (["--preview-image", "x.png"], "goes with --preview"),
    ):
        status, _, told = here("import", star, "-p", "x", *options)
        assert (status, words in told) == (2, True), told


def test_a_failed_import_shows_the_rows(here: Run, roots: Path, tmp_path: Path) -> None:
    from tomosift.formats.mrc import write_cube

    star = write_particles(roots / "broken", 4, seed=21).star
    write_cube(star.parent / "Extract" / "000003.mrc", np.full((16, 16, 16), np.nan, np.float32), 10.0)
    status, _, told = here("import", str(star), "-p", "broken", "--create", "--classes", "a,b")
    assert status == 2
    assert re.search(r"^3 +image +000003.mrc holds 4096 voxels", told, re.MULTILINE)
    assert "Nothing was imported." in told
    missing = write_particles(tmp_path / "elsewhere", 4, seed=22).star
    (missing.parent / "Extract" / "000002.mrc").unlink()
    status, _, told = here("import", str(missing), "-p", "broken")
    assert (status, "Nothing was sent" in told) == (2, True)
    assert re.search(r"^2 +image +Extract/000002.mrc is not there", told, re.MULTILINE)


def test_users_and_tokens(here: Run, run: Run, service: LiveService) -> None:
    here("import", "absent", "-p", "x")
    status, shown, _ = here("user", "add", "ada", "--display-name", "Ada L.")
    assert (status, f"{service.url}/sign-in#token=" in shown) == (0, True)
    assert here("user", "add", "ADA")[0] == 2
    assert f"{service.url}/sign-in#token=" in here("user", "link", "Ada")[1]
    assert f"{service.url}/sign-in#token=" in here("user", "link")[1]
    status, _, told = here("user", "link", "nobody")
    assert (status, "tomosift user add nobody" in told) == (2, True)
    assert re.search(r"^ada +Ada L\.", here("user", "list")[1], re.MULTILINE)
    assert f"{service.url}/invitation#token=" in here("user", "invite", "--note", "Bob")[1]
    assert f"{service.url}/sign-in#token=" in here("user", "reset-password", "ada")[1]
    assert here("user", "deactivate", "ada")[0] == 0
    assert re.search(r"^ada .* switched off", here("user", "list")[1], re.MULTILINE)
    assert here("user", "reactivate", "ada")[0] == 0
    assert re.search(r"user.reactivated +ada", here("audit", "--action", "user")[1])
    reader = here("token", "create", "reader")[1].strip()
    assert reader.startswith("tms_")
    remote = ["--server", service.url, "--token", reader]
    assert run("user", "list", *remote)[0] == 0
    status, _, told = run("user", "add", "bob", *remote)
    assert (status, "may only read" in told) == (2, True)
    listed = re.search(r"^(\S{36}) +reader ", here("token", "list")[1], re.MULTILINE)
    assert listed
    assert here("token", "revoke", listed[1])[0] == 0
    assert run("user", "list", *remote)[0] == 2


def test_a_new_user_can_be_put_into_a_project(here: Run, service: LiveService, roots: Path) -> None:
    here("import", str(write_particles(roots / "team", 3, seed=31).star), "-p", "team", "--create", "--classes", "a,b")
    assert here("user", "add", "cy", "--project", "team", "--role", "curator")[0] == 0
    members = service.get("projects/team/members")["items"]
    assert {each["user"]["name"]: each["role"] for each in members}["cy"] == "curator"
    log = roots / "audit.csv"
    assert here("project", "delete", "team", "--yes")[0] == 0
    assert re.search(r"^team .* deleted; until", here("project", "list")[1], re.MULTILINE)
    assert here("project", "restore", "team")[0] == 0
    assert here("audit", "--project", "team", "--out", str(log))[0] == 0
    assert "project.restored" in log.read_text()
    assert here("audit", "--out", "audit.txt")[0] == 2


def test_cycles_from_the_command_line(here: Run, roots: Path) -> None:
    star = write_particles(roots / "cycles", 4, seed=41).star
    here("import", str(star), "-p", "cycles", "--create", "--classes", "a,b")
    status, shown, _ = here("cycle", "status", "-p", "cycles")
    assert (status, shown.split()) == (0, ["cycle", "stage", "acquisition", "training", "labels", "accuracy"])
    status, _, told = here("cycle", "start", "-p", "cycles")
    assert (status, "too few labels" in told.lower()) == (2, True)
    status, _, told = here("cycle", "cancel", "-p", "cycles")
    assert (status, "No cycle of cycles is running" in told) == (2, True)


def label_by_truth(service: LiveService, slug: str, truth_file: Path, count: int) -> None:
    """Answer what the queue asks, as an expert who knows the truth."""
    with truth_file.open(newline="") as file:
        truth = {row["name"]: row["class"] for row in csv.DictReader(file)}
    class_ids = {each["name"]: each["id"] for each in service.get(f"projects/{slug}")["classes"]}
    done = 0
    while done < count:
        tasks = service.api.post(f"projects/{slug}/tasks/claim", json={"count": 8}).json()["tasks"]
        assert tasks
        for task in tasks:
            body = {
                "subtomogram_id": task["subtomogram"]["id"],
                "lease_id": task["lease"]["id"],
                "fencing_token": task["lease"]["fencing_token"],
                "kind": "class",
                "class_id": class_ids[truth[task["subtomogram"]["name"]]],
                "duration_ms": 900,
            }
            key = {"Idempotency-Key": uuid.uuid4().hex}
            service.api.post(f"projects/{slug}/decisions", json=body, headers=key).raise_for_status()
            done += task["work"] == "query"


def test_a_cycle_is_launched_followed_and_shown(here: Run, run: Run, service: LiveService, tmp_path: Path) -> None:
    out = tmp_path / "set"
    run("simulate", "--out", str(out), "--per-class", "10", "--box", "20", "--snr", "1", "--stack")
    names = "barrel,double ring,hollow sphere,rod,Y shape,bilobed blob"
    here("import", str(out / "particles.star"), "-p", "loop", "--create", "--classes", names)
    label_by_truth(service, "loop", out / "truth.csv", 12)
    started = ("cycle", "start", "-p", "loop", "--acquisition", "entropy", "--batch-size", "5")
    status, shown, told = here(*started, "--wait")
    assert (status, told) == (0, "")
    assert "Cycle 1 is ready." in shown
    assert re.search(r"^1 +ready +entropy +1\d", here("cycle", "status", "-p", "loop")[1], re.MULTILINE)
    assert service.get("projects/loop/progress")["queue"]["open_query"] == 5
    status, shown, _ = here(*started)
    assert (status, "Cycle 2 of loop" in shown) == (0, True)
    status, _, told = here(*started)
    assert (status, "Cycle 2" in told) == (2, True), "one at a time"
    status, shown, _ = here("cycle", "cancel", "-p", "loop")
    assert (status, "Cycle 2 is being stopped" in shown) == (0, True)
    service.wait_for("the end of cycle 2", lambda: service.get("projects/loop/cycles/2")["stage"] == "cancelled")


def test_doctor_looks_at_the_service_and_its_worker(here: Run, service: LiveService) -> None:
    workers = service.wait_for(
        "both workers", lambda: len(found := service.get("system")["workers"]) == 2 and found, seconds=120
    )
    assert [(each["queue"], each["is_alive"]) for each in workers] == [("cpu", True), ("gpu", True)]
    status, shown, told = here("doctor")
    assert (status, told) == (0, "")
    assert service.url in shown
    assert "Training worker" in shown
    assert "GB free" in shown


def test_openapi_is_printed(run: Run) -> None:
    status, shown, _ = run("openapi")
    assert (status, '"openapi": "3.1' in shown) == (0, True)


def test_up_passes_its_options_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def stand_in(settings: object, **options: object) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr("tomosift.supervisor.up", stand_in)
    run("up", "--no-browser", "--no-demo")
    run("up")
    run("up", "--only", "worker")
    assert asked[0] == {"open_browser": False, "part": "all", "after_ready": None}
    assert asked[1]["open_browser"] is True
    assert callable(asked[1]["after_ready"])
    assert asked[2] == {"open_browser": False, "part": "worker", "after_ready": None}
    assert run("up", "--only", "nothing")[0] == 2


def test_a_second_up_on_the_same_data_is_refused(
    here: Run, service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOMOSIFT_PORT", str(free_port()))
    ended = subprocess.run(
        [TOMOSIFT, "up", "--no-browser"],
        capture_output=True,
        text=True,
        env={**os.environ, "TOMOSIFT_HOME": str(service.home)},
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert service.url in ended.stdout + ended.stderr


def test_the_page_about_scripting_scripts_a_whole_project(service: LiveService, tmp_path: Path) -> None:
    """Runs docs/scripting.md as it stands: simulate, create, import, label, cycle, export."""
    page = (Path(__file__).parents[3] / "docs" / "scripting.md").read_text()
    (command,), (script,) = (re.findall(rf"```{kind}\n(.*?)```", page, re.S) for kind in ("sh", "python"))
    environment = {**os.environ, "TOMOSIFT_HOME": str(service.home), "PATH": f"{TOMOSIFT.parent}:{os.environ['PATH']}"}
    for arguments in (["bash", "-c", command], [sys.executable, "-c", script]):
        ended = subprocess.run(
            arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert ended.returncode == 0, ended.stderr
    assert "succeeded" in ended.stdout
    assert re.search(r"^ready .*accuracy=", ended.stdout, re.MULTILINE)
    assert (tmp_path / "exported" / "manifest.json").is_file()
    assert service.get("projects/scripted/decisions")["items"]
