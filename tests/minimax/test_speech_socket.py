"""SpeechSocket against a scripted server over a real socket."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve

from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    AuthenticationError,
    BrokenAnswerError,
    IdleError,
    InvalidRequestError,
    MiniMaxError,
    OutcomeUnknownError,
    RateLimitError,
    UnreachableError,
)
from apps.minimax.speech import AudioPiece, SpeechEnd, SpeechRequest, SpeechSocket, TextDone, TextSkipped, Word
from tests.conftest import free_port
from tests.minimax.servers import KEY, recorded, refusal, serving

SUCCESS = {"status_code": 0, "status_msg": "success"}
VOICE = SpeechRequest(model="speech-2.8-turbo")


class Script:
    """The server's end."""

    def __init__(self, socket) -> None:
        self.socket = socket

    async def tell(self, event: str | None, *, code: int = 0, **more) -> None:
        message = {"session_id": "s1", "trace_id": "tr-1", "base_resp": {"status_code": code, "status_msg": "x"}}
        if event:
            message["event"] = event
        await self.socket.send(json.dumps(message | more))

    async def hear(self) -> dict:
        return json.loads(await self.socket.recv())

    async def greet(self) -> dict:
        await self.tell("connected_success")
        start = await self.hear()
        await self.tell("task_started")
        return start

    async def speak(self, *pieces: bytes, event: str | None = "task_continued", **more) -> None:
        for piece in pieces[:-1]:
            await self.tell(event, is_final=False, data={"audio": piece.hex()})
        info = {"audio_length": 900, "usage_characters": 24, "word_count": 20, "audio_size": sum(map(len, pieces))}
        await self.tell(event, is_final=True, data={"audio": pieces[-1].hex()} | more, extra_info=info)


@asynccontextmanager
async def scripted(script):
    async def handle(socket):
        await script(Script(socket))

    async with serve(handle, "127.0.0.1", 0) as server:
        yield Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY)


async def converse(script, *texts: str, finish: bool = True, **options):
    """Say `texts` and collect (items, error)."""
    items, error = [], None
    async with scripted(script) as endpoint:
        try:
            async with SpeechSocket.open(endpoint, VOICE, **options) as socket:
                for text in texts:
                    await socket.say(text)
                if finish:
                    await socket.finish()
                async for item in socket.receive():
                    items.append(item)
        except MiniMaxError as exc:
            error = exc
    return items, error


def audio_of(items) -> bytes:
    return b"".join(item.audio for item in items if isinstance(item, AudioPiece))


async def test_the_whole_sequence():
    heard = []

    async def script(line):
        assert line.socket.request.headers["Authorization"] == f"Bearer {KEY}"
        assert line.socket.request.path == "/ws/v1/t2a_v2"
        heard.append(await line.greet())
        while (message := await line.hear())["event"] == "task_continue":
            heard.append(message)
            await line.speak(b"one", b"two")
        heard.append(message)
        await line.tell("task_finished")

    items, error = await converse(script, "First.", "Second.")
    assert error is None
    assert heard[0]["event"] == "task_start"
    assert heard[0]["model"] == "speech-2.8-turbo"
    assert heard[0]["voice_setting"]["english_normalization"] is False
    assert heard[1:] == [
        {"event": "task_continue", "text": "First."},
        {"event": "task_continue", "text": "Second."},
        {"event": "task_finish"},
    ]
    kinds = [type(item) for item in items]
    assert kinds == [AudioPiece, AudioPiece, TextDone, AudioPiece, AudioPiece, TextDone, SpeechEnd]
    assert audio_of(items) == b"onetwoonetwo"
    assert items[2].info.usage_characters == 24
    assert (items[-1].info.usage_characters, items[-1].info.audio_length_ms, items[-1].info.audio_size) == (
        48,
        1800,
        12,
    )
    assert items[-1].trace_id == "tr-1"


async def test_audio_messages_need_no_event():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.speak(b"one", b"two", event=None)
        await line.hear()
        await line.tell("task_finished")

    items, error = await converse(script, "First.")
    assert (audio_of(items), error) == (b"onetwo", None)


