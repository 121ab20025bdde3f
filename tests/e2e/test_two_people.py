"""Two people are asked about the same particles, disagree about one, and a curator settles it: label and provenance."""

import subprocess
from pathlib import Path

import pytest
from fixtures.live_service import TOMOSIFT, LiveService, Sitting
from fixtures.particle_files import write_particles
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SLUG = "two-people"
PARTICLES = 3
RIBOSOME, PROTEASOME = "1", "2"
SLOW_MS = 30_000  # a busy computer draws its first volume late
DISPUTED = "TS_1"  # the tomogram of the one particle they disagree about


@pytest.fixture
def project(live_service: LiveService, tmp_path: Path) -> str:
    """A project of three particles that everybody is asked about; returns its address in the API."""
    settings = {"overlap_share": 1, "overlap_opinions": 2, "evaluation_fraction": 0, "evaluation_minimum": 0}
    classes = [{"name": "ribosome"}, {"name": "proteasome"}]
    live_service.api.post(
        "projects", json={"name": "Two people", "slug": SLUG, "classes": classes, "settings": settings}
    ).raise_for_status()
    star = write_particles(tmp_path, PARTICLES).star
    subprocess.run(
        [TOMOSIFT, "import", star, "--project", SLUG],
        check=True,
        env={"TOMOSIFT_HOME": str(live_service.home), "HOME": str(tmp_path)},
        capture_output=True,
    )
    return f"projects/{SLUG}"


def test_two_disagree_and_a_curator_settles_it(
    live_service: LiveService, sitting: Sitting, chromium: Browser, project: str
) -> None:
    pool = live_service.get(f"{project}/subtomograms")["items"]
    disputed = next(each["name"] for each in pool if each["tomogram"] == DISPUTED)
    for name, display, answer in (("ann", "Ann Berg", RIBOSOME), ("ben", "Ben Cole", PROTEASOME)):
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        page.goto(annotator_link(live_service, project, name, display))
        page.wait_for_url(f"{live_service.url}/")
        label_all(page, live_service, {disputed: answer})
        context.close()

    owner = sitting.page
    owner.goto(f"{live_service.url}/projects/{SLUG}/review")
    opinions = owner.get_by_role("region", name="Opinions").get_by_role("listitem")
    expect(opinions).to_have_count(2)
    expect(opinions.filter(has_text="Ann Berg")).to_contain_text("ribosome")
    expect(opinions.filter(has_text="Ben Cole")).to_contain_text("proteasome")
    expect(owner.locator("[aria-label='Classes'] button").first).to_have_attribute(
        "aria-disabled", "false", timeout=SLOW_MS
    )
    owner.keyboard.press(PROTEASOME)
    expect(owner.get_by_text("Nothing is disputed")).to_be_visible()

    classes = {each["id"]: each["name"] for each in live_service.get(project)["classes"]}
    found = {}
    for each in pool:
        item = live_service.get(f"{project}/review/subtomograms/{each['id']}")
        said = sorted((one["display_name"], one["work"]) for one in item["opinions"])
        found[each["tomogram"]] = (classes[item["label"]["class_id"]], item["label"]["rule"], len(said))
        if each["tomogram"] == DISPUTED:
            assert [work for _, work in said].count("adjudication") == 1
    assert found == {
        "TS_0": ("ribosome", "single", 2),
        "TS_1": ("proteasome", "adjudicated", 3),
        "TS_2": ("ribosome", "single", 2),
    }


def annotator_link(service: LiveService, project: str, name: str, display: str) -> str:
    """Make an account with the role of annotator; returns its sign-in link."""
    user = service.api.post("users", json={"name": name, "display_name": display}).raise_for_status().json()["id"]
    service.api.put(f"{project}/members/{user}", json={"role": "annotator"}).raise_for_status()
    return str(service.api.post(f"users/{user}/sign-in-link").raise_for_status().json()["url"])


def label_all(page: Page, service: LiveService, answers: dict[str, str]) -> None:
    """Answer every item by the keyboard, `answers` by the particle's name: where it has none, a ribosome."""
    page.goto(f"{service.url}/projects/{SLUG}/label")
    shown = page.locator("dt:text-is('Particle') + dd")
    for _ in range(PARTICLES):
        expect(page.locator("[aria-label='Classes'] button").first).to_have_attribute(
            "aria-disabled", "false", timeout=SLOW_MS
        )
        name = shown.inner_text()
        page.keyboard.press(answers.get(name, RIBOSOME))
        expect(shown.filter(has_text=name)).to_have_count(0)
    expect(page.get_by_test_id("outbox-status")).to_have_attribute("data-waiting", "0", timeout=SLOW_MS)
