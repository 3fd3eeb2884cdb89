"""The images page in a real browser, on a whole studio: from a prompt to pictures that can be seen."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers, until
from tests.images.conftest import picture

pytestmark = browser.marks

PROMPT = "A harbour at dawn, watercolour"


@pytest.fixture
def open_images(open_tab: OpenTab):
    async def opened(query: str = "", **options) -> Page:
        page = await open_tab(f"images/{query}", **options)
        await page.wait_for_selector("#images[data-ready]")
        return page

    return opened


async def cards(page: Page) -> int:
    return await page.locator("#image-jobs > .job").count()


async def is_seen(page: Page, *, before: int) -> None:
    """There is one card more than before, its pictures have arrived and hold pixels."""
    await expect(page.locator("#image-jobs > .job")).to_have_count(before + 1)
    first = page.locator("#image-jobs > .job").first.locator(".picture img").first
    await expect(first).to_be_visible(timeout=90_000)
    await until(lambda: first.evaluate("(image) => image.complete && image.naturalWidth > 0"), what="a picture")


async def test_a_double_click_makes_one_job_whose_pictures_are_seen(open_images):
    page = await open_images()
    before = await cards(page)
    await page.fill("#id_prompt", PROMPT)
    await page.click("[data-step='1']")
    await page.dblclick("[data-make]")
    await is_seen(page, before=before)
    assert await page.locator("#image-jobs > .job").first.locator(".picture").count() == 2
    await page.reload()
    assert await cards(page) == before + 1


async def test_a_prompt_is_asked_for_and_the_sentence_goes_when_it_is_there(open_images):
    page = await open_images()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#id_prompt_error")).to_have_text("Describe the picture first.")
    await expect(page.locator("#id_prompt")).to_be_focused()
    await page.keyboard.type("A kite")
    await expect(page.locator("#id_prompt_error")).to_have_count(0)


async def test_pictures_are_culled_by_keyboard_and_their_settings_come_back(open_images):
    page = await open_images()
    before = await cards(page)
    await page.fill("#id_prompt", PROMPT)
    await page.fill("#id_n", "2")
    await page.fill("#id_seed", "77")
    await page.locator("[name=aspect_ratio][value='4:3']").check(force=True)
    await page.keyboard.press("Control+Enter")
    await is_seen(page, before=before)
    await page.locator("[data-open-picture]").first.click()
    async with page.expect_response("**/cull"):
        await page.keyboard.press("4")
    await page.keyboard.press("ArrowRight")
    async with page.expect_response("**/cull"):
        await page.keyboard.press("x")
    assert await find_barriers(page) == []
    await page.keyboard.press("Escape")
    await page.reload()
    await page.wait_for_selector("#images[data-ready]")
    await expect(page.locator(".picture").nth(0)).to_have_attribute("data-rating", "4")
    await expect(page.locator(".picture").nth(1)).to_have_attribute("data-rejected", "")
    await page.locator("[data-open-picture]").first.click()
    await page.click("[data-recall=all]")
    assert await page.input_value("#id_prompt") == PROMPT
    assert await page.input_value("#id_seed") == "77"
    assert await page.locator("[name=aspect_ratio]:checked").get_attribute("value") == "4:3"


async def test_a_picture_that_is_brought_becomes_the_reference_and_a_renamed_file_does_not(open_images):
    page = await open_images()
    before = await cards(page)
    await page.click("[data-picture-open]")
    await page.set_input_files(
        "[data-picture-file]", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"MZ" * 99}
    )
    await expect(page.locator("dialog [data-picture-error]")).to_contain_text("not a JPEG, PNG or WebP")
    await page.set_input_files("[data-picture-file]", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    await expect(page.locator("[data-picture-dialog]")).to_be_hidden()
    await expect(page.locator("[data-picture-title]")).to_have_text("me")
    await page.fill("#id_prompt", PROMPT)
    await page.click("[data-make]")
    await is_seen(page, before=before)


async def test_the_page_has_no_barriers_on_a_phone_either(open_images):
    page = await open_images(viewport={"width": 390, "height": 844}, has_touch=True)
    assert await find_barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.click(".images__sheet")
    await expect(page.locator("#id_seed")).to_be_visible()
