"""Live speech through the socket of a page: what is heard, kept and paid, whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.library.models import Asset
from apps.speech import finishing, live
from apps.speech.models import Charged, PronunciationEntry, Status, Take
from apps.speech.rows import in_thread
from apps.speech.spool import Spool
from tests.sockets import open_socket
from tests.speech.conftest import SETTINGS, TEXT

pytestmark = pytest.mark.django_db(transaction=True)

PIECE = bytes(range(256)) * 16  # 4 KiB that no decoder would take for sound; live speech passes bytes on as they are


async def row(heard_or_id) -> Take:
    pk = getattr(heard_or_id, "take", heard_or_id)
    return await in_thread(Take.objects.select_related("asset", "workspace", "created_by").get, pk=pk)


async def until_over(pk: str) -> Take:
    for _ in range(200):
        take = await row(pk)
        if not take.is_moving:
            return take
        await asyncio.sleep(0.05)
    raise AssertionError(take.status)


def read(asset: Asset) -> bytes:
    with asset.file.open("rb") as file:
        return file.read()


# --- a take -----------------------------------------------------------------------------------------------------------


async def test_sound_arrives_while_it_is_made_and_is_kept_byte_for_byte(on_sandbox, creator, open_page):
    page = await open_page(creator)
    click = await page.speak()
    heard = await page.hear()

    started = heard.first("started")
    assert (started["click"], started["from"], started["audio"]["format"]) == (click, 0, "mp3")
    assert heard.last["type"] == "finished"
    assert heard.last["status"] == "kept"
    take = await row(heard)
    assert await in_thread(read, take.asset) == heard.sound
    assert str(take.asset_id) == heard.last["asset"]
    assert f"take-{take.pk}" in heard.last["card"]
    assert (take.status, take.bytes_received, take.trace_id != "") == ("kept", len(heard.sound), True)
    assert take.first_audio_ms is not None
    assert take.asset.text == TEXT
    assert take.asset.request["voice_id"] == SETTINGS["voice_id"]
    assert take.asset.usage["usage_characters"] == len(TEXT)
    assert take.asset.cost_usd == 0  # the sandbox
    assert [entry["code"] for entry in on_sandbox.requests] == [0]


async def test_words_arrive_in_order_and_lie_inside_the_sound(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    heard = await page.hear()

    take = await row(heard)
    starts = [word["start_ms"] for word in heard.words]
    assert len(heard.words) >= len(TEXT.split())
    assert starts == sorted(starts)
    assert heard.words[-1]["end_ms"] <= take.received_ms + 100
    assert take.words_are_exact
    spoken = " ".join(line["text"] for line in take.asset.subtitles)
    assert "lights" in spoken


async def test_a_double_click_pays_once_and_both_pages_hear_it(on_sandbox, creator, open_page):
    first, second = await open_page(creator), await open_page(creator)
    click = str(uuid.uuid4())
    await asyncio.gather(first.speak(click=click), second.speak(click=click))
    one, other = await asyncio.gather(first.hear(), second.hear())

    assert one.take == other.take
    assert one.sound == other.sound
    assert len(on_sandbox.requests) == 1


async def test_a_page_that_asks_before_the_first_sound_is_on_disk_hears_all_of_it(
    on_sandbox, creator, open_page, monkeypatch
):
    start_run, is_on_the_row, may_go_on = live.start_run, asyncio.Event(), asyncio.Event()

    async def start_later(*args, **options):
        is_on_the_row.set()
        await may_go_on.wait()
        return await start_run(*args, **options)

    monkeypatch.setattr("apps.speech.consumers.live.start_run", start_later)
    first, second = await open_page(creator), await open_page(creator)
    click = await first.speak()
    await is_on_the_row.wait()
    await second.speak(click=click)
    heard = await second.hear(until="started")
    may_go_on.set()
    one, other = await asyncio.gather(first.hear(), second.hear_more(heard.take))

    assert len(one.sound) > 1000
    assert one.sound == other.sound


async def test_a_message_replayed_after_the_take_is_kept_pays_nothing(on_sandbox, creator, open_page):
    page = await open_page(creator)
    click = await page.speak()
    first = await page.hear()
    await page.speak(click=click)
    again = await page.hear()

    assert (again.take, bytes(again.sound)) == (first.take, bytes(first.sound))
    assert len(on_sandbox.requests) == 1


async def test_two_takes_share_one_socket(upstream, creator, open_page):
    page = await open_page(creator)
    clicks = [await page.speak("One."), await page.speak("Two.")]
    lines = [await upstream.lines.get(), await upstream.lines.get()]
    for line in lines:
        await line.say(line.body["text"].encode() * 100)
        await line.end(400)
        line.writer.close()
    sound: dict[str, bytes] = {}
    takes: dict[str, str] = {}
    finished = 0
    while finished < 2:
        message = await page.receive()
        if isinstance(message, bytes):
            name = str(uuid.UUID(bytes=message[:16]))
            sound[name] = sound.get(name, b"") + message[16:]
        elif message["type"] == "started":
            takes[message["click"]] = message["take"]
        elif message["type"] == "finished":
            finished += 1
    assert [sound[takes[click]] for click in clicks] == [b"One." * 100, b"Two." * 100]


async def test_what_is_paid_is_what_was_billed(upstream, creator, open_page, price):
    async def answer(line):
        await line.say(PIECE)
        await line.end(len(PIECE))

    upstream.answer = answer
    page = await open_page(creator)
    await page.speak()
    take = await row(await page.hear())

    assert take.estimate_usd == price(len(TEXT))
    assert (take.cost_usd, take.charged) == (price(1000), Charged.YES)  # usage_characters said 1000
    assert take.asset.cost_usd == price(1000)
    assert take.trace_id == "cafe"


async def test_what_no_database_can_hold_does_not_cost_the_take(upstream, creator, open_page):
    async def answer(line):
        await line.say(b"\xff\xfb" * 100, words=[{"word": "Od\0d\ud800", "time_begin": 0, "time_end": 10}])
        await line.end(200, trace_id="\0" + "a" * 200)

    upstream.answer = answer
    page = await open_page(creator)
    await page.speak()
    heard = await page.hear()
    take = await row(heard.take)
    assert (take.status, take.trace_id) == ("kept", "a" * 64)
    assert "\0" not in str(take.subtitles) + take.asset.trace_id
    assert take.subtitles[0]["words"][0]["text"] == "Odd"


async def test_only_pronunciations_of_words_in_the_text_are_sent(upstream, creator, open_page):
    def add() -> None:
        for source, replacement in (("shift", "(ʃɪft)"), ("omg", "oh my god")):
            PronunciationEntry.objects.create(workspace=creator.workspace, source=source, replacement=replacement)

    await in_thread(add)
    page = await open_page(creator)
    await page.speak()
    sent = (await upstream.lines.get()).body
    assert sent["pronunciation_dict"] == {"tone": ["shift/(ʃɪft)"]}


# --- other formats ----------------------------------------------------------------------------------------------------


async def test_a_kept_wav_is_streamed_as_samples_and_holds_exactly_these(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak(format="wav", sample_rate=16000, playback="mp3")
    heard = await page.hear()

    assert heard.first("started")["audio"] == {"format": "pcm", "sample_rate": 16000, "channel": 1, "bitrate": 256000}
    take = await row(heard)
    assert take.asset.content_type == "audio/wav"
    file = await in_thread(read, take.asset)
    assert file[:4] == b"RIFF"
    assert file.endswith(bytes(heard.sound))


@pytest.mark.parametrize(("format", "rate", "magic"), [("flac", 44100, b"fLaC"), ("opus", 24000, b"OggS")])
async def test_a_browser_that_plays_samples_gets_its_format_kept(on_sandbox, creator, open_page, format, rate, magic):
    page = await open_page(creator)
    await page.speak(format=format, sample_rate=rate, channel=2, playback="pcm")
    heard = await page.hear()

    assert heard.last["status"] == "kept"
    assert (await in_thread(read, (await row(heard)).asset))[:4] == magic


async def test_an_mp3_is_kept_for_a_browser_that_cannot_stream_it(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak(playback="pcm")
    heard = await page.hear()

    assert heard.first("started")["audio"]["format"] == "pcm"
    assert (await row(heard)).asset.content_type == "audio/mpeg"


# --- coming and going -------------------------------------------------------------------------------------------------


async def test_a_dropped_socket_continues_from_its_byte(upstream, creator, open_page):
    first = await open_page(creator)
    await first.speak()
    line = await upstream.lines.get()
    await line.say(PIECE)
    heard = await first.hear(sound=len(PIECE))
    await first.close()
    await line.say(PIECE[::-1])

    second = await open_page(creator)
    await second.send("attach", take=heard.take, **{"from": 1000})
    await line.say(b"the end")
    await line.end(2 * len(PIECE) + 7)
    line.writer.close()
    rest = await second.hear()

    whole = PIECE + PIECE[::-1] + b"the end"
    assert rest.first("started")["from"] == 1000
    assert bytes(heard.sound[:1000]) + bytes(rest.sound) == whole
    assert await in_thread(read, (await row(heard)).asset) == whole


async def test_a_take_is_made_to_its_end_when_the_browser_leaves(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    heard = await page.hear(until="started")
    await page.close()

    assert (await until_over(heard.take)).status == Status.KEPT


async def test_a_take_that_is_over_can_be_heard_again_from_its_asset(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    first = await page.hear()
    await in_thread(Spool(uuid.UUID(first.take)).delete)
    await page.send("attach", take=first.take, **{"from": 100})
    again = await page.hear()

    assert bytes(again.sound) == bytes(first.sound[100:])
    assert again.last == first.last


async def test_a_take_of_another_process_is_followed_through_its_spool(upstream, creator, open_page, monkeypatch):
    page = await open_page(creator)
    await page.speak()
    line = await upstream.lines.get()
    await line.say(PIECE)
    heard = await page.hear(sound=len(PIECE))

    elsewhere = await open_page(creator)
    monkeypatch.setattr("apps.speech.consumers.live.find_run", lambda take_id: None)
    await elsewhere.send("attach", take=heard.take, **{"from": 0})
    await elsewhere.hear(sound=len(PIECE))
    await line.say(b"more")
    await line.end(len(PIECE) + 4)
    line.writer.close()
    rest = await elsewhere.hear()

    assert rest.sound == b"more"
    assert rest.last["status"] == "kept"


# --- stop, failure, death ---------------------------------------------------------------------------------------------


async def test_stop_closes_the_upstream_at_once_and_keeps_what_had_arrived(upstream, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    line = await upstream.lines.get()
    await line.say(PIECE)
    heard = await page.hear(sound=len(PIECE))

    await page.send("stop", take=heard.take)
    async with asyncio.timeout(1):
        await line.gone()
    last = (await page.hear()).last
    take = await row(heard)
    assert (last["type"], last["status"], take.status) == ("finished", "stopped", Status.STOPPED)
    assert await in_thread(read, take.asset) == PIECE
    assert "incomplete" in take.asset.title
    assert (take.charged, take.cost_usd) == (Charged.UNKNOWN, None)
    assert "may bill the whole text" in take.next_step


async def test_stop_reaches_a_take_without_its_socket(upstream, creator, open_page, client):
    page = await open_page(creator)
    await page.speak()
    line = await upstream.lines.get()
    heard = await page.hear(until="started")

    def press() -> int:
        client.force_login(creator.user)
        return client.post(reverse("speech:stop", args=[creator.workspace.slug, heard.take])).status_code

    assert await in_thread(press) == 200
    async with asyncio.timeout(3):
        await line.gone()
    assert (await until_over(heard.take)).status == Status.STOPPED


async def test_a_stream_that_breaks_is_never_called_whole(upstream, creator, open_page):
    async def answer(line):
        await line.say(PIECE)  # and then nothing

    upstream.answer = answer
    page = await open_page(creator)
    await page.speak()
    heard = await page.hear()

    assert heard.last["type"] == "failed"
    assert heard.last["error"]["charged"] == "unknown"
    take = await row(heard)
    assert take.status == Status.FAILED
    assert take.asset.title.endswith("(incomplete)")
    assert await in_thread(read, take.asset) == PIECE
    assert take.asset.usage["outcome"] == "failed"


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [("rate_limit", 1002, "too many"), ("balance", 1008, "balance"), ("content", 1026, "refused")],
)
async def test_a_refusal_by_minimax_is_a_sentence_and_costs_nothing(on_sandbox, creator, open_page, fault, code, words):
    on_sandbox.fail(fault, path="/v1/t2a_v2")
    page = await open_page(creator)
    await page.speak()
    error = (heard := await page.hear()).last["error"]

    assert (error["code"], error["charged"]) == (code, "no")
    assert error["sentence"]
    assert error["next_step"]
    assert error["trace_id"]
    take = await row(heard)
    assert (take.status, take.asset, take.cost_usd) == (Status.FAILED, None, 0)
    assert len(on_sandbox.requests) == 1  # and it is not repeated behind the person's back


async def test_a_take_whose_process_died_is_rescued_once(workspace, creator):
    def abandon() -> Take:
        take = Take.objects.create(
            workspace=workspace,
            created_by=creator.user,
            click=str(uuid.uuid4()),
            request=SETTINGS | {"text": TEXT},
            stream={"format": "mp3", "sample_rate": 32000, "channel": 1, "bitrate": 128000},
            connection_kind="global",
            status=Status.SPEAKING,
            heartbeat_at=timezone.now() - timedelta(seconds=30),
        )
        spool = Spool(take.pk)
        spool.create()
        spool.append(PIECE)
        spool.append_words([("The", 0, 100), ("night", 100, 300)])
        spool.close()
        return take

    take = await in_thread(abandon)
    closed = await asyncio.gather(*(in_thread(finishing.sweep) for _ in range(3)))

    assert sum(closed) == 1
    take = await row(take.pk)
    assert (take.status, take.charged) == (Status.INTERRUPTED, Charged.UNKNOWN)
    assert await in_thread(read, take.asset) == PIECE
    assert take.asset.subtitles[0]["text"] == "The night"
    assert await in_thread(Asset.objects.count) == 1


async def test_a_take_that_had_all_its_sound_is_kept_whole_by_the_sweep(workspace, creator):
    def abandon() -> Take:
        take = Take.objects.create(
            workspace=workspace,
            created_by=creator.user,
            click=str(uuid.uuid4()),
            request=SETTINGS | {"text": TEXT},
            stream={"format": "mp3", "sample_rate": 32000, "channel": 1, "bitrate": 128000},
            connection_kind="global",
            status=Status.SAVING,
            outcome=Status.KEPT,
            charged=Charged.YES,
            usage={"usage_characters": 80},
            heartbeat_at=timezone.now() - timedelta(seconds=30),
        )
        spool = Spool(take.pk)
        spool.create()
        spool.append(PIECE)
        spool.close()
        return take

    take = await in_thread(abandon)
    await in_thread(finishing.sweep)
    take = await row(take.pk)
    assert (take.status, take.charged, take.asset.size) == (Status.KEPT, Charged.YES, len(PIECE))


async def test_a_living_take_is_left_alone_by_the_sweep(upstream, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    await upstream.lines.get()
    heard = await page.hear(until="started")
    assert await in_thread(finishing.sweep) == 0
    assert (await row(heard)).is_moving


def test_the_sweep_forgets_old_sound_and_nothing_else(settings, creator):
    old, fresh, other = Spool(uuid.uuid4()), Spool(uuid.uuid4()), Path(settings.SPOOL_ROOT, "jobs", "result")
    for spool in (old, fresh):
        spool.create()
        spool.close()
    other.mkdir(parents=True)
    for path in (old.path, old.words_path, other, other.parent):
        os.utime(path, (0, 0))
    finishing.sweep()
    assert [path.exists() for path in (old.path, old.words_path, fresh.path, other)] == [False, False, True, True]


async def test_a_process_that_ends_keeps_what_had_arrived(upstream, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    line = await upstream.lines.get()
    await line.say(PIECE)
    heard = await page.hear(sound=len(PIECE))
    await live.shut_down()

    take = await row(heard)
    assert (take.status, take.charged) == (Status.INTERRUPTED, Charged.UNKNOWN)
    assert await in_thread(read, take.asset) == PIECE


async def test_the_row_shows_that_a_take_lives(upstream, creator, open_page):
    page = await open_page(creator)
    await page.speak()
    line = await upstream.lines.get()
    await line.say(PIECE)
    heard = await page.hear(sound=len(PIECE))
    end = time.monotonic() + 3
    while (take := await row(heard)).status != Status.SPEAKING:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert take.first_audio_ms is not None
    assert timezone.now() - take.heartbeat_at < timedelta(seconds=2)


# --- refused, with nothing sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "a" * 10_000}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \r\n "}, "text"),
        ({"voice_id": "Nobody_Knows_Me"}, "voice_id"),
        ({"emotion": "whisper"}, "emotion"),
        ({"timbre_weights": [{"voice_id": "Nobody_Knows_Me", "weight": 5}]}, "voice_id"),
    ],
)
async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(on_sandbox, creator, open_page, changes, field):
    page = await open_page(creator)
    click = await page.speak(**changes)
    refused = (await page.hear()).last

    assert (refused["type"], refused["click"]) == ("refused", click)
    assert refused["message"]
    assert refused["errors"][field]
    assert on_sandbox.requests == []
    assert await in_thread(Take.objects.count) == 0


async def test_a_text_of_9999_characters_is_spoken(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.speak(("word " * 2000)[:9998] + "s")
    started = await page.hear(until=("started", "refused"))
    assert started.last["type"] == "started"
    await page.send("stop", take=started.take)
    await page.hear()


async def test_a_stranger_finds_nothing(on_sandbox, workspace, stranger):
    socket = await open_socket(stranger, "speech/", slug=workspace.slug)
    assert socket.close_code == 4404


async def test_a_viewer_may_listen_but_not_speak(upstream, creator, viewer, open_page):
    speaker, listener = await open_page(creator), await open_page(viewer)
    await listener.speak()
    assert "lets you listen" in (await listener.hear()).last["message"]

    await speaker.speak()
    line = await upstream.lines.get()
    heard = await speaker.hear(until="started")
    await listener.send("attach", take=heard.take, **{"from": 0})
    await line.say(PIECE)
    assert (await listener.hear(sound=len(PIECE))).sound == PIECE
    await listener.send("stop", take=heard.take)
    assert (await listener.hear(until="refused")).last["message"]
    assert len(upstream.requests) == 1


async def test_a_take_of_another_workspace_cannot_be_heard(upstream, creator, stranger, open_page):
    speaker, other = await open_page(creator), await open_page(stranger)
    await speaker.speak()
    heard = await speaker.hear(until="started")
    await other.send("attach", take=heard.take, **{"from": 0})
    assert (await other.hear()).last["type"] == "refused"


async def test_a_role_taken_away_counts_at_once(on_sandbox, creator, open_page):
    page = await open_page(creator)
    creator.role = "viewer"
    await in_thread(creator.save)
    await page.speak()
    assert (await page.hear()).last["type"] == "refused"
    assert on_sandbox.requests == []


async def test_a_fifth_take_at_the_same_time_is_refused(upstream, creator, open_page):
    page = await open_page(creator)
    for _ in range(5):
        await page.speak()
    refused = (await page.hear(until="refused")).last
    assert "4 of your takes" in refused["message"]
    assert await in_thread(Take.objects.count) == 4


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"speak"',
        "{}",
        '{"type": "speak"}',
        '{"type": "speak", "click": "x", "playback": "mp3", "request": {}}',
        '{"type": "speak", "click": 5, "playback": "mp3", "request": []}',
        '{"type": "attach", "take": "00000000-0000-0000-0000-000000000000"}',
        '{"type": "attach", "take": "00000000-0000-0000-0000-000000000000", "from": -1}',
        '{"type": "stop"}',
        '{"type": ["speak"]}',
        '{"type": "disconnect"}',
        "[" * 100_000,
        "9" * 300_000,
    ],
)
async def test_nonsense_is_answered_with_a_sentence_and_the_socket_lives(on_sandbox, creator, open_page, text):
    page = await open_page(creator)
    await page.socket.write(text)
    assert (await page.receive())["type"] == "refused"
    await page.speak()
    assert (await page.hear()).last["type"] == "finished"


async def test_bytes_from_a_page_are_answered_with_a_sentence(on_sandbox, creator, open_page):
    page = await open_page(creator)
    await page.socket.send_input({"type": "websocket.receive", "bytes": b"\x00" * 100})
    assert (await page.receive())["type"] == "refused"


async def test_a_workspace_without_a_connection_says_so(creator, open_page):
    page = await open_page(creator)
    await page.speak()
    assert "no connection" in (await page.hear()).last["message"]
