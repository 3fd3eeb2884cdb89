"""What guests see of a film and of a collection, with scripts and without: all of it, light, and without barriers."""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Response, expect

from tests import browser
from tests.browser import OpenTab, list_faults
from tests.provenance.media import write_media

pytestmark = browser.marks

SEND = """async ([url, fields, files]) => {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  for (const [name, content] of files)
    body.append("file", new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name));
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
  const answer = await fetch(url, { method: "POST", body, headers });
  return answer.text();
}"""
MEDIA = re.compile(r"/(file|poster|part/[^/]+(/poster)?)(\?|$)")


@dataclass
class Links:
    film: str
    collection: str


@pytest_asyncio.fixture(loop_scope="session")
async def links(open_tab: OpenTab, tmp_path: Path) -> Links:
    """A film and a collection of a picture, a sound and that film, each with a link whose files may be taken."""
    page = await open_tab("library/")
    root = page.url.removesuffix("library/")

    async def send(path: str, *fields: tuple[str, str], files: tuple[Path, ...] = ()) -> str:
        content = [[each.name, base64.b64encode(each.read_bytes()).decode()] for each in files]
        return str(await page.evaluate(SEND, [f"{root}{path}", fields, content]))

    async def share(what: str, pk: str) -> str:
        panel = await send("shares/create", (what, pk))
        found = re.search(r'value="(http[^"]+/s/[^"]+)"', panel)
        assert found, panel
        return found[1]

    ids = []
    for suffix in ("png", "mp3", "mp4"):
        told = json.loads(await send("library/bring", files=(write_media(tmp_path, suffix),)))
        ids.append(told["id"])
    name = f"Shelf {uuid.uuid4().hex[:8]}"
    await send("library/collections/create", ("name", name), *(("asset", pk) for pk in ids))
    await page.goto(f"{root}library/collections/")
    href = await page.get_by_role("link", name=name).first.get_attribute("href")
    assert href
    return Links(await share("asset", ids[2]), await share("collection", href.rstrip("/").rpartition("/")[2]))


async def open_as_guest(chromium: Browser, url: str, *, scripts: bool) -> tuple[Page, int]:
    """The page, and how many bytes came besides the media."""
    context = await chromium.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800})
    page = await context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(url, wait_until="networkidle")
    own = [each for each in answers if not MEDIA.search(each.url)]
    assert [each.status for each in own] == [200] * len(own)
    return page, sum([(await each.request.sizes())["responseBodySize"] for each in own])


@pytest.mark.parametrize("scripts", [True, False])
async def test_guests_see_a_film_and_a_collection(links: Links, chromium: Browser, scripts: bool):
    page, weight = await open_as_guest(chromium, links.film, scripts=scripts)
    assert 0 < weight < 100_000
    film = page.locator("video")
    await expect(film).to_be_visible()
    assert await film.get_attribute("controls") is not None
    box = await film.bounding_box()
    assert box
    assert box["height"] > 40, "its size is known before it is loaded"
    await expect(page.get_by_text("Made with AI")).to_be_visible()
    href = await page.get_by_role("link", name="Download").get_attribute("href")
    taken = await page.request.get(page.url.partition("/s/")[0] + str(href))
    assert (taken.status, taken.headers["content-type"]) == (200, "video/mp4")
    await page.context.close()

    page, weight = await open_as_guest(chromium, links.collection, scripts=scripts)
    assert 0 < weight < 100_000
    works = page.locator(".shared__work")
    await expect(works).to_have_count(3)
    await expect(works.locator("img, video, audio, studio-player")).not_to_have_count(0)
    await expect(works.locator("audio")).to_have_count(1)
    if scripts:
        await expect(works.locator(".player__play")).to_be_visible()
    else:
        await expect(works.locator("audio")).to_be_visible()
    href = await page.get_by_role("link", name="Download all").get_attribute("href")
    taken = await page.request.get(page.url.partition("/s/")[0] + str(href))
    assert (await taken.body())[:2] == b"PK"
    await page.context.close()


async def test_pages_for_guests_have_no_barriers(links: Links, chromium: Browser):
    for url in (links.film, links.collection):
        for width in (360, 1280):
            context = await chromium.new_context(viewport={"width": width, "height": 800})
            assert await list_faults(await context.new_page(), url) == []
            await context.close()
