"""The images page in a real browser, on a whole studio: from a prompt to pictures that can be seen.

Every test finds what it made by a prompt of its own: all of them share one studio, in any order.
"""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers, until
from tests.images.conftest import picture

pytestmark = browser.marks


@pytest.fixture
def prompt() -> str:
    return f"A harbour at dawn, watercolour {uuid.uuid4().hex[:12]}"


@pytest.fixture
def open_images(open_tab: OpenTab):
    async def opened(query: str = "", **options) -> Page:
        page = await open_tab(f"images/{query}", **options)
        await page.wait_for_selector("#images[data-ready]")
        return page

    return opened


def job_of(page: Page, prompt: str) -> Locator:
    return page.locator("#image-jobs .job", has_text=prompt)


async def is_seen(job: Locator, *, pictures: int) -> None:
    """The job's pictures have arrived and hold pixels."""
    await expect(job.locator(".picture")).to_have_count(pictures, timeout=90_000)
    first = job.locator(".picture img").first
    await first.scroll_into_view_if_needed()
    await until(lambda: first.evaluate("(image) => image.complete && image.naturalWidth > 0"), what="a picture")


async def test_a_double_click_makes_one_job_whose_pictures_are_seen(open_images, prompt):
    page = await open_images()
    await page.fill("#id_prompt", prompt)
    await page.click("[data-step='1']")
    await page.dblclick("[data-make]")
    await is_seen(job_of(page, prompt), pictures=2)
    await page.reload()
    await expect(job_of(page, prompt)).to_have_count(1)


async def test_a_prompt_is_asked_for_and_the_sentence_goes_when_it_is_there(open_images):
    page = await open_images()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#id_prompt_error")).to_have_text("Describe the picture first.")
    await expect(page.locator("#id_prompt")).to_be_focused()
    await page.keyboard.type("A kite")
    await expect(page.locator("#id_prompt_error")).to_have_count(0)


async def test_pictures_are_culled_by_keyboard_filtered_and_their_settings_come_back(open_images, prompt):
    page = await open_images()
    await page.fill("#id_prompt", prompt)
    await page.fill("#id_n", "3")
    await page.fill("#id_seed", "77")
    await page.locator("[name=aspect_ratio][value='4:3']").check(force=True)
    await page.keyboard.press("Control+Enter")
    await is_seen(job_of(page, prompt), pictures=3)
    pictures = job_of(page, prompt).locator(".picture")

    await pictures.nth(0).locator("[data-open-picture]").focus()  # in the grid
    async with page.expect_response("**/cull"):
        await page.keyboard.press("4")
    await page.keyboard.press("ArrowRight")
    await expect(pictures.nth(1).locator("[data-open-picture]")).to_be_focused()
    async with page.expect_response("**/cull"):
        await page.keyboard.press("p")
    await pictures.nth(1).locator("[data-open-picture]").click()  # and in the lightbox
    await page.keyboard.press("ArrowRight")
    async with page.expect_response("**/cull"):
        await page.keyboard.press("x")
    assert await find_barriers(page) == []
    await page.keyboard.press("Escape")

    await page.reload()
    await page.wait_for_selector("#images[data-ready]")
    await expect(pictures.nth(0)).to_have_attribute("data-rating", "4")
    await expect(pictures.nth(1)).to_have_attribute("data-pinned", "")
    await expect(pictures.nth(2)).to_have_attribute("data-rejected", "")
    await page.get_by_label("Hide rejected").check()
    await expect(pictures.nth(2)).to_be_hidden()
    await page.get_by_label("Pinned").check()
    mine = page.locator(f".picture[data-title='{prompt}']")
    await expect(page.locator(".pictures--found")).to_be_visible()
    await expect(mine).to_have_count(1)
    assert "pinned=1&rejected=hide" in page.url

    await mine.locator("[data-open-picture]").click()
    await page.click("[data-recall=all]")
    await expect(page.locator("#id_prompt")).to_have_value(prompt)
    await expect(page.locator("#id_seed")).to_have_value("77")
    assert await page.locator("[name=aspect_ratio]:checked").get_attribute("value") == "4:3"


async def test_a_picture_that_is_brought_becomes_the_reference_and_a_renamed_file_does_not(open_images, prompt):
    page = await open_images()
    await page.click("[data-picture-open]")
    await page.set_input_files(
        "[data-picture-file]", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"MZ" * 99}
    )
    await expect(page.locator("dialog [data-picture-error]")).to_contain_text("not a JPEG, PNG or WebP")
    assert await find_barriers(page) == []
    await page.set_input_files("[data-picture-file]", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    await expect(page.locator("[data-picture-dialog]")).to_be_hidden()
    await expect(page.locator("[data-picture-title]")).to_have_text("me")
    await page.fill("#id_prompt", prompt)
    await page.click("[data-make]")
    job = job_of(page, prompt)
    await is_seen(job, pictures=1)
    await page.click("[data-picture-remove]")
    await job.locator("[data-open-picture]").drag_to(page.locator("[data-picture-field]"))
    await expect(page.locator("[data-picture-title]")).to_have_text(prompt)


async def test_the_page_has_no_barriers_on_a_phone_either(open_images):
    page = await open_images(viewport={"width": 390, "height": 844}, has_touch=True)
    assert await find_barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.click(".composer__sheet")
    await expect(page.locator("#id_seed")).to_be_visible()
