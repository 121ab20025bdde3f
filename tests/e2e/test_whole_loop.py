"""The main job in a real browser: label, launch a cycle, see what it chose; and lose nothing on a bad connection."""

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from fixtures.live_service import LiveService, Sitting
from fixtures.second_cycle import mirrored_cycle
from playwright.sync_api import Error, Page, Response, expect

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


def newest_event(service: LiveService) -> int:
    """Where the project's decisions stand: tests before this one have made some too."""
    return max((event["event_id"] for event in service.get("projects/demo/decisions?limit=1")["items"]), default=0)


def events_by_name(service: LiveService, since: int = 0) -> dict[str, list[dict[str, Any]]]:
    """The project's decisions after the event `since`, by the particle's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    after = ""
    while True:
        page = service.get(f"projects/demo/decisions?limit=200{after}")
        for event in page["items"]:
            if event["event_id"] <= since:
                return found
            name = service.get(f"projects/demo/subtomograms/{event['subtomogram_id']}")["name"]
            found.setdefault(name, []).append(event)
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def all_saved(page: Page) -> None:
    status = page.get_by_test_id("outbox-status")
    expect(status).to_have_attribute("data-waiting", "0", timeout=30_000)
    expect(status).to_contain_text("Saved")


def test_label_twenty_launch_a_cycle_and_see_what_it_chose(live_service: LiveService, sitting: Sitting) -> None:
    page, truth, keys = sitting.page, live_service.demo_truth(), keys_of_classes(live_service)
    page.get_by_role("link", name="Demo").first.click()
    page.get_by_role("link", name="Label particles").click()
    expect(page.get_by_role("group", name="Classes")).to_be_visible()

    begin = newest_event(live_service)
    decided = decide_by_keyboard(page, truth, keys, 20)
    all_saved(page)
    stored = events_by_name(live_service, begin)
    assert {name: len(events) for name, events in stored.items()} == dict.fromkeys(decided, 1)

    page.goto(f"{live_service.url}/projects/demo/cycles")
    page.get_by_role("button", name="Launch").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_role("link", name="Cycle 1").first).to_be_visible()

    # Labeling goes on while it trains.
    offered = listen_to_claims(page)
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

    picks = [pick for pick in look_at(page, truth, keys, offered, 9) if pick is not None and pick["cycle_number"] == 1]
    assert len(picks) >= 5
    chosen_by = cycle["metrics"]["selection"]
    assert chosen_by["automatic"], "nobody chose a way to pick, so the plan did"
    assert all(pick["acquisition"] == chosen_by["acquisition"] for pick in picks)
    assert all(chosen_by["why"] in pick["reason"] for pick in picks)
    assert [pick["rank"] for pick in picks] == list(range(1, len(picks) + 1))

    page.goto(f"{live_service.url}/projects/demo")
    expect(page.get_by_role("heading", name="Learning curve")).to_be_visible()
    take_a_group_from_the_map(page, live_service)
    set_when_cycles_start(page, live_service)
    with mirrored_cycle(live_service) as moves:
        go_back_to_cycle_1(page, live_service)
        compare_the_two(page, live_service, moves)


def take_a_group_from_the_map(page: Page, live_service: LiveService) -> None:
    """After a cycle: the layout by neighbourhood comes by itself, and a group of the map goes to the gallery."""
    page.goto(f"{live_service.url}/projects/demo/map")
    expect(page.get_by_role("img", name=re.compile(r"^Map of \d+ particles"))).to_be_visible()
    expect(page.get_by_text("laid out by neighbourhood (UMAP)")).to_be_visible(timeout=90_000)
    page.get_by_role("button", name=re.compile("^Select ")).first.click()
    count = int((page.get_by_text("particles selected").text_content() or "").split()[0])
    page.get_by_role("button", name="Open in the gallery").click()
    expect(page).to_have_url(f"{live_service.url}/projects/demo/gallery?ids=session")
    expect(page.get_by_role("application")).to_have_attribute("aria-label", re.compile(rf"^{count} particles"))


def set_when_cycles_start(page: Page, live_service: LiveService) -> None:
    """A person says after how many labels a cycle starts by itself, and takes it back."""
    page.goto(f"{live_service.url}/projects/demo/cycles")
    for wanted, sentence in ((5000, "A cycle starts after 5,000 new labels."), (None, "Nothing starts by itself")):
        page.get_by_role("button", name="Set when cycles start").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("After new labels").set_checked(wanted is not None)
        if wanted is not None:
            dialog.get_by_label("New labels", exact=True).fill(str(wanted))
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_be_hidden()  # it closes once that is stored, and its own words are gone
        expect(page.get_by_text(sentence).first).to_be_visible()
        assert live_service.get("projects/demo/cycle-triggers")["after_labels"] == wanted


def go_back_to_cycle_1(page: Page, live_service: LiveService) -> None:
    """The page of an earlier cycle tells where it comes from, and puts its model into use again."""
    page.goto(f"{live_service.url}/projects/demo/cycles/1")
    lineage = live_service.get("projects/demo/cycles/1/lineage")
    for part in ("labels", "model"):
        expect(page.get_by_text(lineage[part]["checksum"], exact=True)).to_be_visible()
    expect(page.get_by_text("nothing: it was the first")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    assert json.loads(download.value.path().read_text()) == lineage

    assert live_service.get("projects/demo/serving-model")["cycle"] == 2
    page.get_by_role("button", name="Go back to this model").click()
    page.get_by_role("dialog").get_by_role("button", name="Use the model of cycle 1").click()
    expect(page.get_by_text("Its model is in use")).to_be_visible()
    assert live_service.get("projects/demo/serving-model")["cycle"] == 1


def compare_the_two(page: Page, live_service: LiveService, moves: dict[tuple[str, str], int]) -> None:
    """Which particles changed class from cycle 1 to cycle 2, and the gallery of one such change."""
    page.goto(f"{live_service.url}/projects/demo/cycles")
    page.get_by_role("link", name="Compare two cycles").click()
    expect(page.get_by_text(re.compile(rf"^{sum(moves.values())} particles? of \d+"))).to_be_visible()
    rows = page.get_by_role("region", name="Changes of class, table").get_by_role("row")
    expect(rows).to_have_count(len(moves) + 1)
    (was, now), count = next(iter(moves.items()))
    row = rows.filter(has=page.get_by_role("rowheader", name=was, exact=True))
    expect(row.get_by_role("cell").nth(0)).to_have_text(now)
    expect(row.get_by_role("cell").nth(1)).to_have_text(str(count))
    row.get_by_role("button").click()
    expect(page.get_by_role("application")).to_have_attribute("aria-label", re.compile(rf"^{count} particles?"))


def listen_to_claims(page: Page) -> dict[str, dict[str, Any]]:
    """Fills with every task the service gives this page, by the particle's name."""
    offered: dict[str, dict[str, Any]] = {}

    def note(response: Response) -> None:
        if not (response.url.endswith("/tasks/claim") and response.ok):
            return
        with suppress(Error):  # the page has gone elsewhere meanwhile, and asks for its tasks again there
            offered.update({task["subtomogram"]["name"]: task for task in response.json()["tasks"]})

    page.on("response", note)
    return offered


