from __future__ import annotations

from dataclasses import dataclass

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser import PATIENCE_MS, Studio


@dataclass(frozen=True)
class Furnished:
    """Addresses of what a studio holds after its first evening."""

    asset: str
    share: str
    public: str
    gone: str
    join: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def furnished(studio: Studio, chromium: Browser) -> Furnished:
    """One take, a link to it that has ended and one that is open, and an invitation; all made by pressing buttons."""
    context = await chromium.new_context(storage_state=studio.state)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(studio.at("speech/?text=Good+evening."))
    await page.wait_for_selector("#speech[data-ready]")
    await page.click("[data-speak]")
    await expect(page.locator("[data-says]")).to_have_text("Kept in the library", timeout=30_000)

    await page.goto(studio.at("library/"))
    card = page.get_by_role("article").filter(has_text="Good evening").get_by_role("link").first
    asset = studio.url + str(await card.get_attribute("href"))
    links = []
    for _ in range(2):
        await page.goto(asset)
        await page.get_by_role("button", name="Share", exact=True).click()
        links.append(await page.locator(".share__url").input_value())
        share = await page.locator(".share__end").get_attribute("action")
        if len(links) == 1:
            await page.get_by_role("button", name="End this link").click()
            await expect(page.get_by_text("This link has ended").first).to_be_visible()

    await page.goto(studio.at("team/"))
    await page.get_by_role("button", name="Make a link").click()
    join = await page.locator("#new-link").input_value()
    await context.close()
    return Furnished(asset, f"{studio.url}{share}".removesuffix("revoke"), links[1], links[0], join)
