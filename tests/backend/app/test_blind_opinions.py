"""Nobody who may still be asked about an item learns from any route what others said of it.

Held without naming routes: whatever an annotator can read is read twice, and between the two the opinions of somebody
else change. What was read must be the same.
"""

from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, signed_in
from fixtures.launched_cycles import announce_worker, finish_cycle, say
from fixtures.route_rules import api_routes, rule_of
from sqlalchemy import Float, cast, text, update

from tomosift.annotation.decisions import record_decision
from tomosift.annotation.schemas import DecisionIn
from tomosift.cycles.embedding_index import open_index
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.pool.map_places import open_map
from tomosift.tables import Cycle, Subtomogram

pytestmark = pytest.mark.usefixtures("clean_database")

NOT_READ = ("/events", "/volume", "/denoised", "/surroundings", "/tiles", "/sum")
"""The stream of events, which never ends, and pictures of voxels."""
SUMS = ("GET /projects/{slug}/class-set ", "GET /projects/{slug}/progress ")
"""Counts by class: what was said of which item they do not tell."""
SHOW_LABELS = {
    "GET /projects/{slug}/subtomograms",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}/similar",
    "GET /projects/{slug}/subtomograms/{subtomogram_id}/neighbours",
    "GET /projects/{slug}/review/subtomograms/{subtomogram_id}",
    "GET /projects/{slug}/gallery",
    "GET /projects/{slug}/gallery/count",
    "GET /projects/{slug}/map",
}
PEOPLE = ANNOTATOR, OTHER = 1, 2


@pytest.fixture
def world(settings: Settings) -> World:
    """Two people are asked about each of 8 picks and 4 evaluation items; 12 further ones nobody is asked about."""
    overlap = {"overlap_share": 1.0, "overlap_opinions": 2, "suggestions": "always"}
    world = build_world(
        pool=24, queued=8, evaluation=4, roles=["owner", "annotator", "annotator"], settings=overlap, slug="blind"
    )
    ids, store = world.subtomogram_ids, ArtifactStore(settings.effective_store_url)
    say(world, ids[12:])
    announce_worker()
    assert signed_in(world.user_ids[0]).post(world.path("/cycles"), json={"settings": {}}).status_code == 202
    finish_cycle(world, 1, {"map": {"key": "cycles/b/map", "method": "pca"}, "calibration": None})
    angle = np.linspace(0.0, 3.0, len(ids))
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    store.write_tensors("cycles/b/map", {"item_ids": np.array(ids), "points": around.astype(np.float32)})
    store.write_tensors(
        "cycles/b/scores",
        {
            "item_ids": np.array(ids),
            "logits": np.ones((len(ids), 1), np.float32),
            "embeddings": around.astype(np.float16),
        },
    )
    pq.write_table(pa.table({"rlnCoordinateX": np.arange(float(len(ids)))}), table := BytesIO())
    store.write_bytes("t", table.getvalue())
    with transaction() as session:
        session.execute(update(Cycle).values(scores_key="cycles/b/scores"))
        place = cast(Subtomogram.source_row, Float)
        session.execute(update(Subtomogram).values(x=place, y=place, z=place))
    open_map.cache_clear()
    open_index.cache_clear()
    return world


def decide_everything_asked(world: World, user: int) -> None:
    for task in world.claim(user, 12):
        body = {"subtomogram_id": task.subtomogram.id, "kind": "class", "class_id": world.class_ids[0]}
        lease = {"lease_id": task.lease.id, "fencing_token": task.lease.fencing_token}
        record_decision(world.asker(user), DecisionIn.model_validate(body | lease), f"key-of-item-{task.lease.id}")


def say_otherwise(world: World, user: int) -> None:
    """Let this person have said another class of all that they decided."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))  # events never change but here
        for table, of_them in (
            ("current_label", "event_id IN (SELECT id FROM label_event WHERE user_id = :user)"),
            ("label_event", "user_id = :user"),
        ):
            changed = session.execute(
                text(f"UPDATE {table} SET class_id = :class_id WHERE {of_them}"),
                {"class_id": world.class_ids[1], "user": world.user_ids[user]},
            )
            assert changed.rowcount == 12


def queries(world: World, path: str) -> list[dict[str, Any]]:
    """The ways to ask for a list that speak of labels."""
    if not path.endswith(("/subtomograms", "/gallery", "/gallery/count")):
        return [{}]
    of_class = [{"label": f"class:{each}"} for each in world.class_ids[:2]]
    orders = [{"sort": "decided"}, {"disagrees": True}] if "gallery" in path else []
    return [{}, {"label": "unlabeled"}, *of_class, *orders]


def read_everything(world: World, client: TestClient) -> dict[str, Any]:
    """The answers of all routes that annotators may read, about items of every kind."""
    items = world.queued[0], world.evaluation[0], world.subtomogram_ids[12]
    told = {}
    for method, route in api_routes():
        if method != "GET" or rule_of(route.dependant) not in ("viewer", "annotator") or route.path.endswith(NOT_READ):
            continue
        for item in items if "{subtomogram_id}" in route.path else items[:1]:
            path = route.path.replace("{slug}", world.slug).replace("{subtomogram_id}", str(item))
            path = path.replace("{class_id}", str(world.class_ids[0])).replace("{number}", "1")
            for query in queries(world, route.path):
                answer = client.get(f"/api/v1{path}", params=query)
                assert answer.status_code < 500, answer.text
                told[f"{method} {route.path} {item} {query}"] = (answer.status_code, answer.content)
    return told


def test_what_others_say_shows_nowhere_before_one_has_decided(world: World) -> None:
    decide_everything_asked(world, OTHER)
    clients = [signed_in(world.user_ids[each]) for each in PEOPLE]
    before = [read_everything(world, client) for client in clients]
    say_otherwise(world, OTHER)
    after = [read_everything(world, client) for client in clients]
    blind, own = (
        {each for each in first if first[each] != second[each]} for first, second in zip(before, after, strict=True)
    )
    assert {each for each in blind if not each.startswith(SUMS)} == set()
    shown = {" ".join(each.split(" ")[:2]) for each in own}
    assert shown >= SHOW_LABELS, "who has decided them sees what they said, so this test can see it"


def test_a_skip_tells_nothing_of_what_others_said(world: World) -> None:
    decide_everything_asked(world, OTHER)
    task = world.claim(ANNOTATOR)[0]
    lease = {"lease_id": task.lease.id, "fencing_token": task.lease.fencing_token}
    body = DecisionIn.model_validate({"subtomogram_id": task.subtomogram.id, "kind": "skip"} | lease)
    assert record_decision(world.asker(ANNOTATOR), body, "key-of-the-skip")[0].label is None