def look_at(
    page: Page, truth: dict[str, str], keys: dict[str, str], offered: dict[str, dict[str, Any]], count: int
) -> list[dict[str, Any] | None]:
    """Answer `count` items; returns why each was chosen (None: an evaluation item), as the page also says."""
    picks: list[dict[str, Any] | None] = []
    for _ in range(count):
        name = shown_particle(page)
        pick = offered[name]["pick"]
        if offered[name]["work"] == "evaluation":
            assert pick is None
            expect(page.get_by_text("Decide without hints")).to_be_visible()
        elif pick["cycle_number"] is not None:
            expect(page.get_by_text(f"Picked by cycle {pick['cycle_number']}")).to_be_visible()
        picks.append(pick)
        decide_by_keyboard(page, truth, keys, 1)
    return picks


def test_a_cut_connection_and_a_reload_lose_no_decision(live_service: LiveService, sitting: Sitting) -> None:
    page, truth, keys = sitting.page, live_service.demo_truth(), keys_of_classes(live_service)
    begin = newest_event(live_service)
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
    assert sum(map(len, events_by_name(live_service, begin).values())) == 3

    # The tab dies while it is offline; the decisions wait in the browser.
    page.close()
    sitting.context.set_offline(False)
    page = sitting.page = sitting.context.new_page()
    page.goto(f"{live_service.url}/")  # not the label page: they go out from wherever one comes in
    stored = live_service.wait_for(
        "the waiting decisions",
        lambda: (found := events_by_name(live_service, begin)) and sum(map(len, found.values())) == 6 and found,
        seconds=30,
    )
    for name in online + offline:
        assert len(stored[name]) == 1, f"{name} was decided {len(stored[name])} times"


