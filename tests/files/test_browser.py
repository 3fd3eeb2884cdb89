"""The Files page in a real browser, on a whole studio with its sandbox."""

from __future__ import annotations

import uuid
from pathlib import Path

from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers, until
from tests.files.things import program, wav

pytestmark = browser.marks

LONGEST_MS = 120_000  # a worker has other things to do as well


async def bring(page: Page, purpose: str, *files: Path) -> None:
    await page.get_by_role("radio", name=purpose, exact=True).first.check()
    await page.locator("[data-choose]").set_input_files([str(file) for file in files])


async def test_files_are_brought_looked_at_kept_and_deleted(open_tab: OpenTab, tmp_path: Path):
    tag = uuid.uuid4().hex[:8]
    text, fake = tmp_path / f"Tide {tag}.txt", tmp_path / f"Song {tag}.txt"
    text.write_text("The tide is out.\n" * 2000)
    fake.write_bytes(program())
    page = await open_tab("files/")
    await bring(page, "Texts for long speech", text, fake)
    under_way = page.locator("#transfers")
    await expect(under_way.get_by_text("This is a program, whatever its name says.")).to_be_visible(timeout=LONGEST_MS)
    row = page.locator("tr").filter(has_text=text.name)
    await expect(row).to_be_visible(timeout=LONGEST_MS)
    assert await find_barriers(page) == []

    await row.get_by_role("link", name=text.name).press("Enter")
    drawer = page.locator("#drawer")
    await expect(drawer.locator("pre")).to_contain_text("The tide is out.")
    assert await find_barriers(page, within="#drawer") == []
    await drawer.get_by_role("button", name="Copy to the library").press("Enter")
    kept = page.locator("[data-transfer=done]").filter(has_text="It lies in the library now.")
    await expect(kept.filter(has_text=text.name)).to_be_visible(timeout=LONGEST_MS)

    await row.get_by_role("checkbox").press("Space")
    await page.locator("#many").get_by_role("button", name="Delete").press("Enter")
    await expect(drawer.get_by_text("This file is deleted at MiniMax for good.")).to_be_visible()
    await drawer.get_by_role("button", name="Delete for good").press("Enter")
    await expect(drawer.get_by_text("One file was deleted.")).to_be_visible(timeout=LONGEST_MS)
    await page.keyboard.press("Escape")
    await expect(row).to_have_count(0)


async def test_a_file_that_is_too_large_never_leaves_the_browser_and_a_sound_is_heard(
    open_tab: OpenTab, tmp_path: Path
):
    tag = uuid.uuid4().hex[:8]
    large, sound = tmp_path / f"Large {tag}.wav", tmp_path / f"Harbour {tag}.wav"
    with large.open("wb") as file:
        file.truncate((20 << 20) + 1)
    sound.write_bytes(wav(12))
    page = await open_tab("files/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/files/upload" in request.url else None)
    await bring(page, "Voice samples", large)
    await expect(page.locator("#transfers").get_by_text("20,971,521 bytes")).to_be_visible()
    assert sent == []
    await bring(page, "Voice samples", sound)
    row = page.locator("tr").filter(has_text=sound.name)
    await expect(row).to_be_visible(timeout=LONGEST_MS)
    await row.get_by_role("link", name=sound.name).click()
    player = page.locator("#drawer studio-player")
    await player.get_by_role("button", name="Play").click()
    audio = player.locator("audio")
    await until(lambda: audio.evaluate("(audio) => audio.currentTime > 0.2"), what="the sound is heard")
