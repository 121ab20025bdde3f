"""The map of the pool: in one answer, thinned fairly, and blind where it has to be."""

import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, signed_in
from fixtures.launched_cycles import announce_worker, decide_an_evaluation_item, finish_cycle, say
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.numpy import load
from sqlalchemy import delete, update

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.pool.map_places import open_map, thinned
from tomosift.tables import Cycle, QueueItem, Subtomogram


@hypothesis_settings(max_examples=50, deadline=None)
@given(counts=st.lists(st.integers(1, 400), min_size=1, max_size=8), most=st.integers(8, 300))
def test_thinning_keeps_the_shares_and_the_rare(counts: list[int], most: int) -> None:
    strata = np.repeat(np.arange(len(counts)), counts)
    ids = np.random.default_rng(0).permutation(len(strata)) * 7 + 1
    chosen = thinned(ids, strata, most)
    assert len(np.unique(chosen)) == len(chosen)
    assert min(most, len(ids)) - len(counts) <= len(chosen) <= most or len(chosen) == len(ids)
    kept = np.bincount(strata[chosen], minlength=len(counts))
    assert (kept <= counts).all()
    assert (kept >= np.minimum(counts, most // (4 * len(counts)))).all()
    # The larger group has no fewer, and the same ids are drawn whatever their order.
    order = np.argsort(counts, kind="stable")
    assert (np.diff(kept[order]) >= 0).all()
    backwards = thinned(ids[::-1], strata[::-1], most)
    assert set(ids[chosen]) == set(ids[::-1][backwards])


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=30, queued=10, evaluation=4, roles=["owner", "annotator"])


def lay_out(world: World, owner: TestClient, store: ArtifactStore) -> None:
    """A cycle is ready, with its map: all are barrels but the last, whose place is no number."""
    announce_worker()
    assert owner.post(world.path("/cycles"), json={"settings": {}}).status_code == 202
    finish_cycle(world, 1, {"map": {"key": "cycles/x/map", "method": "pca"}, "calibration": None})
    ids = np.array(world.subtomogram_ids)
    points = np.stack([np.arange(30), -np.arange(30)], axis=1).astype(np.float32)
    points[29] = np.nan
    store.write_tensors("cycles/x/map", {"item_ids": ids, "points": points})
    store.write_tensors("cycles/x/scores", {"item_ids": ids, "logits": np.ones((30, 1), np.float32)})
    with transaction() as session:
        session.execute(update(Cycle).values(scores_key="cycles/x/scores"))
        cycle = session.query(Cycle).one()
        session.execute(update(QueueItem).where(QueueItem.subtomogram_id == world.queued[0]).values(cycle_id=cycle.id))
    open_map.cache_clear()


def read(client: TestClient, world: World) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """The legend, and each particle's columns."""
    answer = client.get(world.path("/map"))
    assert answer.status_code == 200
    length = int.from_bytes(answer.content[:8], "little")
    legend = json.loads(json.loads(answer.content[8 : 8 + length])["__metadata__"]["legend"])
    columns = load(answer.content)
    particles = {
        int(each): {name: column[place] for name, column in columns.items()}
        for place, each in enumerate(columns["item_ids"])
    }
    return legend, particles


@pytest.mark.usefixtures("clean_database")
def test_each_reader_gets_the_map_of_what_they_may_see(world: World, settings: Settings) -> None:
    owner, annotator = (signed_in(each) for each in world.user_ids)
    assert owner.get(world.path("/map")).json()["type"].endswith("no-map")
    ids = world.subtomogram_ids
    say(world, ids[14:18], classes=2)  # nobody is asked about these
    decided = decide_an_evaluation_item(world)
    lay_out(world, owner, ArtifactStore(settings.effective_store_url))

    legend, particles = read(owner, world)
    names = [each["name"] for each in legend["values"]]
    assert names == ["barrel", "rod", "sphere", "junk", "unsure"]
    assert (legend["cycle_number"], legend["method"], legend["better"]) == (1, "pca", None)
    assert legend["placed"] == 29
    assert ids[29] not in particles
    assert [names[particles[each]["label"]] for each in ids[14:18]] == ["barrel", "rod", "barrel", "rod"]
    assert {each["prediction"] for each in particles.values()} == {0}
    assert {each["confidence"] for each in particles.values()} == {100}
    assert particles[ids[20]]["label"] == -1
    np.testing.assert_array_equal(particles[ids[20]]["points"], [20, -20])
    assert particles[world.queued[0]]["cycle"] == 1
    assert particles[ids[20]]["cycle"] == 0
    assert legend["tomograms"][particles[ids[20]]["tomogram"]] == "TS_01"
    # Of the sample only what the owner has decided; of it and of what they may be asked, an annotator sees nothing.
    assert set(world.evaluation) & set(particles) == {decided}
    legend, particles = read(annotator, world)
    assert not set(world.evaluation) & set(particles)
    assert legend["withheld"] == 4
    assert legend["shown"] == len(particles) == 25
    assert particles[ids[14]]["label"] == 0

    with transaction() as session:
        session.execute(delete(Subtomogram).where(Subtomogram.id == ids[20]))
    assert ids[20] not in read(owner, world)[1]
