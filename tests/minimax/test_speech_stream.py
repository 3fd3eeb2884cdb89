"""stream_speech against servers on real sockets, well behaved and not."""

import asyncio
import gzip
import json
import time
from dataclasses import replace

import pytest

from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    AuthenticationError,
    BrokenAnswerError,
    ContentRejectedError,
    MiniMaxError,
    OutcomeUnknownError,
    RateLimitError,
    UnreachableError,
)
from apps.minimax.speech import AudioPiece, SpeechEnd, SpeechRequest, Word, fetch_subtitles, new_http, stream_speech
from tests.conftest import free_port
from tests.minimax.mp3_files import MP3
from tests.minimax.servers import KEY, event, last_event, recorded, refusal, serving

HELLO = SpeechRequest(text="Hello there.")


async def listen(handle, request: SpeechRequest = HELLO, **options):
    """What arrives from a server: (pieces, the end or None, the error or None)."""
    pieces, end, error = [], None, None
    async with serving(handle) as endpoint, new_http() as http:
        try:
            async for item in stream_speech(http, endpoint, request, **options):
                if isinstance(item, AudioPiece):
                    pieces.append(item)
                else:
                    end = item
        except MiniMaxError as exc:
            error = exc
    return pieces, end, error


def sends(*chunks: bytes, end: bool = True):
    async def handle(line):
        await line.start_stream()
        for chunk in chunks:
            await line.chunk(chunk)
        if end:
            await line.end_stream()
        else:
            line.writer.close()

    return handle


def audio_of(pieces) -> bytes:
    return b"".join(piece.audio for piece in pieces)


# --- as it should be --------------------------------------------------------------------------------------------------


async def test_pieces_come_in_order_and_the_end_brings_the_figures():
    pieces, end, error = await listen(sends(recorded("stream.txt")))
    assert error is None
    assert [piece.audio for piece in pieces] == [b"ID", b"3\x04"]
    assert isinstance(end, SpeechEnd)
    assert (end.info.audio_length_ms, end.info.usage_characters, end.trace_id) == (900, 12, "00")


async def test_the_request_asks_for_a_stream_without_the_repeated_audio():
    seen = {}

    async def handle(line):
        seen.update(json.loads(line.body), head=line.headers.decode())
        await sends(recorded("stream.txt"))(line)

    await listen(handle)
    assert seen["stream"] is True
    assert seen["stream_options"] == {"exclude_aggregated_audio": True}
    assert "output_format" not in seen
    assert f"Bearer {KEY}" in seen["head"]


async def test_a_piece_arrives_before_the_rest_is_made():
    rest = asyncio.Event()

    async def handle(line):
        await line.start_stream()
        await line.chunk(event(b"one"))
        await rest.wait()
        await line.chunk(last_event(3))
        await line.end_stream()

    async with serving(handle) as endpoint, new_http() as http:
        stream = stream_speech(http, endpoint, HELLO)
        assert (await anext(stream)).audio == b"one"
        rest.set()
        assert isinstance(await anext(stream), SpeechEnd)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
async def test_any_packet_size_gives_the_same_audio(size):
    stream = b"\xef\xbb\xbf: hi \xe4\xb8\xad\n\n" + event(b"one") + b"event: x\n" + event(b"two") + last_event(6)
    stream += b"data: [DONE]\n\n"
    pieces, end, error = await listen(sends(*[stream[at : at + size] for at in range(0, len(stream), size)]))
    assert (audio_of(pieces), error) == (b"onetwo", None)
    assert end


@pytest.mark.parametrize(
    "stream",
    [
        (event(b"one") + last_event(3)).replace(b"\n", b"\r\n"),
        event(b"one") + last_event(3) + b"data: [DONE]\n\n",
        event(b"one") + last_event(3).rstrip(b"\n"),
        event(b"one").replace(b', "trace_id"', b',\ndata: "trace_id"') + last_event(3),
        event(b"one") + b"data: {}\n\ndata: 5\n\ndata: null\n\n" + last_event(3),
        event(b"one", data_is_ignored=1, base_resp=None) + last_event(3),
        event(None) + event("") + event(b"one") + event(None, data=None) + last_event(3),
    ],
    ids=["crlf", "done", "no last blank line", "data on two lines", "odd events", "no base_resp", "nothing in it"],
)
async def test_other_ways_to_write_a_stream(stream):
    pieces, end, error = await listen(sends(stream))
    assert (audio_of(pieces), error) == (b"one", None)
    assert end


async def test_the_whole_audio_at_the_end_is_not_doubled():
    pieces, end, _ = await listen(sends(event(b"one"), event(b"two"), last_event(6, b"onetwo")))
    assert audio_of(pieces) == b"onetwo"
    assert end


