"""What went in comes out: import → export → import gives the same particles, and an unchanged list is the same list."""

import io
import json
import string
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.fuzzing import fuzz_examples
from fixtures.particle_files import write_particles
from fixtures.web_client import Service, make_project
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tomosift.exports.attempt_files import AttemptFiles
from tomosift.exports.geometry import Geometry, GeometryOf
from tomosift.exports.list_files import ExportPlan, ListPass
from tomosift.exports.list_groups import divide, group_sources
from tomosift.exports.outcome import decide
from tomosift.exports.pool_facts import PoolFacts
from tomosift.exports.predictions import Predictions
from tomosift.exports.preview import Known
from tomosift.exports.requests import request_export
from tomosift.exports.run import run_export
from tomosift.exports.schemas import ExportFilters, ExportIn
from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.list_writer import writer_by_key
from tomosift.formats.orientations import rotation_from_relion
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.star import read_particle_star
from tomosift.formats.star_blocks import LoopBlock
from tomosift.formats.star_writer import write_star_blocks
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_run import run_import
from tomosift.pool.import_schemas import ImportOptions
from tomosift.pool.imports import ListLocation, request_import
from tomosift.tables import Job, ParticleClass, Source, Subtomogram
from tomosift.volumes.store import VolumeStore

CLASSES = ("ribosome", "proteasome")


def exported(path: Path, labels: Sequence[int], folder: Path, **request: Any) -> dict[str, Path]:
    """Export a list as a job does, with what a database would say made up; the files by name.

    `labels` are class codes, 0 for none.
    """
    particles = read_particle_list(path)
    store = ArtifactStore(str(folder / "store"))
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(particles.rows, preserve_index=False), buffer, row_group_size=3)
    store.write_bytes("table", buffer.getvalue())
    facts = _facts(particles, path.name, np.array(labels, np.int16))
    unknown = np.full(len(facts), np.nan, np.float32)
    predictions = Predictions(np.zeros(len(facts), np.int16), unknown, unknown, None)
    wanted = ExportIn(**request)
    outcome = decide(facts, predictions, wanted)
    groups = group_sources(facts.sources, wanted.format)
    is_foreign = any(group.writer.key != particles.format for group in groups)
    plan = ExportPlan(
        wanted,
        Known(facts, predictions),
        outcome,
        _geometry(particles) if is_foreign else None,
        groups,
        divide(wanted.layout, facts, outcome),
    )
    files = AttemptFiles(store, "out")
    ListPass(plan, files, store, VolumeStore(str(folder / "store")), lambda done: None).run()
    written = {each.path: store.local_path(f"out/{each.path}") for each in files.written}
    return {name: path for name, path in written.items() if path is not None}


def _facts(particles: ParticleList, name: str, labels: np.ndarray) -> PoolFacts:
    n = len(particles)
    tomograms, numbers = np.unique(particles.tomogram_names(), return_inverse=True)
    source = Source(
        id=uuid.uuid4(),
        name=name,
        format=particles.format,
        flavour=particles.flavour,
        columns=particles.columns,
        blocks=particles.blocks,
        table_key="table",
        recipe={},
        row_count=n,
    )
    return PoolFacts(
        sources=[source],
        classes=[ParticleClass(id=uuid.uuid4(), name=each, position=at) for at, each in enumerate(CLASSES)],
        people=[],
        tomogram_names=tomograms.tolist(),
        ids=np.arange(1, n + 1),
        source_numbers=np.zeros(n, np.int16),
        rows=np.arange(n, dtype=np.int32),
        tomograms=numbers.astype(np.int32),
        labels=labels,
        authors=np.full(n, -1, np.int16),
        opinion_counts=(labels != 0).astype(np.int16),
        agreement=np.where(labels != 0, 1, np.nan).astype(np.float32),
        rules=(labels != 0).astype(np.int8),
        imported_predictions=np.zeros(n, np.int16),
        imported_confidence=np.full(n, np.nan, np.float32),
        opinions=np.empty((0, 2), np.int32),
        evaluation={},
    )


def _geometry(particles: ParticleList) -> GeometryOf:
    positions, angles = particles.positions(), particles.angles()
    unknown = np.full((len(particles), 3), np.nan)
    places = unknown if positions is None else positions.values
    sizes = unknown[:, 0] if positions is None else positions.voxel_size
    turns = unknown if angles is None else angles
    return lambda chosen: Geometry(places[chosen], sizes[chosen], turns[chosen])


