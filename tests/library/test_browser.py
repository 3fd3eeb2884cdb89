"""The library and its player in a real browser, on a whole studio: what was spoken is really heard again.

All browser tests share one studio: these look only at what holds their own word, which nobody else says.
"""

from __future__ import annotations

import base64
import re
import uuid
import zipfile
from pathlib import Path

import av
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers, until
from tests.images.conftest import picture
from tests.provenance.test_browser import DROP, sent

pytestmark = browser.marks

WORD = f"Quillon{uuid.uuid4().hex[:8]}"
SENTENCES = (
    f"{WORD} begins the night shift, and somebody keeps the lights on until the morning comes.",
    f"{WORD} leaves with the last train at eleven forty, and after that the city belongs to the bakers.",
)
SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (shifts += value))).observe({ type: "layout-shift", buffered: true });
"""  # noqa: E501  (JavaScript)
UPLOAD = """async ([name, content]) => {
  const body = new FormData();
  body.append("purpose", "images.reference");
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  body.append("file", new File([bytes], `${name}.jpg`, { type: "image/jpeg" }));
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  const answer = await fetch(document.querySelector("[data-upload]").dataset.upload, { method: "POST", body, headers });
  return (await answer.json()).id;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def library(open_tab: OpenTab):
    """Open the library at two sounds, the newer one first; at the first call they are spoken for it."""

    async def opened(**options) -> Page:
        page = await open_tab(f"library/?q={WORD}&kind=speech", **options)
        there = await page.locator("article.asset").count()
        if there == len(SENTENCES):
            return page
        speech = await open_tab("speech/")
        for sentence in SENTENCES[there:]:
            await speech.wait_for_selector("#speech[data-ready]")
            await speech.fill("#id_text", sentence)
            await speech.click("[data-speak]")
            take = speech.locator("article", has_text=sentence[:40]).first
            await expect(take.locator("studio-player[data-measured]")).to_be_visible(timeout=60_000)
            await speech.reload()
        await speech.context.close()
        await page.reload()
        await expect(page.locator("article.asset")).to_have_count(len(SENTENCES))
        return page

    return opened


@pytest_asyncio.fixture(loop_scope="session")
async def bring(open_tab: OpenTab):
    """Have a picture brought by somebody in another window; returns its id."""
    window = await open_tab("images/")

    async def brought(name: str) -> str:
        return await window.evaluate(UPLOAD, [name, base64.b64encode(picture()).decode()])

    return brought


@pytest.fixture
def word() -> str:
    """For what one test makes for itself."""
    return f"Tansy{uuid.uuid4().hex[:10]}"


def card_of(page: Page, pk: str) -> Locator:
    return page.locator(f"#asset-{pk}")


async def at(page: Page, number: int = 0) -> float:
    return await page.locator("studio-player").nth(number).evaluate("player => player.currentTime")


async def test_card_is_heard_when_play_is_pressed(library):
    page = await library()
    player = page.locator("studio-player").first
    await player.evaluate(
        """(player) => {
            const context = new AudioContext();
            const ear = context.createAnalyser();
            context.createMediaElementSource(player.audio).connect(ear).connect(context.destination);
            window.loudest = 0;
            const samples = new Float32Array(ear.fftSize);
            setInterval(() => {
                ear.getFloatTimeDomainData(samples);
                loudest = Math.max(loudest, ...samples.map(Math.abs));
            }, 20);
            player.addEventListener("play", () => context.resume());
        }"""
    )
    await player.get_by_role("button", name="Play").click()
    await until(lambda: page.evaluate("loudest > 0.02"), what="sound")
    before = await at(page)
    await until(lambda: page.evaluate(f"document.querySelector('studio-player').currentTime > {before} + 0.3"))
    await player.get_by_role("button", name="Pause").click()
    assert await player.evaluate("player => player.paused")


async def test_one_sound_plays_at_a_time(library):
    page = await library()
    for number in (0, 1):
        await page.locator("studio-player").nth(number).get_by_role("button", name="Play").click()
        await until(lambda number=number: page.locator("studio-player").nth(number).evaluate("p => p.currentTime > 0"))
    assert await page.locator("studio-player[data-playing]").count() == 1


async def test_waveform_is_a_slider_for_keyboard_and_pointer(library):
    page = await library()
    slider = page.locator("studio-player").first.get_by_role("slider", name="Position")
    length = float(await page.locator("studio-player").first.get_attribute("data-duration"))
    await slider.focus()
    await page.keyboard.press("End")
    assert await at(page) == pytest.approx(length, abs=0.05)
    await page.keyboard.press("Home")
    assert await at(page) == 0
    await page.keyboard.press("ArrowRight")
    assert await at(page) == pytest.approx(min(5, length), abs=0.05)
    assert (await slider.get_attribute("aria-valuetext")).startswith(f"0:{min(5, int(length)):02}")
    box = await slider.bounding_box()
    await page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 10, steps=4)
    await page.mouse.up()
    assert await at(page) == pytest.approx(length / 2, rel=0.03)
    await slider.focus()
    await page.keyboard.press("Space")
    await until(lambda: page.evaluate("!document.querySelector('studio-player').paused"), what="playing")
    await page.keyboard.press("Space")
    assert await page.evaluate("document.querySelector('studio-player').paused")


