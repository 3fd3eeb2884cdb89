"""The Voices pages in a real browser, on a whole studio: from a microphone to a voice that stays."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright, expect

from tests import browser
from tests.browser import PATIENCE_MS, Studio, find_barriers, find_chromium, until
from tests.voices.sounds import speech, write

pytestmark = browser.marks

LONGEST_MS = 120_000  # a job goes through a queue that others may fill


@pytest_asyncio.fixture(loop_scope="session")
async def with_microphone(
    playwright_async: Playwright, studio: Studio, tmp_path_factory
) -> AsyncIterator[tuple[Browser, Page]]:
    """A tab of a browser whose microphone hears somebody speak."""
    heard = write(tmp_path_factory.mktemp("microphone") / "heard.wav", speech(30, 48_000), 48_000)
    own = await playwright_async.chromium.launch(
        executable_path=find_chromium(),
        args=[
            "--no-sandbox",
            "--mute-audio",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={heard}",
        ],
    )
    context = await own.new_context(storage_state=studio.state, permissions=["microphone"])
    context.set_default_timeout(PATIENCE_MS)
    yield own, await context.new_page()
    await own.close()


async def test_a_recording_becomes_a_voice_that_is_kept(with_microphone, studio: Studio):
    _own, page = with_microphone
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(studio.at("voices/clone/"))
    await page.wait_for_selector("#clone[data-ready]")
    part = page.locator("[data-sample-part=sample]")
    await part.get_by_role("button", name="Record").press("Enter")
    await expect(part.locator("[data-recorder][data-long-enough]")).to_be_visible(timeout=LONGEST_MS)
    await until(
        lambda: part.locator("[data-length-bar]").evaluate("(bar) => bar.value > 11"), what="eleven seconds recorded"
    )
    await part.get_by_role("button", name="Stop").press("Enter")
    await expect(part.get_by_role("button", name="Hear this part")).to_be_visible(timeout=LONGEST_MS)
    await expect(part.locator('[data-state="bad"]')).to_have_count(0)
    assert await find_barriers(page) == []

    await page.get_by_label("Name", exact=True).fill("Harbour pilot")
    await page.get_by_label("Whose voice is it?").fill("Hanna")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Without the person's consent no voice is cloned.")).to_be_visible()
    await page.get_by_label("This person agrees").check()
    await page.keyboard.press("Control+Enter")
    job = page.locator("#clones > .job").filter(has=page.get_by_role("heading", name="Harbour pilot"))
    await expect(job.locator("studio-player")).to_be_visible(timeout=LONGEST_MS)
    await job.get_by_role("link", name="Show the voice").click()

    card = page.locator("[data-voice-card]").filter(has=page.get_by_role("heading", name="Harbour pilot"))
    await expect(card).to_have_attribute("data-state", "temporary")
    await card.get_by_role("button", name="Keep").click()
    await page.get_by_role("button", name="Keep Harbour pilot").click()
    await expect(card).to_have_attribute("data-state", "kept", timeout=LONGEST_MS)
    await expect(card).to_contain_text("It stays.")

    await card.get_by_role("link", name="Use in Speech").click()
    await expect(page.locator("[data-voice-name]").first).to_have_text("Harbour pilot")
    assert not faults


async def test_the_winner_of_a_blind_audition_begins_speech_and_a_mix_of_it_is_saved(open_tab, studio: Studio):
    page = await open_tab("voices/audition/?example=1")
    await page.get_by_role("textbox", name="The line").fill("Which of us shall read the tide table?")
    await page.locator("[data-voices] label:has(:checked)").last.click()
    names = [await name.inner_text() for name in await page.locator("[data-voices] label:has(:checked) span").all()]
    assert len(names) == 2
    await page.get_by_label("Blind: names are told after the vote").check()
    await expect(page.locator("#audition-price")).to_have_text("Free")
    assert await find_barriers(page) == []
    await page.keyboard.press("Control+Enter")

    table = page.locator("[data-audition-table]")
    await expect(table.locator("studio-player")).to_have_count(2, timeout=LONGEST_MS)
    await expect(table).not_to_have_attribute("aria-busy", "true", timeout=LONGEST_MS)
    said = await table.inner_text()
    assert not any(name in said for name in names)
    assert await find_barriers(page) == []
    await table.get_by_role("button", name="Vote for Voice A").press("Enter")
    row = table.get_by_role("row").filter(has_text="Your vote")
    await expect(row).to_contain_text("1 vote")
    winner = await row.get_by_role("rowheader").inner_text()
    assert winner in names
    await row.get_by_role("button", name="Let Speech begin with").press("Enter")
    await expect(row).to_contain_text("Speech begins with it")

    await page.goto(studio.at("speech/"))
    await expect(page.locator("[data-voice-name]").first).to_have_text(winner)
    await page.get_by_role("button", name="Mix up to four voices").press("Enter")
    picker = page.locator("#voice-picker")
    await picker.get_by_role("searchbox").fill("Graceful Lady")
    await picker.locator("[data-voice] [data-choose]").first.click()
    await page.get_by_role("button", name="Save this mix").press("Enter")
    await page.locator("#mix-dialog").get_by_label("Name").fill("Harbour duet")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-voice-name]").first).to_have_text("Harbour duet")
    await page.reload()
    await expect(page.locator("[data-voice-name]").first).to_have_text("Harbour duet")
    await page.goto(studio.at("voices/"))
    await page.get_by_role("button", name="Begin as usual").click()
    await expect(page.get_by_role("button", name="Begin as usual")).to_have_count(0)