SPREAD = """
    () => {
        const drawn = document.querySelector('[role=application] canvas')
        const small = document.createElement('canvas')
        small.width = small.height = 64
        const context = small.getContext('2d')
        context.drawImage(drawn, 0, 0, drawn.width / 2, drawn.height / 2, 0, 0, 64, 64)
        const values = context.getImageData(0, 0, 64, 64).data.filter((_, at) => at % 4 === 0)
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length
        return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    }
"""
"""Standard deviation of the XY slice as it is on the screen, in grey levels of 255."""


def settled_spread(page: Page) -> float:
    """The spread once the filtered slices have taken the place of the raw ones."""
    before, now = -1.0, float(page.evaluate(SPREAD))
    while abs(now - before) > 0.01:
        page.wait_for_timeout(700)
        before, now = now, float(page.evaluate(SPREAD))
    return now


def test_lost_graphics_come_back_and_the_page_goes_on(live_service: LiveService, sitting: Sitting) -> None:
    page, truth, keys = sitting.page, live_service.demo_truth(), keys_of_classes(live_service)
    open_label_page(page, live_service)
    name = shown_particle(page)
    before = settled_spread(page)
    assert before > 5

    page.evaluate(
        "document.querySelector('[role=application] canvas').getContext('webgl2')"
        ".getExtension('WEBGL_lose_context').loseContext()"
    )

    expect(page.get_by_text("The graphics were reset by the browser")).to_be_visible()
    expect(page.get_by_text("The graphics were reset by the browser")).to_have_count(0, timeout=10_000)
    page.wait_for_function(f"() => Math.abs(({SPREAD})() - {before}) < 0.5")
    assert shown_particle(page) == name, "the same particle, in the same contrast"
    decide_by_keyboard(page, truth, keys, 2)
    all_saved(page)


def test_without_webgl_slices_are_drawn_and_the_class_menu_decides(live_service: LiveService, sitting: Sitting) -> None:
    page, truth = sitting.page, live_service.demo_truth()
    page.add_init_script(
        "HTMLCanvasElement.prototype.getContext = (original => function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : original.call(this, kind, ...more)"
        "})(HTMLCanvasElement.prototype.getContext)"
    )
    open_label_page(page, live_service)
    expect(page.get_by_text("This browser offers no WebGL 2")).to_be_visible()
    while truth[name := shown_particle(page)] == JUNK:
        page.keyboard.press("j")
        expect(page.locator("dt:text-is('Particle') + dd")).not_to_have_text(name)
    page.wait_for_function(f"() => ({SPREAD})() > 5")

    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(truth[name])
    page.keyboard.press("Enter")

    expect(page.locator("dt:text-is('Particle') + dd")).not_to_have_text(name)
    all_saved(page)
    [event] = events_by_name(live_service)[name]
    classes = {each["id"]: each["name"] for each in live_service.get("projects/demo")["classes"]}
    assert classes[event["class_id"]] == truth[name]