async def test_a_whole_audio_written_anew_is_not_doubled_either():
    frames = MP3[MP3.index(b"\xff\xfb") :]  # without the tag that only the whole file has
    pieces, end, error = await listen(sends(event(frames[:700]), event(frames[700:]), last_event(len(MP3), MP3)))
    assert error is None
    assert audio_of(pieces) == frames
    assert end


async def test_a_piece_that_was_cut_short_is_noticed():
    cut = sends(event(MP3[:3000]), event(MP3[3300:]), last_event(len(MP3)))
    _, end, error = await listen(cut)
    assert end is None
    assert (str(error), error.charged) == ("The audio that MiniMax sent is shorter than it announced.", "yes")


async def test_raw_sound_must_be_there_to_the_last_byte():
    raw = replace(HELLO, format="pcm")
    _, end, error = await listen(sends(event(b"onetwo"), last_event(8)), raw)
    assert end is None
    assert error.charged == "yes"


async def test_what_only_the_whole_audio_has_is_added():
    pieces, end, _ = await listen(sends(event(b"one"), last_event(6, b"onetwo")))
    assert audio_of(pieces) == b"onetwo"
    assert end


async def test_a_last_piece_in_the_closing_event_is_kept():
    pieces, end, _ = await listen(sends(event(b"one"), event(b"two"), last_event(9, b"six")))
    assert audio_of(pieces) == b"onetwosix"
    assert end


async def test_a_short_text_may_come_in_the_closing_event_alone():
    pieces, end, _ = await listen(sends(last_event(3, b"one")))
    assert audio_of(pieces) == b"one"
    assert end


async def test_a_server_that_does_not_stream_gives_it_all_at_once():
    payload = last_event(3, b"one").removeprefix(b"data: ")

    async def handle(line):
        await line.whole(payload)

    pieces, end, _ = await listen(handle)
    assert audio_of(pieces) == b"one"
    assert end


async def test_compression_nobody_asked_for_is_undone():
    async def handle(line):
        body = gzip.compress(recorded("stream.txt"))
        await line.head(200, "text/event-stream", "Content-Encoding: gzip", f"Content-Length: {len(body)}")
        await line.raw(body)

    pieces, end, _ = await listen(handle)
    assert audio_of(pieces) == b"ID3\x04"
    assert end


async def test_words_come_with_the_pieces_that_cover_them():
    rows = [
        {
            "text": "Hello",
            "time_begin": 0,
            "time_end": 400,
            "timestamped_words": [{"word": "Hello", "time_begin": 0, "time_end": 400.5}],
        }
    ]
    piece = {"data": {"audio": b"one".hex(), "status": 1, "subtitle": rows}}
    odd = {"data": {"audio": b"two".hex(), "status": 1, "subtitle": "surprise"}}
    events = [b"data: " + json.dumps(one).encode() + b"\n\n" for one in (piece, odd)]
    pieces, _, error = await listen(sends(*events, last_event(6)))
    assert error is None
    assert [piece.words for piece in pieces] == [(Word("Hello", 0, 400.5),), ()]


async def test_the_connection_serves_again():
    lines = set()

    async def handle(line):
        lines.add(id(line))
        await sends(recorded("stream.txt"))(line)

    async with serving(handle) as endpoint, new_http() as http:
        for _ in range(3):
            async for _ in stream_speech(http, endpoint, HELLO):
                pass
    assert len(lines) == 1


# --- subtitles --------------------------------------------------------------------------------------------------------


def with_subtitles(answer: bytes, status: int = 200):
    async def handle(line):
        if b"GET /sub.json" in line.headers:
            assert b"authorization" not in line.headers.lower()
            await line.whole(answer, status)
            return
        host = line.headers.split(b"Host: ")[1].split(b"\r\n")[0].decode()
        data = {"status": 2, "subtitle_file": f"http://{host}/sub.json"}
        await sends(event(b"one"), last_event(3, data=data))(line)

    return handle


async def test_subtitles_are_fetched_at_the_end():
    _, end, _ = await listen(with_subtitles(b"\xef\xbb\xbf" + recorded("subtitles.json")))
    assert end.subtitles[0].words == (Word("Hello", 0, 420),)
    assert end.subtitles_error is None


@pytest.mark.parametrize(("answer", "status"), [(b"<html>", 200), (b"", 404), (b"{}", 200)])
async def test_lost_subtitles_do_not_lose_the_take(answer, status):
    pieces, end, error = await listen(with_subtitles(answer, status))
    assert (audio_of(pieces), error, end.subtitles) == (b"one", None, ())
    assert end.subtitles_error.charged == "no"


