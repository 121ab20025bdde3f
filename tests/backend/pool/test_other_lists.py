"""Imports of lists that are no STAR files, through the service: cubes alone, stacks, tables, copick projects."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from fixtures.tomogram_files import CENTRES, write_tomograms
from fixtures.web_client import API, Service, do_job
from numpy.typing import NDArray
from sqlalchemy import select

from tomosift.formats.mrc import write_cube, write_stack
from tomosift.kit.database import transaction
from tomosift.pool.import_run import run_import
from tomosift.pool.subtomograms import read_volume
from tomosift.tables import Source, Subtomogram

pytestmark = pytest.mark.usefixtures("clean_database")


def do_import(service: Service, **body: Any) -> dict[str, Any]:
    """An import, done at once."""
    return do_job(service.owner(), "imports", run_import, body)


def stored() -> tuple[Source, list[Subtomogram], NDArray[np.float32]]:
    with transaction() as session:
        source = session.scalars(select(Source)).one()
        rows = list(session.scalars(select(Subtomogram).order_by(Subtomogram.source_row)))
    return source, rows, np.stack([read_volume(source.volumes_key, row.source_row) for row in rows])


def cubes(count: int = 5) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(count, 16, 16, 16)).astype(np.float32)


def as_folder(roots: Path) -> Path:
    for number, cube in enumerate(cubes()):
        place = roots / "cubes" / ("ribosome" if number < 3 else "junk-like")
        place.mkdir(parents=True, exist_ok=True)
        write_cube(place / f"{9 - number}.mrc", cube, 10.0)
    return roots / "cubes"


def as_stack(roots: Path) -> Path:
    write_stack(roots / "cubes.mrcs", list(cubes()), 10.0)
    return roots / "cubes.mrcs"


def as_zarr(roots: Path) -> Path:
    """OME-Zarr 0.4 without a scale, so that the voxel size is to be given."""
    group = zarr.open_group(roots / "cubes.zarr", mode="w", zarr_format=2)
    array = group.create_array("0", shape=(5, 16, 16, 16), chunks=(1, 16, 16, 16), dtype="float32")
    array[:] = cubes()
    axes = [{"name": "n"}, *({"name": name, "type": "space"} for name in "zyx")]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
    return roots / "cubes.zarr"


@pytest.mark.parametrize(
    ("make", "format", "order"),
    [
        (as_folder, "volume-folder", [4, 3, 2, 1, 0]),
        (as_stack, "stack", [0, 1, 2, 3, 4]),
        (as_zarr, "stack", [0, 1, 2, 3, 4]),
    ],
)
def test_cubes_alone_are_a_list(
    service: Service, roots: Path, make: Callable[[Path], Path], format: str, order: list[int]
) -> None:
    body = {"path": str(make(roots)), "voxel_size_angstrom": 10.0}
    job = do_import(service, **body)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    source, rows, volumes = stored()
    assert (source.format, source.row_count, source.voxel_size_angstrom) == (format, 5, 10.0)
    np.testing.assert_array_equal(volumes, cubes()[order])
    assert {row.tomogram for row in rows} == {None}
    again = do_import(service, **body)
    assert (again["result"]["row_count"], again["result"]["already_there"]) == (0, 5)


def test_a_table_with_angstroms_is_cut(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms")
    lines = [f"{name},{x * 10},{y * 10},{z * 10}" for name in ("TS_01", "TS_02") for x, y, z in CENTRES]
    (roots / "picks.csv").write_text("\n".join(["tomogram,x_angstrom,y_angstrom,z_angstrom", *lines]) + "\n")
    body = {"tomograms": {"folder": str(roots / "tomograms")}, "cut": {"box_size": 16}}
    job = do_import(service, path=str(roots / "picks.csv"), **body)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    source, rows, volumes = stored()
    assert source.format == "csv"
    assert [(row.x, row.y, row.z) for row in rows] == [pytest.approx(each) for each in [*CENTRES, *CENTRES]]
    assert volumes[:, 8, 8, 8].tolist() == [100, 200, 300, 400, 101, 201, 301, 401]


def copick_project(folder: Path) -> Path:
    for number, run in enumerate(("TS_01", "TS_02")):
        place = folder / "ExperimentRuns" / run
        (place / "Picks").mkdir(parents=True)
        points = [{"location": {"x": x * 10.0, "y": y * 10.0, "z": z * 10.0}} for x, y, z in CENTRES]
        picks = {"pickable_object_name": "ribosome", "user_id": "ada", "session_id": "1", "run_name": run}
        (place / "Picks" / "ada_1_ribosome.json").write_text(json.dumps({**picks, "points": points}))
        volume = np.random.default_rng(number).normal(size=(40, 48, 56)).astype(np.float32)
        for bright, (x, y, z) in enumerate(CENTRES, start=1):
            volume[z, y, x] = 100.0 * bright + number
        for kind in ("wbp", "denoised"):
            group = zarr.open_group(place / "VoxelSpacing10.000" / f"{kind}.zarr", mode="w", zarr_format=2)
            array = group.create_array("0", shape=volume.shape, chunks=(20, 24, 28), dtype="float32")
            array[:] = volume if kind == "wbp" else -volume
            axes = [{"name": name, "type": "space", "unit": "angstrom"} for name in "zyx"]
            scale = [{"type": "scale", "scale": [10.0, 10.0, 10.0]}]
            datasets = [{"path": "0", "coordinateTransformations": scale}]
            group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    return folder


def test_a_copick_project_is_cut_from_its_own_tomograms(service: Service, roots: Path) -> None:
    project = copick_project(roots / "project")
    body = {"path": str(project), "cut": {"box_size": 16}}
    job = do_import(service, **body, tomograms={"copick": str(project)})
    assert "several tomograms (10.000/denoised, 10.000/wbp)" in job["problem"]["detail"]
    job = do_import(service, **body, tomograms={"copick": str(project), "copick_tomogram": "wbp"})
    assert (job["state"], job["problem"]) == ("succeeded", None)
    source, rows, volumes = stored()
    assert (source.format, {row.tomogram for row in rows}) == ("copick", {"TS_01", "TS_02"})
    assert volumes[:, 8, 8, 8].tolist() == [100, 200, 300, 400, 101, 201, 301, 401]


def test_the_tomogram_of_a_list_that_names_none_is_given(service: Service, roots: Path) -> None:
    """Points of the CZ portal, whose file only has the name of what was picked."""
    write_tomograms(roots / "tomograms")
    points = [{"type": "point", "location": {"x": x, "y": y, "z": z}} for x, y, z in CENTRES]
    (roots / "ribosome.ndjson").write_text("\n".join(map(json.dumps, points)) + "\n")
    body: dict[str, Any] = {"path": str(roots / "ribosome.ndjson"), "cut": {"box_size": 16}}
    body["tomograms"] = {"folder": str(roots / "tomograms")}
    assert "there is no ribosome.mrc" in do_import(service, **body)["problem"]["detail"]
    for name, total in (("TS_01", 4), ("TS_02", 8)):
        job = do_import(service, **body, tomogram=name)
        assert (job["problem"], (job["result"] or {}).get("row_count")) == (None, 4)
        with transaction() as session:
            assert len(session.scalars(select(Subtomogram)).all()) == total, "the same places in another tomogram"


def test_a_wrong_format_is_refused_at_once(service: Service, roots: Path) -> None:
    body = {"path": str(as_stack(roots)), "format": "no-such"}
    answer = service.owner().post(f"{API}/projects/ribosomes/imports", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:tomosift:problem:unknown-format")
    assert do_import(service, path=str(roots / "cubes.mrcs"), format="dynamo")["state"] == "failed"
