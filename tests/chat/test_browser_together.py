"""Comparing, prompts and sharing in a real browser, on a whole studio and its sandbox."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.browser import SIZES, OpenTab, Studio, find_barriers, list_faults, until

pytestmark = browser.marks


async def compare(page: Page, text: str, *, columns: int = 2, blind: bool = False) -> None:
    for _more in range(columns - 2):
        await page.click("[data-add]")
    await expect(page.locator("[data-price-line]")).to_contain_text(f"{columns} replies")
    await page.locator("[data-blind]").set_checked(blind, force=True)
    await page.fill("#id_say", text)
    await page.click("[data-send]")
    await expect(page.locator('.column[data-status="done"]')).to_have_count(columns)


async def test_a_blind_vote_names_the_columns_and_the_winner_is_kept(open_tab: OpenTab):
    page = await open_tab("chat/compare/")
    word = uuid.uuid4().hex[:12]
    await compare(page, f"Say hello to {word}", columns=3, blind=True)
    await expect(page).to_have_url(re.compile(r"/compare/[\da-f-]{36}/$"))
    best = page.get_by_role("button", name="B is best")
    await expect(best).to_be_visible()
    board = page.locator("#compare-board")
    assert "MiniMax" not in await board.inner_text()

    await page.reload()  # still hidden
    await expect(best).to_be_visible()
    assert "MiniMax" not in await board.inner_text()
    await best.click()
    winner = board.locator(".column", has_text="Winner")
    await expect(winner).to_have_attribute("aria-label", re.compile("Column B: MiniMax"))
    await expect(winner.locator("dt")).to_have_text(["First token", "Speed", "Tokens", "Money"])
    assert await find_barriers(page) == []

    await page.get_by_role("button", name="Show column A alone").click()
    await expect(board.locator(".column:visible")).to_have_count(1)
    await page.get_by_role("button", name="Show column A alone").click()
    name = await winner.get_attribute("id")
    await winner.get_by_role("button", name="Keep this one").click()
    await expect(page.locator(f"article#{name}")).to_contain_text("2/3")
    await expect(page.locator("article.turn--user")).to_contain_text(word)

    await page.goto(re.sub(r"chat/.*", "chat/compare/tally", page.url))
    assert await find_barriers(page) == []


async def test_columns_are_swiped_and_chosen_by_tabs_on_a_phone(open_tab: OpenTab):
    page = await open_tab("chat/compare/", **SIZES["phone"])
    await compare(page, f"Say hello to {uuid.uuid4().hex[:12]}")
    tabs = page.locator("[data-tab]")
    await expect(tabs.first).to_have_attribute("aria-current", "true")
    await tabs.nth(1).click()
    await expect(tabs.nth(1)).to_have_attribute("aria-current", "true")
    second = page.locator(".column").nth(1)
    await until(
        lambda: second.evaluate("(column) => column.getBoundingClientRect().left < 30"), what="the second column"
    )
    await page.locator("[data-columns]").evaluate("(columns) => columns.scrollTo(0, 0)")
    await expect(tabs.first).to_have_attribute("aria-current", "true")


async def test_a_slash_inserts_a_prompt_whose_variables_are_asked_for(open_tab: OpenTab):
    page = await open_tab("chat/prompts/new")
    word = f"w{uuid.uuid4().hex[:12]}"
    await page.fill("#id_name", f"Letter {word}")
    await page.fill(
        "#id_body", "A {{tone:choice(warm|formal)}} letter to {{name}} in {{lines:number=5}} lines, {{day:date}}."
    )
    await page.click("main button[type=submit]")
    await expect(page.get_by_text("Version 1")).to_be_visible()
    assert await find_barriers(page) == []

    await page.goto(re.sub(r"chat/.*", "chat/", page.url))
    await page.fill("#id_say", "Please: ")
    await page.press("#id_say", "End")
    await page.type("#id_say", f"/{word}")
    await expect(page.locator("[data-offer]")).to_have_count(1)
    assert await find_barriers(page, within=".say") == []
    await page.press("#id_say", "Enter")
    dialog = page.locator("#prompt-fill")
    await dialog.get_by_label("Tone").select_option("formal")
    await dialog.get_by_label("Day").fill("2026-12-24")
    await dialog.get_by_role("button", name="Insert").click()
    await expect(dialog.locator(".field__error")).to_have_count(1)  # the name is missing
    assert await find_barriers(page, within="#prompt-fill") == []
    await dialog.get_by_label("Name").fill("Ada")
    await dialog.get_by_role("button", name="Insert").click()
    await expect(page.locator("#id_say")).to_have_value("Please: A formal letter to Ada in 5 lines, 2026-12-24.")
    await expect(dialog).to_be_hidden()


async def test_a_conversation_is_shared_read_by_a_guest_and_taken_back(open_tab: OpenTab):
    page = await open_tab("chat/")
    word = uuid.uuid4().hex[:12]
    await page.fill("#id_say", f"Say hello to {word}")
    await page.click("[data-send]")
    await expect(page.locator('article.turn--assistant[data-status="done"] [data-again]')).to_be_visible()
    await page.get_by_role("button", name="Share as a public page").click()
    url = await page.locator(".share__url").input_value()
    assert await find_barriers(page, within="#drawer") == []

    guest = await open_tab(storage_state=None, java_script_enabled=False, path="../../healthz")
    await guest.goto(url)
    await expect(guest.locator(".talk__turn--asked")).to_contain_text(word)
    await expect(guest.locator(".talk__turn .prose")).to_have_count(2)
    await expect(guest.get_by_text("Written with AI")).to_be_visible()
    await expect(guest.get_by_text("What it thought")).to_have_count(0)

    member = await open_tab("chat/")
    await member.goto(url)
    await member.get_by_role("link", name="Continue as a copy").click()
    await member.get_by_role("button", name="Make the copy").click()
    await expect(member.locator("article.turn--user")).to_contain_text(word)

    await page.get_by_role("button", name="End this link").click()
    await expect(page.get_by_text("This link has ended")).to_be_visible()
    gone = await guest.goto(url)
    assert gone is not None
    assert gone.status == 410


@pytest.mark.parametrize("size", SIZES)
async def test_the_pages_fit(open_tab: OpenTab, studio: Studio, size: str):
    page = await open_tab("chat/compare/", **SIZES[size])
    await compare(page, f"Make a table of numbers for {uuid.uuid4().hex[:12]}", columns=4)
    for url in (page.url, *(studio.at(path) for path in ("chat/compare/", "chat/prompts/", "chat/prompts/new"))):
        assert await list_faults(page, url) == []
