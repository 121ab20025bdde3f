"""Projects: making, changing without losing anybody's change, classes, members, lists."""

import threading
from typing import Any

import pytest
from fixtures.web_client import API, Service, make_project

from tomosift.kit.settings import Settings
from tomosift.projects.palette import PALETTE, next_color
from tomosift.projects.schemas import ProjectSettings

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


def kind_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_a_project_has_what_it_was_made_with(service: Service) -> None:
    owner = service.owner()
    made = owner.post(
        f"{API}/projects",
        json={
            "name": "Ribosömes in situ!",
            "description": "Yeast",
            "classes": [{"name": "ribosome", "color": "#AABBCC", "description": "80S"}, {"name": "proteasome"}],
            "protein_contrast": "bright",
            "settings": {"batch_size": 60},
        },
    )
    assert made.status_code == 201
    project = made.json()
    assert project["slug"] == "ribosomes-in-situ"
    assert (project["box_size"], project["voxel_size_angstrom"], project["role"]) == (None, None, "owner")
    assert [(each["name"], each["color"], each["hotkey"]) for each in project["classes"]] == [
        ("ribosome", "#aabbcc", "1"),
        ("proteasome", PALETTE[0], "2"),
    ]
    assert project["settings"] == ProjectSettings(batch_size=60).model_dump()
    assert owner.get(f"{API}/projects/ribosomes-in-situ").json() == project
    assert made.headers["ETag"] == '"1"'


def test_short_names_are_unique_and_made_from_the_name(service: Service) -> None:
    owner = service.owner()
    assert [make_project(owner, "Twin!")["slug"] for _ in range(3)] == ["twin", "twin-2", "twin-3"]
    assert make_project(owner, "核糖体")["slug"] == "project"
    taken = owner.post(f"{API}/projects", json={"name": "x", "slug": "twin", "classes": [{"name": "a"}]})
    assert kind_of(taken) == (409, "slug-taken")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"classes": []}, "invalid-request"),
        ({"classes": [{"name": "a"}, {"name": " A "}]}, "class-twice"),
        ({"classes": [{"name": "Junk"}]}, "reserved-class"),
        ({"classes": [{"name": "a", "color": "red"}]}, "invalid-request"),
        ({"classes": [{"name": "a"}], "slug": "Has Spaces"}, "invalid-request"),
        ({"classes": [{"name": "a"}], "slug": "../up"}, "invalid-request"),
        ({"classes": [{"name": "a"}], "protein_contrast": "grey"}, "invalid-request"),
        ({"classes": [{"name": "a"}], "settings": {"evaluation_fraction": 0.9}}, "invalid-request"),
        (
            {"classes": [{"name": "a"}], "settings": {"evaluation_minimum": 5, "evaluation_maximum": 4}},
            "invalid-request",
        ),
        ({"classes": [{"name": "a"}], "surprise": 1}, "invalid-request"),
    ],
)
def test_projects_that_make_no_sense_are_refused(service: Service, fields: dict[str, Any], kind: str) -> None:
    assert kind_of(service.owner().post(f"{API}/projects", json={"name": "x", **fields})) == (422, kind)


