"""A budget in the browser: it stops what does not fit, in a sentence, until an owner lifts it."""

from __future__ import annotations

import re
import uuid

from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OpenTab, Studio, find_barriers

pytestmark = browser.marks


async def open_paying_workspace(page: Page, studio: Studio) -> str:
    """The address of a new workspace whose key costs money: the sandbox, reached as a gateway is."""
    await page.goto(f"{studio.url}/workspaces/new/")
    await page.get_by_label("Name").fill(f"Paid {uuid.uuid4().hex[:6]}")
    await page.get_by_role("button", name="Make the workspace").click()
    await page.wait_for_url(lambda url: not url.endswith("/workspaces/new/"))
    home = re.match(r".*/w/[\w-]+/", page.url)
    assert home is not None
    await page.goto(f"{home[0]}team/connection/")
    await page.locator("input[name=connection][value=custom]").check()
    await page.locator("input[name=base_url]").first.fill(studio.sandbox_url)
    await page.locator("input[name=api_key]").fill(studio.sandbox_key)
    await page.get_by_role("button", name="Try it and save").click()
    await expect(page.get_by_role("article", name="Own address")).to_contain_text("in use")
    return home[0]


async def ask_for_a_picture(page: Page, home: str, prompt: str) -> None:
    await page.goto(f"{home}images/")
    await page.wait_for_selector("#images[data-ready]")
    await page.fill("#id_prompt", prompt)
    await page.click("[data-make]")


async def test_a_budget_stops_a_picture_until_an_owner_lifts_it(studio: Studio, open_tab: OpenTab):
    page = await open_tab("", reduced_motion="reduce")
    home = await open_paying_workspace(page, studio)
    await page.goto(f"{home}usage/")
    await page.get_by_text("Set a budget").click()
    await page.get_by_label("On", exact=True).select_option(label="Image")
    await page.get_by_label("Limit in US dollars").fill("0")
    await page.get_by_role("button", name="Set it").click()
    await expect(page.get_by_text("$0.00 spent, $0.00 left")).to_be_visible()
    assert await find_barriers(page) == []

    prompt = f"A lighthouse {uuid.uuid4().hex[:8]}"
    await ask_for_a_picture(page, home, prompt)
    await expect(page.get_by_text("are left of the budget of $0.00").first).to_be_visible()
    await expect(page.locator("#id_prompt")).to_have_value(prompt)
    await expect(page.locator("#image-jobs .job")).to_have_count(0)
    assert await find_barriers(page) == []

    await page.goto(f"{home}usage/")
    await page.get_by_role("button", name="Lift").click()
    await expect(page.get_by_text("lifted")).to_be_visible()
    await ask_for_a_picture(page, home, prompt)
    await expect(page.locator("#image-jobs .job", has_text=prompt).locator(".picture").first).to_be_visible(
        timeout=90_000
    )
    await page.goto(f"{home}usage/")
    await expect(page.locator(".usage__money")).to_have_text("$0.0035")
