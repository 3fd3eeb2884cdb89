"""A guest's review in a real browser, with and without scripts, and the team that watches."""

from __future__ import annotations

import base64
import re
import uuid

from playwright.async_api import expect

from tests import browser
from tests.browser import OpenTab, find_barriers
from tests.images.conftest import picture
from tests.library.test_browser import UPLOAD

pytestmark = browser.marks
WORD = f"Pier{uuid.uuid4().hex[:6]}"


async def test_a_guest_points_at_a_picture_and_the_team_sees_it_at_once(open_tab: OpenTab, tab):
    await tab.goto(re.sub(r"(/w/[\w-]+/).*", r"\1images/", tab.url))
    asset = await tab.evaluate(UPLOAD, [WORD, base64.b64encode(picture()).decode()])
    team = await open_tab(f"library/{asset}/")
    await team.get_by_role("button", name="Share").first.click()
    await team.locator("#drawer [name=allow_review]").check()
    address = await team.locator("#drawer .share__url").input_value()
    await team.keyboard.press("Escape")

    guest = await tab.context.browser.new_page()
    await guest.goto(address)
    await guest.locator("img.medium").click(position={"x": 20, "y": 10})
    await expect(guest.locator(".pointed__pin")).to_be_visible()
    await guest.get_by_label("Note").fill("This corner")
    await guest.get_by_label("Your name").fill("Mia")
    await guest.get_by_role("button", name="Leave the note").click()
    await expect(guest.locator(".said__text")).to_have_text("This corner")
    await expect(guest.locator(".review__head")).to_contain_text("You write as Mia.")
    await expect(team.locator(".said__text")).to_have_text("This corner")
    assert await find_barriers(guest) == []

    await team.get_by_text("Answer", exact=True).click()
    await team.locator(".thread__more textarea").fill("We look into it")
    await team.get_by_role("button", name="Send").click()
    await expect(team.locator(".answers")).to_contain_text("We look into it")
    await team.get_by_role("button", name="Done", exact=True).click()
    await expect(team.locator(".thread--done")).to_be_visible()

    plain = await tab.context.browser.new_context(java_script_enabled=False)
    page = await plain.new_page()
    await page.goto(address)
    await page.get_by_label("Your name").last.fill("Ben")
    await page.get_by_role("button", name="Approve").click()
    await expect(page.locator(".decision")).to_contain_text("Ben")
    await expect(page.locator(".answers")).to_contain_text("The team")
    await plain.close()
    await guest.close()
