"""Type-to-speak: one upstream socket, each sentence as it is finished."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from apps.speech import live
from apps.speech.models import Status, Take
from apps.speech.rows import in_thread
from tests.speech.conftest import SETTINGS
from tests.speech.test_live import read, row, until_over

pytestmark = pytest.mark.django_db(transaction=True)

SENTENCES = ["The first sentence is here.", "And this is the second one.", "Now it ends."]


async def start(page, **changes) -> str:
    await page.send("type_start", click=str(uuid.uuid4()), playback="mp3", request=SETTINGS | changes)
    heard = await page.hear(until=("started", "refused"))
    assert heard.last["type"] == "started", heard.last
    return heard.take


async def test_sentences_are_spoken_in_order_over_one_upstream_socket(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    for sentence in SENTENCES:
        await page.send("type_text", take=take_id, text=sentence)
    await page.send("type_end", take=take_id)
    heard = await page.hear_more(take_id)

    assert heard.last["status"] == "kept"
    take = await row(take_id)
    assert take.text == " ".join(SENTENCES)
    assert take.asset.request["text"] == " ".join(SENTENCES)
    assert await in_thread(read, take.asset) == heard.sound
    assert take.usage["usage_characters"] == sum(map(len, SENTENCES))
    assert [(entry["texts"], entry["code"]) for entry in on_sandbox.requests] == [(3, 0)]


async def test_words_of_later_sentences_lie_where_their_sound_does(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    for sentence in SENTENCES:
        await page.send("type_text", take=take_id, text=sentence)
    await page.send("type_end", take=take_id)
    heard = await page.hear_more(take_id)

    take = await row(take_id)
    starts = [word["start_ms"] for word in heard.words]
    assert starts == sorted(starts)
    assert starts[-1] > take.received_ms / 2
    lines = [(line["start_ms"], line["end_ms"]) for line in take.asset.subtitles]
    assert lines == sorted(lines)
    assert abs(lines[-1][1] - take.asset.subtitles[-1]["words"][-1]["end_ms"]) <= 1
    assert lines[-1][1] <= take.received_ms + 100


async def test_typing_goes_on_after_the_socket_dropped(on_sandbox, creator, open_page):
    first = await open_page(creator)
    take_id = await start(first)
    await first.send("type_text", take=take_id, text=SENTENCES[0])
    await first.hear_more(take_id, sound=1000)
    await first.close()

    second = await open_page(creator)
    await second.send("attach", take=take_id, **{"from": 0})
    await second.send("type_text", take=take_id, text=SENTENCES[1])
    await second.send("type_end", take=take_id)
    heard = await second.hear_more(take_id)
    take = await row(take_id)
    assert heard.last["status"] == "kept"
    assert await in_thread(read, take.asset) == heard.sound
    assert take.text == " ".join(SENTENCES[:2])


async def test_a_long_silence_ends_the_take_before_minimax_hangs_up(on_sandbox, creator, open_page, monkeypatch):
    monkeypatch.setattr(live, "QUIET_S", 0.3)
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_text", take=take_id, text=SENTENCES[0])
    heard = await page.hear_more(take_id)
    assert heard.last["status"] == "kept"


async def test_a_sentence_that_cannot_be_spoken_is_refused_and_the_take_goes_on(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_text", take=take_id, text="<#2#>Hm.")
    assert (await page.hear(until="refused")).last["message"]
    await page.send("type_text", take=take_id, text=SENTENCES[0])
    await page.send("type_end", take=take_id)
    assert (await page.hear_more(take_id)).last["status"] == "kept"
    assert (await row(take_id)).text == SENTENCES[0]


async def test_a_take_without_a_sentence_ends_without_a_file(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_end", take=take_id)
    heard = await page.hear_more(take_id)
    take = await row(take_id)
    assert heard.last["type"] == "finished"
    assert (take.asset, take.usage.get("usage_characters", 0)) == (None, 0)


async def test_stopping_a_typed_take_keeps_what_was_spoken(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_text", take=take_id, text=SENTENCES[0])
    await page.hear_more(take_id, sound=1000)
    await page.send("stop", take=take_id)
    take = await until_over(take_id)
    assert take.status == Status.STOPPED
    assert take.asset.size == take.bytes_received > 0


async def test_nobody_writes_into_the_take_of_somebody_else(on_sandbox, creator, admin, open_page):
    mine, theirs = await open_page(creator), await open_page(admin)
    take_id = await start(mine)
    for message in ({"type": "type_text", "text": "Bill this to them."}, {"type": "type_end"}):
        await theirs.send(**message, take=take_id)
        assert (await theirs.hear(until="refused")).last["message"]
    await mine.send("type_text", take=take_id, text=SENTENCES[0])
    await mine.send("type_end", take=take_id)
    assert (await mine.hear_more(take_id)).last["status"] == "kept"
    assert (await row(take_id)).text == SENTENCES[0]


async def test_a_character_that_postgresql_refuses_is_left_out(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_text", take=take_id, text=SENTENCES[0] + "\0")
    await page.send("type_end", take=take_id)
    assert (await page.hear_more(take_id)).last["status"] == "kept"
    assert (await row(take_id)).text == SENTENCES[0]


async def test_text_after_the_end_is_refused(on_sandbox, creator, open_page):
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_text", take=take_id, text=SENTENCES[0])
    await page.send("type_end", take=take_id)
    await page.hear_more(take_id)
    await page.send("type_text", take=take_id, text=SENTENCES[1])
    assert "ended" in (await page.hear()).last["message"]


async def test_a_wrong_key_fails_the_take_with_a_sentence(on_sandbox, creator, open_page, settings):
    settings.SANDBOX_KEY = "sk-api-wrong-key-0000"
    page = await open_page(creator)
    take_id = await start(page)
    await page.send("type_text", take=take_id, text=SENTENCES[0])
    error = (await page.hear_more(take_id)).last["error"]
    assert (error["code"] in (1004, 2049), error["charged"]) == (True, "no")


async def test_continuous_sound_goes_over_the_upstream_socket(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak(continuous_sound=True)
    heard = await page.hear()
    assert heard.last["status"] == "kept"
    assert [entry["path"] for entry in on_sandbox.requests] == ["/ws/v1/t2a_v2"]
    assert await in_thread(Take.objects.filter(is_typed=False).count) == 1


async def test_two_typed_takes_do_not_mix(on_sandbox, creator, open_page):
    pages = [await open_page(creator), await open_page(creator)]
    takes = [await start(page) for page in pages]
    for page, take_id, sentence in zip(pages, takes, SENTENCES, strict=False):
        await page.send("type_text", take=take_id, text=sentence)
        await page.send("type_end", take=take_id)
    await asyncio.gather(*(page.hear_more(take_id) for page, take_id in zip(pages, takes, strict=True)))
    assert [(await row(take_id)).text for take_id in takes] == SENTENCES[:2]
