"""The gallery in a real browser on the real service: find, select a range, label it at once, take it back."""

import re

import pytest
from fixtures.live_service import LiveService, Sitting
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_range_is_labeled_at_once_and_taken_back(live_service: LiveService, sitting: Sitting) -> None:
    page = sitting.page
    page.goto(f"{live_service.url}/projects/demo/gallery")
    tiles = page.get_by_role("application")
    expect(tiles).to_have_attribute("aria-label", re.compile(r"^600 particles"))
    page.get_by_role("combobox", name="Label").select_option("unlabeled")
    expect(page).to_have_url(f"{live_service.url}/projects/demo/gallery?label=unlabeled")

    # Pictures arrive: something in the first tile is neither the empty tile's grey nor all one grey.
    page.wait_for_function(
        """() => {
            const canvas = document.querySelector('[role=application] canvas')
            const { data } = canvas.getContext('2d').getImageData(30, 40, 30, 30)
            return new Set(data).size > 20
        }"""
    )
    listed = live_service.get("projects/demo/gallery?label=unlabeled&limit=12")["items"]
    expected = [item["id"] for item in listed[1:9] if not item["in_evaluation_sample"]]

    tiles.click(position={"x": 150, "y": 50})
    expect(page.get_by_test_id("gallery-aim")).to_contain_text("1 particle selected")
    for _ in range(7):
        tiles.press("Shift+ArrowRight")
    expect(page.get_by_test_id("gallery-aim")).to_contain_text("8 particles selected")
    page.keyboard.press("1")
    expect(page.get_by_test_id("gallery-last")).to_contain_text(f"{len(expected)} particles, saved")

    events = live_service.get("projects/demo/decisions?limit=50")["items"]
    decided = {event["subtomogram_id"] for event in events if event["kind"] == "class"}
    assert decided >= set(expected)
    first_class = live_service.get("projects/demo")["classes"][0]["id"]
    labeled = live_service.get(f"projects/demo/gallery?label=class:{first_class}&limit=500")["items"]
    assert {item["id"] for item in labeled} >= set(expected)

    page.get_by_test_id("gallery-last").get_by_role("button", name="Undo").click()
    live_service.wait_for(
        "the undo",
        lambda: (
            set(expected)
            <= {item["id"] for item in live_service.get("projects/demo/gallery?label=unlabeled&limit=12")["items"]}
        ),
        seconds=20,
    )
    expect(page.get_by_test_id("outbox-status")).to_contain_text("Saved")

    tiles.dblclick(position={"x": 150, "y": 50})
    panel = page.get_by_role("complementary", name="Particle")
    expect(panel.get_by_role("heading")).to_have_text(listed[1]["name"])
    expect(panel.get_by_role("application")).to_be_visible()
