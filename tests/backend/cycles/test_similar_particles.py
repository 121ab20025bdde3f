"""The search for particles that look alike: exact, and blind where it has to be."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, signed_in
from fixtures.launched_cycles import announce_worker, decide_an_evaluation_item, finish_cycle, say
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import update

from tomosift.cycles.embedding_index import build_index, most_similar, open_index, scaled_products
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle


@hypothesis_settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 9000), size=st.integers(1, 40))
def test_products_with_halves_are_those_of_their_values(seed: int, count: int, size: int) -> None:
    generator = np.random.default_rng(seed)
    # Every finite half can occur: signs, zeros, subnormals, the largest.
    halves = generator.integers(0, 2**16, (count, size)).astype(np.uint16).view(np.float16)
    halves[~np.isfinite(halves)] = 0.0
    query = generator.standard_normal(size).astype(np.float32)
    expected = halves.astype(np.float64) @ query.astype(np.float64)
    bound = 1e-5 * (np.abs(halves.astype(np.float64)) @ np.abs(query) + 1e-6)
    assert (np.abs(scaled_products(halves, query) - expected) <= bound).all()


def literal_cosines(embeddings: NDArray[np.float16], place: int) -> NDArray[np.float64]:
    """Of standardised embeddings, row by row; the last row is no number."""
    known = embeddings[:-1].astype(np.float64)
    deviation = np.where(known.std(axis=0) > 0, known.std(axis=0), 1.0)
    z = (known - known.mean(axis=0)) / deviation
    return np.array([row @ z[place] / (np.linalg.norm(row) * np.linalg.norm(z[place])) for row in z])


def test_similarities_equal_a_literal_loop_and_skip_what_is_no_number() -> None:
    generator = np.random.default_rng(3)
    embeddings = (5.0 + generator.standard_normal((5000, 24))).astype(np.float16)
    embeddings[:, 7] = 2.0  # says nothing
    embeddings[-1, 0] = np.nan
    index = build_index(np.arange(5000) + 100, embeddings)
    found = index.similarities(117)
    np.testing.assert_allclose(found[:-1], literal_cosines(embeddings, 17), atol=2e-6)
    assert np.isnan(found[-1])
    allowed = np.arange(5000) != 17
    expected = [each for each in np.argsort(-literal_cosines(embeddings, 17)) if each != 17][:10]
    assert most_similar(found, allowed, 10).tolist() == expected
    with pytest.raises(KeyError):
        index.similarities(5099)


@pytest.fixture
def world(settings: Settings) -> World:
    return build_world(pool=40, queued=10, evaluation=4, roles=["owner", "annotator"])


def with_embeddings(world: World, owner: TestClient, store: ArtifactStore, items: list[int]) -> None:
    """A cycle that is ready; neighbouring items look alike."""
    announce_worker()
    say(world, world.subtomogram_ids[4:20])
    assert owner.post(world.path("/cycles"), json={"settings": {}}).status_code == 202
    finish_cycle(world, 1, None)
    angle = np.linspace(0.0, 3.0, len(items))
    embeddings = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float16)
    store.write_tensors("cycles/x/scores.safetensors", {"item_ids": np.array(items), "embeddings": embeddings})
    with transaction() as session:
        session.execute(update(Cycle).values(scores_key="cycles/x/scores.safetensors"))
    open_index.cache_clear()


@pytest.mark.usefixtures("clean_database")
def test_the_most_similar_are_told_with_labels_but_not_those_of_the_evaluation_sample(
    world: World, settings: Settings
) -> None:
    owner, annotator = signed_in(world.user_ids[0]), signed_in(world.user_ids[1])
    store, ids = ArtifactStore(settings.effective_store_url), world.subtomogram_ids

    def ask(client: TestClient, item: int) -> Any:
        return client.get(world.path(f"/subtomograms/{item}/similar"), params={"limit": 5})

    assert ask(owner, ids[5]).json()["type"].endswith("no-embeddings")
    blind = decide_an_evaluation_item(world)
    with_embeddings(world, owner, store, ids[:30])
    answer = ask(owner, ids[4]).json()
    cosines = [each["similarity"] for each in answer["items"]]
    assert answer["cycle_number"] == 1
    assert cosines == sorted(cosines, reverse=True)
    shown = {each["id"]: each["label"] for each in answer["items"]}
    assert set(shown) <= {*ids[:4], *ids[5:10]}
    assert all((shown[each] is None) == (each in world.evaluation) for each in shown)
    assert set(world.evaluation) & set(shown)
    assert [each["id"] for each in answer["labeled"]] == ids[5:10]
    # What they are labeled would tell what this one is: not before the annotator has decided it.
    undecided = ask(annotator, ids[4]).json()
    assert undecided["labels_withheld"]
    assert undecided["labeled"] == []
    assert {each["label"] for each in undecided["items"]} == {None}
    assert answer["labels_withheld"] is None
    # Blind: only who has decided an evaluation item sees what it resembles.
    assert blind not in {each["id"] for each in ask(owner, blind).json()["items"]}
    assert ask(annotator, blind).json()["type"].endswith("evaluation-item")
    assert ask(owner, ids[35]).json()["type"].endswith("no-embedding")
    assert ask(owner, 10**9).status_code == 404
    store.delete_prefix("cycles/x")
    open_index.cache_clear()
    assert ask(owner, ids[4]).status_code == 409
