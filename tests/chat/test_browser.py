"""The chat page in a real browser, on a whole studio and its sandbox."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from apps.chat.reply import Reply
from tests import browser
from tests.browser import SIZES, OpenTab, Studio, find_barriers, list_faults, until
from tests.images.conftest import picture
from tests.speech.test_browser import EAR

pytestmark = browser.marks

MADE_MS = 240_000  # in which a busy machine has made a song and a video
LONG = "Write 80 KB of text"  # minutes at the sandbox's pace: whoever begins it stops it
EVIL = """<script>window.hit = 1</script> <img src=x onerror="window.hit = 1"> [click](javascript:window.hit=1)
![pixel](https://tracker.example/p.gif) <a href="javascript:window.hit=1">x</a>"""

DRAW = """async ([message, frames]) => {
    const isDrawing = ({ name }) => /chat\\/replies[.\\w]*\\.js/.test(name);
    const { Replies } = await import(performance.getEntriesByType("resource").find(isDrawing).name);
    document.getElementById(`message-${message}`)?.remove();
    const article = document.createElement("article");
    article.className = "turn turn--assistant";
    article.id = `message-${message}`;
    article.innerHTML = '<div class="turn__parts" data-parts></div>';
    document.querySelector("[data-turns]").append(article);
    const drawn = new Replies();
    let longest = 0;
    for (let at = 0; at < frames.length; at += 5) {
        const began = performance.now();
        for (const frame of frames.slice(at, at + 5)) drawn.take(JSON.parse(frame));
        drawn.flush();
        document.body.offsetHeight;
        longest = Math.max(longest, performance.now() - began);
        if (at % 500 === 0) await new Promise(requestAnimationFrame);
    }
    return longest;
}"""


def replies(page: Page, status: str = "done") -> Locator:
    return page.locator(f'article.turn--assistant[data-status="{status}"]')


async def say(page: Page, text: str) -> None:
    await page.fill("#id_say", text)
    await page.click("[data-send]")


async def reply_to(page: Page, text: str, *, count: int = 1) -> Locator:
    """Say something and wait until its reply, the `count`th of the branch, is over."""
    await say(page, text)
    await expect(replies(page)).to_have_count(count)
    return replies(page).nth(count - 1)


async def words_of(locator: Locator) -> int:
    return len((await locator.locator(".prose").inner_text()).split())


async def begins(page: Page) -> Locator:
    """The reply that is being written, once some of it can be read."""
    running = replies(page, "running")
    await expect(running.locator(".prose p").first).to_contain_text(re.compile(r"\w+ \w+"))
    return running


async def test_a_reply_is_written_stopped_reloaded_and_branched(open_tab: OpenTab):
    page = await open_tab("chat/")
    await say(page, LONG)
    running = await begins(page)
    name = await running.get_attribute("id")

    await page.reload()  # in mid-stream: the reply goes on, and so does the page
    again = page.locator(f"#{name}")
    await expect(again.locator(".prose p").first).to_contain_text(re.compile(r"\w+ \w+"))
    before = await words_of(again)
    await until(lambda: words_grew(again, before), what="the reply goes on")

    await page.click("[data-stop]")
    await expect(replies(page, "stopped")).to_have_count(1)
    await expect(again).to_contain_text("Stopped. What had been written is kept.")

    await again.locator("[data-again]").click()
    await begins(page)
    await page.click("[data-stop]")
    await expect(replies(page, "stopped")).to_have_count(1)
    await expect(page.locator(".turn--assistant .turn__branches")).to_contain_text("2/2")
    await page.locator(".turn--assistant .turn__branches button").first.click()
    await expect(page.locator(".turn--assistant .turn__branches")).to_contain_text("1/2")
    await expect(replies(page, "stopped")).to_have_count(1)

    await page.locator(".turn--user").hover()
    await page.locator(".turn--user [data-edit]").click()
    await expect(page.locator("#id_say")).to_have_value(LONG)
    await reply_to(page, "What is 6 times 7?")
    await expect(replies(page)).to_contain_text("42")
    await expect(page.locator(".turn--user .turn__branches")).to_contain_text("2/2")


async def words_grew(locator: Locator, before: int) -> bool:
    return await words_of(locator) > before


async def test_a_second_tab_sees_the_same_stream(open_tab: OpenTab):
    page = await open_tab("chat/")
    await reply_to(page, "What is 2 plus 3?")
    other = await open_tab(re.sub(r".*?/w/[\w-]+/", "", page.url))
    await say(page, LONG)
    await begins(page)
    running = await begins(other)
    before = await words_of(running)
    await until(lambda: words_grew(running, before), what="the other tab sees it grow")
    await other.click("[data-stop]")
    await expect(replies(page, "stopped")).to_have_count(1)


async def test_what_a_model_writes_does_nothing(open_tab: OpenTab):
    page = await open_tab("chat/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    reply = await reply_to(page, f"Repeat exactly: {EVIL}")
    await expect(reply.locator(".prose")).to_contain_text("<script>")
    assert await page.evaluate("window.hit") is None
    assert await reply.locator("script, img, [onerror], [style], a[href^='javascript']").count() == 0
    assert not [url for url in asked if "tracker" in url]
    await page.reload()
    await expect(replies(page).locator(".prose")).to_contain_text("<script>")
    assert await page.evaluate("window.hit") is None


async def test_a_tool_waits_for_a_word_and_its_picture_comes_into_the_conversation(open_tab: OpenTab):
    page = await open_tab("chat/")
    await page.click('[data-open-dialog="chat-settings"]')
    await page.check('[data-tool="make_image"]')
    await page.click("#chat-settings [data-close-dialog]")
    await say(page, "make a picture of a red kite")
    approve = page.locator('[data-decide="approve"]')
    await expect(approve).to_contain_text("Free")
    assert await page.locator(".call__picture").count() == 0
    await approve.click()
    picture = page.locator(".call__picture")
    await expect(picture).to_have_count(1)
    await until(lambda: picture.evaluate("(image) => image.naturalWidth > 100"), what="the picture is there")
    await expect(replies(page)).to_have_count(2)  # the model was told, and went on


async def test_a_song_a_video_and_a_voice_asked_for_in_one_turn_come_into_the_conversation(open_tab: OpenTab):
    page = await open_tab("chat/")
    await page.click('[data-open-dialog="chat-settings"]')
    for tool in ("make_music", "make_video", "speak"):
        await page.check(f'[data-tool="{tool}"]')
    await page.click("#chat-settings [data-close-dialog]")
    await say(page, 'Make an instrumental song about rain. Make a video of a red kite. Say "Good evening".')
    await expect(page.locator('.call[data-status="waiting"] [data-decide="approve"]')).to_have_count(3)
    for _call in range(3):
        approve = page.locator('.call[data-status="waiting"] [data-decide="approve"]:enabled').first
        await expect(approve).to_contain_text("Free")
        await approve.click()
    media = page.locator(".call__asset :is(audio, video)")
    await expect(media).to_have_count(3, timeout=MADE_MS)
    types = await media.evaluate_all(
        "(all) => Promise.all(all.map(async ({ src }) => (await fetch(src)).headers.get('content-type')))"
    )
    assert sorted(kind.partition("/")[0] for kind in types) == ["audio", "audio", "video"]
    await expect(replies(page)).to_have_count(2)  # the model was told of all three, and went on


async def test_a_reply_is_read_aloud_while_it_is_still_written(open_tab: OpenTab):
    page = await open_tab("chat/", init_script=EAR)
    await page.click('[data-open-dialog="chat-settings"]')
    await page.check("[data-aloud-auto]")
    await page.click("#chat-settings [data-close-dialog]")
    await say(page, LONG)
    await until(lambda: page.evaluate("ear.sent.some(({ type }) => type === 'type_text')"), what="a sentence is sent")
    assert await replies(page, "running").count() == 1
    await until(lambda: page.evaluate("ear.peak > 0.02"), what="sound")
    await page.locator("[data-aloud][aria-pressed=true]").first.click()
    await expect(page.locator("[data-aloud][aria-pressed=true]")).to_have_count(0)
    await page.click("[data-stop]")


async def test_texts_and_pictures_go_along_and_what_is_neither_is_refused(open_tab: OpenTab):
    page = await open_tab("chat/")
    attached, toast = page.locator("[data-files] [data-name]"), page.locator(".toast")
    program = b"\x7fELF\x02\x01\x01" + bytes(64)

    async def attach(name: str, kind: str, content: bytes) -> None:
        await page.set_input_files("[data-attach]", {"name": name, "mimeType": kind, "buffer": content})

    await attach("notes.txt", "text/plain", program)
    await expect(toast.last).to_contain_text("notes.txt is not a text file.")
    await attach("long.txt", "text/plain", b"word " * 90_000)
    await expect(toast.last).to_contain_text("long.txt is too long")
    await attach("old.txt", "text/plain", "Stra\N{LATIN SMALL LETTER SHARP S}e".encode("latin-1"))
    await expect(toast.last).to_contain_text("old.txt is not in UTF-8.")
    await attach("photo.png", "image/png", program)
    await expect(toast.last).to_contain_text("This is not a JPEG, PNG or WebP picture")
    await expect(attached).to_have_count(0)

    await attach("story.txt", "text/plain", "The lamp went out at nine. \N{WATER WAVE}".encode())
    await attach("harbour.png", "image/png", picture())
    await expect(attached).to_have_text(["story.txt", "harbour"])
    assert await find_barriers(page, within="#chat-say") == []
    await page.get_by_role("button", name="Attach a picture of the library").click()
    await page.locator("#chat-pictures [data-pick]").first.click()
    await expect(attached).to_have_count(3)
    await page.locator("[data-files] li").nth(2).get_by_role("button", name="Take away").click()
    await expect(attached).to_have_count(2)

    await reply_to(page, "What do I send you?")
    said = page.locator("article.turn--user").last
    await expect(said).to_contain_text("story.txt")
    await expect(said.locator("img")).to_be_visible()
    await expect(attached).to_have_count(0)
    await expect(page.locator("#chat-meter")).to_contain_text(re.compile(r"Context [\d,]+ of [\d,]+ tokens"))
    await expect(page.locator("#chat-meter")).to_contain_text("one more turn is free")


async def test_a_hundred_kilobytes_are_drawn_without_a_long_task(open_tab: OpenTab):
    """The very messages that the server would send, as fast as a page can take them."""
    page = await open_tab("chat/")
    await reply_to(page, "What is 1 plus 1?")
    frames: list[str] = []
    message = uuid.uuid4()
    reply = Reply(message, frames.append)
    paragraph = "Words about **something** that goes on and on, with `code` in it and a list:\n\n- one\n- two\n\n"
    text = "".join(f"## Part {number}\n\n{paragraph * 4}" for number in range(270))
    assert len(text) > 100_000
    for place in range(0, len(text), 4):
        reply.add(["text", text[place : place + 4]])
        if place % 120 == 0:
            reply.render()
    reply.finish()
    longest = [await page.evaluate(DRAW, [str(message), frames]) for _attempt in range(2)]
    assert await page.locator(f"#message-{message} h4").count() == 270
    assert min(longest) < 500  # quiet: 60 to 106 ms; what grows with the reply takes seconds


async def test_a_short_reply_is_said_to_screen_readers_too(open_tab: OpenTab):
    page = await open_tab("chat/")
    await reply_to(page, "What is 1 plus 1?")
    await expect(page.locator("[data-says]")).to_contain_text("2")


async def test_nobody_meets_a_barrier(open_tab: OpenTab):
    page = await open_tab("chat/")
    await reply_to(page, "Make a table with 3 rows and 2 columns")
    await reply_to(page, "Show me a sample of python code", count=2)
    assert await find_barriers(page) == []
    await page.click('[data-open-dialog="chat-settings"]')
    assert await find_barriers(page, within="#chat-settings") == []


@pytest.mark.parametrize("size", SIZES)
async def test_the_page_fits(open_tab: OpenTab, studio: Studio, size: str):
    page = await open_tab("chat/", **SIZES[size])
    await reply_to(page, "Make a table with 3 rows and 8 columns")
    assert await list_faults(page, page.url) == []
