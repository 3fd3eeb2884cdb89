"""The video page in a real browser, on a whole studio: from a form to films that play.

Every test finds what it made by a prompt of its own: all of them share one studio, in any order.
"""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from tests import browser
from tests.browser import SIZES, OpenTab, Studio, find_barriers, until
from tests.video.conftest import picture

pytestmark = browser.marks

MADE_MS = 300_000  # the sandbox films one after the other, with what is left of the processor


@pytest.fixture
def prompt() -> str:
    return f"A lighthouse in the rain {uuid.uuid4().hex[:12]}"


@pytest.fixture
def open_video(open_tab: OpenTab):
    async def opened(query: str = "", **options) -> Page:
        page = await open_tab(f"video/{query}", **options)
        await page.wait_for_selector("#video[data-ready]")
        return page

    return opened


def card(page: Page, prompt: str) -> Locator:
    return page.locator("#video-jobs > .job").filter(has_text=prompt)


def control(page: Page, name: str, value: str) -> Locator:
    """A radio button of the settings, by the label that a person presses."""
    return page.locator(f"label:has([name={name}][value='{value}'])")


def radio(page: Page, name: str, value: str) -> Locator:
    return page.locator(f"[name={name}][value='{value}']")


async def shows(page: Page, selector: str) -> None:
    """The player really shows a picture and goes on."""
    video = page.locator(selector)
    await until(
        lambda: video.evaluate("(film) => film.videoWidth > 0 && film.currentTime > 0"), what="a film that plays"
    )


async def test_a_page_that_follows_offers_only_what_goes_together_and_says_why(open_video):
    page = await open_video()
    await control(page, "resolution", "1080P").click()
    await expect(radio(page, "duration", "10")).to_be_disabled()
    await expect(page.get_by_text("10 s is not made at 1080P. Choose 768P first.")).to_be_visible()
    await expect(radio(page, "resolution", "512P")).to_be_disabled()
    await control(page, "mode", "fl2v").click()
    await expect(page.locator("#id_model")).to_have_value("MiniMax-Hailuo-02")
    await expect(page.locator("#id_fast_pretreatment")).to_be_disabled()
    await expect(page.locator("[data-picture-field=last_frame_image]")).to_be_visible()
    await control(page, "mode", "s2v").click()
    await expect(page.get_by_text("decides about size and length itself")).to_be_visible()
    await expect(page.locator("[data-move]").first).to_be_disabled()
    await control(page, "mode", "i2v").click()
    await page.select_option("#id_model", "MiniMax-Hailuo-02")
    await expect(radio(page, "resolution", "512P")).to_be_enabled()
    await page.locator("#id_mode_i2v").focus()
    await page.keyboard.press("ArrowLeft")  # by keyboard as well, and the focus stays where it was
    await expect(page.locator("#id_model option:checked")).to_have_attribute("value", "MiniMax-Hailuo-02")
    await expect(page.locator("#id_mode_t2v")).to_be_focused()
    await expect(radio(page, "resolution", "512P")).to_be_disabled()


async def test_camera_moves_are_combined_and_a_draft_survives_a_reload(open_video, prompt):
    page = await open_video()
    text = page.locator("#id_prompt")
    await text.fill(prompt)
    await page.click("[data-move='Push in']")
    await page.click("[data-move='Pan left']")
    await expect(text).to_have_value(f"{prompt} [Push in,Pan left]")
    await page.click("[data-move='Pan right']")  # of one kind of move there is one at a time
    await expect(text).to_have_value(f"{prompt} [Push in,Pan right]")
    await page.click("[data-move='Push in']")
    await expect(page.locator("[data-move='Push in']")).to_have_attribute("aria-pressed", "false")
    await page.locator("label:has([name=moves][value=then])").click()
    await page.click("[data-move='Shake']")
    await expect(text).to_have_value(f"{prompt} [Pan right][Shake]")
    await control(page, "duration", "10").click()
    await expect(radio(page, "resolution", "1080P")).to_be_disabled()
    await page.reload()
    await page.wait_for_selector("#video[data-ready]")
    await expect(text).to_have_value(f"{prompt} [Pan right][Shake]")
    await expect(radio(page, "duration", "10")).to_be_checked()


