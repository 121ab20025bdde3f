"""kill -9 of the service, and the end of the client, in the middle of an upload: it goes on, every file is whole."""

import signal
import threading
import time
import uuid
from pathlib import Path

import pytest
from fixtures.api_process import ApiProcess
from fixtures.particle_files import write_particles
from fixtures.web_client import Service, make_project

from tomosift.accounts.tokens import create_token
from tomosift.client import NoService, ServiceAddress, Tomosift
from tomosift.client import upload as upload_module
from tomosift.client.upload import ResumableUpload, gather
from tomosift.kit.database import transaction
from tomosift.kit.settings import get_settings
from tomosift.pool.uploads import staging_folder

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]

CUBES = 60
KILLS = 3


class CutOff(Exception):
    """The client's computer is switched off."""


def test_killed_in_the_middle_of_batches(api: ApiProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "CHUNK_BYTES", 50_000)  # two or three cubes a batch
    service = Service()
    make_project(service.owner())
    with transaction() as session:
        _, secret = create_token(session, service.owner_id(), "faults", "write", None)
    address = ServiceAddress(api.url, secret, is_local=False)
    star = write_particles(tmp_path / "set", CUBES).star
    sent = [0]
    cut = threading.Event()
    ended: list[str] = []

    def tell(count: int) -> None:
        sent[0] = count
        if cut.is_set():
            cut.clear()
            raise CutOff

    def send_until_done() -> None:
        """What a patient user does: repeat the command. Every time it is a new client, with the same memory."""
        while not ended:
            try:
                with Tomosift(address) as client:
                    upload = ResumableUpload(client, "ribosomes", gather(star), tmp_path / "memory.json")
                    ended.append(upload.run(tell))
            except (NoService, CutOff):
                time.sleep(0.05)

    worker = threading.Thread(target=send_until_done)
    worker.start()
    total = gather(star).total_bytes
    for number in range(1, KILLS + 1):
        while worker.is_alive() and sent[0] < number * total // (KILLS + 1):
            time.sleep(0.005)
        api.send(signal.SIGKILL)
        if number == KILLS:
            cut.set()
        api.start()
        api.wait_until_up()
    worker.join(200)
    assert not worker.is_alive()
    folder = staging_folder(get_settings(), uuid.UUID(ended[0]))
    there = {path: (folder.files / path).read_bytes() for path, _ in folder.contents()}
    assert there == {str(path.relative_to(star.parent)): path.read_bytes() for path in star.parent.rglob("*.*")}
    assert not list(folder.root.glob("incoming-*")), "what a killed process left is cleared"