async def test_drawer_keeps_what_is_known_and_speed_changes_the_sound(library):
    page = await library()
    await page.locator("article.asset a").first.click()
    drawer = page.locator("#drawer[open]")
    await expect(drawer.get_by_text("SHA-256")).to_be_visible()
    await drawer.get_by_label("Speed").select_option("1.5")
    assert await drawer.locator("studio-player").evaluate("player => player.audio.playbackRate") == 1.5
    assert await find_barriers(page, within="#drawer") == []


async def test_other_format_is_saved_without_leaving_the_page(library, tmp_path: Path):
    page = await library()
    await page.locator("article.asset a").first.click()
    async with page.expect_download(timeout=30_000) as saving:
        await page.locator("#drawer").get_by_role("link", name="FLAC").click()
    saved = await saving.value
    assert saved.suggested_filename.endswith(".flac")
    await saved.save_as(tmp_path / "take.flac")
    with av.open(str(tmp_path / "take.flac")) as file:
        seconds = sum(frame.samples for frame in file.decode(audio=0)) / file.streams.audio[0].codec_context.sample_rate
    assert seconds == pytest.approx(
        float(await page.locator("studio-player").first.get_attribute("data-duration")), abs=0.1
    )
    await expect(page.locator("#drawer[open]")).to_be_visible()


async def test_renaming_and_the_trash_are_immediate_and_can_be_undone(open_tab, bring, word):
    pk = await bring(word)
    page = await open_tab(f"library/?q={word}")
    card = card_of(page, pk)
    await card.get_by_role("link").click()
    await page.locator("#drawer").get_by_role("link", name="Rename").click()
    await page.locator("#drawer input[name=title]").fill(f"{word} renamed")
    await page.keyboard.press("Enter")
    await expect(page.locator("#drawer .details__name")).to_have_text(f"{word} renamed")
    await expect(card).to_contain_text(f"{word} renamed")
    await page.locator("#drawer").get_by_role("button", name="Move to trash").click()
    await expect(page.locator("#drawer[open]")).to_have_count(0)
    await expect(card).to_contain_text("Gone for good in 30 days")
    await card.get_by_role("button", name="Restore").click()
    await expect(card.locator("img")).to_be_visible()


async def test_arrows_step_through_the_drawer_and_focus_returns_to_the_last_card(open_tab, bring, word):
    older, middle, newer = [await bring(word) for _place in range(3)]
    page = await open_tab(f"library/?q={word}")
    await card_of(page, middle).get_by_role("link").press("Enter")
    shown = page.locator("#drawer [data-details]")
    await expect(shown).to_have_attribute("data-details", middle)
    await page.keyboard.press("ArrowRight")
    await expect(shown).to_have_attribute("data-details", older)
    await expect(page.get_by_role("button", name="The next one")).to_be_disabled()
    await page.get_by_role("button", name="The one before").press("Enter")
    await expect(shown).to_have_attribute("data-details", middle)
    await page.keyboard.press("ArrowLeft")
    await expect(shown).to_have_attribute("data-details", newer)
    await page.keyboard.press("Escape")
    await expect(page.locator("#drawer[open]")).to_have_count(0)
    await expect(card_of(page, newer).get_by_role("link")).to_be_focused()


