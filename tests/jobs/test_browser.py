"""One job on several pages at once, in a real browser."""

from __future__ import annotations

import uuid

from playwright.async_api import expect

from tests import browser
from tests.browser import OpenTab

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
