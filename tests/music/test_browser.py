"""The music page in a real browser, on a whole studio: from style and lyrics to a song that plays."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers, until

pytestmark = browser.marks

LYRICS = "[Verse]\nLow tide, slow tide\n\n[Outro]"
LONGEST_MS = 150_000  # a song is sung by a process that others may keep waiting


@pytest.fixture
def open_music(open_tab: OpenTab):
    async def opened(query: str = "", **options) -> Page:
        page = await open_tab(f"music/{query}", **options)
        await is_ready(page)
        return page

    return opened


async def is_ready(page: Page) -> None:
    await page.wait_for_selector("#music[data-ready]")


async def write(page: Page, *, title: str, lyrics: str = LYRICS) -> None:
    await page.fill("#id_title", title)
    await page.fill("#id_lyrics", lyrics)


def card(page: Page, title: str) -> Locator:
    return page.locator("#songs > .job").filter(has=page.get_by_role("heading", name=title, exact=True))


async def plays(page: Page, title: str) -> None:
    """The song is there, can be heard, and goes on."""
    player = card(page, title).locator("studio-player")
    await expect(player).to_be_visible(timeout=LONGEST_MS)
    await player.get_by_role("button", name="Play").click()
    await until(lambda: player.evaluate("(player) => player.currentTime > 0.2"), what="a song that plays")
    await player.get_by_role("button", name="Pause").click()


async def test_a_song_is_made_over_a_reload_and_a_new_version_is_heard_at_the_same_place(open_music):
    page = await open_music()
    await page.get_by_role("button", name="Indie folk").click()
    await write(page, title="Harbour bells")
    await page.dblclick("[data-make]")
    await expect(card(page, "Harbour bells")).to_have_count(1)
    await page.reload()
    await is_ready(page)
    assert await page.input_value("#id_lyrics") == LYRICS
    assert await page.input_value("#id_prompt") == "indie folk"
    await plays(page, "Harbour bells")
    await expect(card(page, "Harbour bells")).to_have_count(1)

    await card(page, "Harbour bells").get_by_role("link", name="Change and make again").click()
    await expect(page.locator("[data-remade-title]")).to_have_text("Harbour bells")
    await is_ready(page)
    await write(page, title="Harbour bells, louder", lyrics=LYRICS.replace("slow", "loud"))
    await page.keyboard.press("Control+Enter")
    await (
        card(page, "Harbour bells, louder").get_by_role("button", name="Compare with before").click(timeout=LONGEST_MS)
    )

    pair = page.locator("#compare [data-pair]")
    await expect(pair.locator(".sung__changed")).to_have_count(2)
    await expect(pair.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    await pair.get_by_label("Playhead of both songs").fill("0.2")
    place = await pair.locator("[data-side=a] audio").evaluate("(audio) => audio.currentTime")
    assert place > 0
    await page.locator("#compare-title").click()
    await page.keyboard.press("b")
    await expect(pair).to_have_attribute("data-hears", "b")
    assert await pair.locator("[data-side=b] audio").evaluate("(audio) => audio.currentTime") == pytest.approx(
        place, abs=0.1
    )
    await page.keyboard.press("Space")
    await until(
        lambda: pair.locator("[data-side=b] audio").evaluate("(audio) => !audio.paused && !audio.muted"),
        what="B is heard",
    )
    assert await pair.locator("[data-side=a] audio").evaluate("(audio) => audio.muted")
    assert await find_barriers(page) == []


async def test_lyrics_are_written_taken_and_given_back(open_music):
    page = await open_music()
    await write(page, title="", lyrics="[Verse]\nMy own line")
    await page.get_by_role("button", name="Have lyrics written").click()
    await page.fill("#id_writer_prompt", "A lighthouse keeper's kettle")
    await page.locator("#lyrics-writer-form").get_by_role("button", name="Write").click()
    proposal = page.locator("#lyrics-proposals .job", has_text="A lighthouse keeper's kettle")
    take = proposal.get_by_role("button", name="Take lyrics and style")
    await expect(take).to_be_visible(timeout=LONGEST_MS)
    late = await proposal.evaluate("(card) => card.outerHTML")
    await take.click()
    await expect(proposal).to_have_count(0)
    await page.evaluate("(card) => document.dispatchEvent(new CustomEvent('job:unseen', { detail: card }))", late)
    await expect(proposal).to_have_count(0)
    assert "[Chorus]" in await page.input_value("#id_lyrics")
    assert "My own line" not in await page.input_value("#id_lyrics")
    assert await page.input_value("#id_prompt")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#id_lyrics")).to_have_value("[Verse]\nMy own line")
    assert await page.input_value("#id_prompt") == ""


async def test_tags_are_put_in_and_what_is_odd_about_them_leads_to_its_line(open_music):
    page = await open_music()
    await page.get_by_role("button", name="[Verse]", exact=True).click()
    await page.keyboard.type("la la")
    await page.get_by_role("button", name="More sections").click()
    await page.get_by_role("menuitem", name="[Hook]").click()
    await page.keyboard.type("na na\n[Refrain]")
    assert await page.input_value("#id_lyrics") == "[Verse]\nla la\n\n[Hook]\nna na\n[Refrain]"
    await page.get_by_role("button", name="Line 6").click()
    chosen = await page.locator("#id_lyrics").evaluate("(box) => box.value.slice(box.selectionStart, box.selectionEnd)")
    assert chosen == "[Refrain]"
    await expect(page.locator("[data-lyrics-back] mark")).to_have_count(3)
    await page.locator("[name=words][value=instrumental]").check(force=True)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#id_prompt_error")).to_contain_text("Describe the music first")
    await expect(page.locator("#id_prompt")).to_be_focused()


async def test_an_older_model_offers_only_what_it_can(open_music):
    page = await open_music()
    await page.locator("[name=words][value=instrumental]").check(force=True)
    await page.select_option("#id_model", "music-2.0")
    await expect(page.locator("[name=words][value=own]")).to_be_checked()
    await expect(page.locator("[name=words][value=optimizer]")).to_be_disabled()
    await expect(page.locator("[data-most=lyrics]")).to_have_text("600")


async def test_the_page_has_no_barriers_on_a_phone_either(open_music):
    page = await open_music(viewport={"width": 360, "height": 740}, has_touch=True)
    assert await find_barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.locator(".composer__sheet").click()
    await expect(page.locator("#id_title")).to_be_visible()
    await page.locator("#settings-sheet [data-close-dialog]").click()
    await page.get_by_role("button", name="Have lyrics written").click()
    assert await find_barriers(page) == []