async def test_menu_of_a_card_is_used_by_keyboard(open_tab, bring, word):
    pk = await bring(word)
    page = await open_tab(f"library/?q={word}")
    card = card_of(page, pk)
    await card.get_by_role("button", name="More for").press("Enter")
    await expect(card.get_by_role("menuitem", name="Details")).to_be_focused()
    assert await find_barriers(page) == []
    await expect(card.get_by_role("menuitem", name="Use as reference")).to_have_attribute(
        "href", f"{page.url.split('library')[0][page.url.index('/w/') :]}images/?reference={pk}"
    )
    await page.keyboard.press("ArrowUp")
    await expect(card.get_by_role("menuitem", name="Move to trash")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(card).to_contain_text("Gone for good in 30 days")


async def test_many_are_selected_moved_to_the_trash_and_back_and_downloaded(open_tab, bring, word, tmp_path: Path):
    ids = [await bring(f"{word} {number}") for number in range(3)]
    page = await open_tab(f"library/?q={word}")
    boxes = page.locator("[data-select]")
    await boxes.first.check()
    await boxes.last.click(modifiers=["Shift"])
    await expect(page.locator("[data-bulk-count]")).to_have_text("3 selected")
    await boxes.nth(1).focus()
    await page.keyboard.press("Space")
    await expect(page.locator("[data-bulk-count]")).to_have_text("2 selected")
    assert await find_barriers(page) == []
    await page.get_by_role("button", name="Move to trash").click()
    await expect(page.locator(".asset--trashed")).to_have_count(2)
    await expect(card_of(page, ids[1]).locator("img")).to_be_visible()
    await page.locator("#bulk").get_by_role("button", name="Restore").click()
    await expect(page.locator(".asset--trashed")).to_have_count(0)
    async with page.expect_download(timeout=45_000) as saving:
        await page.get_by_role("button", name="Download as ZIP").click()
    await (await saving.value).save_as(tmp_path / "two.zip")
    with zipfile.ZipFile(tmp_path / "two.zip") as archive:
        assert {f"{word} 0.jpg", f"{word} 0.json", f"{word} 2.jpg", f"{word} 2.json"} == set(archive.namelist())
    await page.keyboard.press("Escape")
    await expect(page.locator("#bulk")).to_be_hidden()


async def test_search_narrows_the_list_while_typing(library):
    page = await library()
    search = page.get_by_role("searchbox")
    await search.press("End")
    await search.press_sequentially(" bakers")
    await expect(page.locator("article.asset")).to_have_count(1)
    await expect(page.locator("article.asset")).to_contain_text(SENTENCES[1][:40])
    await expect(search).to_have_value(f"{WORD} bakers")
    await expect(page).to_have_url(re.compile(rf"[?&]q={WORD}(\+|%20)bakers"))


async def test_what_others_make_takes_its_place_in_an_open_library(open_tab, bring, word):
    page = await open_tab(f"library/?q={word}")
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await page.wait_for_selector("html[data-live=on]")
    first = await bring(f"{word} one")
    await expect(card_of(page, first)).to_be_visible()
    await bring("Something else")
    second = await bring(f"{word} two")
    await expect(card_of(page, second)).to_be_visible()
    shown = await page.locator("article.asset").evaluate_all("(cards) => cards.map((card) => card.dataset.asset)")
    assert shown == [second, first]


async def test_nothing_moves_while_the_page_loads(library):
    page = await library(init_script=SHIFTS)
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate("shifts") < 0.01


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["library/", "library/?layout=list", "library/?trash=1", "shares/"])
async def test_pages_have_no_serious_barrier(open_tab, bring, word, theme, path):
    await bring(word)
    page = await open_tab(path, color_scheme=theme)
    assert await find_barriers(page) == []


