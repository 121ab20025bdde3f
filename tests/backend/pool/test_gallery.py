"""The gallery: every order and filter against a literal one, what it must not tell, and its tiles."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from fixtures.export_world import build_export_world, cubes
from fixtures.labeling_world import fresh_key, rows, signed_in
from fixtures.particle_files import write_particles
from fixtures.prediction_jobs import store_predictions
from sqlalchemy import update

from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.pool import gallery_endpoints, gallery_keys
from tomosift.tables import QueueItem, Subtomogram
from tomosift.volumes.projections import project, to_greys

RIBOSOME, PROTEASOME, JUNK = (3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0)
Item = dict[str, Any]


class Gallery:
    """Eighteen particles.

    By number: 0-2 ribosomes, 3 junk, 4 unsure, 5 a ribosome that the model takes for a proteasome, 6 junk that it
    takes for a ribosome, 7 decided by Ben alone. 12-15 are the evaluation sample: 12 and 13 are decided by Ada. 8 is
    labeled by Ben, and Ada is still to be asked about it. 16 and 17 have no prediction.
    """

    def __init__(self, folder: Path) -> None:
        self.world = build_export_world()
        self.ids = self.world.import_list(write_particles(folder, 18).star, volumes=True)
        world, ids = self.world, self.ids
        world.sample(ids[12:16])
        world.label([*ids[:3], ids[5], ids[12]], "ribosome")
        world.label([ids[3], ids[6], ids[13]], "junk")
        world.label([ids[4]], "unsure")
        world.label(ids[7:9], "proteasome", who="ben")
        with transaction() as session:
            session.add(
                QueueItem(project_id=world.project_id, subtomogram_id=ids[8], work="recheck", position=1, batch=1)
            )
            session.add(
                QueueItem(
                    project_id=world.project_id, subtomogram_id=ids[9], work="query", position=2, batch=1, state="done"
                )
            )
        said = [RIBOSOME] * 5 + [PROTEASOME] + [RIBOSOME] * 2 + [JUNK] * 4 + [RIBOSOME] * 4
        logits = {
            each: tuple(part * (1 + (number // 2) % 4) for part in value)
            for number, (each, value) in enumerate(zip(ids, said, strict=False))
        }  # pairs with one confidence
        world.predict(
            logits,
            unlike={each: (number * 7 % 16) / 16 for number, each in enumerate(ids[:16])},
            scores={each: (number * 5 % 11) / 11 for number, each in enumerate(ids[:14])},
        )
        store_predictions(world.project_id)

    def client(self, who: str = "ada") -> TestClient:
        return signed_in(self.world.user_ids[who])

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.world.slug}"

    def class_id(self, name: str) -> str:
        return f"class:{self.world.class_ids[name]}"

    def read(self, client: TestClient, limit: int = 500, **query: Any) -> list[Item]:
        """All pages."""
        items: list[Item] = []
        while True:
            answer = client.get(f"{self.path}/gallery", params={**query, "limit": limit})
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            if answer.json()["next"] is None:
                return items
            query = {**query, "after": answer.json()["next"]}
            query.pop("rank", None)

    def numbers(self, items: list[Item]) -> list[int]:
        return [self.ids.index(item["id"]) for item in items]


@pytest.fixture
def gallery(settings: Settings, tmp_path: Path, clean_database: str) -> Gallery:
    return Gallery(tmp_path)


def literal_views(gallery: Gallery) -> list[tuple[dict[str, Any], Callable[[Item], bool]]]:
    """Filters, and what they mean, in the fields of an item."""
    ribosome = str(gallery.world.class_ids["ribosome"])

    def is_ribosome(said: Item | None) -> bool:
        return said is not None and said["class_id"] == ribosome

    def differ(item: Item) -> bool:
        label, said = item["label"], item["prediction"]
        if label is None or said is None or label["kind"] not in ("class", "junk"):
            return False
        return bool((label["kind"], label["class_id"]) != (said["kind"], said["class_id"]))

    return [
        ({}, lambda item: True),
        ({"label": "unlabeled"}, lambda item: item["label"] is None),
        ({"label": "junk"}, lambda item: item["label"] is not None and item["label"]["kind"] == "junk"),
        ({"label": gallery.class_id("ribosome")}, lambda item: is_ribosome(item["label"])),
        ({"predicted": gallery.class_id("ribosome")}, lambda item: is_ribosome(item["prediction"])),
        (
            {"predicted": "junk", "label": "unlabeled"},
            lambda item: (
                item["label"] is None and item["prediction"] is not None and item["prediction"]["kind"] == "junk"
            ),
        ),
        (
            {"confidence_min": 0.95, "confidence_max": 0.9999},
            lambda item: item["prediction"] is not None and 0.95 <= item["prediction"]["confidence"] <= 0.9999,
        ),
        ({"disagrees": True}, differ),
        ({"tomogram": "TS_1"}, lambda item: item["tomogram"] == "TS_1"),
        (
            {"tomogram": "TS_0", "label": "unlabeled", "predicted": gallery.class_id("ribosome")},
            lambda item: item["tomogram"] == "TS_0" and item["label"] is None and is_ribosome(item["prediction"]),
        ),
        ({"ids": ",".join(map(str, gallery.ids[2:9]))}, lambda item: item["id"] in gallery.ids[2:9]),
        ({"batch": 1}, lambda item: item["id"] == gallery.ids[9]),
    ]


@pytest.mark.parametrize(("who", "most_fetched"), [("ada", gallery_keys.MOST_FETCHED), ("ben", 0)])
def test_every_order_and_filter_is_the_literal_one_by_pages_and_by_rank(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, who: str, most_fetched: int
) -> None:
    monkeypatch.setattr(gallery_keys, "MOST_FETCHED", most_fetched)
    client = gallery.client(who)
    whole = gallery.read(client)
    decided = {row[0]: row[1] for row in rows("SELECT subtomogram_id, event_id FROM current_label")}
    values: dict[str, Callable[[Item], Any]] = {
        "place": lambda item: item["id"],
        "decided": lambda item: decided[item["id"]] if item["label"] else None,
        **{
            name: lambda item, name=name: item["prediction"] and item["prediction"][name]
            for name in ("score", "confidence", "unlike")
        },
    }
    for place, (query, passes) in enumerate(literal_views(gallery)):
        for number, (sort, value) in enumerate(values.items()):
            if (place + number) % 5 not in (0, 2):  # each filter in two orders, each order under most filters
                continue
            descending = place % 2 == 0
            kept = [item for item in whole if passes(item) and value(item) is not None]
            expected = sorted(kept, key=lambda item: (value(item), item["id"]), reverse=descending)
            asked = {**query, "sort": sort, "descending": descending}
            assert gallery.read(client, limit=6, **asked) == expected, asked
            assert gallery.read(client, rank=2, **asked) == expected[2:], asked
            count = client.get(f"{gallery.path}/gallery/count", params=asked).json()
            assert count == {"count": len(expected), "is_capped": False, "before": None}, asked


def test_nothing_is_told_of_open_evaluation_items_and_labels_of_open_questions_are_as_if_they_were_not(
    gallery: Gallery,
) -> None:
    for who, open_items in (("ada", {14, 15}), ("ben", {12, 13, 14, 15})):
        client = gallery.client(who)
        whole = gallery.read(client)
        hidden = [item for item in whole if gallery.ids.index(item["id"]) in open_items]
        assert [(item["label"], item["prediction"], item["in_evaluation_sample"]) for item in hidden] == [
            (None, None, True)
        ] * len(open_items)
        assert set(gallery.numbers(gallery.read(client, label="unlabeled"))) >= open_items
        for telling in (
            {"sort": "confidence"},
            {"sort": "score"},
            {"sort": "decided"},
            {"predicted": gallery.class_id("ribosome")},
            {"label": gallery.class_id("ribosome")},
            {"confidence_min": 0.0},
            {"disagrees": True},
            {"annotator": str(gallery.world.user_ids[who])},
        ):
            assert not set(gallery.numbers(gallery.read(client, **telling))) & open_items, (who, telling)
    ada, ben = gallery.client(), gallery.client("ben")
    assert gallery.read(ada)[8]["label"] is None
    assert gallery.read(ben)[8]["label"]["kind"] == "class", "Ben said it himself"
    assert 8 in gallery.numbers(gallery.read(ada, label="unlabeled", sort="confidence"))
    proteasome = gallery.class_id("proteasome")
    assert gallery.numbers(gallery.read(ada, label=proteasome)) == [7]
    assert gallery.numbers(gallery.read(ben, label=proteasome)) == [7, 8]
    assert gallery.numbers(gallery.read(ada, annotator=str(gallery.world.user_ids["ben"]))) == [7]
    pool = ada.get(f"{gallery.path}/subtomograms", params={"label": "unlabeled", "limit": 4}).json()
    assert gallery.numbers(pool["items"]) == [8, 9, 10, 11], "the pool's own list keeps the same rule"


def test_merged_and_retired_classes_count_for_what_they_are_now(gallery: Gallery) -> None:
    ada = gallery.client()
    ribosome, proteasome = (gallery.world.class_ids[name] for name in ("ribosome", "proteasome"))

    def change(**body: Any) -> None:
        project = ada.get(gallery.path).json()
        answer = ada.post(
            f"{gallery.path}/class-set/changes",
            json=body,
            headers={"If-Match": f'"{project["version"]}"'} | fresh_key(),
        )
        assert answer.status_code in (200, 201), answer.text

    change(kind="merge", class_id=str(proteasome), into_id=str(ribosome))
    assert 5 in gallery.numbers(gallery.read(ada, predicted=f"class:{ribosome}"))
    assert gallery.numbers(gallery.read(ada, disagrees=True)) == [3, 6, 13]
    change(kind="restore", class_id=str(proteasome))
    change(kind="retire", class_id=str(ribosome))
    assert gallery.read(ada)[0]["prediction"]["kind"] is None
    assert gallery.read(ada, predicted=f"class:{ribosome}") == []


def test_counts_are_capped_values_have_a_rank_and_nonsense_is_refused(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = gallery.client()
    by_score = [item["prediction"]["score"] for item in gallery.read(client, sort="score", descending=True)]
    query = {"sort": "score", "descending": True, "value": 0.5}
    counted = client.get(f"{gallery.path}/gallery/count", params=query).json()
    assert counted["before"] == sum(score > 0.5 for score in by_score)
    monkeypatch.setattr(gallery_endpoints, "MOST_COUNTED", 3)
    capped = client.get(f"{gallery.path}/gallery/count", params={"label": "unlabeled"}).json()
    assert (capped["count"], capped["is_capped"]) == (3, True)
    assert client.get(f"{gallery.path}/gallery/count").json()["count"] == 18, "the whole pool is counted as it is"
    ben = gallery.client("ben")
    refused: list[tuple[dict[str, Any], int]] = [
        ({"sort": "name"}, 422),
        ({"label": "anything"}, 422),
        ({"predicted": "unsure"}, 422),
        ({"ids": "1,,2"}, 422),
        ({"ids": ",".join(["7"] * 501)}, 422),
        ({"confidence_min": 1.5}, 422),
        ({"after": "rubbish"}, 422),
        ({"colour": "red"}, 422),
        ({"annotator": str(uuid.uuid4())}, 403),
    ]
    for asked, status in refused:
        answer = ben.get(f"{gallery.path}/gallery", params=asked)
        assert answer.status_code == status, asked
        assert answer.json()["detail"]


def test_before_predictions_are_there_the_page_says_so(settings: Settings, tmp_path: Path, clean_database: str) -> None:
    world = build_export_world()
    ids = world.import_list(write_particles(tmp_path, 3).star)
    client, path = signed_in(world.user_ids["ada"]), f"/api/v1/projects/{world.slug}/gallery"
    assert client.get(path).json()["model"] == {"cycle_number": None, "state": "none"}
    world.predict(dict.fromkeys(ids, RIBOSOME))
    page = client.get(path, params={"sort": "confidence"}).json()
    assert (page["model"], page["items"]) == ({"cycle_number": 1, "state": "preparing"}, [])
    store_predictions(world.project_id)
    page = client.get(path, params={"sort": "confidence"}).json()
    assert (page["model"]["state"], len(page["items"])) == ("ready", 3)


def test_tiles_are_the_volumes_projected_and_the_unlabeled_are_kept(gallery: Gallery) -> None:
    client, ids = gallery.client(), [gallery.ids[4], gallery.ids[1], gallery.ids[4]]
    with transaction() as session:
        hashes = {each: uuid.uuid4().hex for each in ids}
        for each, digest in hashes.items():
            session.execute(update(Subtomogram).where(Subtomogram.id == each).values(content_hash=digest))
    named = ",".join(f"{each}-{hashes[each][:8]}" for each in ids)
    answer = client.get(f"{gallery.path}/tiles", params={"ids": named, "view": "max", "low_pass": 40, "size": 64})
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert (answer.headers["X-Tile-Edge"], answer.headers["X-Tile-Range"]) == ("8", "4.0")
    tiles = np.frombuffer(answer.content, np.uint8).reshape(3, 8, 8)
    expected = to_greys(project(cubes(ids), "max", 40 * 0.18739 / 10.0))[:, ::-1]
    assert np.abs(tiles.astype(int) - expected.astype(int)).max() <= 1

    plain = client.get(f"{gallery.path}/tiles", params={"ids": str(ids[0])})
    assert plain.headers["Cache-Control"] == "private, no-cache"
    for wrong, status in ((f"{ids[0]}-00000000", 404), ("999999", 404), ("x", 422), (",".join(["1"] * 257), 422)):
        assert client.get(f"{gallery.path}/tiles", params={"ids": wrong}).status_code == status

    # What nobody has labeled is kept, whoever writes labels.
    def kept_is_true() -> None:
        kept = {row[0] for row in rows("SELECT subtomogram_id FROM unlabeled_subtomogram")}
        labeled = {row[0] for row in rows("SELECT subtomogram_id FROM current_label")}
        assert kept == set(gallery.ids) - labeled

    several = [gallery.ids[0], *gallery.ids[9:12]]
    kept_is_true()
    body = {"subtomogram_ids": several, "kind": "junk"}
    made = client.post(f"{gallery.path}/decisions/bulk", json=body, headers=fresh_key()).json()
    kept_is_true()
    undone = client.post(f"{gallery.path}/decisions/bulk/{made['bulk_id']}/undo", headers=fresh_key())
    assert undone.status_code == 201
    kept_is_true()
