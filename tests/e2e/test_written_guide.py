"""The user guide's pictures: each page it names renders on the real service, and its images are small and of its size.

`make screenshots` writes them anew (TOMOSIFT_WRITE_SCREENSHOTS=1): docs/images is then what the pages look like now.
"""

import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from fixtures.live_service import LiveService, Sitting
from PIL import Image
from playwright.sync_api import Page, expect

from tomosift.client import Tomosift
from tomosift.client.service_address import ServiceAddress
from tomosift.demo_loop.annotator import SimulatedAnnotator
from tomosift.simulation.junk import JUNK

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
GUIDE = ROOT / "docs" / "user-guide.md"
SIZE = (1280, 800)
MOST_BYTES = 150_000
COLOURS = (256, 128, 64, 48, 32)
SLOW_MS = 30_000
WRITES = os.environ.get("TOMOSIFT_WRITE_SCREENSHOTS") == "1"


@dataclass(frozen=True)
class Picture:
    """A page of the guide: its image, its address below the project, and when it is ready to be looked at."""

    name: str
    path: str
    ready: Callable[[Page], None]


def heading(name: str) -> Callable[[Page], None]:
    """Ready as soon as this heading is there."""
    return lambda page: expect(page.get_by_role("heading", name=name, exact=True).first).to_be_visible(timeout=SLOW_MS)


def labeling(page: Page) -> None:
    """Ready when a particle can be decided."""
    expect(page.locator("[aria-label='Classes'] button").first).to_have_attribute(
        "aria-disabled", "false", timeout=SLOW_MS
    )


def skip_junk(page: Page, truth: dict[str, str]) -> None:
    """Go on to a particle that is of a class: what teaches most at first may be a bead, which explains little."""
    shown = page.locator("dt:text-is('Particle') + dd")
    while truth[name := shown.inner_text()] == JUNK:
        page.keyboard.press("s")
        expect(shown).not_to_have_text(name)
        labeling(page)


PICTURES = (
    Picture("label-page", "/label", labeling),
    Picture("overview", "", heading("Learning curve")),
    Picture("cycle", "/cycles/1", heading("Cycle 1")),
    Picture("gallery", "/gallery", heading("Gallery of Demo")),
    Picture("map", "/map", heading("Map of Demo")),
    Picture("data", "/data", heading("Particle lists")),
    Picture("export", "/export", heading("Which particles")),
)


def test_every_page_of_the_guide_renders_and_its_pictures_are_in_order(
    live_service: LiveService, sitting: Sitting
) -> None:
    page = sitting.page
    page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    page.evaluate(f"localStorage.setItem('tomosift.tour.{live_service.get('session')['user']['id']}', 'had')")
    ensure_a_cycle(live_service)
    for picture in PICTURES:
        page.goto(f"{live_service.url}/projects/demo{picture.path}")
        picture.ready(page)
        if WRITES:
            if picture.name == "label-page":
                skip_junk(page, live_service.demo_truth())
            page.wait_for_timeout(1500)  # drawings and fonts settle
            write_png(page, IMAGES / f"{picture.name}.png")

    named = set(re.findall(r"images/([a-z-]+)\.png", GUIDE.read_text() + (ROOT / "README.md").read_text()))
    assert named == {picture.name for picture in PICTURES}
    assert {file.stem for file in IMAGES.glob("*.png")} == named
    for name in named:
        image = IMAGES / f"{name}.png"
        assert image.stat().st_size <= MOST_BYTES, name
        assert struct.unpack(">II", image.read_bytes()[16:24]) == SIZE, name


def ensure_a_cycle(service: LiveService) -> None:
    """The demo has labels and a finished cycle, made over the API where no test has made them."""
    if service.get("projects/demo/cycles")["items"]:
        finished(service)
        return
    token = service.api.headers["Authorization"].removeprefix("Bearer ")
    with Tomosift(ServiceAddress(service.url, token, is_local=False)) as client:
        SimulatedAnnotator(client, "demo", service.demo_truth()).answer_all(lambda count: None)
    service.api.post("projects/demo/cycles", json={}).raise_for_status()
    finished(service)


def finished(service: LiveService) -> None:
    """Wait for the end of cycle 1."""
    service.wait_for(
        "the end of cycle 1", lambda: service.get("projects/demo/cycles/1")["stage"] == "ready", seconds=200
    )


def write_png(page: Page, file: Path) -> None:
    """A screenshot in as many colours as its size allows, so that the repository stays small."""
    raw = file.with_suffix(".raw.png")
    page.screenshot(path=raw)
    with Image.open(raw) as image:
        picture = image.convert("RGB")
    raw.unlink()
    for colours in COLOURS:
        # This way keeps the few bright colours of classes beside the many greys of volumes.
        picture.quantize(colours, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)
        if file.stat().st_size <= MOST_BYTES:
            return
