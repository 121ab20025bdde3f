"""The whole way in and out, with the program as a user starts it and its store on an S3-compatible server."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from fixtures.live_service import LiveService, start_service
from fixtures.particle_files import ParticleSet, write_particles

from tomosift.formats.star import read_particle_star

PROJECT = "projects/ribosomes"


@pytest.fixture
def service(s3_url: str, s3_endpoint: str, tmp_path: Path) -> Iterator[LiveService]:
    """`tomosift up` whose store is a bucket; what it must not need is a store folder."""
    made = start_service(
        tmp_path / "home",
        "--no-demo",
        TOMOSIFT_STORE_URL=s3_url,
        TOMOSIFT_STORE_OPTIONS=f'{{"key": "testing", "secret": "testing", "endpoint_url": "{s3_endpoint}"}}',
    )
    yield made
    made.api.close()
    made.process.stop()


def test_data_goes_in_and_out_of_a_bucket(service: LiveService, tmp_path: Path) -> None:
    particles = write_particles(tmp_path / "set", 10, stack=True)
    post(service, "projects", {"name": "Ribosomes", "classes": [{"name": "ribosome"}, {"name": "proteasome"}]})
    upload = post(service, f"{PROJECT}/uploads")["id"]
    for file in (particles.star, tmp_path / "set" / "Extract" / "all.mrcs"):
        send(service, upload, tmp_path / "set", file)
    body = {"upload_id": upload, "list": "particles.star"}

    preview = finished(service, post(service, f"{PROJECT}/imports/preview", body))
    found = service.get(f"{PROJECT}/imports/previews/{preview['id']}")
    assert (found["new_count"], len(found["samples"]), found["errors"]) == (10, 10, [])
    assert service.api.get(service.url + found["samples"][0]["volume_url"]).is_success

    assert finished(service, post(service, f"{PROJECT}/imports", body))["result"]["row_count"] == 10
    check_volume(service, particles)
    check_export(service, particles)
    assert not (service.home / "store").exists(), "everything lies in the bucket"


def post(service: LiveService, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = service.api.post(path, json=body).raise_for_status().json()
    return answer


def send(service: LiveService, upload: str, folder: Path, file: Path) -> None:
    name = file.relative_to(folder).as_posix()
    address = f"{PROJECT}/uploads/{upload}/files/{name}"
    service.api.put(address, params={"offset": 0}, content=file.read_bytes()).raise_for_status()


def finished(service: LiveService, job: dict[str, Any]) -> dict[str, Any]:
    def over() -> Any:
        now = service.get(f"{PROJECT}/jobs/{job['id']}")
        return now if now["state"] not in ("queued", "running") else None

    done: dict[str, Any] = service.wait_for(f"the end of the {job.get('kind', 'export')}", over)
    assert (done["state"], done["problem"]) == ("succeeded", None)
    return done


def check_volume(service: LiveService, particles: ParticleSet) -> None:
    item = service.get(f"{PROJECT}/subtomograms")["items"][0]
    answer = service.api.get(service.url + item["volume_url"]).raise_for_status()
    assert len(answer.content) >= 16**3
    assert float(answer.headers["X-Volume-Mean"]) == pytest.approx(particles.volumes[item["source_row"]].mean())


def check_export(service: LiveService, particles: ParticleSet) -> None:
    job = finished(service, post(service, f"{PROJECT}/exports", {"volumes": "mrc-stack", "rewrite_images": True}))
    exported = service.get(f"{PROJECT}/exports/{job['id']}")
    archive = service.api.get(f"{PROJECT}/exports/{job['id']}/archive").raise_for_status()
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        assert files.testzip() is None
        contents = {name: files.read(name) for name in files.namelist()}
    for each in exported["files"]:
        single = service.api.get(f"{PROJECT}/exports/{job['id']}/files/{each['path']}").raise_for_status().content
        assert hashlib.sha256(single).hexdigest() == each["sha256"]
        assert contents[each["path"]] == single
    out = service.home.parent / "out"
    out.mkdir()
    (out / "particles.star").write_bytes(contents["particles.star"])
    assert len(read_particle_star(out / "particles.star")) == 10
    (out / "particles.mrcs").write_bytes(contents["volumes/particles.mrcs"])
    with mrcfile.open(out / "particles.mrcs") as stack:
        np.testing.assert_array_equal(stack.data.reshape(particles.volumes.shape), particles.volumes)
