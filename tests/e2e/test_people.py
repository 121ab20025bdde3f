"""A colleague is let in by an invitation, signs in again with the password, and is let out."""

import re

import pytest
from fixtures.live_service import LiveService, Sitting
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PASSWORD = "four words are easy"


def test_invite_accept_sign_in_and_remove(live_service: LiveService, sitting: Sitting, chromium: Browser) -> None:
    owner = sitting.page
    owner.goto(f"{live_service.url}/projects/demo/settings")
    owner.get_by_role("button", name="Invite by link").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("Who it is for").fill("Eve")
    dialog.get_by_role("button", name="Make the link").click()
    link = dialog.get_by_role("textbox", name="Invitation link").inner_text()
    dialog.get_by_role("button", name="Done").click()

    context = chromium.new_context()
    eve = context.new_page()
    eve.goto(link)
    expect(eve.get_by_role("heading", name=re.compile("You are invited to"))).to_be_visible()
    eve.get_by_label("Your name").fill("Eve Holm")
    eve.get_by_label("Name to sign in with").fill("eve")
    eve.get_by_label("New password").fill(PASSWORD)
    eve.get_by_role("button", name="Make my account and join").click()
    expect(eve.get_by_text("You label in it")).to_be_visible()

    eve.get_by_role("button", name=re.compile("^Account and appearance")).click()
    eve.get_by_role("button", name="Sign out").click()
    eve.get_by_label("Name", exact=True).fill("eve")
    eve.get_by_label("Password", exact=True).fill(PASSWORD)
    eve.get_by_role("button", name="Sign in", exact=True).click()
    expect(eve.get_by_text("You label in it")).to_be_visible()
    eve.goto(f"{live_service.url}/projects/demo/settings")
    own_row = eve.get_by_role("row", name=re.compile("Eve Holm"))
    expect(own_row).to_contain_text("Annotator")

    owner.reload()
    owner.get_by_role("button", name="Remove Eve Holm").click()
    owner.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(owner.get_by_role("button", name="Remove Eve Holm")).to_have_count(0)
    eve.goto(f"{live_service.url}/projects/demo")
    expect(eve.get_by_role("heading", name="No such project")).to_be_visible()
    context.close()
