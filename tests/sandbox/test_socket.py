"""WebSocket /ws/v1/t2a_v2."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.sandbox.conftest import VOICE
from tests.sandbox.listening import listen

START = {
    "event": "task_start",
    "model": "speech-2.8-turbo",
    "voice_setting": {"voice_id": VOICE},
    "audio_setting": {"format": "mp3", "sample_rate": 32000, "bitrate": 128000, "channel": 1},
}


class Phone:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, event: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"event": event, **fields}))

    async def hear(self) -> dict[str, Any]:
        return json.loads(await self.socket.recv())

    async def rest(self) -> list[dict[str, Any]]:
        return [json.loads(message) async for message in self.socket]


@asynccontextmanager
async def call(sandbox, headers: dict[str, str] | None = None, path: str = "/ws/v1/t2a_v2") -> AsyncIterator[Phone]:
    url = sandbox.url.replace("http", "ws") + path
    async with connect(url, additional_headers=sandbox.headers if headers is None else headers) as socket:
        yield Phone(socket)


def code_of(message: dict[str, Any]) -> int:
    return message["base_resp"]["status_code"]


async def test_whole_sequence_with_many_texts(sandbox):
    texts = ["One sentence at a time.", "And a second one.", "三。"]
    async with call(sandbox) as phone:
        assert (await phone.hear())["event"] == "connected_success"
        await phone.socket.send(json.dumps(START))
        assert (await phone.hear())["event"] == "task_started"
        for text in texts:
            await phone.say("task_continue", text=text)
        await phone.say("task_finish")
        messages = await phone.rest()
    assert messages[-1]["event"] == "task_finished"
    assert phone.socket.close_code == 1000
    audio = [message for message in messages if message["event"] == "task_continued"]
    ends = [message for message in audio if message["is_final"]]
    assert [end["extra_info"]["usage_characters"] for end in ends] == [len(texts[0]), len(texts[1]), 3]
    assert all("extra_info" not in message for message in audio if not message["is_final"])
    content = b"".join(bytes.fromhex(message["data"]["audio"]) for message in audio)
    assert len(content) == sum(end["extra_info"]["audio_size"] for end in ends)
    assert listen(content).seconds * 1000 == pytest.approx(
        sum(end["extra_info"]["audio_length"] for end in ends), abs=50
    )
    assert len({message["session_id"] for message in messages}) == 1
    assert all(len(message["trace_id"]) == 32 for message in messages)


async def test_words_come_with_the_audio_and_the_file_at_the_end(sandbox, caller):
    async with call(sandbox) as phone:
        await phone.hear()
        await phone.socket.send(json.dumps({**START, "subtitle_enable": True, "subtitle_type": "word_streaming"}))
        await phone.say("task_continue", text="Hello my dear world.")
        await phone.say("task_finish")
        messages = [message for message in await phone.rest() if message["event"] == "task_continued"]
    words = [
        word["word"]
        for message in messages
        for entry in message["data"].get("subtitle", [])
        for word in entry["timestamped_words"]
    ]
    assert words == ["Hello", "my", "dear", "world"]
    assert caller.http.get(messages[-1]["data"]["subtitle_file"]).json()[0]["text"] == "Hello my dear world."


async def test_empty_and_too_long_texts_are_skipped_and_the_rest_is_spoken(sandbox):
    async with call(sandbox) as phone:
        await phone.hear()
        await phone.socket.send(json.dumps(START))
        await phone.hear()
        for text in ("First.", "", "x" * 10_000, "Last."):
            await phone.say("task_continue", text=text)
        await phone.say("task_finish")
        messages = await phone.rest()
    ends = [(code_of(message), bool(message["data"])) for message in messages if message.get("is_final")]
    assert ends == [(0, True), (2203, False), (2204, False), (0, True)]


@pytest.mark.parametrize("event", ["task_continue", "task_finish", "task_flush", "task_cancel", "sing"])
async def test_event_out_of_place_is_illegal_and_the_session_goes_on(sandbox, event):
    async with call(sandbox) as phone:
        await phone.hear()
        await phone.say(event, text="Too early.")
        assert code_of(await phone.hear()) == 2202
        await phone.socket.send(json.dumps(START))
        assert (await phone.hear())["event"] == "task_started"
        await phone.socket.send(json.dumps(START))
        assert code_of(await phone.hear()) == 2202


async def test_bad_start_fails_the_task_and_names_the_field(sandbox):
    async with call(sandbox) as phone:
        await phone.hear()
        await phone.socket.send(json.dumps({**START, "audio_setting": {"format": "aac"}}))
        messages = await phone.rest()
    assert [(message["event"], code_of(message)) for message in messages] == [("task_failed", 2013)]
    assert "audio_setting.format" in messages[0]["base_resp"]["status_msg"]


@pytest.mark.parametrize(("headers", "code"), [({}, 1004), ({"Authorization": "Bearer sk-api-wrong"}, 2049)])
async def test_bad_key_fails_the_task(sandbox, headers, code):
    async with call(sandbox, headers) as phone:
        messages = await phone.rest()
    assert [(message["event"], code_of(message)) for message in messages] == [("task_failed", code)]


async def test_silent_client_is_hung_up_on(sandbox):
    async with call(sandbox, {**sandbox.headers, "X-Sandbox-Fault": "idle=0.2"}) as phone:
        messages = await phone.rest()
    assert [(message["event"], code_of(message)) for message in messages] == [
        ("connected_success", 0),
        ("task_failed", 2201),
    ]


async def test_cut_line_has_no_goodbye(sandbox):
    async with call(sandbox, {**sandbox.headers, "X-Sandbox-Fault": "drop_stream"}) as phone:
        await phone.hear()
        await phone.socket.send(json.dumps(START))
        await phone.say("task_continue", text="This will be cut off somewhere in the middle.")
        with pytest.raises(ConnectionClosedError):
            await phone.rest()


async def test_unknown_address_is_not_found(sandbox):
    with pytest.raises(InvalidStatus) as refused:
        async with call(sandbox, path="/ws/v1/nothing"):
            pass
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body)["base_resp"]["status_code"] == 2013


async def test_effects_work_on_the_socket(sandbox):
    async with call(sandbox) as phone:
        await phone.hear()
        await phone.socket.send(json.dumps({**START, "voice_modify": {"sound_effects": "spacious_echo"}}))
        await phone.hear()
        await phone.say("task_continue", text="Echo.")
        await phone.say("task_finish")
        ends = [message for message in await phone.rest() if message.get("is_final")]
    assert ends[0]["extra_info"]["audio_length"] > 900
