"""POST /v1/t2a_v2 with stream: server-sent events."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from itertools import pairwise

import httpx
import pytest

from tests.sandbox.conftest import body_of_speech
from tests.sandbox.listening import listen

QUIET_END = {"exclude_aggregated_audio": True}


def pieces_of(chunks) -> list[bytes]:
    return [bytes.fromhex(chunk["data"]["audio"]) for chunk in chunks if chunk["data"]["status"] == 1]


def test_pieces_are_the_file_and_the_last_chunk_repeats_it(caller):
    chunks = caller.stream(audio={"format": "mp3"})
    pieces, last = pieces_of(chunks), chunks[-1]
    assert len(pieces) > 5
    assert all("extra_info" not in chunk and chunk["base_resp"]["status_msg"] == "" for chunk in chunks[:-1])
    assert (last["data"]["status"], last["base_resp"]["status_msg"]) == (2, "success")
    assert bytes.fromhex(last["data"]["audio"]) == b"".join(pieces)
    assert last["extra_info"]["audio_size"] == len(b"".join(pieces))
    assert {chunk["trace_id"] for chunk in chunks} == {last["trace_id"]}


def test_last_chunk_can_be_asked_to_stay_empty(caller):
    chunks = caller.stream(audio={"format": "mp3"}, stream_options=QUIET_END)
    assert chunks[-1]["data"]["audio"] == ""
    assert listen(b"".join(pieces_of(chunks))).seconds * 1000 == pytest.approx(
        chunks[-1]["extra_info"]["audio_length"], abs=30
    )


@pytest.mark.parametrize("audio_format", ["mp3", "wav", "flac", "opus", "pcmu_wav"])
def test_every_format_can_be_streamed_and_opened(caller, audio_format):
    chunks = caller.stream(audio={"format": audio_format}, stream_options=QUIET_END)
    assert len(pieces_of(chunks)) > 2
    heard = listen(b"".join(pieces_of(chunks)))
    assert heard.seconds == pytest.approx(chunks[-1]["extra_info"]["audio_length"] / 1000, abs=0.05)


def test_streamed_pcm_is_the_same_as_whole_pcm(caller):
    assert b"".join(pieces_of(caller.stream())) == caller.speak().audio


def test_voice_effects_stream_as_mp3_only(caller):
    effect = {"sound_effects": "robotic"}
    assert caller.stream(audio={"format": "mp3"}, voice_modify=effect)[-1]["base_resp"]["status_code"] == 0
    assert caller.speak(audio={"format": "wav"}, voice_modify=effect, stream=True).code == 2013


def test_constant_bitrate_makes_every_frame_stand_for_itself(caller):
    def reservoir_used(force_cbr: bool) -> bool:
        audio = {"format": "mp3", "force_cbr": force_cbr}
        data = b"".join(pieces_of(caller.stream(audio=audio, stream_options=QUIET_END)))
        starts = range(0, len(data) - 8, 576)  # 128 kbit/s at 32 kHz
        assert all(data[start] == 0xFF for start in starts)
        return any(data[start + 4] or data[start + 5] & 0x80 for start in starts)

    assert (reservoir_used(True), reservoir_used(False)) == (False, True)


def test_words_come_with_the_piece_in_which_they_begin(caller):
    text = "Hello there, this is a test of words that light up. And a second sentence."
    chunks = caller.stream(
        text, audio={"format": "mp3"}, subtitle_enable=True, subtitle_type="word_streaming", stream_options=QUIET_END
    )
    made_ms, words = 0.0, []
    for chunk in chunks:
        made_ms += len(chunk["data"]["audio"]) / 2 / 16
        for entry in chunk["data"].get("subtitle", []):
            for word in entry["timestamped_words"]:
                words.append(word)
                # The encoder holds back up to three frames of 36 ms.
                assert made_ms > word["time_begin"] - 150 or chunk is chunks[-1]
    assert [word["word"] for word in words] == text.replace(",", "").replace(".", "").split()
    assert all(before["time_begin"] < after["time_begin"] for before, after in pairwise(words))
    in_file = [
        word
        for entry in caller.http.get(chunks[-1]["data"]["subtitle_file"]).json()
        for word in entry["timestamped_words"]
    ]
    assert in_file == words


def test_errors_before_the_first_sound_are_plain_json(caller):
    answer = caller.speak(stream=True, voice={"voice_id": "Nobody"})
    assert (answer.code, answer.headers["content-type"]) == (20132, "application/json")


async def read_stream(http: httpx.AsyncClient, sandbox, text: str) -> tuple[float, float, int]:
    """Seconds to the first sound, seconds to the end, bytes."""
    body = body_of_speech(text, audio={"format": "mp3"}, stream=True, stream_options=QUIET_END)
    start, first, size, last = time.perf_counter(), 0.0, 0, {}
    async with http.stream("POST", f"{sandbox.url}/v1/t2a_v2", json=body, headers=sandbox.headers) as response:
        async for line in response.aiter_lines():
            if line:
                last = json.loads(line[6:])
                size += len(last["data"]["audio"]) // 2
                first = first or time.perf_counter() - start
    assert last["data"]["status"] == 2
    assert last["extra_info"]["audio_size"] == size
    return first, time.perf_counter() - start, size


async def test_first_sound_comes_long_before_the_end(sandbox):
    async with httpx.AsyncClient(timeout=60) as http:
        text = f"Take {secrets.token_hex(3)} begins. " + "And so it goes on and on, sentence by sentence. " * 30
        first, whole, _ = await read_stream(http, sandbox, text)
    assert first < 0.2 * whole


async def test_a_hundred_streams_all_progress_and_finish(sandbox):
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=120)) as http:
        texts = [f"Stream number {number} says {secrets.token_hex(2)} and then goodbye." for number in range(100)]
        ends = await asyncio.gather(*(read_stream(http, sandbox, text) for text in texts))
    firsts, wholes = sorted(first for first, _, _ in ends), sorted(whole for _, whole, _ in ends)
    assert firsts[-1] < wholes[-1]
    assert firsts[50] < 0.8 * wholes[50]  # they take turns: half of them are heard before half of them are done


async def test_leaving_early_ends_the_work(sandbox, start_sandbox):
    import psutil

    own = start_sandbox()
    engine = psutil.Process(own.process.pid).children()[0]
    body = body_of_speech("Nobody waits for the end of this. " * 250, audio={"format": "mp3"}, stream=True)
    async with httpx.AsyncClient(timeout=60) as http:
        async with http.stream(
            "POST", f"{own.sandbox.url}/v1/t2a_v2", json=body, headers=own.sandbox.headers
        ) as response:
            await anext(response.aiter_lines())
        before = None
        for _ in range(100):
            await asyncio.sleep(0.1)
            used = sum(engine.cpu_times()[:4])
            if used == before:
                break
            before = used
        else:
            pytest.fail("the engine goes on working for nobody")
