"""Imports that cut boxes out of tomograms: right places, all that is missing told at once, surroundings."""

import io
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.particle_files import write_particles
from fixtures.tomogram_files import CENTRES, SHAPE, write_coordinates, write_tomograms
from fixtures.web_client import API, Service, do_job
from PIL import Image
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.pool.import_run import run_import
from tomosift.pool.subtomograms import read_volume
from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, Source, Subtomogram, Tomogram

pytestmark = pytest.mark.usefixtures("clean_database")
CUT = {"box_size": 16}


def do_import(service: Service, **body: Any) -> dict[str, Any]:
    """An import, done at once."""
    return do_job(service.owner(), "imports", run_import, body)


def particles() -> list[Subtomogram]:
    with transaction() as session:
        return list(session.scalars(select(Subtomogram).order_by(Subtomogram.id)))


def middle_of(row: Subtomogram) -> float:
    with transaction() as session:
        source = session.get_one(Source, row.source_id)
    volume = read_volume(source.volumes_key, row.source_row)
    return float(volume[tuple(size // 2 for size in volume.shape)])


def expected_middles() -> list[float]:
    return [100.0 * bright + number for number in range(2) for bright in range(1, len(CENTRES) + 1)]


def test_boxes_are_centred_on_the_particles(service: Service, roots: Path) -> None:
    volumes = write_tomograms(roots / "tomograms")
    star = write_coordinates(roots / "particles.star")
    job = do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")}, cut=CUT)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    rows = particles()
    assert [middle_of(row) for row in rows] == expected_middles()
    assert [(row.x, row.y, row.z) for row in rows] == [*CENTRES, *CENTRES]
    assert {row.tomogram for row in rows} == {"TS_01", "TS_02"}
    assert (rows[0].rot, rows[0].tilt, rows[0].psi) == (400, 20, 30)
    x, y, z = CENTRES[1]
    with transaction() as session:
        source = session.scalars(select(Source)).one()
    np.testing.assert_array_equal(
        read_volume(source.volumes_key, 1), volumes["TS_01"][z - 8 : z + 8, y - 8 : y + 8, x - 8 : x + 8]
    )
    assert source.frame == {"unit": "voxel", "origin": "corner", "voxel_size": 10.0}
    assert (source.box_size, source.voxel_size_angstrom) == (16, 10.0)
    assert source.recipe["cut"]["box_size"] == 16
    assert str(roots) not in str(source.recipe)


def test_coordinates_of_unbinned_voxels_and_shifts_find_the_same_places(service: Service, roots: Path) -> None:
    """Coordinates four times as fine, moved by 25 Å that rlnOriginX/Y/ZAngst takes back."""
    write_tomograms(roots / "tomograms", voxel_size=10.0)
    star = write_coordinates(roots / "particles.star", scale=4.0, pixel_size=2.5, shift_angstrom=25.0)
    job = do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")}, cut=CUT)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    assert [middle_of(row) for row in particles()] == expected_middles()


def test_the_voxel_size_of_coordinates_can_be_given(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms")
    star = write_coordinates(roots / "particles.star", scale=4.0)
    job = do_import(
        service,
        path=str(star),
        voxel_size_angstrom=2.5,
        tomograms={"folder": str(roots / "tomograms")},
        cut=CUT,
    )
    assert job["state"] == "succeeded"
    assert [middle_of(row) for row in particles()] == expected_middles()


def test_rescaled_inverted_boxes(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms")
    star = write_coordinates(roots / "particles.star")
    cut = {"box_size": 8, "voxel_size_angstrom": 20, "invert": True, "normalise": "zscore"}
    job = do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")}, cut=cut)
    assert job["state"] == "succeeded"
    with transaction() as session:
        source = session.scalars(select(Source)).one()
    volume = read_volume(source.volumes_key, 3)
    assert source.voxel_size_angstrom == 20.0
    assert volume.shape == (8, 8, 8)
    assert np.unravel_index(volume.argmin(), volume.shape) == (4, 4, 4)
    assert (float(volume.mean()), float(volume.std())) == pytest.approx((0.0, 1.0), abs=1e-4)


TABLES = {
    "tomograms.csv": "tomogram,path\nTS_01,tomograms/TS_01.mrc\nTS_02,tomograms/TS_02.mrc\n",
    "tomograms.tsv": "name\tfile\tpixel_size\nTS_01.tomostar\ttomograms/TS_01.mrc\t10\nTS_02\ttomograms/TS_02.mrc\t\n",
    "list.star": "data_\n\nloop_\n_rlnTomoName #1\n_path #2\nTS_01 tomograms/TS_01.mrc\nTS_02 tomograms/TS_02.mrc\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_tomograms_can_be_listed(service: Service, roots: Path, name: str) -> None:
    write_tomograms(roots / "tomograms")
    (roots / name).write_text(TABLES[name])
    star = write_coordinates(roots / "particles.star")
    job = do_import(service, path=str(star), tomograms={"list": str(roots / name)}, cut=CUT)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    assert [middle_of(row) for row in particles()] == expected_middles()


def test_names_match_by_pattern_without_folders_and_endings(service: Service, roots: Path) -> None:
    write_tomograms(roots / "rec", pattern="{}_10.00Apx.mrc")
    star = write_coordinates(roots / "particles.star", names=("TS_01.tomostar", "TS_02.tomostar"))
    given = {"folder": str(roots / "rec"), "pattern": "{tomogram}_*Apx.mrc"}
    job = do_import(service, path=str(star), tomograms=given, cut=CUT)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    assert len(particles()) == 8


def test_numbers_match_names_with_leading_zeros(service: Service, roots: Path) -> None:
    write_tomograms(roots / "rec", names=("tomo_001", "tomo_002"))
    star = write_coordinates(roots / "particles.star", names=("1", "2"))
    given = {"folder": str(roots / "rec"), "pattern": "tomo_{tomogram:03}.mrc"}
    assert do_import(service, path=str(star), tomograms=given, cut=CUT)["state"] == "succeeded"
    assert [middle_of(row) for row in particles()] == expected_middles()


def test_centred_coordinates_count_from_the_middle_of_the_unbinned_tomogram(service: Service, roots: Path) -> None:
    """RELION 5: Å from the middle of a tomogram whose size, without binning, tomograms.star tells."""
    write_tomograms(roots / "tomograms", voxel_size=10.0)
    depth, height, width = (size * 4 for size in SHAPE)
    (roots / "tomograms.star").write_text(
        "data_global\n\nloop_\n_rlnTomoName #1\n_rlnTomoTiltSeriesPixelSize #2\n_rlnTomoSizeX #3\n_rlnTomoSizeY #4\n"
        "_rlnTomoSizeZ #5\n_rlnTomoTomogramBinning #6\n_rlnTomoReconstructedTomogram #7\n"
        + "".join(f"TS_0{n} 2.5 {width} {height} {depth} 4 tomograms/TS_0{n}.mrc\n" for n in (1, 2))
    )
    rows = []
    for name in ("TS_01", "TS_02"):
        for x, y, z in CENTRES:
            middle = [size // 2 * 2.5 for size in (width, height, depth)]
            centred = [f"{each * 10.0 - half:.3f}" for each, half in zip((x, y, z), middle, strict=True)]
            rows.append(" ".join([name, *centred]))
    star = roots / "particles.star"
    star.write_text(
        "data_particles\n\nloop_\n_rlnTomoName #1\n_rlnCenteredCoordinateXAngst #2\n_rlnCenteredCoordinateYAngst #3\n"
        "_rlnCenteredCoordinateZAngst #4\n" + "\n".join(rows) + "\n"
    )
    job = do_import(service, path=str(star), tomograms={"tomograms_star": str(roots / "tomograms.star")}, cut=CUT)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    assert [middle_of(row) for row in particles()] == expected_middles()


def test_all_missing_tomograms_are_told_at_once(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms", names=("TS_01",))
    star = write_coordinates(roots / "particles.star", names=("TS_01", "TS_02", "TS_03"))
    job = do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")}, cut=CUT)
    assert job["state"] == "failed"
    errors = job["problem"]["errors"]
    assert [(each["row"], each["column"]) for each in errors] == [(5, "tomogram"), (9, "tomogram")]
    assert "tomogram TS_02: there is no TS_02.mrc in the folder tomograms (4 particles)" in errors[0]["reason"]
    assert str(roots) not in str(job)


def test_boxes_over_the_edge_are_flagged_and_those_mostly_outside_refused(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms", names=("TS_01",))
    given: dict[str, Any] = {"tomograms": {"folder": str(roots / "tomograms")}, "cut": CUT}
    good = write_coordinates(roots / "good.star", names=("TS_01",), centres=[(30, 30, 20), (4, 30, 20)])
    assert do_import(service, path=str(good), **given)["state"] == "succeeded"
    assert [row.padded for row in particles()] == pytest.approx([0.0, 0.25])
    bad = write_coordinates(roots / "bad.star", names=("TS_01",), centres=[(30, 31, 20), (120, 30, 20), (2, 2, 20)])
    errors = do_import(service, path=str(bad), **given)["problem"]["errors"]
    assert [each["row"] for each in errors] == [2, 3]
    assert (
        "100 % of its box lies outside tomogram TS_01: the particle is at 120.0, 30.0, 20.0 in 56 × 48 × 40"
        in (errors[0]["reason"])
    )
    assert len(particles()) == 2


def test_a_few_at_the_edge_do_not_stop_a_list(service: Service, roots: Path) -> None:
    """Template matching and pickers leave some: of eleven, one whose box is seven eighths outside is kept, flagged."""
    write_tomograms(roots / "tomograms", names=("TS_01",))
    given: dict[str, Any] = {"tomograms": {"folder": str(roots / "tomograms")}, "cut": CUT}
    inside = [(10.0 + step, 20.0, 20.0) for step in range(10)]
    edge = write_coordinates(roots / "edge.star", names=("TS_01",), centres=[*inside, (0, 0, 0)])
    assert do_import(service, path=str(edge), **given)["state"] == "succeeded"
    assert [row.padded for row in particles()] == pytest.approx([0.0] * 10 + [7 / 8])
    away = write_coordinates(roots / "away.star", names=("TS_01",), centres=[*inside, (0, -30, 0)])
    errors = do_import(service, path=str(away), **given)["problem"]["errors"]
    assert [each["row"] for each in errors] == [11]
    assert "take it out of the list" in errors[0]["reason"]


def test_without_tomograms_the_reason_says_what_to_do(service: Service, roots: Path) -> None:
    job = do_import(service, path=str(write_coordinates(roots / "particles.star")))
    assert "cut boxes from the tomograms" in job["problem"]["errors"][0]["reason"]


def test_a_tomogram_of_unknown_voxel_size_is_asked_for(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms", voxel_size=1.0)
    body: dict[str, Any] = {"path": str(write_coordinates(roots / "particles.star")), "cut": CUT}
    given: dict[str, Any] = {"folder": str(roots / "tomograms")}
    assert "give the voxel size of the tomograms" in do_import(service, **body, tomograms=given)["problem"]["detail"]
    given["voxel_size_angstrom"] = 12.0
    assert do_import(service, **body, tomograms=given)["state"] == "succeeded"
    with transaction() as session:
        assert session.scalars(select(Source)).one().voxel_size_angstrom == 12.0


@pytest.mark.parametrize(
    "given",
    [
        {"folder": "{outside}"},
        {"folder": "../outside"},
        {"list": "/etc/passwd"},
        {"tomograms_star": "{outside}/x.star"},
        {"copick": "{outside}"},
    ],
)
def test_tomograms_outside_the_import_folders_are_refused(service: Service, roots: Path, given: dict[str, str]) -> None:
    outside = roots.parent / "outside"
    write_tomograms(outside)
    star = write_coordinates(roots / "particles.star")
    given = {name: value.format(outside=outside) for name, value in given.items()}
    body = {"path": str(star), "tomograms": given, "cut": CUT}
    answer = service.owner().post(f"{API}/projects/ribosomes/imports", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:tomosift:problem:outside-import-folders")


@pytest.mark.parametrize("way", ["link", "pattern", "list"])
def test_no_tomogram_outside_is_read_by_a_link_or_a_name(service: Service, roots: Path, way: str) -> None:
    outside = roots.parent / "outside"
    write_tomograms(outside)
    (roots / "tomograms").mkdir()
    given: dict[str, str] = {"folder": str(roots / "tomograms")}
    if way == "link":
        (roots / "tomograms" / "TS_01.mrc").symlink_to(outside / "TS_01.mrc")
    elif way == "pattern":
        given["pattern"] = "../../outside/{tomogram}.mrc"
    else:
        (roots / "list.csv").write_text(f"tomogram,path\nTS_01,{outside}/TS_01.mrc\nTS_02,../outside/TS_02.mrc\n")
        given = {"list": str(roots / "list.csv")}
    star = write_coordinates(roots / "particles.star")
    body = {"path": str(star), "tomograms": given, "cut": CUT}
    answer = service.owner().post(f"{API}/projects/ribosomes/imports", json=body)
    if way == "pattern":
        assert answer.status_code == 422
        return
    job_id = answer.json()["id"]
    run_job(uuid.UUID(job_id), run_import)
    job = service.owner().get(f"{API}/projects/ribosomes/jobs/{job_id}").json()
    assert job["state"] == "failed"
    assert particles() == []


def test_surroundings_and_neighbours_of_a_cut_particle(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms")
    star = write_coordinates(roots / "particles.star")
    do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")}, cut=CUT)
    with transaction() as session:
        tomograms = session.scalars(select(Tomogram).order_by(Tomogram.name)).all()
    assert [(each.name, each.shape_zyx, each.voxel_size_angstrom) for each in tomograms] == [
        ("TS_01", list(SHAPE), 10.0),
        ("TS_02", list(SHAPE), 10.0),
    ]
    owner, first = service.owner(), particles()[0]
    base = f"{API}/projects/ribosomes/subtomograms/{first.id}"
    picture = owner.get(f"{base}/surroundings", params={"width": 300})
    assert picture.status_code == 200, picture.text
    assert picture.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(picture.content))
    assert image.size[0] == image.size[1]
    assert float(picture.headers["x-angstrom-per-pixel"]) * image.size[0] == pytest.approx(300)
    assert float(picture.headers["x-box-pixels"]) == pytest.approx(16 * 10 / 300 * image.size[0])
    found = owner.get(f"{base}/neighbours", params={"radius": 1000}).json()
    assert (found["tomogram"], found["unit"], found["box"], found["has_surroundings"]) == (
        "TS_01",
        "angstrom",
        160,
        True,
    )
    offsets = {each["id"]: (each["dx"], each["dy"], each["dz"]) for each in found["items"]}
    x, y, z = CENTRES[0]
    assert offsets == {
        row.id: pytest.approx(((a - x) * 10, (b - y) * 10, (c - z) * 10))
        for row, (a, b, c) in zip(particles()[1:4], CENTRES[1:], strict=True)
    }
    near = owner.get(f"{base}/neighbours", params={"radius": 200}).json()
    assert [each["id"] for each in near["items"]] == [particles()[1].id]


def test_labels_of_evaluation_items_are_not_shown_to_neighbours(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms")
    star = write_coordinates(roots / "particles.star")
    do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")}, cut=CUT)
    owner, rows = service.owner(), particles()
    with transaction() as session:
        held_out = set(session.scalars(select(EvaluationItem.subtomogram_id)))
        project_id = session.scalars(select(Source.project_id)).one()
        for row in rows:
            event = LabelEvent(
                project_id=project_id,
                subtomogram_id=row.id,
                user_id=service.owner_id(),
                kind="junk",
                class_set_version=1,
                work="query",
                idempotency_key=uuid.uuid4().hex,
                payload_hash=b"",
                response={},
            )
            session.add(event)
            session.flush()
            session.add(
                CurrentLabel(
                    subtomogram_id=row.id,
                    project_id=project_id,
                    kind="junk",
                    rule="single",
                    event_id=event.id,
                    opinion_count=1,
                )
            )
    assert held_out
    shown: dict[int, Any] = {}
    for row in rows:
        found = owner.get(f"{API}/projects/ribosomes/subtomograms/{row.id}/neighbours", params={"radius": 1000})
        shown |= {each["id"]: (each["label"], each["may_be_chosen"]) for each in found.json()["items"]}
    assert set(shown) == {row.id for row in rows}
    assert {each for each, (label, _) in shown.items() if label is None} == held_out
    assert {each for each, (_, may_be_chosen) in shown.items() if not may_be_chosen} == held_out


def test_images_can_have_surroundings_too(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms", names=("TS_0", "TS_1", "TS_2"))
    star = write_particles(roots / "images", 6).star
    do_import(service, path=str(star), tomograms={"folder": str(roots / "tomograms")})
    rows = particles()
    assert len(rows) == 6
    answer = service.owner().get(f"{API}/projects/ribosomes/subtomograms/{rows[3].id}/surroundings")
    assert answer.status_code == 200


def test_without_tomograms_there_are_neighbours_but_no_picture(service: Service, roots: Path) -> None:
    do_import(service, path=str(write_particles(roots / "images", 6).star))
    owner, first = service.owner(), particles()[0]
    base = f"{API}/projects/ribosomes/subtomograms/{first.id}"
    assert owner.get(f"{base}/surroundings").json()["type"] == "urn:tomosift:problem:no-surroundings"
    found = owner.get(f"{base}/neighbours").json()
    assert [each["dx"] for each in found["items"]] == [pytest.approx(30.0)]
    assert found["has_surroundings"] is False
