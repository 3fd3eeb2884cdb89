"""Every page that the URL table knows, and those that only a link leads to: no barrier, no error, nothing too wide."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import pytest_asyncio
from django.urls import NoReverseMatch, reverse
from playwright.async_api import expect

from tests import browser
from tests.browser import SIZES, OpenTab, Studio, find_barriers, list_faults
from tests.journeys.conftest import Furnished
from tests.test_every_route import ROUTES, Route

pytestmark = browser.marks


def paths(slug: str) -> Iterator[str]:
    """What can be asked for without the id of anything but the workspace."""
    for route in ROUTES:
        path = path_of(route, slug)
        if path:
            yield path


def path_of(route: Route, slug: str) -> str:
    try:
        return reverse(route.name, kwargs={"workspace": slug} if route.is_of_workspace else None)
    except NoReverseMatch:
        return ""


async def whole_pages(studio: Studio, cookies: dict[str, str]) -> list[str]:
    """Addresses that answer with a page of their own, not with a fragment, a file or the way to somewhere else."""
    async with httpx.AsyncClient(cookies=cookies, timeout=30) as client:
        asked = [(url, await client.get(url)) for url in sorted({studio.url + path for path in paths(studio.slug)})]
    return [url for url, answer in asked if answer.status_code == 200 and "<!doctype html>" in answer.text[:50].lower()]


@pytest_asyncio.fixture(params=SIZES, loop_scope="session")
async def look(request: pytest.FixtureRequest, open_tab: OpenTab):
    size = SIZES[request.param]

    async def looked(urls: list[str], **options) -> list[str]:
        page = await open_tab(**size, **options)
        return [fault for url in urls for fault in await list_faults(page, url)]

    return looked


async def test_first_page_of_all_has_no_barrier(studio: Studio):
    assert not studio.faults_of_setup, "\n".join(studio.faults_of_setup)


async def test_members_meet_no_barrier(look, studio: Studio, furnished: Furnished):
    urls = await whole_pages(studio, {cookie["name"]: cookie["value"] for cookie in studio.state["cookies"]})
    assert {studio.at(), studio.at("speech/"), studio.at("library/"), studio.at("team/")} < set(urls)
    faults = await look([*urls, furnished.asset, furnished.share, studio.at("no-such-page/")])
    assert not faults, "\n".join(faults)


async def test_the_signed_out_meet_no_barrier(look, studio: Studio, furnished: Furnished):
    urls = await whole_pages(studio, {})
    assert f"{studio.url}/account/login/" in urls
    links = [furnished.public, furnished.gone, furnished.join, f"{studio.url}/nothing/here/"]
    faults = await look([*urls, *links], storage_state=None)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_what_opens_over_a_page_has_no_barrier(open_tab: OpenTab, furnished: Furnished, size: str, theme: str):
    page = await open_tab("library/", **SIZES[size], color_scheme=theme, reduced_motion="reduce")
    await page.wait_for_load_state("networkidle")
    await page.get_by_role("article").get_by_role("link").first.click()
    await expect(page.get_by_role("dialog").get_by_role("button", name="Share", exact=True)).to_be_visible()
    assert await find_barriers(page, least="moderate") == []
    await page.get_by_role("button", name="Share", exact=True).click()
    await expect(page.locator("#drawer .share__url")).to_be_visible()
    assert await find_barriers(page, least="moderate") == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert await find_barriers(page, least="moderate") == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
    assert await find_barriers(page, least="moderate") == []
