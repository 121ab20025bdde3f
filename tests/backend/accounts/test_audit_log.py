"""The audit log: kept with the deed, read in pages, filtered, written out, never changed."""

import csv
import io
import json

import pytest
from fixtures.web_client import API, Service, make_project
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tomosift.kit.audit import SYSTEM, record
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import AuditEvent

pytestmark = pytest.mark.usefixtures("clean_database", "settings")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


def test_a_deed_and_its_record_are_one() -> None:
    def fail_after_recording() -> None:
        with transaction() as session:
            record(session, SYSTEM, "thing.done", "x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_recording()
    with transaction() as session:
        assert session.scalars(select(AuditEvent)).all() == []
        record(session, SYSTEM, "thing.done", "x", why="because")
    for statement in ("UPDATE audit_event SET target = 'y'", "DELETE FROM audit_event"):
        with pytest.raises(IntegrityError, match="append-only"), transaction() as session:
            session.execute(text(statement))


def test_what_happens_is_told_to_those_it_concerns(service: Service) -> None:
    admin = service.owner()
    make_project(admin)
    make_project(admin, "Other")
    owner, owner_id = service.user("olga")
    path = f"{API}/projects/ribosomes"
    admin.put(f"{path}/members/{owner_id}", json={"role": "owner"})
    owner.patch(path, json={"name": "New"}, headers={"If-Match": "*"})
    token = owner.post(f"{API}/tokens", json={"name": "nightly"}).json()
    owner.delete(f"{API}/tokens/{token['id']}")
    admin.patch(f"{API}/users/{owner_id}", json={"display_name": "Olga"})
    told = owner.get(f"{path}/audit").json()["items"]
    assert [(each["actor"], each["action"], each["target"]) for each in told[:2]] == [
        ("olga", "project.changed", "ribosomes"),
        (told[-1]["actor"], "role.given", "olga"),
    ]
    assert told[1]["details"] == {"role": "owner", "before": None}
    assert {each["project"] for each in told} == {"ribosomes"}, "nothing of other projects"
    everything = admin.get(f"{API}/audit").json()["items"]
    assert {each["action"] for each in everything} >= {
        "session.begun",
        "project.made",
        "token.made",
        "token.revoked",
        "user.changed",
        "role.given",
    }
    assert token["token"] not in str(everything)
    filtered = admin.get(f"{API}/audit", params={"actor": "olga", "action": "token", "since": "2020-01-01"}).json()
    assert [each["action"] for each in filtered["items"]] == ["token.revoked", "token.made"]
    assert admin.get(f"{API}/audit", params={"until": "2020-01-01T00:00:00Z"}).json()["items"] == []


def test_pages_and_files_hold_every_line_once(service: Service) -> None:
    admin = service.owner()
    with transaction() as session:
        for number in range(1, 8):
            record(session, SYSTEM, "thing.done", "=SUM(A1)" if number == 7 else f"no {number}", number=number)
    seen: list[int] = []
    query: dict[str, str | int] = {"action": "thing.done", "limit": 3}
    while True:
        page = admin.get(f"{API}/audit", params=query).json()
        seen += [each["details"]["number"] for each in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    lines = admin.get(f"{API}/audit/file", params={"action": "thing"}).text.splitlines()
    assert [json.loads(line)["details"]["number"] for line in lines] == seen[::-1]
    answer = admin.get(f"{API}/audit/file", params={"action": "thing", "format": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(table) == 7
    assert table[-1]["target"] == "'=SUM(A1)", "no formula for a spreadsheet"
    assert 'filename="audit.csv"' in answer.headers["Content-Disposition"]