async def test_skipped_texts_are_told_and_the_socket_goes_on():
    async def script(line):
        await line.greet()
        for code in (2203, 2204):
            await line.hear()
            await line.tell("task_continued", code=code, data=None)
        await line.hear()
        await line.speak(b"one")
        await line.hear()
        await line.tell("task_finished")

    items, error = await converse(script, "", "a" * 10_000, "Third.")
    assert error is None
    assert [item.error.code for item in items if isinstance(item, TextSkipped)] == [2203, 2204]
    assert all(item.error.charged == "no" for item in items if isinstance(item, TextSkipped))
    assert isinstance(items[-1], SpeechEnd)


async def test_words_and_subtitles_come_along():
    async def files(line):
        await line.whole(recorded("subtitles.json"))

    async with serving(files) as cdn:

        async def script(line):
            await line.greet()
            await line.hear()
            await line.speak(b"one", subtitle=json.loads(recorded("subtitles.json")), subtitle_file=cdn.url("/s.json"))
            await line.hear()
            await line.tell("task_finished")

        (piece, done, _), error = await converse(script, "First.")
    assert error is None
    assert piece.words == (Word("Hello", 0, 420),)
    assert done.subtitles[0].text == "Hello there."


@pytest.mark.parametrize("event", ["connected_success", "task_failed"])
async def test_a_refused_key(event):
    async def script(line):
        await line.tell(event, code=1004)
        await line.socket.close()

    _, error = await converse(script)
    assert isinstance(error, AuthenticationError)
    assert (error.charged, error.trace_id) == ("no", "tr-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (404, InvalidRequestError), (429, RateLimitError), (502, OutcomeUnknownError)],
)
async def test_a_refused_upgrade(status, kind):
    async def handle(line):
        await line.whole(b"<html>", status, "text/html")

    async with serving(handle) as endpoint:
        with pytest.raises(kind):
            async with SpeechSocket.open(endpoint, VOICE):
                pass


async def test_a_refused_upgrade_with_a_code():
    async def handle(line):
        await line.whole(json.dumps(refusal(2049, "invalid api key")).encode(), 401)

    async with serving(handle) as endpoint:
        with pytest.raises(AuthenticationError) as caught:
            async with SpeechSocket.open(endpoint, VOICE):
                pass
    assert caught.value.code == 2049


async def test_an_answer_that_is_no_websocket():
    async def handle(line):
        await line.whole(b"{}", 200)

    async with serving(handle) as endpoint:
        with pytest.raises(MiniMaxError):
            async with SpeechSocket.open(endpoint, VOICE):
                pass


async def test_nobody_listening_is_free():
    with pytest.raises(UnreachableError) as caught:
        async with SpeechSocket.open(Endpoint(f"http://127.0.0.1:{free_port()}", KEY), VOICE):
            pass
    assert caught.value.retryable


async def test_refused_settings_at_the_start():
    async def script(line):
        await line.tell("connected_success")
        await line.hear()
        await line.tell("task_failed", code=2013)

    _, error = await converse(script)
    assert isinstance(error, InvalidRequestError)
    assert error.charged == "no"


async def test_task_failed_before_anything_was_spoken_is_free():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.tell("task_failed", code=1002)

    _, error = await converse(script, "First.")
    assert isinstance(error, RateLimitError)
    assert (error.charged, error.retryable) == ("no", True)


async def test_task_failed_after_a_text_was_charged_for_that_text():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.speak(b"one")
        await line.tell("task_failed", code=1002)

    items, error = await converse(script, "First.", "Second.")
    assert audio_of(items) == b"one"
    assert (error.code, error.charged, error.retryable) == (1002, "yes", False)


async def test_task_failed_in_the_middle_of_a_text_leaves_the_bill_open():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.tell("task_continued", is_final=False, data={"audio": "4944"})
        await line.tell("task_failed", code=1000)

    _, error = await converse(script, "First.")
    assert (error.code, error.charged) == (1000, "unknown")


async def test_task_failed_without_a_code_is_a_failure():
    async def script(line):
        await line.greet()
        await line.tell("task_failed")

    _, error = await converse(script, "First.")
    assert isinstance(error, OutcomeUnknownError)


