"""The agents pages in a real browser, on a whole studio: from the wall to a film that plays."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.agents.conftest import DIVING, RUN, picture
from tests.browser import SIZES, OpenTab, find_barriers, until

pytestmark = browser.marks

FILM_MS = 300_000  # the sandbox films at low priority, one film at a time
BEAST = "Snow leopard of the wall"


def file(name: str, content: bytes | None = None) -> dict:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content or picture()}


@pytest.fixture
def open_batch(open_tab: OpenTab):
    async def opened(template_id: str, **options) -> Page:
        page = await open_tab(f"agents/batch/?template={template_id}", **options)
        await page.wait_for_selector("#batch[data-ready]")
        return page

    return opened


async def test_from_the_wall_to_a_film_that_plays_with_reloads_on_the_way(open_tab: OpenTab):
    page = await open_tab("agents/")
    await page.click("text=Run for Life")
    await page.wait_for_selector("#agents[data-ready]")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#id_text_error")).to_contain_text("This template needs words.")
    await page.click("[data-picture-open]")
    await page.set_input_files("[data-picture-file]", file("rex.jpg"))
    await expect(page.locator("[data-picture-title]")).to_have_text("rex")
    await page.fill("#id_text", BEAST)
    await page.reload()
    await page.wait_for_selector("#agents[data-ready]")
    await expect(page.locator("#id_text")).to_have_value(BEAST)
    await expect(page.locator("[data-picture-title]")).to_have_text("rex")
    await page.dblclick("[data-make]")
    card = page.locator("#agent-jobs > .job", has_text=BEAST)
    await expect(card).to_have_count(1)
    await page.reload()
    film = card.locator("video")
    await expect(film).to_be_visible(timeout=FILM_MS)
    await film.scroll_into_view_if_needed()
    play = card.get_by_role("button", name="Play:")
    await play.hover()
    await until(lambda: film.evaluate("(video) => !video.paused && video.muted"), what="a preview")
    await play.click()
    await until(lambda: film.evaluate("(video) => video.currentTime > 0.2 && !video.muted"), what="a film that plays")
    await expect(card).to_have_count(1)
    assert await find_barriers(page) == []


async def test_a_batch_shows_every_row_before_anything_is_sent_and_gathered_pictures_survive_a_reload(open_batch):
    page = await open_batch(RUN)
    await page.set_input_files("[data-batch-files]", [file("bello.jpg"), file("odd.jpg", b"MZ" * 99), file("lola.jpg")])
    await expect(page.locator("[data-faults]")).to_contain_text("odd.jpg: This is not a JPEG, PNG or WebP picture")
    await expect(page.locator(".brought__item")).to_have_count(2)
    await page.wait_for_selector("#batch:not([data-busy])")
    await page.reload()
    await expect(page.locator(".brought__item img").first).to_have_attribute("alt", "bello")
    table = b"picture;text\nlola.jpg;Lion\nbello;Bear\nmissing.jpg;Wolf\n"
    await page.set_input_files("#id_table", {"name": "rows.csv", "mimeType": "text/csv", "buffer": table})
    await page.click("[data-prepare]")
    await expect(page.locator("[data-start]")).to_contain_text("Make 2 films")
    await expect(page.locator("tbody tr").first).to_contain_text("No picture called “missing.jpg” was brought along.")
    assert await find_barriers(page) == []


async def test_pictures_of_the_library_are_chosen_and_given_back(open_batch):
    page = await open_batch(DIVING)
    await page.set_input_files("[data-batch-files]", file("fido-of-the-batch.jpg"))
    await expect(page.locator(".brought__item")).to_have_count(1)
    await page.click("[data-open-picker]")
    pick = page.locator("#batch-picker [data-pick]", has=page.get_by_alt_text("fido-of-the-batch", exact=True)).first
    await expect(pick).to_have_attribute("aria-pressed", "true")
    assert await find_barriers(page) == []
    await pick.click()
    await expect(page.locator(".brought__item")).to_have_count(0)
    await pick.click()
    await expect(page.locator(".brought__item")).to_have_count(1)


@pytest.mark.parametrize("path", ["agents/", f"agents/{RUN}/", "agents/batch/"])
async def test_the_pages_have_no_barriers_on_a_phone_either(open_tab: OpenTab, path):
    page = await open_tab(path, **SIZES["phone"], reduced_motion="reduce")
    assert await find_barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await expect(page.locator("h1")).to_have_text(re.compile(r"\w"))
