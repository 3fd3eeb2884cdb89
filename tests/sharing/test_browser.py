"""A link in real browsers: its door without scripts, its player in another site, its pages without barriers."""

from __future__ import annotations

import json
import secrets
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OpenTab, find_barriers
from tests.library.sounds import write_tone
from tests.provenance.test_browser import DROP, sent

pytestmark = browser.marks

AROUND = """<!doctype html><title>Another site</title><script>
  const heard = [];
  addEventListener("message", ({ data }) => { if (data.studio === "player") heard.push(data); });
  const player = () => document.querySelector("iframe").contentWindow;
  const say = (act, more = {}) => player().postMessage({ studio: "player", act, ...more }, "*");
</script>%s"""


@pytest.fixture
def another_site() -> Iterator[dict[str, str]]:
    """A web server on this machine; gives its host and what its page shows."""
    told = {"html": ""}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (AROUND % told["html"]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told["host"] = f"127.0.0.1:{server.server_port}"
        yield told
        server.shutdown()


@pytest_asyncio.fixture(loop_scope="session")
async def panel(open_tab: OpenTab, tmp_path: Path) -> Page:
    """A page with the panel of a new link to a sound of its own."""
    name = f"Tern{uuid.uuid4().hex[:8]}"
    page = await open_tab("library/")
    # A little longer than 8 s, and never twice as long: what is in the library already does not come a second time.
    tone = write_tone(tmp_path / "tone.wav", 8 + secrets.randbelow(4_000) / 10_000)
    await page.evaluate(DROP, [sent((f"{name}.wav", tone.read_bytes())), "main"])
    await expect(page.locator("article.asset", has_text=name)).to_be_visible(timeout=30_000)
    await page.goto(await page.locator("article.asset", has_text=name).locator("h3 a").evaluate("link => link.href"))
    await page.get_by_role("button", name="Share").first.click()
    await expect(page.locator("#drawer .share__url").first).to_be_visible()
    return page


async def test_a_password_is_set_and_a_guest_without_scripts_gets_in_with_it(panel: Page):
    await panel.locator("#drawer [name=asks_password]").check()
    await panel.locator("#drawer [name=new_password]").fill("open sesame")
    await panel.locator("#drawer [name=new_password]").blur()
    await expect(panel.get_by_text("Saved", exact=True).first).to_be_visible()
    assert await find_barriers(panel) == []
    address = await panel.locator("#drawer .share__url").first.input_value()

    plain = await panel.context.browser.new_context(java_script_enabled=False)
    guest = await plain.new_page()
    await guest.goto(address)
    await expect(guest.locator("h1")).to_have_text("Shared with you")
    await guest.get_by_label("Password").fill("guess")
    await guest.get_by_role("button", name="Open").click()
    await expect(guest.get_by_text("That is not the password.")).to_be_visible()
    await guest.get_by_label("Password").fill("open sesame")
    await guest.get_by_role("button", name="Open").click()
    await expect(guest.locator("audio")).to_be_visible()
    await plain.close()

    stranger = await (await panel.context.browser.new_context()).new_page()
    await stranger.goto(address)
    assert await find_barriers(stranger) == []
    await stranger.context.close()


async def test_another_site_shows_the_player_and_talks_with_it(panel: Page, another_site: dict[str, str]):
    await panel.locator("#drawer [name=embed_domains]").fill(another_site["host"])
    await panel.locator("#drawer [name=embed_domains]").blur()
    await expect(panel.get_by_text("Saved", exact=True).first).to_be_visible()
    address = await panel.locator("#drawer .share__url").first.input_value()

    context = await panel.context.browser.new_context()
    site = await context.new_page()
    another_site["html"] = (
        f'<iframe src="{address}embed" width="640" height="180" title="A tone" allow="autoplay"></iframe>'
    )
    await site.goto(f"http://{another_site['host']}/")
    await expect(site.frame_locator("iframe").locator("studio-player")).to_be_visible()
    await site.evaluate("say('seek', { seconds: 3 })")
    await site.evaluate("say('play')")
    async with site.expect_event("console", lambda message: message.text == "heard") as heard:
        await site.evaluate(
            """setInterval(() => {
              const last = heard.at(-1);
              if (last && last.event === "timeupdate" && last.seconds > 3.1) console.log("heard");
            }, 100)"""
        )
    await heard.value
    events = json.loads(await site.evaluate("JSON.stringify(heard)"))
    assert {"ready", "play", "timeupdate"} <= {each["event"] for each in events}
    assert round(events[-1]["duration"]) == 8
    frame = site.frames[1]
    assert await find_barriers(frame) == []

    elsewhere = await context.new_page()
    await elsewhere.goto(f"http://localhost:{another_site['host'].partition(':')[2]}/")
    await expect(elsewhere.frame_locator("iframe").locator("studio-player")).to_have_count(0)
    await context.close()