async def test_a_sentence_stands_where_something_is_missing_and_goes_when_it_is_there(open_video):
    page = await open_video()
    await control(page, "mode", "i2v").click()
    await expect(page.locator("[data-picture-field=first_frame_image]")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    error = page.locator("[data-picture-field=first_frame_image] [data-picture-error]").first
    await expect(error).to_contain_text("Choose the picture that the video begins with.")
    file = {"name": "tiny.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(200, 200))}
    await page.set_input_files("[data-picture-field=first_frame_image] [data-picture-file]", file)
    await expect(error).to_contain_text("the shorter side has 200 pixels")
    await page.set_input_files(
        "[data-picture-field=first_frame_image] [data-picture-file]", file | {"name": "me.jpg", "buffer": picture()}
    )
    await expect(page.locator("[data-picture-field=first_frame_image] [data-picture-title]")).to_have_text("me")
    await expect(error).to_be_hidden()


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_page_has_no_barriers(open_video, size):
    page = await open_video(reduced_motion="reduce", **SIZES[size])
    assert await find_barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["viewport"]["width"]


async def second_person(studio: Studio, open_tab: OpenTab) -> Page:
    owner = await open_tab("team/")
    await owner.get_by_label("For whom").fill("Vera")
    await owner.get_by_role("button", name="Make a link").click()
    link = await owner.locator("#new-link").input_value()
    page = await open_tab("../../account/login/", storage_state=None)
    await page.goto(link)
    await page.get_by_label("Your name").fill("Vera")
    await page.get_by_label("E-mail").fill(f"{uuid.uuid4().hex}@example.com")
    await page.get_by_label("Password", exact=True).fill("another horse and its battery")
    await page.get_by_role("button", name="Make an account and join").click()
    await page.wait_for_url(studio.at())
    return page


async def test_from_a_picture_to_films_that_play_go_on_are_compared_and_joined(studio, open_tab, open_video, prompt):
    other = await second_person(studio, open_tab)
    page = await open_video()
    await control(page, "mode", "i2v").click()
    file = {"name": "lighthouse.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    await page.set_input_files("[data-picture-field=first_frame_image] [data-picture-file]", file)
    await expect(page.locator("[data-picture-field=first_frame_image] [data-picture-title]")).to_have_text("lighthouse")
    await page.select_option("#id_model", "MiniMax-Hailuo-02")
    await control(page, "resolution", "512P").click()
    await expect(radio(page, "resolution", "512P")).to_be_checked()
    await page.fill("#id_prompt", f"{prompt} one")
    await page.dblclick("[data-make]")
    await expect(card(page, f"{prompt} one")).to_have_count(1)
    await page.fill("#id_prompt", f"{prompt} two")
    await page.keyboard.press("Control+Enter")
    await expect(card(page, f"{prompt} two")).to_have_count(1)

    await other.goto(studio.at("video/"))
    await other.evaluate("window.wasNotReloaded = true")
    await expect(card(other, f"{prompt} one")).to_have_count(1)
    await page.reload()
    await page.wait_for_selector("#video[data-ready]")
    await expect(card(page, prompt)).to_have_count(2)
    for watched in (page, other):
        for name in ("one", "two"):
            made = card(watched, f"{prompt} {name}")
            await expect(made.locator("[data-open-film] img")).to_be_visible(timeout=MADE_MS)
            await expect(made).to_have_attribute("data-status", "succeeded")
    assert await other.evaluate("window.wasNotReloaded")
    await card(other, f"{prompt} two").locator("[data-open-film]").click()
    await shows(other, "[data-player]")

    # it moves under the pointer, unless that is switched off
    poster = card(page, f"{prompt} one").locator("[data-open-film]")
    await page.locator("[data-motion]").check()
    await poster.hover()
    await expect(poster.locator("video[data-moves]")).to_have_count(1)
    await page.locator("[data-motion]").uncheck()
    await poster.hover()
    await expect(poster.locator("video")).to_have_count(0)

    # a frame at the playhead, and going on from the last one
    await poster.focus()
    await page.keyboard.press("Enter")
    await shows(page, "[data-player]")
    assert await find_barriers(page, within="#film-player") == []
    async with page.expect_response(re.compile("/frame$")) as answered:
        await page.click("[data-extract]")
    kept = await (await answered.value).json()
    assert f"into {prompt} one" in kept["title"]
    await page.click("[data-continue]")
    await expect(page.locator("#film-player")).to_be_hidden()
    first = page.locator("[data-picture-field=first_frame_image]")
    await expect(first.locator("[data-picture-title]")).to_contain_text(f"into {prompt} one")
    await expect(radio(page, "mode", "i2v")).to_be_checked()

    # two under one playhead
    for name in ("one", "two"):
        await card(page, f"{prompt} {name}").locator("[data-choose-film]").check()
    await page.click("[data-compare-chosen]")
    pair = page.locator("[data-compare]")
    await until(lambda: pair.evaluate_all("(films) => films.every((film) => film.readyState >= 3)"), what="both films")
    assert await find_barriers(page, within="#film-compare") == []
    await page.keyboard.press("Space")
    await until(lambda: pair.evaluate_all("(films) => films.every((film) => film.currentTime > 0.3)"), what="both play")
    await page.keyboard.press("Space")
    await until(
        lambda: pair.evaluate_all("([a, b]) => a.paused && b.paused && Math.abs(a.currentTime - b.currentTime) < 0.02"),
        what="both stand at the same place",
    )
    await page.locator("[data-compare-scrub]").fill("4")
    await until(lambda: pair.evaluate_all("([a, b]) => a.currentTime === 4 && b.currentTime === 4"), what="both at 4 s")
    await page.keyboard.press("Escape")

    # joined in an order of one's own, by keyboard
    await page.locator("[data-later]").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".chosen__title").first).to_contain_text(f"{prompt} two")
    await page.click("[data-join-chosen]")
    joined = page.locator("[data-joined]").filter(has_text=f"{prompt} two")
    await expect(joined).to_have_attribute("data-status", "ready", timeout=MADE_MS)
    await expect(joined.locator(".film")).to_have_attribute("data-duration", re.compile(r"^1[12]\."))
    await expect(page.locator("#chosen")).to_be_hidden()
    await joined.locator("[data-open-film]").click()
    await shows(page, "[data-player]")
