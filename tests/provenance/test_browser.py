"""Files are dropped on a page that is about something else, and one of them knows how it was made."""

from __future__ import annotations

import base64
import io
import json
import uuid
from pathlib import Path

import pytest
from playwright.async_api import expect

from apps.provenance import carriers
from apps.provenance.carriers import Words
from tests import browser
from tests.browser import OpenTab, find_barriers
from tests.provenance.media import write_media

pytestmark = browser.marks

DROP = """([files, selector]) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files)
    transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name));
  const target = document.querySelector(selector);
  for (const kind of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
HOVER = """() => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(["x"], "x"));
  document.body.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def with_settings(folder: Path, prompt: str) -> bytes:
    settings = {"prompt": prompt, "aspect_ratio": "16:9", "model": "image-01"}
    told = {"format": "studio.settings", "version": 1, "kind": "image", "title": prompt, "settings": settings}
    target = io.BytesIO()
    with write_media(folder, "png").open("rb") as source:
        carriers.write(source, target, Words(json.dumps(told), prompt, "", is_ai=True))
    return target.getvalue()


def sent(*files: tuple[str, bytes]) -> list[list[str]]:
    return [[name, base64.b64encode(content).decode()] for name, content in files]


@pytest.mark.asyncio(loop_scope="session")
async def test_dropped_files_come_into_the_library_and_fill_their_form_again(open_tab: OpenTab, tmp_path: Path):
    prompt = f"an owl called {uuid.uuid4().hex[:8]}"
    page = await open_tab("speech/")
    await page.evaluate(HOVER)
    await expect(page.locator("#drop")).to_be_visible()
    files = sent(("owl.png", with_settings(tmp_path, prompt)), ("virus.exe", b"MZ and more"))
    await page.evaluate(DROP, [files, "main"])
    await expect(page.locator("#drop")).to_be_hidden()
    uploads = page.locator("#uploads")
    await expect(uploads.locator(".upload[data-state=done]")).to_contain_text(prompt, timeout=30_000)
    await expect(uploads.locator(".upload[data-state=failed]")).to_contain_text("no picture, sound or film")
    assert await find_barriers(page) == []
    await uploads.get_by_role("link", name="Use its settings again").click()
    await expect(page.locator("[name=prompt]")).to_have_value(prompt)
    await expect(page.locator("[name=aspect_ratio][value='16:9']")).to_be_checked()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_file_dropped_on_the_page_of_origins_is_checked_and_not_kept(open_tab: OpenTab, tmp_path: Path):
    prompt = f"an owl called {uuid.uuid4().hex[:8]}"
    page = await open_tab("library/provenance/")
    await page.evaluate(DROP, [sent(("owl.png", with_settings(tmp_path, prompt))), ".dropzone"])
    checked = page.locator("#checked")
    await expect(checked).to_contain_text("No signed note of origin", timeout=30_000)
    await expect(checked).to_contain_text(prompt)
    await expect(page.locator("#uploads")).to_be_hidden()
    assert await find_barriers(page) == []
    page = await open_tab(f"library/?q={prompt.rpartition(' ')[2]}")
    await expect(page.locator("article.asset")).to_have_count(0)
