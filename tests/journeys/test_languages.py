"""The studio in another language: chosen in the profile, or asked for by the browser."""

from __future__ import annotations

from playwright.async_api import expect

from tests import browser
from tests.browser import OpenTab, Studio, find_barriers

pytestmark = browser.marks


async def test_a_person_switches_to_chinese_and_back(studio: Studio, open_tab: OpenTab):
    page = await open_tab("")
    await page.goto(f"{studio.url}/account/profile/")
    await page.get_by_label("Language").select_option(label="简体中文")
    await page.get_by_role("button", name="Save").click()
    try:
        await page.goto(studio.at("library/"))
        await expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
        await expect(page.get_by_role("heading", level=1)).to_have_text("资料库")
        await expect(page.get_by_role("link", name="用量").first).to_be_visible()
        assert await find_barriers(page) == []
    finally:
        await page.goto(f"{studio.url}/account/profile/")
        await page.get_by_label("语言").select_option(label="English")
        await page.get_by_role("button", name="保存").click()
    await page.goto(studio.at("library/"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Library")


async def test_a_guest_is_met_in_the_language_of_the_browser(studio: Studio, open_tab: OpenTab):
    page = await open_tab("", storage_state=None, locale="zh-CN")
    await page.goto(f"{studio.url}/account/login/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