@pytest.mark.parametrize("damage", ["494", "zz"])
async def test_damaged_hex(damage):
    async def script(line):
        await line.greet()
        await line.hear()
        await line.tell("task_continued", is_final=False, data={"audio": damage})

    _, error = await converse(script, "First.")
    assert isinstance(error, BrokenAnswerError)
    assert error.charged == "unknown"


async def test_a_text_shorter_than_announced_is_not_whole():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.tell("task_continued", is_final=True, data={"audio": "4944"}, extra_info={"audio_size": 99_999})

    items, error = await converse(script, "First.")
    assert not any(isinstance(item, TextDone) for item in items)
    assert "shorter" in str(error)


async def test_closing_before_everything_is_spoken_is_never_whole():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.speak(b"one")
        await line.hear()

    items, error = await converse(script, "First.", "Second.")
    assert not any(isinstance(item, SpeechEnd) for item in items)
    assert isinstance(error, BrokenAnswerError)
    assert (error.charged, error.retryable) == ("unknown", False)


async def test_closing_after_everything_but_without_the_last_word_was_charged():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.speak(b"one")
        await line.hear()

    items, error = await converse(script, "First.")
    assert not any(isinstance(item, SpeechEnd) for item in items)
    assert error.charged == "yes"


async def test_finishing_while_a_text_is_open_is_no_end():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.tell("task_finished")

    items, error = await converse(script, "First.")
    assert items == []
    assert isinstance(error, BrokenAnswerError)


async def test_closing_before_anything_was_said_is_free():
    async def script(line):
        await line.greet()

    _, error = await converse(script, finish=False)
    assert (error.charged, error.retryable) == ("no", True)


async def test_the_idle_rule_has_its_own_error():
    async def script(line):
        await line.greet()
        await line.tell("task_failed", code=2201)

    _, error = await converse(script, finish=False)
    assert isinstance(error, IdleError)
    assert "Start speaking again" in error.next_step


async def test_a_message_that_is_no_json():
    async def script(line):
        await line.greet()
        await line.socket.send("<html>")

    _, error = await converse(script, "First.")
    assert isinstance(error, BrokenAnswerError)


async def test_silence_while_a_text_is_open_is_given_up():
    async def script(line):
        await line.greet()
        await line.socket.wait_closed()

    _, error = await converse(script, "First.", finish=False, silence_s=0.1)
    assert (str(error), error.charged) == ("MiniMax did not answer in time.", "unknown")


async def test_silence_between_texts_is_normal():
    async def script(line):
        await line.greet()
        await line.hear()
        await line.speak(b"one")
        await line.hear()
        await line.tell("task_finished")

    async with scripted(script) as endpoint, SpeechSocket.open(endpoint, VOICE, silence_s=0.05) as socket:

        async def type_slowly():
            await asyncio.sleep(0.2)
            await socket.say("First.")
            await socket.finish()

        typing = asyncio.create_task(type_slowly())
        items = [item async for item in socket.receive()]
        await typing
    assert isinstance(items[-1], SpeechEnd)


async def test_closing_hangs_up_at_once_and_ends_the_reader():
    hangup = asyncio.Event()

    async def script(line):
        await line.greet()
        await line.hear()
        await line.tell("task_continued", is_final=False, data={"audio": "4944"})
        await line.socket.wait_closed()
        hangup.set()

    async with scripted(script) as endpoint, SpeechSocket.open(endpoint, VOICE) as socket:
        await socket.say("First.")
        reader = socket.receive()
        await anext(reader)
        await socket.aclose()
        await asyncio.wait_for(hangup.wait(), 1)
        with pytest.raises(StopAsyncIteration):
            await anext(reader)


async def test_saying_something_to_a_closed_socket_is_one_of_our_errors():
    async def script(line):
        await line.greet()

    async with scripted(script) as endpoint, SpeechSocket.open(endpoint, VOICE) as socket:
        await socket._socket.wait_closed()
        with pytest.raises(BrokenAnswerError):
            await socket.say("First.")
