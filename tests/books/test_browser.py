"""Long speech in a real browser, on a whole studio: from a pasted text to a sentence that is lit while it is heard."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests import browser
from tests.browser import SIZES, OpenTab, find_barriers, until

pytestmark = browser.marks

MAKING_MS = 240_000  # the sandbox speaks at low priority
STORY = """Chapter 1. The lamp

The lamp of {name} was dark. Nobody had lit it.

[Anna] Who is there?

Chapter 2. The stairs

She counted the stairs twice."""


async def bring(page: Page, name: str) -> None:
    """A book of a pasted text; it ends on the book's page."""
    await page.wait_for_selector("[data-book-form][data-ready]")
    await page.fill("#id_title", name)
    await page.fill("#id_text", STORY.format(name=name))
    await page.dblclick("[data-create]")
    await expect(page.locator("h1")).to_have_text(name)
    await expect(page.locator("[data-make]")).to_be_enabled()


async def test_a_text_is_priced_made_heard_changed_and_downloaded(open_tab: OpenTab):
    page = await open_tab("speech/")
    await page.click("nav[aria-label='Kind of speech'] >> text=Long")
    await expect(page.locator(".rail [aria-current=page]")).to_contain_text("Speech")
    await page.goto(f"{page.url.rstrip('/')}/new/")
    await bring(page, "Wolfrock")
    await expect(page.locator("#estimate")).to_contain_text("Billed characters")
    assert await find_barriers(page) == []
    book = page.url

    await page.dblclick("[data-make]")
    await expect(page.locator("#book-progress")).to_contain_text("Every sentence is made", timeout=MAKING_MS)
    await expect(page.locator(".chapter")).to_have_count(2)
    assert await find_barriers(page) == []

    # listening: a click on a sentence lights it and goes there, the arrows go on
    await page.click("#book-progress >> text=Listen")
    await expect(page.locator("studio-player audio")).to_have_count(1)
    await page.wait_for_selector("[data-read][data-ready]")
    lamp = page.locator("[data-sentence]", has_text="Nobody had lit it.")
    await lamp.click()
    await expect(lamp).to_have_attribute("data-now", "")
    player = page.locator("studio-player audio")
    await until(lambda: player.evaluate("(audio) => audio.currentTime > 0"), what="the sentence's place in the sound")
    await page.locator("studio-player").evaluate("(player) => player.pause()")
    await page.locator("[data-script]").focus()
    await lamp.evaluate("(sentence) => sentence.closest('[data-script]').focus()")
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("[data-sentence]").nth(1)).to_have_attribute("data-now", "")
    await page.keyboard.press("Enter")
    await expect(page.locator("#drawer #sentence")).to_contain_text("Take 1")
    assert await find_barriers(page, within="#drawer") == []
    await page.keyboard.press("Escape")

    # version two: only what is different is made
    await page.goto(f"{book}revise/")
    text = await page.input_value("#id_text")
    await page.fill("#id_text", text.replace("Nobody had lit it.", "Somebody had put it out."))
    await page.click("[data-compare]")
    await expect(page.locator(".diff__item")).to_have_count(1)
    await expect(page.locator(".diff ins")).to_have_text("Somebody had put it out.")
    assert await find_barriers(page) == []
    await page.click("[data-accept]")
    await expect(page.locator("#book-progress")).to_contain_text("Every sentence is made", timeout=MAKING_MS)

    # one file with its chapters
    await page.click("#book-progress >> text=Download")
    await page.select_option("#id_format", "m4b")
    await page.click("[data-render]")
    edition = page.locator(".edition", has_text="M4B").first
    await expect(edition.get_by_role("link", name="SRT")).to_be_visible(timeout=MAKING_MS)
    assert await find_barriers(page) == []
    async with page.expect_download() as download:
        await edition.get_by_role("link", name="M4B").click()
    assert (await download.value).suggested_filename.endswith(".m4b")


async def test_chapters_and_voices_are_arranged_by_keyboard_before_anything_is_made(open_tab: OpenTab):
    page = await open_tab("speech/long/new/")
    await bring(page, "Heronfield")
    book = page.url
    await page.click(".tabs >> text=Chapters")
    titles = page.locator(".outline__title")
    await expect(titles).to_have_count(2)
    await titles.nth(1).focus()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(titles.first).to_have_value("Chapter 2. The stairs")
    await titles.first.fill("Down below")
    await page.keyboard.press("Enter")
    await expect(titles.nth(1)).to_be_focused()
    await page.get_by_role("button", name=re.compile("What to do with Chapter 1")).click()
    await page.get_by_role("menuitem", name="Split it…").click()
    await page.get_by_role("button", name="Begin here").last.click()
    await expect(titles).to_have_count(3)
    await expect(page.locator("#drawer")).to_be_hidden()
    assert await find_barriers(page) == []
    await page.goto(f"{book}cast/")
    await page.get_by_role("button", name="Voice of Anna").click()
    await page.fill("#voice-q", "graceful")
    choice = page.locator("#voice-list [data-voice]", has_text="Graceful Lady").first
    await choice.locator("[data-choose]").click()
    anna = page.locator(".role", has_text="Anna")
    await expect(anna.locator("[data-voice-name]")).to_have_text("Graceful Lady")
    await expect(anna).not_to_contain_text("speaks with the narrator")
    assert await find_barriers(page) == []
    await page.reload()
    await expect(anna.locator("[data-voice-name]")).to_have_text("Graceful Lady")


async def test_a_document_is_brought_and_read_on_a_phone(open_tab: OpenTab):
    page = await open_tab("speech/long/new/", **SIZES["phone"], reduced_motion="reduce")
    await page.wait_for_selector("[data-book-form][data-ready]")
    text = STORY.format(name="Larkhill").encode("utf-16")
    await page.set_input_files("#id_document", {"name": "Larkhill.txt", "mimeType": "text/plain", "buffer": text})
    await expect(page.locator("[data-file-name]")).to_have_text("Larkhill.txt")
    assert await find_barriers(page) == []
    await page.click("[data-create]")
    await expect(page.locator("h1")).to_have_text("Larkhill")
    book = page.url.split("/cleanup")[0].rstrip("/")
    for part in ("", "/chapters", "/cast", "/read", "/revise", "/editions", "/details"):
        await page.goto(f"{book}{part}/")
        await expect(page.locator(".htmx-request")).to_have_count(0)
        assert await find_barriers(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.goto(f"{book}/read/")
    await expect(page.locator("[data-script]")).to_contain_text("Nobody had lit it.")