@pytest.mark.parametrize("follows", [True, False])
async def test_a_link_is_opened_only_if_the_endpoint_may_lead_there(follows):
    asked = []

    def may_follow(url):
        asked.append(url)
        return follows

    async with serving(with_subtitles(recorded("subtitles.json"))) as endpoint, new_http() as http:
        guarded = replace(endpoint, may_follow=may_follow)
        *_, end = [piece async for piece in stream_speech(http, guarded, HELLO)]
    assert asked == [endpoint.url("/sub.json")]
    assert bool(end.subtitles) == follows


async def test_a_link_that_leads_on_is_not_followed_for_somebody_s_own_address():
    inside = []

    async def handle(line):
        if b"GET /sub.json" in line.headers:
            await line.raw(b"HTTP/1.1 302 Found\r\nLocation: /inside.json\r\nContent-Length: 0\r\n\r\n")
            return
        inside.append(line.headers)
        await with_subtitles(b"")(line)

    async with serving(handle) as endpoint, new_http() as http:
        guarded = replace(endpoint, may_follow=lambda url: True)
        *_, end = [piece async for piece in stream_speech(http, guarded, HELLO)]
    assert (end.subtitles, len(inside)) == ((), 1)


async def test_subtitles_that_never_come_are_given_up():
    async def handle(line):
        await line.wait_for_hangup()

    async with serving(handle) as endpoint, new_http() as http:
        with pytest.raises(OutcomeUnknownError) as caught:
            await fetch_subtitles(http, endpoint.url("/sub.json"), timeout_s=0.1)
    assert caught.value.charged == "no"


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind", "charged", "retryable"),
    [
        (1002, RateLimitError, "no", True),
        (2049, AuthenticationError, "no", False),
        (1026, ContentRejectedError, "no", False),
        (1000, OutcomeUnknownError, "unknown", False),
    ],
)
@pytest.mark.parametrize("shape", ["json body", "json body called a stream", "event"])
async def test_a_refusal_before_the_first_piece(code, kind, charged, retryable, shape):
    body = json.dumps(refusal(code)).encode()

    async def handle(line):
        if shape == "event":
            await sends(b"data: " + body + b"\n\n")(line)
        else:
            await line.whole(body, content_type="application/json" if shape == "json body" else "text/event-stream")

    pieces, end, error = await listen(handle)
    assert (pieces, end) == ([], None)
    assert isinstance(error, kind)
    assert (error.code, error.charged, error.retryable, error.trace_id) == (code, charged, retryable, "t-1")


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 529])
@pytest.mark.parametrize("body", [b"<html>no</html>", b"", b'{"error": {"message": "no"}}'])
async def test_http_errors(status, body):
    async def handle(line):
        await line.whole(body, status, "text/html")

    pieces, end, error = await listen(handle)
    assert (pieces, end) == ([], None)
    assert error.charged == ("no" if status in {401, 403, 429, 529} else "unknown")


async def test_html_with_http_200_is_a_broken_answer():
    async def handle(line):
        await line.whole(b"\n <html>portal</html>", content_type="text/html")

    _, _, error = await listen(handle)
    assert isinstance(error, BrokenAnswerError)


async def test_success_without_any_audio_is_no_success():
    _, end, error = await listen(sends(last_event(0)))
    assert end is None
    assert (str(error), error.charged) == ("MiniMax reported success but sent no result.", "yes")


async def test_an_error_event_after_audio_is_no_longer_free():
    refused = b"data: " + json.dumps(refusal(1002)).encode() + b"\n\n"
    pieces, end, error = await listen(sends(event(b"one"), refused))
    assert (audio_of(pieces), end) == (b"one", None)
    assert isinstance(error, RateLimitError)
    assert (error.charged, error.retryable) == ("unknown", False)


@pytest.mark.parametrize("bad", ["494", "49zz", "中", 5])
async def test_damaged_hex_ends_the_stream(bad):
    wrong = b"data: " + json.dumps({"data": {"audio": bad, "status": 1}}).encode() + b"\n\n"
    pieces, end, error = await listen(sends(event(b"one"), wrong, last_event(6)))
    assert (audio_of(pieces), end) == (b"one", None)
    assert isinstance(error, BrokenAnswerError)
    assert "damaged" in str(error)
    assert (error.charged, error.retryable) == ("unknown", False)


async def test_an_event_that_is_no_json_ends_the_stream():
    _, end, error = await listen(sends(event(b"one"), b"data: {cut\n\n", last_event(3)))
    assert end is None
    assert isinstance(error, BrokenAnswerError)