# Whatever a STAR value can be: quotes, comments, texts that look like numbers or blocks.
values = st.one_of(
    st.text(string.ascii_letters + string.digits + "._-/@#'\"_ +", max_size=12),
    st.sampled_from(["007", "nan", "1e5", "", "data_x", "loop_", "#", "a b", "None", "ß"]),
).filter(lambda text: not ('"' in text and "'" in text) and text.strip() == text)
# Coordinates within 0 and 1 are taken for parts of a tomogram's size, and refused.
numbers = st.floats(2, 5000).map(lambda value: f"{value:.3f}")


@st.composite
def particle_lists(draw: st.DrawFn) -> tuple[pd.DataFrame, list[str] | None]:
    n = draw(st.integers(1, 12))
    columns: dict[str, list[str]] = {
        name: draw(st.lists(numbers, min_size=n, max_size=n))
        for name in ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
    }
    columns["rlnTomoName"] = draw(st.lists(st.sampled_from(["TS_1", "TS_2", "T 3"]), min_size=n, max_size=n))
    for name in draw(st.lists(st.sampled_from(["note", "rlnClassNumber", "_x", "rlnFlag"]), unique=True)):
        columns[name] = draw(st.lists(values, min_size=n, max_size=n))
    order = draw(st.permutations(list(columns)))
    return pd.DataFrame({name: columns[name] for name in order}, dtype=str), draw(
        st.one_of(st.none(), st.lists(values, min_size=1, max_size=3))
    )


def write_list(path: Path, rows: pd.DataFrame, notes: list[str] | None) -> None:
    blocks = [LoopBlock("particles", rows, "30001")]
    if notes is not None:
        blocks.append(LoopBlock("remarks", pd.DataFrame({"remark": notes}, dtype=str)))
    write_star_blocks(path, blocks)


@settings(max_examples=fuzz_examples(40), deadline=None)
@given(particle_lists())
def test_a_list_exported_unchanged_is_the_same_bytes(made: tuple[pd.DataFrame, list[str] | None]) -> None:
    with tempfile.TemporaryDirectory() as name:
        star = Path(name) / "particles.star"
        write_list(star, *made)
        (out,) = exported(star, [0] * len(made[0]), Path(name), columns=[], class_number="keep").values()
        assert out.read_bytes() == star.read_bytes()


@settings(max_examples=fuzz_examples(40), deadline=None)
@given(particle_lists(), st.data())
def test_only_class_and_added_columns_differ(made: tuple[pd.DataFrame, list[str] | None], data: st.DataObject) -> None:
    rows, _ = made
    labels = data.draw(st.lists(st.sampled_from([0, 1, 2, -1, -2]), min_size=len(rows), max_size=len(rows)))
    with tempfile.TemporaryDirectory() as name:
        star = Path(name) / "particles.star"
        write_list(star, *made)
        files = exported(star, labels, Path(name), columns=["label", "decided-by"], layout="per-class")
        parts = {path: read_particle_star(file) for path, file in files.items()}
        before = read_particle_star(star)
    originals = [column for column in before.columns if column != "rlnClassNumber"]
    for part in parts.values():
        assert [each for each in part.columns if not each.startswith("tomosift")] == [
            *before.columns,
            *([] if "rlnClassNumber" in before.columns else ["rlnClassNumber"]),
        ]
        assert part.blocks == before.blocks
    together = sorted(map(tuple, pd.concat([part.rows[originals] for part in parts.values()]).to_numpy().tolist()))
    assert together == sorted(map(tuple, before.rows[originals].to_numpy().tolist()))
    numbers_of = {1: "1", 2: "2", -1: "3", -2: "0", 0: "0"}
    found = sorted(number for part in parts.values() for number in part.rows["rlnClassNumber"])
    assert found == sorted(numbers_of[label] for label in labels)


FORMATS = ["relion", "dynamo", "em", "stopgap", "copick", "ndjson", "csv", "parquet", "eman2-json"]


