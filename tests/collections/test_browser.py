"""Collections in a real browser, by the keyboard and by dragging."""

from __future__ import annotations

import base64
import re
import uuid

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers, until
from tests.images.conftest import picture
from tests.library.test_browser import UPLOAD

pytestmark = browser.marks


async def names_in_order(page: Page) -> list[str]:
    cards = page.locator("[data-place] .asset__title")
    return [name.strip()[-1] for name in await cards.all_inner_texts()]


@pytest.mark.parametrize("theme", ["dark"])
async def test_what_is_selected_is_collected_put_in_order_and_kept_so(open_tab: OpenTab, theme: str):
    word = f"Yarrow{uuid.uuid4().hex[:8]}"
    window = await open_tab("images/")
    for letter in "CBA":
        await window.evaluate(UPLOAD, [f"{word} {letter}", base64.b64encode(picture()).decode()])
    page = await open_tab(f"library/?q={word}&sort=title", color_scheme=theme, viewport={"width": 1440, "height": 1100})
    await page.locator("[data-select]").first.focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.press("Shift+ArrowRight")
    await page.get_by_role("button", name="Collect").press("Enter")
    await page.locator("#drawer").get_by_label("Name of a new collection").fill(word)
    assert await find_barriers(page) == []
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text(f"3 are in “{word}” now.")

    await page.goto(page.url.split("library/")[0] + "library/collections/")
    assert await find_barriers(page) == []
    await page.get_by_role("link", name=word).first.press("Enter")
    await expect(page.get_by_role("heading", name=word, exact=True)).to_be_visible()
    assert await find_barriers(page) == []
    before = await names_in_order(page)
    async with page.expect_response(re.compile("/move$")):
        await page.locator("[data-grip]").first.press("ArrowRight")
    await expect(page.locator("#live-region")).to_have_text("Place 2 of those shown")
    assert await names_in_order(page) == [before[1], before[0], before[2]]
    async with page.expect_response(re.compile("/move$")):
        await page.locator("[data-grip]").last.drag_to(page.locator("[data-place]").first)
    shown = [before[2], before[1], before[0]]
    await until(lambda: _is(page, shown), what="the last one first")
    await page.reload()
    assert await names_in_order(page) == shown
    await page.get_by_role("button", name=f"Take {word} {shown[0]} out").click()
    await expect(page.locator("[data-place]")).to_have_count(2)


async def _is(page: Page, names: list[str]) -> bool:
    return await names_in_order(page) == names
