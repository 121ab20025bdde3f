"""A curator's way in a real browser: send a folder, look at what was found, import, label, export, open the export."""

import zipfile
from pathlib import Path

import pytest
from fixtures.live_service import LiveService, Sitting
from fixtures.particle_files import COLUMNS, write_particles
from playwright.sync_api import Page, expect

from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.particle_list import texts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PARTICLES = 60


def test_a_folder_is_sent_looked_at_imported_labeled_and_exported(
    live_service: LiveService, sitting: Sitting, tmp_path: Path
) -> None:
    page = sitting.page
    folder = tmp_path / "session"
    folder.mkdir()
    write_particles(folder, PARTICLES)
    project = live_service.api.post(
        "projects", json={"name": "Bring and take", "classes": [{"name": "ribosome"}, {"name": "proteasome"}]}
    ).raise_for_status()
    home = f"{live_service.url}/projects/{project.json()['slug']}"

    page.goto(f"{home}/data")
    bring_folder(page, folder)
    label_some(page, home, 3)
    archive = export_labels(page, home, tmp_path)

    with zipfile.ZipFile(archive) as files:
        assert {"manifest.json", "classes.star"} <= set(files.namelist())
        [name] = [each for each in files.namelist() if each.endswith("particles.star")]
        files.extract(name, tmp_path)
    exported = read_particle_list(tmp_path / name)
    assert len(exported) == 3
    assert exported.columns[: len(COLUMNS)] == COLUMNS
    assert texts(exported, "tomosiftLabel") == ["ribosome"] * 3


def bring_folder(page: Page, folder: Path) -> None:
    """Send the folder; look; import."""
    page.get_by_text("On this computer").click()
    page.get_by_label("Folder to send").set_input_files(folder)
    expect(page.get_by_text(f"{PARTICLES + 1} files")).to_be_visible()
    page.get_by_role("button", name="Send to the server").click()

    expect(page.get_by_role("heading", name="What was found")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("10 Å/voxel", exact=True)).to_be_visible()
    samples = page.get_by_role("list", name="Sample volumes").get_by_role("button")
    expect(samples).to_have_count(10)
    expect(samples.locator("canvas")).to_have_count(10)
    greys = samples.first.locator("canvas").evaluate(
        "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    )
    assert greys > 50, "the sample is drawn flat"

    page.get_by_role("button", name=f"Import {PARTICLES} particles").click()
    expect(page.get_by_text(f"{PARTICLES} particles added.")).to_be_visible(timeout=60_000)


def label_some(page: Page, home: str, count: int) -> None:
    """Call the first items ribosomes, by the keyboard."""
    page.goto(f"{home}/label")
    for _ in range(count):
        expect(page.locator("[aria-label='Classes'] button").first).to_have_attribute("aria-disabled", "false")
        name = page.locator("dt:text-is('Particle') + dd").inner_text()
        page.keyboard.press("1")
        expect(page.locator("dt:text-is('Particle') + dd")).not_to_have_text(name)
    expect(page.get_by_test_id("outbox-status")).to_have_attribute("data-waiting", "0", timeout=30_000)


def export_labels(page: Page, home: str, folder: Path) -> Path:
    """Export what has a class and download it."""
    page.goto(f"{home}/export")
    table = page.get_by_role("table", name="Particles by class")
    expect(table.get_by_role("row", name="ribosome")).to_contain_text("3")
    expect(page.get_by_text("3 particles", exact=True)).to_be_visible()
    page.get_by_role("button", name="Export", exact=True).click()
    link = page.get_by_role("link", name="Download all as .zip")
    expect(link).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="manifest.json")).to_be_visible()
    with page.expect_download() as download:
        link.click()
    path = folder / "export.zip"
    download.value.save_as(path)
    return path
