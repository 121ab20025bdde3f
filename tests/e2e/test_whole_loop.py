"""The main job in a real browser: label, launch a cycle, see what it chose; and lose nothing on a bad connection."""

from typing import Any

import pytest
from fixtures.live_service import LiveService, Sitting
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

JUNK = "junk"


def open_label_page(page: Page, service: LiveService) -> None:
    page.goto(f"{service.url}/projects/demo/label")
    expect(page.get_by_role("group", name="Classes")).to_be_visible()


def shown_particle(page: Page) -> str:
    """The name of the particle on the screen, once it can be decided."""
    expect(page.locator("[aria-label='Classes'] button").first).to_have_attribute("aria-disabled", "false")
    return page.locator("dt:text-is('Particle') + dd").inner_text()


def keys_of_classes(service: LiveService) -> dict[str, str]:
    classes = service.get("projects/demo")["classes"]
    return {one["name"]: one["hotkey"] for one in classes} | {JUNK: "j"}


def decide_by_keyboard(page: Page, truth: dict[str, str], keys: dict[str, str], count: int) -> list[str]:
    """Answer `count` items as an expert who knows; returns their names."""
    decided: list[str] = []
    for _ in range(count):
        name = shown_particle(page)
        page.keyboard.press(keys[truth[name]])
        decided.append(name)
        expect(page.locator("dt:text-is('Particle') + dd")).not_to_have_text(name)
    return decided


def events_by_name(service: LiveService) -> dict[str, list[dict[str, Any]]]:
    """All decisions of the project, by the particle's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    after = ""
    while True:
        page = service.get(f"projects/demo/decisions?limit=200{after}")
        for event in page["items"]:
            name = service.get(f"projects/demo/subtomograms/{event['subtomogram_id']}")["name"]
            found.setdefault(name, []).append(event)
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def all_saved(page: Page) -> None:
    expect(page.get_by_test_id("outbox-status")).to_contain_text("Saved", timeout=30_000)


def test_label_twenty_launch_a_cycle_and_see_what_it_chose(live_service: LiveService, sitting: Sitting) -> None:
    page, truth, keys = sitting.page, live_service.demo_truth(), keys_of_classes(live_service)
    page.get_by_role("link", name="Demo").first.click()
    page.get_by_role("link", name="Label particles").click()
    expect(page.get_by_role("group", name="Classes")).to_be_visible()

    decided = decide_by_keyboard(page, truth, keys, 20)
    all_saved(page)
    stored = events_by_name(live_service)
    assert {name: len(events) for name, events in stored.items()} == dict.fromkeys(decided, 1)

    page.goto(f"{live_service.url}/projects/demo/cycles")
    page.get_by_role("button", name="Launch").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_role("link", name="Cycle 1").first).to_be_visible()

    # Labeling goes on while it trains.
    open_label_page(page, live_service)
    decide_by_keyboard(page, truth, keys, 2)
    all_saved(page)

    cycle = live_service.wait_for(
        "the end of cycle 1",
        lambda: (found := live_service.get("projects/demo/cycles/1"))["stage"] in ("ready", "failed") and found,
        seconds=120,
    )
    assert cycle["stage"] == "ready", cycle["job"]
    # The open page moves to the new picks by itself and says so.
    expect(page.get_by_text("New picks from cycle 1 are here")).to_be_visible(timeout=15_000)

    open_label_page(page, live_service)
    acquisition = cycle["settings"]["acquisition"]
    scores: list[float] = []
    ranks: list[int] = []
    for _ in range(6):
        shown_particle(page)
        reason = page.locator("[data-blind='true']")
        if reason.count() == 0:
            expect(page.get_by_text("Picked by cycle 1")).to_be_visible()
        held = own_task(page)
        if held["work"] == "query":
            assert held["pick"]["cycle_number"] == 1
            scores.append(held["pick"]["score"])
            ranks.append(held["pick"]["rank"])
        name = shown_particle(page)
        page.keyboard.press(keys[truth[name]])
        expect(page.locator("dt:text-is('Particle') + dd")).not_to_have_text(name)
    assert ranks == list(range(ranks[0], ranks[0] + len(ranks))), f"not in the order of {acquisition}: {ranks}"
    assert scores == sorted(scores, reverse=True)

    page.goto(f"{live_service.url}/projects/demo")
    expect(page.get_by_text("Learning curve")).to_be_visible()


def own_task(page: Page) -> dict[str, Any]:
    """What the service says this browser has on its screen: the first of its leases."""
    answer: dict[str, Any] = page.evaluate(
        """async () => {
            const answer = await fetch('/api/v1/projects/demo/tasks/claim', {
                method: 'POST', headers: {'Content-Type': 'application/json', 'X-Tomosift-Client': 'web'},
                body: JSON.stringify({count: 1})})
            return (await answer.json()).tasks[0]
        }"""
    )
    return answer


def test_a_cut_connection_and_a_reload_lose_no_decision(live_service: LiveService, sitting: Sitting) -> None:
    page, truth, keys = sitting.page, live_service.demo_truth(), keys_of_classes(live_service)
    before = sum(len(events) for events in events_by_name(live_service).values())
    open_label_page(page, live_service)
    online = decide_by_keyboard(page, truth, keys, 3)
    all_saved(page)

    sitting.context.set_offline(True)
    offline = []
    for _ in range(3):  # the prefetched volumes
        name = shown_particle(page)
        page.keyboard.press(keys[truth[name]])
        offline.append(name)
        page.wait_for_timeout(300)
    expect(page.get_by_test_id("outbox-status")).to_contain_text("waiting")
    stored = events_by_name(live_service)
    assert sum(map(len, stored.values())) == before + 3

    # The tab dies while it is offline; the decisions wait in the browser.
    page.close()
    sitting.context.set_offline(False)
    page = sitting.page = sitting.context.new_page()
    open_label_page(page, live_service)
    all_saved(page)
    stored = live_service.wait_for(
        "the waiting decisions",
        lambda: (found := events_by_name(live_service)) and sum(map(len, found.values())) == before + 6 and found,
        seconds=30,
    )
    for name in online + offline:
        assert len(stored[name]) == 1, f"{name} was decided {len(stored[name])} times"
