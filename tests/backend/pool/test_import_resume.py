"""An import whose worker died goes on with what was finished, if list, request and files are still the same."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.particle_files import ParticleSet, write_particles
from fixtures.tomogram_files import write_coordinates, write_tomograms
from fixtures.web_client import Service, make_project
from sqlalchemy import select

from tomosift.formats.mrc import write_cube
from tomosift.kit.database import transaction
from tomosift.kit.job_control import LEASE, FencedOff
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.pool.attempts import attempt_key
from tomosift.pool.import_run import run_import
from tomosift.pool.import_schemas import CutIn, ImportOptions, TomogramsIn
from tomosift.pool.imports import ListLocation, request_import
from tomosift.pool.subtomograms import read_volume
from tomosift.tables import Job, JobLogLine, Source, Subtomogram
from tomosift.volumes import store
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeArray

pytestmark = pytest.mark.usefixtures("clean_database")

BLOCK = 4
"""Cubes of 16 voxels in a shard."""


@pytest.fixture
def project_id(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    monkeypatch.setattr(store, "_SHARD_BYTES", BLOCK * 16**3 * 4)
    return uuid.UUID(str(make_project(Service().owner())["id"]))


@pytest.fixture
def die_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], list[int]]:
    """Let the worker die when it would write the block that begins at this volume; lists the blocks written."""
    write_block = VolumeArray.write_block

    def arrange(start: int | None) -> list[int]:
        written: list[int] = []

        def write_or_die(array: VolumeArray, first: int, batch: Any) -> None:
            if first == start:
                raise FencedOff("as a worker that is killed, it does nothing more")
            written.append(first)
            write_block(array, first, batch)

        monkeypatch.setattr(VolumeArray, "write_block", write_or_die)
        return written

    return arrange


def begin(project_id: uuid.UUID, star: Path, **options: Any) -> uuid.UUID:
    with transaction() as session:
        location = ListLocation(star, star.parent)
        return request_import(session, project_id, None, location, ImportOptions(**options)).id


def lease_passes(job_id: uuid.UUID) -> None:
    with transaction() as session:
        job = session.get_one(Job, job_id)
        assert (job.state, job.lease_expires_at is not None) == ("running", True)
        assert job.lease_expires_at is not None
        job.lease_expires_at -= 2 * LEASE


def log_of(job_id: uuid.UUID) -> str:
    with transaction() as session:
        return "\n".join(session.scalars(select(JobLogLine.message).where(JobLogLine.job_id == job_id)))


def check_whole(particles: ParticleSet) -> None:
    with transaction() as session:
        source = session.scalars(select(Source)).one()
        rows = session.scalars(select(Subtomogram).order_by(Subtomogram.source_row)).all()
    assert [row.content_hash for row in rows] == [content_hash(volume) for volume in particles.volumes]
    for row, volume in zip(rows, particles.volumes, strict=True):
        np.testing.assert_array_equal(read_volume(source.volumes_key, row.source_row), volume)


def stored(settings: Settings) -> set[str]:
    folder = Path(settings.effective_store_url)
    return {
        path.name
        for place in ("volumes", "artifacts/sources", "artifacts/imports", "artifacts/tomograms")
        for path in (folder / place).glob("*-*")
    }


def test_the_next_attempt_goes_on_at_the_first_missing_block(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path, die_at: Callable[[int | None], list[int]]
) -> None:
    particles = write_particles(tmp_path, 18, stack=True)
    job_id = begin(project_id, particles.star)
    die_at(8)
    run_job(job_id, run_import)
    lease_passes(job_id)
    written = die_at(16)
    run_job(job_id, run_import)
    assert written == [8, 12]
    lease_passes(job_id)
    written = die_at(None)
    run_job(job_id, run_import)
    assert written == [16]
    assert "went on at 8 of 18" in log_of(job_id)
    assert "went on at 16 of 18" in log_of(job_id)
    check_whole(particles)
    assert stored(settings) == {str(attempt_key(job_id, 3))}, "nothing else is left"


def change_a_file(particles: ParticleSet) -> None:
    particles.volumes[0] += 1.0
    write_cube(particles.star.parent / "Extract" / "000001.mrc", particles.volumes[0], 10.0)


def touch_a_file(particles: ParticleSet) -> None:
    """Another time, so perhaps another content."""
    os.utime(particles.star.parent / "Extract" / "000001.mrc", (1, 1))


@pytest.mark.parametrize("change", [change_a_file, touch_a_file])
def test_after_a_change_it_begins_anew(
    project_id: uuid.UUID,
    settings: Settings,
    tmp_path: Path,
    die_at: Callable[[int | None], list[int]],
    change: Callable[[ParticleSet], None],
) -> None:
    particles = write_particles(tmp_path, 10)
    job_id = begin(project_id, particles.star)
    die_at(8)
    run_job(job_id, run_import)
    lease_passes(job_id)
    change(particles)
    written = die_at(None)
    run_job(job_id, run_import)
    assert written == [0, 4, 8]
    assert "went on" not in log_of(job_id)
    check_whole(particles)
    assert stored(settings) == {str(attempt_key(job_id, 2))}


def test_a_block_whose_record_is_missing_is_written_again(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path, die_at: Callable[[int | None], list[int]]
) -> None:
    """The record comes after the block is on the disk, so that a block of zeros after a power cut does not count."""
    particles = write_particles(tmp_path, 12)
    job_id = begin(project_id, particles.star)
    die_at(8)
    run_job(job_id, run_import)
    lease_passes(job_id)
    records = Path(settings.effective_store_url) / "artifacts" / "imports" / str(attempt_key(job_id, 1))
    (records / "0-4").unlink()
    written = die_at(None)
    run_job(job_id, run_import)
    assert written == [4, 8]
    assert "went on at 4 of 12" in log_of(job_id)
    check_whole(particles)


def test_a_replacement_goes_on_in_each_of_its_arrays(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path, die_at: Callable[[int | None], list[int]]
) -> None:
    write_tomograms(tmp_path / "tomograms")
    given = TomogramsIn(folder=str(tmp_path / "tomograms"))
    first = write_coordinates(tmp_path / "first.star", names=("TS_01",))
    second = write_coordinates(tmp_path / "second.star", names=("TS_01", "TS_02"))
    die_at(None)
    for star in (first, second):
        run_job(begin(project_id, star, tomograms=given, cut=CutIn(box_size=16)), run_import)
    options = {"tomograms": given, "cut": CutIn(box_size=16, invert=True), "replace_volumes": True}
    job_id = begin(project_id, second, **options)
    written: list[str] = []
    write_block = VolumeArray.write_block

    def die_in_the_second(array: VolumeArray, start: int, batch: Any) -> None:
        if written:
            raise FencedOff("killed")
        written.append(array.source_id)
        write_block(array, start, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VolumeArray, "write_block", die_in_the_second)
        run_job(job_id, run_import)
    lease_passes(job_id)
    again = die_at(None)
    run_job(job_id, run_import)
    assert again == [0], "only the second source's voxels were cut again"
    assert "went on at 4 of 8" in log_of(job_id)
    with transaction() as session:
        keys = set(session.scalars(select(Source.volumes_key)))
        rows = session.scalars(select(Subtomogram)).all()
        names = {each.id: each.volumes_key for each in session.scalars(select(Source))}
    for row in rows:
        assert row.content_hash == content_hash(read_volume(names[row.source_id], row.source_row))
    volumes = {path.name for path in (Path(settings.effective_store_url) / "volumes").glob("*-*")}
    assert volumes == keys
