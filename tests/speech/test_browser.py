"""The speech page in a real browser, on a whole studio: the sound is really heard."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.browser import OpenTab, Studio, find_barriers, until

pytestmark = browser.marks

SENTENCE = "The night shift begins, and somebody keeps the lights on."
LONG = " ".join(f"Sentence number {number} is about something that happened on the way home." for number in range(1, 7))
VERY_LONG = " ".join([LONG] * 8)  # takes the sandbox several seconds

# Remembers how loud it ever was, and when the first sample was heard: every sound of the page goes through an analyser.
EAR = """
  window.ear = { peak: 0, heardAt: null, sent: [], frames: [], lit: [] };
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (this instanceof AnalyserNode && target instanceof AudioDestinationNode) {
      const samples = new Float32Array(this.fftSize);
      setInterval(() => {
        this.getFloatTimeDomainData(samples);
        const peak = Math.max(...samples.map(Math.abs));
        if (peak > 0.01) ear.heardAt ??= performance.now();
        ear.peak = Math.max(ear.peak, peak);
      }, 15);
    }
    return connect.call(this, target, ...rest);
  };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (this.url.endsWith("/speech/")) {
      window.line = this;
      ear.sent.push(JSON.parse(data));
      if (!this.isWatched) this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string") ear.frames.push({ at: performance.now(), bytes: data.byteLength - 16 });
        else if (JSON.parse(data).type === "finished") ear.finishedAt ??= performance.now();
      });
      this.isWatched = true;
    }
    return send.call(this, data);
  };
