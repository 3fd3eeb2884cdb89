"""From the first visit to a friend who listens. The visit itself, with the set-up page, is the fixture `studio`."""

from __future__ import annotations

import re

import pytest_asyncio
from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OWNER, OpenTab, Studio, until
from tests.speech.test_browser import EAR, is_heard

pytestmark = browser.marks


async def speak(page: Page, text: str) -> None:
    await page.wait_for_selector("#speech[data-ready]")
    await page.fill("#id_text", text)
    await page.click("[data-speak]")


async def is_kept(page: Page) -> None:
    await expect(page.locator("[data-says]")).to_have_text("Kept in the library", timeout=30_000)


async def choose_in_palette(page: Page, words: str, option: str) -> None:
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search actions, pages, results and voices")).to_be_focused()
    await page.keyboard.type(words)
    await expect(page.locator('#palette [aria-selected="true"]')).to_contain_text(option)
    await page.keyboard.press("Enter")


async def test_newcomer_speaks_shares_and_takes_it_back(studio: Studio, open_tab: OpenTab):
    page = await open_tab("", init_script=EAR)
    await page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Speech").click()
    await speak(page, "The first evening.")
    await is_heard(page)
    await is_kept(page)

    await page.keyboard.press("Escape")
    await page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Library").click()
    await page.wait_for_url(studio.at("library/"))  # takes of the speech page are articles too
    card = page.get_by_role("article", name="The first evening.")
    await expect(card.locator("studio-player[data-measured]")).to_be_visible()
    await card.get_by_role("link").click()
    await page.get_by_role("button", name="Share", exact=True).click()
    await expect(page.locator(".share__url")).to_be_visible()
    link = await page.locator(".share__url").input_value()

    guest = await open_tab("../../account/login/", storage_state=None, java_script_enabled=False)
    await guest.goto(link)
    await expect(guest.get_by_role("heading", name="Speech")).to_be_visible()
    await guest.locator("audio").focus()
    await guest.keyboard.press("Space")
    await until(lambda: guest.locator("audio").evaluate("audio => audio.currentTime > 0.3"), what="the sound")
    assert await guest.locator("audio").evaluate("audio => audio.error") is None

    for path in ("", "speech/", "library/", "team/", "shares/"):
        await guest.goto(studio.at(path))
        assert guest.url.startswith(f"{studio.url}/account/login/")
    for other in (link[:-2] + "x/", link + "other", f"{studio.url}/w/another-one/s/"):
        assert (await guest.request.get(other)).status == 404

    await page.get_by_role("button", name="End this link").click()
    await expect(page.get_by_text("This link has ended")).to_be_visible()
    for path in ("", "file", "download", "card.png"):
        assert (await guest.request.get(link + path)).status == 410
    answer = await guest.goto(link)
    assert answer is not None
    assert answer.status == 410
    await expect(guest.get_by_role("heading", name="This link has ended")).to_be_visible()


async def test_palette_leads_to_a_page_and_to_a_voice(studio: Studio, tab: Page):
    await choose_in_palette(tab, "usage", "Usage")
    await tab.wait_for_url(studio.at("usage/"))
    await choose_in_palette(tab, "trustworth", "Trustworth")
    await tab.wait_for_url(re.compile(r"/speech/\?voice_id="))
    await expect(tab.locator("[data-voice-name]").first).to_contain_text("Trustworth")


async def test_question_mark_lists_the_shortcuts_that_work_here(tab: Page):
    await tab.keyboard.press("?")
    shortcuts = tab.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(shortcuts).to_contain_text("Search and commands")
    await expect(shortcuts).to_contain_text("G then L")
    await tab.keyboard.press("Escape")
    await expect(shortcuts).to_be_hidden()
    await tab.keyboard.type("gl")
    await tab.wait_for_url(re.compile("/library/"))


# --- a second person --------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="session")
async def second_person(request, studio: Studio, open_tab: OpenTab) -> Page:
    """Somebody who followed an invitation of the owner in a browser of their own."""
    owner = await open_tab("team/")
    await owner.get_by_label("For whom").fill("Nora")
    await owner.get_by_role("button", name="Make a link").click()
    link = await owner.locator("#new-link").input_value()
    page = await open_tab("../../account/login/", storage_state=None)
    await page.goto(link)
    await expect(page.get_by_text(f"{OWNER['name']} invites you as Creator.")).to_be_visible()
    await page.get_by_label("Your name").fill("Nora")
    await page.get_by_label("E-mail").fill(f"{request.node.name[-40:]}@example.com")
    await page.get_by_label("Password", exact=True).fill("another horse and its battery")
    await page.get_by_role("button", name="Make an account and join").click()
    await page.wait_for_url(studio.at())
    return page


async def test_creator_who_was_invited_sees_what_others_make_without_reloading(
    studio: Studio, second_person: Page, open_tab: OpenTab
):
    await second_person.evaluate("window.wasNotReloaded = true")
    owner = await open_tab("speech/")
    await speak(owner, "Nora should see this at once.")
    await expect(second_person.get_by_role("article", name="Nora should see this at once.")).to_be_visible()
    assert await second_person.evaluate("window.wasNotReloaded")
    await second_person.goto(studio.at("speech/"))
    await speak(second_person, "And she answers.")
    await is_kept(second_person)
    assert (await second_person.goto(studio.at("team/audit/"))).status == 403


async def test_theme_is_kept(second_person: Page):
    root = second_person.locator("html")
    shade = "getComputedStyle(document.body).backgroundColor"
    light = await second_person.evaluate(shade)
    await second_person.locator("[popovertarget=person-menu]").click()
    async with second_person.expect_response(re.compile("/account/theme/")):
        await second_person.get_by_role("menuitemradio", name="Dark").click()
    await expect(root).to_have_attribute("data-theme", "dark")
    await second_person.reload()
    await expect(root).to_have_attribute("data-theme", "dark")
    assert await second_person.evaluate(shade) != light