@pytest.mark.parametrize("format", FORMATS)
def test_other_formats_hold_the_same_places_and_turns(format: str, tmp_path: Path) -> None:
    from scipy.spatial.transform import Rotation

    rows = "x,y,z,tomogram,voxel_size,rot,tilt,psi\n"
    rows += "".join(f"{n}.25,{2 * n}.5,{300 - n},TS_1,10,{30 * n},{20 + n},{-5 * n}\n" for n in range(1, 8))
    source = tmp_path / ("list.csv" if format != "csv" else "list.star")
    source.write_text(rows)
    if format == "csv":
        frame = pd.read_csv(io.StringIO(rows), dtype=str)
        names = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnTomoName", "rlnTomoTiltSeriesPixelSize"]
        frame.columns = [*names, "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]
        write_list(source, frame, None)
    before = read_particle_list(source)

    files = exported(source, [1] * 7, tmp_path, format=format, columns=[])

    root = tmp_path / "store" / "artifacts" / "out"
    (path, *_) = [root / name for name in files if name.endswith(writer_by_key(format).extension)]
    after = read_particle_list(root / "list" if format == "copick" else path)
    assert len(after) == 7
    was, now = before.positions(), after.positions()
    assert was is not None
    assert now is not None
    scale = np.nan_to_num(now.voxel_size, nan=10.0)[:, None] if now.unit == "voxel" else 1.0
    np.testing.assert_allclose(now.values * scale, was.values * 10.0, atol=0.02)
    turns = after.angles()
    assert (turns is None) == (format == "eman2-json"), "only EMAN2's boxes have no angles"
    if turns is None:
        return
    expected = before.angles()
    assert expected is not None
    difference: Rotation = rotation_from_relion(turns) * rotation_from_relion(expected).inv()
    assert np.degrees(difference.magnitude()).max() < 1e-3


@pytest.mark.parametrize("is_trusted", [True, False])
def test_orientations_of_copick_are_as_trusted_as_before(tmp_path: Path, is_trusted: bool) -> None:
    """With labels the points go into other files, which must say of their orientations what the first ones said."""
    points = [
        {"location": {"x": 10.0 * n, "y": 20, "z": 30}, "transformation_": np.eye(4).tolist(), "instance_id": 0}
        for n in range(4)
    ]
    picks = tmp_path / "project" / "ExperimentRuns" / "TS_1" / "Picks" / "ann_0_ribosome.json"
    picks.parent.mkdir(parents=True)
    head = {"pickable_object_name": "ribosome", "user_id": "ann", "session_id": "0", "run_name": "TS_1"}
    picks.write_text(json.dumps(head | {"unit": "angstrom", "trust_orientation": is_trusted, "points": points}))

    exported(tmp_path / "project", [1, 2, 1, 2], tmp_path, format="source")

    again = read_particle_list(tmp_path / "store" / "artifacts" / "out" / "project")
    assert set(again.rows["object"]) == set(CLASSES)
    assert (again.angles() is not None) == is_trusted


def _import(project_id: uuid.UUID, star: Path) -> None:
    with transaction() as session:
        location = ListLocation(star.resolve(), star.parent.resolve())
        job_id = request_import(session, project_id, None, location, ImportOptions()).id
    run_job(job_id, run_import)
    with transaction() as session:
        job = session.get_one(Job, job_id)
    assert job.state == "succeeded", job.problem


def _pool(project_id: uuid.UUID) -> list[tuple[Any, ...]]:
    columns = (
        *(Subtomogram.identity, Subtomogram.tomogram, Subtomogram.content_hash),
        *(Subtomogram.x, Subtomogram.y, Subtomogram.z, Subtomogram.rot, Subtomogram.tilt, Subtomogram.psi),
    )
    with transaction() as session:
        rows = session.execute(select(*columns).where(Subtomogram.project_id == project_id)).all()
    return sorted(map(tuple, rows))


@pytest.mark.usefixtures("clean_database")
@pytest.mark.parametrize("kind", ["mrc-cubes", "mrc-stack"])
def test_particles_and_voxels_survive_the_way_through_the_service(
    settings: Settings, tmp_path: Path, kind: str
) -> None:
    service = Service()
    first, second = (uuid.UUID(str(make_project(service.owner(), name)["id"])) for name in ("First", "Second"))
    _import(first, write_particles(tmp_path / "in", 14, stack=True).star)
    with transaction() as session:
        filters = ExportFilters(tomograms=["TS_1"])
        wanted = ExportIn(volumes=kind, rewrite_images=True, layout="selection-and-rest", filters=filters)
        job_id = request_export(session, first, None, wanted).id
    run_job(job_id, run_export)
    store = ArtifactStore(get_settings().effective_store_url)
    out = store.local_path(f"exports/{job_id}/1")
    assert out is not None

    for part in ("selected", "rest"):
        _import(second, out / f"particles_{part}.star")

    assert _pool(second) == _pool(first)