async def test_less_audio_than_announced_was_charged_and_is_not_whole():
    _, end, error = await listen(sends(event(b"one"), last_event(100_000)))
    assert end is None
    assert "shorter than it announced" in str(error)
    assert error.charged == "yes"


@pytest.mark.parametrize(
    "chunks",
    [
        (event(b"one"),),
        (event(b"one"), b"data: [DONE]\n\n"),
        (event(b"one"), last_event(6)[:40]),
        (event(b"one"), event(b"two")[:-1]),
    ],
    ids=["after an event", "after [DONE]", "inside the last event", "before a blank line"],
)
@pytest.mark.parametrize("politely", [True, False])
async def test_a_stream_without_its_end_is_never_whole(chunks, politely):
    pieces, end, error = await listen(sends(*chunks, end=politely))
    assert audio_of(pieces).startswith(b"one")
    assert end is None
    assert isinstance(error, BrokenAnswerError)
    assert (error.charged, error.retryable, error.trace_id) == ("unknown", False, "tr-9")


async def test_a_connection_reset_in_the_middle_of_a_chunk():
    async def handle(line):
        await line.start_stream()
        await line.chunk(event(b"one"))
        await line.raw(b"ffff\r\ndata: {")
        line.writer.transport.abort()

    _, end, error = await listen(handle)
    assert end is None
    assert isinstance(error, BrokenAnswerError)


async def test_hanging_up_before_an_answer_may_have_been_charged():
    async def handle(line):
        line.writer.close()

    _, _, error = await listen(handle)
    assert isinstance(error, OutcomeUnknownError)
    assert (error.charged, error.retryable) == ("unknown", False)


async def test_a_server_silent_from_the_start_is_given_up():
    async def handle(line):
        await line.wait_for_hangup()

    start = time.monotonic()
    _, _, error = await listen(handle, silence_s=0.1)
    assert time.monotonic() - start < 5
    assert str(error) == "MiniMax did not answer in time."
    assert error.charged == "unknown"


async def test_a_server_that_falls_silent_is_given_up():
    async def handle(line):
        await line.start_stream()
        await line.chunk(event(b"one"))
        await line.wait_for_hangup()

    pieces, end, error = await listen(handle, silence_s=0.1)
    assert (audio_of(pieces), end) == (b"one", None)
    assert "stopped sending" in str(error)


async def test_nobody_listening_is_free():
    async with new_http() as http:
        with pytest.raises(UnreachableError) as caught:
            await anext(stream_speech(http, Endpoint(f"http://127.0.0.1:{free_port()}", KEY), HELLO))
    assert (caught.value.charged, caught.value.retryable) == ("no", True)


async def test_an_endless_event_is_stopped(monkeypatch):
    monkeypatch.setattr("apps.minimax.speech.stream.MAX_EVENT_BYTES", 10_000)
    hangup = asyncio.Event()

    async def handle(line):
        await line.start_stream()
        await line.chunk(b"data: " + b"4" * 20_000)
        await line.wait_for_hangup()
        hangup.set()

    _, end, error = await listen(handle)
    assert end is None
    assert isinstance(error, BrokenAnswerError)


# --- leaving early ----------------------------------------------------------------------------------------------------


def endless(hangup: asyncio.Event):
    async def handle(line):
        await line.start_stream()
        await line.chunk(event(b"one"))
        try:
            await line.wait_for_hangup()
        finally:
            hangup.set()

    return handle


async def test_closing_the_generator_hangs_up_at_once():
    hangup = asyncio.Event()
    async with serving(endless(hangup)) as endpoint, new_http() as http:
        stream = stream_speech(http, endpoint, HELLO)
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(hangup.wait(), 1)


async def test_cancelling_the_reader_hangs_up_at_once():
    hangup, first = asyncio.Event(), asyncio.Event()

    async def read(http, endpoint):
        async for _ in stream_speech(http, endpoint, HELLO):
            first.set()

    async with serving(endless(hangup)) as endpoint, new_http() as http:
        task = asyncio.create_task(read(http, endpoint))
        await first.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(hangup.wait(), 1)


async def test_a_hundred_streams_at_once():
    async def handle(line):
        await line.start_stream()
        for number in range(20):
            await line.chunk(event(bytes([number]) * 500))
            await asyncio.sleep(0)
        await line.chunk(last_event(10_000))
        await line.end_stream()

    async with serving(handle) as endpoint, new_http() as http:

        async def one():
            return audio_of([x async for x in stream_speech(http, endpoint, HELLO) if isinstance(x, AudioPiece)])

        assert {len(audio) for audio in await asyncio.gather(*[one() for _ in range(100)])} == {10_000}