"""
NO_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"


@pytest.fixture
def open_speech(open_tab: OpenTab):
    async def opened(*, query: str = "", more: str = "", **options) -> Page:
        page = await open_tab(f"speech/{query}", init_script=EAR + more, **options)
        await page.wait_for_selector("#speech[data-ready]")
        return page

    return opened


async def speak(page: Page, text: str = SENTENCE) -> None:
    await page.fill("#id_text", text)
    await page.click("[data-speak]")


async def status_is(page: Page, words: str) -> None:
    await expect(page.locator("[data-says]")).to_have_text(words)


async def is_heard(page: Page) -> None:
    await until(lambda: page.evaluate("ear.peak > 0.02"), what="sound")


async def is_over(page: Page) -> None:
    """Nothing is heard any more; the text can be edited again."""
    await expect(page.locator("[data-script]")).to_have_attribute("data-mode", "write", timeout=60_000)


async def playhead(page: Page) -> float:
    return float(await page.input_value("[data-seek]"))


async def figure(page: Page, name: str) -> str:
    return await page.locator(f'[data-figure="{name}"]').inner_text()


async def counts_no_gap_without_a_reason(page: Page, bytes_per_second: int) -> None:
    """Whatever arrived well before its moment was played without a gap. A busy machine may really be late."""
    margin = await page.evaluate(
        """(rate) => {
            let here = 0;
            return Math.min(...ear.frames.map(({ at, bytes }) => {
                const margin = here / rate - (at - ear.heardAt) / 1000;
                here += bytes;
                return at > ear.heardAt ? margin : Infinity;
            }));
        }""",
        bytes_per_second,
    )
    if margin is None or margin > 0.3:  # None: Infinity, all of it was there before the first sound
        assert await figure(page, "gaps") == "0"


async def takes_of(page: Page) -> int:
    return await page.locator(".take").count()


# --- sound ------------------------------------------------------------------------------------------------------------


async def test_sound_is_heard_and_the_take_is_kept(open_speech):
    page = await open_speech()
    before = await takes_of(page)
    await speak(page)
    await is_heard(page)
    moved = await playhead(page)
    await until(
        lambda: page.evaluate(f"Number(document.querySelector('[data-seek]').value) > {moved} + 0.2"), what="moving"
    )
    await status_is(page, "Kept in the library")
    assert await takes_of(page) == before + 1
    assert int((await figure(page, "first")).split()[0]) > 0
    assert int((await figure(page, "upstream")).split()[0]) > 0
    await counts_no_gap_without_a_reason(page, 16_000)
    await expect(page.locator(".take").first.locator("studio-player[data-measured]")).to_be_visible()


async def test_sound_begins_before_the_speech_is_made(open_speech):
    page = await open_speech()
    await speak(page, VERY_LONG)
    await is_heard(page)
    assert await page.evaluate("ear.finishedAt") is None
    await until(lambda: page.evaluate("ear.finishedAt"), seconds=90, what="the end of the synthesis")
    assert await page.evaluate("ear.finishedAt - ear.heardAt") > 1000


async def test_meter_agrees_with_the_ear(open_speech):
    page = await open_speech()
    await page.evaluate("addEventListener('click', ({ timeStamp }) => (ear.clickedAt = timeStamp), true)")
    await speak(page)
    await is_heard(page)
    shown = int((await figure(page, "first")).split()[0])
    heard = await page.evaluate("ear.heardAt - ear.clickedAt")
    # The ear waits for the first loud sample: encoders begin with about 50 ms of silence.
    assert -30 <= heard - shown <= 600


async def test_gap_in_the_stream_is_counted(open_speech, studio: Studio):
    page = await open_speech(more=NO_MEDIA_SOURCE)  # Chromium's MediaSource would not start with so little in hand
    await studio.fault("stall", seconds=300)
    await speak(page)
    await until(lambda: page.evaluate("Number(document.querySelector('[data-figure=gaps]').textContent) >= 1"))
    await studio.no_faults()
    await status_is(page, "Kept in the library")


async def test_browser_without_media_source_hears_samples(open_speech):
    page = await open_speech(more=NO_MEDIA_SOURCE)
    await speak(page)
    await is_heard(page)
    assert await page.evaluate("ear.sent[0].playback") == "pcm"
    await status_is(page, "Kept in the library")
    await counts_no_gap_without_a_reason(page, 64_000)


async def test_lossless_format_is_played_as_samples(open_speech):
    page = await open_speech()
    await page.locator("summary", has_text="Output").click()
    await page.select_option("#id_format", "flac")
    await speak(page)
    await is_heard(page)
    assert await page.evaluate("ear.sent[0].playback") == "pcm"
    await status_is(page, "Kept in the library")


async def test_browser_without_media_source_hears_voice_effects_when_they_are_complete(open_speech):
    page = await open_speech(more=NO_MEDIA_SOURCE)
    await page.locator("summary", has_text="Voice changes").click()
    await page.select_option("#id_sound_effects", "robotic")
    await speak(page)
    await is_heard(page)


# --- words ------------------------------------------------------------------------------------------------------------


async def test_words_light_up_in_the_order_of_the_text(open_speech):
    page = await open_speech()
    await page.evaluate(
        """() => {
            const twin = document.querySelector("[data-script-twin]");
            const look = () => twin.dataset.now && ear.lit.push(twin.dataset.now);
            new MutationObserver(look).observe(twin, { attributes: true, attributeFilter: ["data-now"] });
        }"""
    )
    await speak(page)
    await status_is(page, "Kept in the library")
    await is_over(page)
    lit = await page.evaluate("ear.lit")
    spoken = SENTENCE.replace(",", "").replace(".", "").split()
    assert [word for word in lit if word in spoken] == lit
    assert lit == [word for word in spoken if word in lit]
    assert len(lit) >= len(spoken) - 1


async def test_click_on_a_word_goes_there(open_speech):
    page = await open_speech()
    await speak(page, LONG)
    await is_heard(page)
    await until(lambda: page.evaluate("document.querySelector('[data-script-twin]').dataset.now === 'number'"))
    await until(lambda: page.evaluate("!document.querySelector('[data-making]')"), what="all sound here")
    place = await page.evaluate(
        """() => {
            const node = document.querySelector("[data-script-text]").firstChild;
            const from = node.data.indexOf("4 is");
            const range = document.createRange();
            range.setStart(node, from);
            range.setEnd(node, from + 1);
            const { x, y, width, height } = range.getBoundingClientRect();
            return { x: x + width / 3, y: y + height / 2 };
        }"""
    )
    before = await playhead(page)
    await page.mouse.click(place["x"], place["y"])
    await until(
        lambda: page.evaluate("Number(document.querySelector('[data-seek]').value) > 8"), what="the fourth sentence"
    )
    assert await playhead(page) > before + 4


async def test_text_can_be_selected_and_is_one_text_to_a_screen_reader(open_speech):
    page = await open_speech()
    await speak(page)
    await is_heard(page)
    twin = page.locator("[data-script-twin]")
    assert await twin.get_attribute("aria-hidden") is None
    assert (await page.locator("[data-script-text]").inner_text()).strip("\u200b\n") == SENTENCE
    pieces = "[...document.querySelector('[data-script-text]').childNodes].filter(({ data }) => data?.trim()).length"
    assert await page.evaluate(pieces) <= 2


# --- stopping and coming back -----------------------------------------------------------------------------------------


async def test_escape_stops_and_keeps_what_was_spoken(open_speech):
    page = await open_speech()
    await speak(page, VERY_LONG)
    await is_heard(page)
    await page.keyboard.press("Escape")
    await status_is(page, "Stopped. What was spoken is kept.")
    await expect(page.locator(".take").first).to_have_attribute("data-status", "stopped")
    await page.evaluate("ear.peak = 0")
    await page.wait_for_timeout(300)
    assert await page.evaluate("ear.peak") < 0.01
    assert await page.input_value("#id_text") == VERY_LONG


async def test_dropped_socket_goes_on_where_it_was(open_speech, studio: Studio):
    page = await open_speech()
    await studio.fault("stall", seconds=300)
    await speak(page, LONG)
    await until(lambda: page.evaluate("ear.frames.length"), what="sound on the wire")
    await page.evaluate("line.close()")
    attached = await until(
        lambda: page.evaluate("ear.sent.filter(({ type }) => type === 'attach')"), what="the new socket"
    )
    await studio.no_faults()
    await status_is(page, "Kept in the library")
    assert attached[0]["from"] > 0
    await is_over(page)
    # Every byte was played once: the sound is as long as the kept take.
    kept = float(await page.locator(".take studio-player").first.get_attribute("data-duration"))
    assert abs(await playhead(page) - kept) < 0.25


async def test_socket_that_drops_before_the_answer_asks_again_for_the_same_take(open_speech):
    page = await open_speech()
    before = await takes_of(page)
    await page.fill("#id_text", SENTENCE)
    await page.evaluate(
        """() => {
            const { send } = WebSocket.prototype;
            WebSocket.prototype.send = function (data) {
                if (!data?.includes("speak")) return send.call(this, data);
                WebSocket.prototype.send = send;
                ear.sent.push(JSON.parse(data));
                this.close();
            };
        }"""
    )
    await page.click("[data-speak]")
    await status_is(page, "Kept in the library")
    clicks = await page.evaluate("ear.sent.filter(({ type }) => type === 'speak').map(({ click }) => click)")
    assert len(clicks) == 2
    assert len(set(clicks)) == 1
    assert await takes_of(page) == before + 1


async def test_reload_in_the_middle_goes_on(open_speech):
    page = await open_speech()
    await speak(page, VERY_LONG)
    await is_heard(page)
    take = await page.locator(".take").first.get_attribute("data-take")
    assert await page.evaluate("ear.finishedAt") is None
    await page.reload()
    await page.wait_for_selector("#speech[data-ready]")
    assert await page.input_value("#id_text") == VERY_LONG
    await expect(page.locator(f"#take-{take}")).to_be_visible()
    wanted = page.locator("[data-play][data-wanted]")
    await until(lambda: page.evaluate("ear.frames.length"), what="the sound once more")
    if await wanted.count():  # the browser wants a press before it makes sound again
        await wanted.click()
    await is_heard(page)
    await expect(page.locator(f"#take-{take}")).to_have_attribute("data-status", "kept", timeout=90_000)


async def test_double_click_makes_one_take(open_speech):
    page = await open_speech()
    before = await takes_of(page)
    await page.fill("#id_text", SENTENCE)
    await page.dblclick("[data-speak]")
    await status_is(page, "Kept in the library")
    assert await page.evaluate("ear.sent.filter(({ type }) => type === 'speak').length") == 1
    assert await takes_of(page) == before + 1


# --- what cannot be asked ---------------------------------------------------------------------------------------------


async def test_text_that_is_too_long_is_refused_with_a_sentence_and_stays(open_speech):
    page = await open_speech()
    text = ("word " * 2001)[:10_001]
    await speak(page, text)
    await expect(page.locator("[data-error]")).to_contain_text("10,001")
    await expect(page.locator("[data-error]")).to_contain_text("Nothing was charged.")
    assert await page.input_value("#id_text") == text
    assert await page.evaluate("ear.sent.length") == 0


async def test_empty_text_is_refused_with_a_sentence(open_speech):
    page = await open_speech()
    await speak(page, "   ")
    await expect(page.locator("[data-error]")).to_contain_text("nothing to speak")
    await expect(page.locator("#id_text")).to_be_focused()


async def test_refusal_of_minimax_stands_beside_the_button_and_the_text_stays(open_speech, studio: Studio):
    page = await open_speech()
    await studio.fault("balance")
    await speak(page)
    await expect(page.locator("[data-error]")).to_be_visible()
    assert (await page.locator("[data-error-sentence]").inner_text()).endswith("Nothing was charged.")
    assert await page.locator("[data-error-next]").inner_text()
    assert await page.input_value("#id_text") == SENTENCE


async def test_model_decides_which_emotions_and_sounds_there_are(open_speech):
    page = await open_speech()
    whisper = page.locator("[name=emotion][value=whisper]")
    await expect(whisper).to_be_disabled()
    await page.select_option("#id_model", "speech-2.6-hd")
    await expect(whisper).to_be_enabled()
    await expect(page.locator("[data-sound-button]")).to_be_disabled()
    await whisper.check()
    await page.select_option("#id_model", "speech-2.8-hd")
    await expect(whisper).to_be_disabled()
    await expect(whisper).not_to_be_checked()
    await expect(page.locator("[data-reason=emotion]")).to_contain_text("Whisper")
    await expect(page.locator("[data-sound-button]")).to_be_enabled()


async def test_voice_effects_and_formats_exclude_each_other(open_speech):
    page = await open_speech()
    await page.locator("summary", has_text="Voice changes").click()
    await page.locator("summary", has_text="Output").click()
    await page.select_option("#id_sound_effects", "robotic")
    await expect(page.locator("#id_format option[value=flac]")).to_be_disabled()
    await page.select_option("#id_sound_effects", "")
    await page.select_option("#id_format", "flac")
    await expect(page.locator("#id_sound_effects")).to_be_disabled()
    await expect(page.locator("[data-reason=effects]")).to_be_visible()
    await page.click("[data-use-effect-format]")
    await expect(page.locator("#id_sound_effects")).to_be_enabled()


async def test_price_follows_the_text_and_the_model(open_speech):
    page = await open_speech()
    await page.fill("#id_text", "a" * 100)
    await expect(page.locator("[data-cost]")).to_have_text("$0.01")
    await page.fill("#id_text", "夜" * 100)
    await expect(page.locator("[data-cost]")).to_have_text("$0.02")
    await expect(page.locator("[data-billed]")).to_have_text("200")
    await page.select_option("#id_model", "speech-2.8-turbo")
    await expect(page.locator("[data-cost]")).to_have_text("$0.012")


# --- writing ----------------------------------------------------------------------------------------------------------


async def test_draft_survives_a_reload(open_speech):
    page = await open_speech()
    await page.fill("#id_text", "A sentence nobody has spoken.")
    await page.select_option("#id_model", "speech-02-turbo")
    await page.reload()
    assert await page.input_value("#id_text") == "A sentence nobody has spoken."
    assert await page.input_value("#id_model") == "speech-02-turbo"


async def test_inserted_pause_can_be_undone(open_speech):
    page = await open_speech()
    await page.click("#id_text")
    await page.keyboard.type("One two")
    for _step in range(4):
        await page.keyboard.press("ArrowLeft")
    await page.click("[data-inserter]:has-text('Pause')")
    await page.click('[data-pause="0.5"]')
    assert await page.input_value("#id_text") == "One<#0.5#> two"
    await page.keyboard.press("Control+z")
    assert await page.input_value("#id_text") == "One two"


async def test_typing_is_spoken_sentence_by_sentence(open_speech):
    page = await open_speech()
    await page.check("[data-typed]")
    await page.click("[data-speak]")
    await expect(page.locator("[data-speak-label]")).to_have_text("Finish")
    await page.keyboard.type("This is the first sentence. And this one is ")
    await is_heard(page)
    await page.keyboard.type("the second. ")
    await until(lambda: page.evaluate("ear.sent.filter(({ type }) => type === 'type_text').length >= 1"))
    await page.keyboard.press("Home")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Control+Home")
    await page.keyboard.type("x")
    assert (await page.input_value("#id_text")).startswith("This is the first sentence.")
    await page.keyboard.press("Control+End")
    await page.keyboard.type("Last words")
    await page.click("[data-speak]")
    await status_is(page, "Kept in the library")
    sent = await page.evaluate("ear.sent.filter(({ type }) => type === 'type_text').map(({ text }) => text)")
    assert " ".join("".join(sent).split()) == "This is the first sentence. And this one is the second. Last words"
    assert len(sent) >= 2


# --- voices and takes -------------------------------------------------------------------------------------------------


async def test_voice_is_found_heard_and_chosen(open_speech):
    page = await open_speech()
    await page.click(".voice-card__choose")
    await expect(page.locator("#voice-language")).to_have_value("English")
    await page.fill("#voice-q", "german")
    await page.click("[data-every-language]")
    first = page.locator(".voice").first
    await expect(first).to_have_attribute("data-voice", re.compile("german", re.IGNORECASE))
    await first.locator("[data-hear]").click()
    await expect(first).to_have_attribute("data-state", "playing")
    name = await first.get_attribute("data-name")
    await first.locator("[data-choose]").click()
    await expect(page.locator("[data-single-voice] [data-voice-name]")).to_have_text(name)


async def test_two_takes_are_compared_at_one_playhead(open_speech):
    page = await open_speech()
    for speed in ("1", "1.4"):
        await page.fill("#id_speed", speed)
        await speak(page, LONG)
        await status_is(page, "Kept in the library")
        await page.keyboard.press("Escape")
    await page.locator('.take >> nth=1 >> [data-compare="a"]').click()
    await page.locator('.take >> nth=0 >> [data-compare="b"]').click()
    await expect(page.locator("[data-compare-play]")).to_be_enabled()
    await page.click("[data-compare-play]")
    seek = "Number(document.querySelector('[data-compare-seek]').value)"
    await until(lambda: page.evaluate(f"{seek} > 0.1"))
    before = await page.evaluate(seek)
    await page.keyboard.press("b")
    await expect(page.locator('[data-compare-hear="b"]')).to_have_attribute("aria-pressed", "true")
    after = await page.evaluate(seek)
    assert 0 <= after - before < 0.1
    await until(lambda: page.evaluate(f"{seek} > {after} + 0.02"), what="B goes on")


async def test_settings_of_a_take_come_back(open_speech):
    page = await open_speech()
    await page.fill("#id_speed", "1.25")
    await page.locator("[name=emotion][value=happy]").check()
    await speak(page)
    await status_is(page, "Kept in the library")
    await page.fill("#id_text", "Something else.")
    await page.fill("#id_speed", "1")
    await page.locator("[name=emotion][value='']").check()
    await page.locator("[data-use-settings]").first.click()
    await expect(page.locator("#id_speed")).to_have_value("1.25")
    await expect(page.locator("[name=emotion][value=happy]")).to_be_checked()
    assert await page.input_value("#id_text") == "Something else."


# --- for everybody ----------------------------------------------------------------------------------------------------


async def test_everything_works_by_keyboard(open_speech):
    page = await open_speech()
    await page.focus("#id_text")
    await page.keyboard.type(SENTENCE)
    await page.focus(".voice-card__choose")
    await page.keyboard.press("Enter")
    await expect(page.locator("#voice-q")).to_be_focused()
    await page.keyboard.type("narrator")
    found = page.locator(".voice")
    await expect(found.filter(has_not_text="arrator")).to_have_count(0)  # only what was looked for is left
    await expect(found.first).to_contain_text("arrator")
    await page.keyboard.press("ArrowDown")
    name = await page.evaluate("document.activeElement.closest('[data-voice]').dataset.name")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-single-voice] [data-voice-name]")).to_have_text(name)
    await page.focus("#id_text")
    await page.keyboard.press("Control+Enter")
    await is_heard(page)
    await expect(page.locator("[data-script-twin]")).to_be_focused()
    await status_is(page, "Kept in the library")
    await page.keyboard.press("Escape")
    await expect(page.locator("#id_text")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_has_no_barriers(open_speech, scheme):
    page = await open_speech(color_scheme=scheme, reduced_motion="reduce")
    await speak(page)
    await is_heard(page)
    assert await find_barriers(page) == []
    await status_is(page, "Kept in the library")
    await page.keyboard.press("Escape")
    await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    assert await find_barriers(page) == []
    await page.click(".voice-card__choose")
    await page.wait_for_selector(".voice")
    assert await find_barriers(page, within="#voice-picker") == []


async def test_phone_keeps_the_button_in_reach_and_the_settings_in_a_sheet(open_speech):
    page = await open_speech(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    box = await page.locator("[data-speak]").bounding_box()
    assert box["y"] + box["height"] <= 844
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.click(".phone-sheet-button")
    await expect(page.locator("#settings-sheet #id_model")).to_be_visible()
    await page.select_option("#id_model", "speech-2.6-hd")
    await page.keyboard.press("Escape")
    await speak(page)
    await is_heard(page)
    assert await page.evaluate("ear.sent[0].request.model") == "speech-2.6-hd"
