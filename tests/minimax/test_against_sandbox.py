"""Every function of the wire against the sandbox, over real sockets."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from apps.minimax import catalogue
from apps.minimax.check import check_endpoint
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    AuthenticationError,
    BalanceError,
    BrokenAnswerError,
    ContentRejectedError,
    IdleError,
    InvalidRequestError,
    MiniMaxError,
    OutcomeUnknownError,
    RateLimitError,
    VoiceError,
)
from apps.minimax.files import retrieve_file
from apps.minimax.speech import (
    AudioPiece,
    SpeechEnd,
    SpeechRequest,
    SpeechSocket,
    TextDone,
    TextSkipped,
    VoiceModify,
    new_http,
    stream_speech,
    synthesise,
)
from apps.minimax.text import billed_characters
from apps.minimax.voices import delete_voice, list_voices

VOICE = "English_Graceful_Lady"
TEXT = "The lighthouse keeper counted the ships. Then she counted them again, and one was missing."
HELLO = SpeechRequest(text=TEXT, voice_id=VOICE, subtitle_type="word")


@pytest.fixture
def endpoint(sandbox) -> Endpoint:
    return Endpoint(sandbox.url, sandbox.key)


@pytest.fixture
def client(endpoint):
    with MiniMaxClient(endpoint) as client:
        yield client


@pytest.fixture
def fault(sandbox):
    """Switch on one fault for the next request."""

    def switch_on(name: str, **more) -> None:
        wanted = {"fault": name, **more}
        httpx.post(f"{sandbox.url}/sandbox/faults", json=wanted, headers=sandbox.headers).raise_for_status()

    yield switch_on
    httpx.delete(f"{sandbox.url}/sandbox/faults", headers=sandbox.headers)


async def take(endpoint, request=HELLO, **options):
    """(pieces, end, error) of one stream."""
    pieces, end, error = [], None, None
    async with new_http() as http:
        try:
            async for item in stream_speech(http, endpoint, request, **options):
                if isinstance(item, AudioPiece):
                    pieces.append(item)
                else:
                    end = item
        except MiniMaxError as exc:
            error = exc
    return pieces, end, error


def size_of(pieces) -> int:
    return sum(len(piece.audio) for piece in pieces)


# --- one answer, voices, files ----------------------------------------------------------------------------------------


def test_the_key_is_checked(endpoint):
    check_endpoint(endpoint)
    with pytest.raises(AuthenticationError, match="other region"):
        check_endpoint(replace(endpoint, api_key="sk-api-wrong"))


def test_the_sandbox_has_the_voices_of_the_catalogue(client):
    listed = {voice.voice_id for voice in list_voices(client, "system")}
    assert {*catalogue.voices.system} <= listed
    assert all(voice.name for voice in list_voices(client, "system"))


def test_deleting_a_voice_that_is_not_there_is_refused(client):
    with pytest.raises(InvalidRequestError):
        delete_voice(client, "voice_cloning", "nobody_01")


def test_a_file_that_is_not_there_is_refused(client):
    with pytest.raises(InvalidRequestError):
        retrieve_file(client, "1")


@pytest.mark.parametrize("audio_format", ["mp3", "wav", "flac", "pcm", "opus", "pcmu_wav", "pcmu_raw"])
def test_every_format_comes_back_whole(client, audio_format):
    rate = catalogue.speech.formats[audio_format].sample_rates[-1]
    speech = synthesise(
        client, SpeechRequest(text="Hello there.", voice_id=VOICE, format=audio_format, sample_rate=rate)
    )
    assert speech.info.audio_size == len(speech.audio)
    assert speech.info.audio_length_ms > 300


def test_what_is_billed_is_what_was_estimated(client):
    request = SpeechRequest(text="你好，world。 One <#0.5#> two (laughs) three.", voice_id=VOICE)
    assert synthesise(client, request).info.usage_characters == billed_characters(request.text)


def test_subtitles_come_with_their_words(client):
    speech = synthesise(client, HELLO)
    assert speech.subtitles_error is None
    words = [word for subtitle in speech.subtitles for word in subtitle.words]
    assert "lighthouse" in " ".join(word.text for word in words).lower()
    assert all(one.start_ms <= one.end_ms for one in words)
    assert words[-1].end_ms <= speech.info.audio_length_ms + 100


def test_a_link_can_be_downloaded_without_the_key(client):
    speech = synthesise(client, HELLO, output_format="url")
    assert speech.audio is None
    assert len(client.download(speech.url)) == speech.info.audio_size


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"voice_id": "nobody"}, VoiceError),
        ({"speed": 9}, InvalidRequestError),
        ({"emotion": "bored"}, InvalidRequestError),
        ({"text": "a" * 10_000}, InvalidRequestError),
        ({"text": ""}, InvalidRequestError),
        ({"format": "pcm", "voice_modify": VoiceModify(pitch=50)}, InvalidRequestError),
        ({"model": "speech-99"}, InvalidRequestError),
        ({"text": "ab\x01\x02\x03"}, InvalidRequestError),
    ],
)
def test_refusals_cost_nothing(client, change, kind):
    with pytest.raises(kind) as caught:
        synthesise(client, replace(HELLO, **change))
    assert (caught.value.charged, len(caught.value.trace_id)) == ("no", 32)


# --- a stream ---------------------------------------------------------------------------------------------------------


async def test_a_stream_is_whole_and_brings_words(endpoint):
    pieces, end, error = await take(endpoint, replace(HELLO, subtitle_type="word_streaming"))
    assert error is None
    assert len(pieces) > 2
    assert size_of(pieces) == end.info.audio_size
    assert end.info.usage_characters == len(TEXT)
    streamed = [word for piece in pieces for word in piece.words]
    assert [word.text for word in streamed] == [word.text for line in end.subtitles for word in line.words]
    assert streamed == sorted(streamed, key=lambda word: word.start_ms)


@pytest.mark.parametrize(
    ("name", "kind", "charged"),
    [
        ("rate_limit", RateLimitError, "no"),
        ("balance", BalanceError, "no"),
        ("content", ContentRejectedError, "no"),
        ("output_content", ContentRejectedError, "unknown"),
        ("tpm", RateLimitError, "no"),
        ("internal", OutcomeUnknownError, "unknown"),
        ("http_429", RateLimitError, "no"),
        ("http_502_html", OutcomeUnknownError, "unknown"),
        ("http_529", RateLimitError, "no"),
        ("html", BrokenAnswerError, "unknown"),
        ("empty", BrokenAnswerError, "unknown"),
        ("json_instead_of_sse", OutcomeUnknownError, "unknown"),
        ("odd_hex", BrokenAnswerError, "unknown"),
        ("truncate_hex", BrokenAnswerError, "yes"),
        ("drop_stream", BrokenAnswerError, "unknown"),
        ("no_final", BrokenAnswerError, "unknown"),
        ("error_midway", OutcomeUnknownError, "unknown"),
    ],
)
async def test_faults_of_a_stream(endpoint, fault, name, kind, charged):
    fault(name)
    _, end, error = await take(endpoint)
    assert end is None
    assert isinstance(error, kind)
    assert error.charged == charged
    assert not error.retryable or charged == "no"


async def test_a_slow_first_byte_is_waited_for_and_silence_is_not(endpoint, fault):
    fault("slow_first_byte", seconds=0.5)
    _, end, _ = await take(endpoint)
    assert isinstance(end, SpeechEnd)
    fault("stall", seconds=5)
    pieces, end, error = await take(endpoint, silence_s=0.3)
    assert pieces
    assert end is None
    assert "stopped sending" in str(error)


@pytest.mark.parametrize("name", ["truncate_hex", "odd_hex", "drop_stream"])
def test_faults_of_one_answer(client, fault, name):
    fault(name)
    with pytest.raises(OutcomeUnknownError):
        synthesise(client, HELLO)


# --- a live socket ----------------------------------------------------------------------------------------------------


async def talk(endpoint, *texts, request=HELLO, **options):
    items, error = [], None
    try:
        async with SpeechSocket.open(endpoint, request, **options) as socket:
            for text in texts:
                await socket.say(text)
            await socket.finish()
            items.extend([item async for item in socket.receive()])
    except MiniMaxError as exc:
        error = exc
    return items, error


async def test_many_texts_over_one_socket(endpoint):
    texts = [f"This is sentence number {number}." for number in range(12)]
    items, error = await talk(endpoint, *texts)
    assert error is None
    done = [item for item in items if isinstance(item, TextDone)]
    assert [one.info.usage_characters for one in done] == [len(text) for text in texts]
    assert all(one.subtitles and not one.subtitles_error for one in done)
    assert isinstance(items[-1], SpeechEnd)
    assert items[-1].info.usage_characters == sum(map(len, texts))
    assert size_of(item for item in items if isinstance(item, AudioPiece)) == items[-1].info.audio_size


async def test_a_text_is_heard_while_the_next_is_typed(endpoint):
    async with SpeechSocket.open(endpoint, HELLO) as socket:
        heard = socket.receive()
        for text in ("First sentence.", "Second sentence."):
            await socket.say(text)
            while not isinstance(item := await anext(heard), TextDone):
                assert item.audio or item.words
        await socket.finish()
        assert isinstance(await anext(heard), SpeechEnd)


async def test_empty_and_too_long_texts_are_skipped(endpoint):
    items, error = await talk(endpoint, "  ", "a" * 10_000, "Third.")
    assert error is None
    assert [item.error.code for item in items if isinstance(item, TextSkipped)] == [2203, 2204]
    assert len([item for item in items if isinstance(item, TextDone)]) == 1


async def test_a_socket_refuses_a_wrong_key_and_an_unknown_voice(endpoint):
    _, error = await talk(replace(endpoint, api_key="sk-api-wrong"), "Hello.")
    assert isinstance(error, AuthenticationError)
    _, error = await talk(endpoint, "Hello.", request=replace(HELLO, voice_id="nobody"))
    assert isinstance(error, VoiceError)
    assert error.charged == "no"


async def test_an_idle_socket_ends_with_its_own_error(endpoint, fault):
    fault("idle", path="/ws/v1/t2a_v2", seconds=0.2)
    async with SpeechSocket.open(endpoint, HELLO) as socket:
        with pytest.raises(IdleError):
            await anext(socket.receive())


@pytest.mark.parametrize("name", ["drop_stream", "no_final", "odd_hex", "truncate_hex", "error_midway"])
async def test_faults_of_a_socket(endpoint, fault, name):
    fault(name, path="/ws/v1/t2a_v2")
    items, error = await talk(endpoint, TEXT)
    assert not any(isinstance(item, SpeechEnd) for item in items)
    assert isinstance(error, OutcomeUnknownError)
    assert error.charged in {"unknown", "yes"}


async def test_twenty_streams_and_ten_sockets_at_once(endpoint):
    async with new_http() as http:

        async def stream() -> bool:
            items = [item async for item in stream_speech(http, endpoint, HELLO)]
            return isinstance(items[-1], SpeechEnd)

        async def socket() -> bool:
            items, error = await talk(endpoint, "One.", "Two.")
            return error is None and isinstance(items[-1], SpeechEnd)

        assert all(await asyncio.gather(*[stream() for _ in range(20)], *[socket() for _ in range(10)]))