async def test_library_works_without_a_script(library):
    page = await library(java_script_enabled=False)
    await expect(page.locator("article.asset audio").first).to_be_visible()
    await page.locator("article.asset a").first.click()
    await page.get_by_role("button", name="Share").click()
    await expect(page.get_by_text("Anyone with this link can listen")).to_be_visible()


# --- what a guest sees ------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="session")
async def guest_url(library) -> str:
    page = await library()
    await page.locator("article.asset", has_text=SENTENCES[0][:40]).get_by_role("link").click()
    await page.locator("#drawer").get_by_role("button", name="Share").click()
    return await page.locator("#drawer .share__url").input_value()


async def test_guest_hears_it_and_reads_along(open_tab, guest_url):
    page = await open_tab(storage_state=None, init_script=SHIFTS)
    await page.goto(guest_url)
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate("shifts") < 0.01
    await page.get_by_role("button", name="Play").click()
    await until(lambda: page.evaluate("document.querySelector('studio-player').currentTime > 0.5"), what="playing")
    await expect(page.locator("[data-caption]")).not_to_be_empty()
    assert await page.locator("nav").count() == 0


async def test_guest_without_scripts_gets_the_browsers_own_player(open_tab, guest_url):
    page = await open_tab(storage_state=None, java_script_enabled=False)
    await page.goto(guest_url)
    await expect(page.locator("audio")).to_be_visible()
    await expect(page.locator(".wave svg path")).to_be_attached()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_guest_meets_no_serious_barrier(open_tab, guest_url, theme):
    page = await open_tab(storage_state=None, color_scheme=theme)
    await page.goto(guest_url)
    assert await find_barriers(page) == []


async def test_media_opened_by_itself_still_plays(open_tab, guest_url):
    page = await open_tab(storage_state=None)
    await page.goto(guest_url + "file")
    await until(lambda: page.evaluate("document.querySelector('video, audio')?.duration > 1"), what="the length")


async def test_cards_are_marked_by_keys_found_by_their_marks_and_the_marks_taken_back(open_tab, bring, word):
    page = await open_tab(f"library/?q={word}")
    await page.wait_for_selector("html[data-live=on]")
    card = card_of(page, await bring(f"{word} one"))
    await card.get_by_role("link").first.focus()
    await page.keyboard.press("4")
    await expect(card.locator(".asset__rating")).to_have_text("4")
    await page.get_by_role("button", name="Undo").click()
    await expect(card.locator(".asset__rating")).to_have_count(0)
    await card.get_by_role("link").first.focus()
    await page.keyboard.press("f")
    await expect(card.locator(".asset__heart")).to_be_visible()
    await page.get_by_text("Filters", exact=True).click()
    await page.get_by_label("My favourites").check()
    await expect(page).to_have_url(re.compile(rf"\?q={word}&favourite=1$"))
    await expect(card).to_be_visible()
    assert await find_barriers(page) == []
    await page.get_by_role("link", name="Without My favourites").click()
    await expect(page).to_have_url(re.compile(rf"\?q={word}$"))
    await expect(card).to_be_visible()


async def test_the_first_file_fills_an_empty_library_and_the_page_stays(tab: Page):
    address = tab.url.partition("/w/")[0]
    await tab.goto(f"{address}/workspaces/new/")
    await tab.locator("main [name=name]").fill(f"Empty {uuid.uuid4().hex[:6]}")
    await tab.locator("main button[type=submit]").first.click()
    await tab.wait_for_url("**/w/**")
    root = re.match(r".*/w/[^/]+/", tab.url)
    assert root
    await tab.goto(f"{root[0]}library/")
    await expect(tab.get_by_text("Nothing made yet")).to_be_visible()
    await tab.evaluate("window.isSamePage = true")
    await tab.evaluate(DROP, [sent(("owl.png", picture())), "main"])
    await expect(tab.locator("#results article.asset")).to_have_count(1, timeout=30_000)
    assert await tab.evaluate("window.isSamePage === true")
    await expect(tab.locator("#uploads .upload[data-state=done]")).to_be_visible()
    await tab.locator("#results [data-select]").check()
    await expect(tab.locator("#bulk")).to_be_visible()
    assert await find_barriers(tab) == []
