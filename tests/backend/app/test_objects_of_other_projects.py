"""Ids of another project lead nowhere under one's own project, on every route that takes an id."""

import uuid
from typing import Any

import pytest
from fixtures.labeling_world import World, build_world, fresh_key, rows, signed_in
from fixtures.route_rules import api_routes

from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.uploads import begin_upload
from tomosift.tables import Cycle, Invitation, Job, LabelEvent, Model, Webhook, WebhookDelivery

pytestmark = pytest.mark.usefixtures("clean_database")

# What these take is no object of a project: a user becomes a member of it.
FREE = ("PUT /projects/{slug}/members/{user_id}",)
BODIES: dict[str, dict[str, Any]] = {
    "POST /projects/{slug}/uploads/{upload_id}/unpack": {"path": "a.zip"},
    "POST /projects/{slug}/review/subtomograms/{subtomogram_id}/adjudication": {"kind": "junk"},
    "PATCH /projects/{slug}/classes/{class_id}": {"name": "mine"},
    "PATCH /projects/{slug}/webhooks/{webhook_id}": {"is_active": False},
}
_CHANGES = "GET /projects/{slug}/cycles/{number}/class-changes"
QUERIES: dict[str, dict[str, Any]] = {
    _CHANGES: {"since": 7},
    f"{_CHANGES}/particles": {"since": 7, "was": "junk", "now": "junk"},
}


def fill(world: World, settings: Settings) -> dict[str, object]:
    """One object of every kind, by the name routes give its id."""
    with transaction() as session:

        def made(row: Any) -> Any:
            session.add(row)
            session.flush()
            return row

        job = made(Job(project_id=world.project_id, kind="import", task="t", queue="cpu"))
        cycle = made(
            Cycle(
                project_id=world.project_id,
                number=7,
                job_id=job.id,
                settings={},
                trigger={},
                class_set_version=1,
                label_snapshot_event_id=0,
            )
        )
        model = made(
            Model(
                project_id=world.project_id,
                cycle_id=cycle.id,
                key="k",
                checksum="c",
                network="n",
                parameter_count=1,
                classes=[],
                description={},
            )
        )
        event = made(
            LabelEvent(
                project_id=world.project_id,
                subtomogram_id=world.queued[5],
                user_id=world.user_ids[0],
                kind="junk",
                class_set_version=1,
                work="choice",
                idempotency_key="k",
                payload_hash=b"",
                response={},
                bulk_id=uuid.uuid4(),
            )
        )
        webhook = made(Webhook(project_id=world.project_id, url="https://a.example", secret="s", events=["decision"]))
        delivery = made(WebhookDelivery(webhook_id=webhook.id, event="decision", payload={}))
        expires = event.created_at.replace(year=2100)
        invitation = made(Invitation(token_hash=b"i", project_id=world.project_id, role="viewer", expires_at=expires))
        upload = begin_upload(session, world.project_id, world.user_ids[0], settings)
        ids: dict[str, object] = {
            "job_id": job.id,
            "number": cycle.number,
            "model_id": model.id,
            "event_id": event.id,
            "bulk_id": event.bulk_id,
            "webhook_id": webhook.id,
            "delivery_id": delivery.id,
            "invitation_id": invitation.id,
            "upload_id": upload.id,
            "subtomogram_id": world.queued[0],
            "class_id": world.class_ids[0],
            "user_id": world.user_ids[1],
        }
    return ids | {"lease_id": world.claim()[0].lease.id}


def state() -> list[Any]:
    """What would change if somebody reached it."""
    tables = "webhook", "webhook_delivery", "invitation", "upload", "job", "lease", "label_event", "project_member"
    counted = [rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in (*tables, "particle_class", "cycle")]
    return [list(map(tuple, each)) for each in counted]


def test_objects_of_another_project_do_not_exist_here(settings: Settings) -> None:
    other, own = build_world(slug="other", roles=("owner", "viewer")), build_world(slug="own", pool=0, roles=("owner",))
    ids = fill(other, get_settings())
    client = signed_in(own.user_ids[0])
    before, asked = state(), 0
    for method, route in api_routes():
        name, path = f"{method} {route.path}", route.path.replace("{slug}", own.slug).replace("{path:path}", "a.mrc")
        if "{slug}" not in route.path or "{" not in path or name in FREE:
            continue
        for each, value in ids.items():
            path = path.replace("{" + each + "}", str(value))
        assert "{" not in path, f"{name}: this test knows no object with that id; make one in `fill`"
        headers = {**fresh_key(), "If-Match": "*", "Content-Type": "application/json"}
        answer = client.request(
            method, f"/api/v1{path}", json=BODIES.get(name), params=QUERIES.get(name), headers=headers
        )
        assert answer.status_code == 404, f"{name}: {answer.text} (a route with a body needs one in BODIES)"
        asked += 1
    assert asked > 30
    assert state() == before
