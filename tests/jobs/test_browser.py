"""One job on several pages at once, in a real browser."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress

from playwright.async_api import Route, TimeoutError, expect

from tests import browser
from tests.browser import OpenTab, Studio, until

pytestmark = browser.marks


async def test_a_new_job_appears_on_top_in_every_tab_once(open_tab: OpenTab):
    """Two tabs make one each; both show both, the younger first, and follow them to the pictures."""
    tabs = [await open_tab("images/") for _ in range(2)]
    prompts = [f"A ferry in fog, number {number}, {uuid.uuid4().hex[:12]}" for number in ("one", "two")]
    for tab in tabs:
        await tab.wait_for_selector("#images[data-ready]")
        await tab.wait_for_selector("html[data-live=on]")
    for tab, other, prompt in zip(tabs, reversed(tabs), prompts, strict=True):
        await tab.fill("#id_prompt", prompt)
        await tab.click("[data-make]")
        for page in (tab, other):
            await expect(page.locator(".job", has_text=prompt)).to_have_count(1)
    for tab in tabs:
        for prompt in prompts:
            job = tab.locator(".job", has_text=prompt)
            await expect(job.locator(".picture").first).to_be_visible(timeout=90_000)
            await expect(job).to_have_count(1)
        titles = await tab.locator(".job .card__title").all_inner_texts()
        assert titles.index(prompts[1]) < titles.index(prompts[0])


async def test_a_card_that_moves_on_leaves_the_focus_where_it_is(open_tab: OpenTab, studio: Studio):
    await studio.fault("rate_limit", path="/v1/image_generation", times=-1)  # the job keeps waiting for its turn
    mine, theirs = [await open_tab("images/") for _ in range(2)]
    for tab in (mine, theirs):
        await tab.wait_for_selector("#images[data-ready]")
        await tab.wait_for_selector("html[data-live=on]")
    prompt = f"A lamp that is not lit yet, {uuid.uuid4().hex[:12]}"
    await mine.fill("#id_prompt", prompt)
    await mine.click("[data-make]")
    card = mine.locator(".job", has_text=prompt)
    pressed = theirs.locator(".job", has_text=prompt)

    async def is_paused() -> bool:
        """In the moment in which it is being sent it cannot be paused."""
        if await pressed.get_by_text("Paused").is_visible():
            return True
        with suppress(TimeoutError):
            await pressed.get_by_role("button", name="Pause").click(timeout=2000)
        return False

    await until(is_paused, what="the pause")
    await card.get_by_role("button", name="Cancel").focus()
    await pressed.get_by_role("button", name="Let it go on").click()
    await expect(card.get_by_role("button", name="Pause")).to_be_visible()
    await expect(card.get_by_role("button", name="Cancel")).to_be_focused()
    await studio.no_faults()


async def test_a_ring_while_the_tray_is_asked_for_is_no_error(open_tab: OpenTab):
    """A job rings at least three times; here each answer comes later than the next ring."""
    page = await open_tab("images/")
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    async def slowly(route: Route) -> None:
        await asyncio.sleep(1)
        await route.continue_()

    await page.route("**/tray/**", slowly)
    await page.wait_for_selector("html[data-live=on]")
    prompt = f"A buoy, {uuid.uuid4().hex[:12]}"
    await page.fill("#id_prompt", prompt)
    await page.click("[data-make]")
    await expect(page.locator(".job", has_text=prompt).locator(".picture").first).to_be_visible(timeout=90_000)
    await page.get_by_role("button", name="In motion").click()
    await expect(page.locator("#tray-list")).to_contain_text("Nothing is in motion")
    assert errors == []