def test_a_change_must_name_the_version_it_changes(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    path = f"{API}/projects/ribosomes"
    assert kind_of(owner.patch(path, json={"name": "x"})) == (428, "version-needed")
    changed = owner.patch(path, json={"name": "New", "settings": {"batch_size": 10}}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == '"2"'
    assert (changed.json()["name"], changed.json()["settings"]["batch_size"]) == ("New", 10)
    assert changed.json()["settings"]["interleave"] == 2, "what is left out stays"
    stale = owner.patch(path, json={"description": "lost?"}, headers={"If-Match": '"1"'})
    assert kind_of(stale) == (412, "changed-meanwhile")
    assert owner.get(path).json()["description"] == ""
    assert owner.patch(path, json={"description": "d"}, headers={"If-Match": "*"}).status_code == 200
    for wrong in ("1", '"x"', '""'):
        assert owner.patch(path, json={}, headers={"If-Match": wrong}).status_code == 412


def test_of_two_changes_at_once_one_is_told(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    start, statuses = threading.Barrier(4), []

    def change(number: int) -> None:
        start.wait()
        answer = owner.patch(
            f"{API}/projects/ribosomes", json={"description": str(number)}, headers={"If-Match": '"1"'}
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412, 412, 412]


def test_settings_are_checked_together(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    answer = owner.patch(
        f"{API}/projects/ribosomes", json={"settings": {"evaluation_minimum": 2000}}, headers={"If-Match": "*"}
    )
    assert kind_of(answer) == (422, "invalid-settings")
    assert "evaluation_maximum" in answer.json()["detail"]


def test_a_class_is_added_at_the_end_and_raises_the_set_version(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    added = owner.post(f"{API}/projects/ribosomes/classes", json={"name": "sphere"})
    assert added.status_code == 201
    assert (added.json()["position"], added.json()["hotkey"], added.json()["color"]) == (2, "3", PALETTE[2])
    project = owner.get(f"{API}/projects/ribosomes").json()
    assert (project["class_set_version"], project["version"]) == (2, 2)
    assert [each["name"] for each in project["classes"]] == ["barrel", "rod", "sphere"]
    assert kind_of(owner.post(f"{API}/projects/ribosomes/classes", json={"name": "SPHERE"})) == (409, "class-exists")
    assert kind_of(owner.post(f"{API}/projects/ribosomes/classes", json={"name": "Skip"})) == (422, "reserved-class")


def test_only_nine_classes_have_a_key(service: Service) -> None:
    project = make_project(service.owner(), classes=[{"name": f"class {number}"} for number in range(11)])
    keys = [each["hotkey"] for each in project["classes"]]  # type: ignore[attr-defined]
    assert keys == [*"123456789", None, None]


def test_colours_repeat_only_when_all_are_used() -> None:
    used: list[str] = []
    for _ in range(len(PALETTE)):
        used.append(next_color(used))
    assert used == list(PALETTE)
    assert next_color(used) == PALETTE[0]
    assert next_color([PALETTE[0].upper()]) == PALETTE[1]


def test_members_get_roles_and_lose_them(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    ada, ada_id = service.user("ada")
    path = f"{API}/projects/ribosomes"
    assert ada.get(path).status_code == 404
    put = owner.put(f"{path}/members/{ada_id}", json={"role": "viewer"})
    assert (put.status_code, put.json()["role"], put.json()["user"]["name"]) == (200, "viewer", "ada")
    assert ada.get(path).json()["role"] == "viewer"
    first = {"If-Match": put.headers["ETag"]}
    assert put.headers["ETag"] == f'"{put.json()["version"]}"'
    second = owner.put(f"{path}/members/{ada_id}", json={"role": "curator"}, headers=first)
    assert ada.get(path).json()["role"] == "curator"
    listed = next(each for each in ada.get(f"{path}/members").json()["items"] if each["user"]["name"] == "ada")
    assert listed == second.json()
    for method, body in (("PUT", {"role": "viewer"}), ("DELETE", None)):
        for stale in ({}, first):
            answer = owner.request(method, f"{path}/members/{ada_id}", json=body, headers=stale)
            assert answer.status_code == (412 if stale else 428), "another owner's word is never overwritten unread"
    assert ada.get(path).json()["role"] == "curator"
    latest = {"If-Match": second.headers["ETag"]}
    assert owner.delete(f"{path}/members/{ada_id}", headers=latest).status_code == 204
    assert ada.get(path).status_code == 404
    assert owner.delete(f"{path}/members/{ada_id}", headers=latest).status_code == 404
    assert owner.put(f"{path}/members/{ada_id}", json={"role": "owner"}, headers=latest).status_code == 412
    assert owner.put(f"{path}/members/{ada_id}", json={"role": "king"}).status_code == 422
    again = owner.put(f"{path}/members/{ada_id}", json={"role": "viewer"})
    assert again.headers["ETag"] not in (put.headers["ETag"], second.headers["ETag"])


def test_a_project_keeps_an_owner(service: Service) -> None:
    owner = service.owner()
    make_project(owner)
    own_id = service.owner_id()
    path = f"{API}/projects/ribosomes/members"
    any_version = {"If-Match": "*"}
    step_down = {"url": f"{path}/{own_id}", "json": {"role": "viewer"}, "headers": any_version}
    assert kind_of(owner.put(**step_down)) == (409, "last-owner")
    assert kind_of(owner.delete(f"{path}/{own_id}", headers=any_version)) == (409, "last-owner")
    _, ada_id = service.user("ada")
    owner.put(f"{path}/{ada_id}", json={"role": "owner"})
    assert owner.put(**step_down).status_code == 200


def test_lists_show_each_user_their_projects(service: Service) -> None:
    owner = service.owner()
    for name in ("c", "a", "b"):
        make_project(owner, name)
    ada, ada_id = service.user("ada")
    owner.put(f"{API}/projects/b/members/{ada_id}", json={"role": "annotator"})
    assert [(each["slug"], each["role"]) for each in ada.get(f"{API}/projects").json()["items"]] == [("b", "annotator")]
    make_project(ada, "own")
    assert [each["slug"] for each in ada.get(f"{API}/projects").json()["items"]] == ["b", "own"]
    first = owner.get(f"{API}/projects?limit=3").json()
    assert [each["slug"] for each in first["items"]] == ["a", "b", "c"], "administrators see all, by short name"
    rest = owner.get(f"{API}/projects", params={"limit": 3, "after": first["next"]}).json()
    assert ([each["slug"] for each in rest["items"]], rest["next"]) == (["own"], None)
    assert all(each["pool_size"] == each["labeled_count"] == 0 for each in first["items"])
