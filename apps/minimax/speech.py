"""Text to speech: one answer, a stream of server-sent events, and a live socket that takes many texts.

Sources: https://platform.minimax.io/docs/api-reference/speech-t2a-http and .../speech-t2a-websocket
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from apps.minimax import messages
from apps.minimax.client import (
    CONNECT_S,
    MiniMaxClient,
    encode,
    error_from_answer,
    error_from_transport,
    error_in,
)
from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    BrokenAnswerError,
    Charged,
    InvalidRequestError,
    MiniMaxError,
    OutcomeUnknownError,
    UnreachableError,
    error_for_status,
)
from apps.minimax.mp3 import FrameWalk
from apps.minimax.sse import EventParser, EventTooLargeError
from apps.minimax.transport import StreamTransport

PATH = "/v1/t2a_v2"
SOCKET_PATH = "/ws/v1/t2a_v2"
SILENCE_S = 30.0  # without a byte while work is going on
SUBTITLES_S = 5.0  # for fetching the subtitle file at the end
DRAIN_S = 0.2  # for what follows the last event, so that the connection can serve again
MAX_EVENT_BYTES = 64 * 1024 * 1024
MAX_PLAIN_BYTES = 64 * 1024 * 1024
MAX_SUBTITLE_BYTES = 16 * 1024 * 1024
REWRITTEN_HEADER_BYTES = 1280  # one mp3 frame and a tag
SKIPPED_CODES = {2203, 2204}  # the socket goes on without that text


# --- what is asked for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimbreWeight:
    voice_id: str
    weight: int


@dataclass(frozen=True)
class VoiceModify:
    pitch: int = 0
    intensity: int = 0
    timbre: int = 0
    sound_effects: str | None = None

    @property
    def changes_anything(self) -> bool:
        return bool(self.pitch or self.intensity or self.timbre or self.sound_effects)


@dataclass(frozen=True)
class SpeechRequest:
    """What to say and how. Limits and choices: `catalogue.speech`; nothing is checked here."""

    text: str = ""
    model: str = "speech-2.8-hd"
    voice_id: str = "English_expressive_narrator"
    speed: float = 1
    vol: float = 1
    pitch: int = 0
    emotion: str | None = None  # None: the model chooses
    text_normalization: bool = False
    latex_read: bool = False
    timbre_weights: tuple[TimbreWeight, ...] = ()  # replace voice_id
    language_boost: str | None = None
    voice_modify: VoiceModify | None = None
    pronunciation: tuple[str, ...] = ()  # "source/replacement"
    format: str = "mp3"
    sample_rate: int = 32000  # Hz
    bitrate: int = 128000  # bit/s, mp3 only
    channel: int = 1
    subtitle_type: str | None = None  # "sentence", "word", or while streaming "word_streaming"
    continuous_sound: bool = False  # live socket with 2.8 only: better prosody, later start

    def http_body(self, *, stream: bool, output_format: str = "hex") -> dict[str, Any]:
        body = self._body("text_normalization") | {"text": self.text, "stream": stream}
        if stream:
            body["stream_options"] = {"exclude_aggregated_audio": True}
        else:
            body["output_format"] = output_format
        return body

    def socket_body(self) -> dict[str, Any]:
        body = {"event": "task_start"} | self._body("english_normalization")
        if self.continuous_sound:
            body["continuous_sound"] = True
        return body

    def _body(self, normalization: str) -> dict[str, Any]:
        voice: dict[str, Any] = {
            "voice_id": "" if self.timbre_weights else self.voice_id,
            "speed": self.speed,
            "vol": self.vol,
            "pitch": self.pitch,
            normalization: self.text_normalization,
            "latex_read": self.latex_read,
        }
        if self.emotion:
            voice["emotion"] = self.emotion
        audio: dict[str, Any] = {"sample_rate": self.sample_rate, "format": self.format, "channel": self.channel}
        if self.format == "mp3":
            audio["bitrate"] = self.bitrate
        body: dict[str, Any] = {"model": self.model, "voice_setting": voice, "audio_setting": audio}
        if self.timbre_weights:
            body["timbre_weights"] = [{"voice_id": one.voice_id, "weight": one.weight} for one in self.timbre_weights]
        if self.language_boost:
            body["language_boost"] = self.language_boost
        if self.pronunciation:
            body["pronunciation_dict"] = {"tone": list(self.pronunciation)}
        if (modify := self.voice_modify) and modify.changes_anything:
            body["voice_modify"] = {"pitch": modify.pitch, "intensity": modify.intensity, "timbre": modify.timbre}
            if modify.sound_effects:
                body["voice_modify"]["sound_effects"] = modify.sound_effects
        if self.subtitle_type:
            body |= {"subtitle_enable": True, "subtitle_type": self.subtitle_type}
        return body


# --- what comes back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True)
class Subtitle:
    text: str
    start_ms: float
    end_ms: float
    words: tuple[Word, ...]  # only for subtitle_type "word" and "word_streaming"


@dataclass(frozen=True)
class SpeechInfo:
    """`extra_info` as MiniMax measured it; 0 or "" where it said nothing."""

    audio_length_ms: float = 0
    audio_sample_rate: int = 0  # Hz
    audio_size: int = 0  # bytes
    bitrate: int = 0  # bit/s
    word_count: int = 0  # spoken units: ideographs, digits, letters
    usage_characters: int = 0  # billed
    audio_format: str = ""
    audio_channel: int = 0


@dataclass(frozen=True)
class Speech:
    audio: bytes | None  # None when a link was asked for
    url: str  # lives `catalogue.lifetimes.speech_url`
    subtitles: tuple[Subtitle, ...]
    info: SpeechInfo
    trace_id: str
    subtitles_error: MiniMaxError | None = None  # the audio is whole, only its subtitles could not be had


@dataclass(frozen=True, slots=True)
class AudioPiece:
    """The next bytes of the audio; pieces are parts of one file and cannot be decoded alone."""

    audio: bytes
    words: tuple[Word, ...] = ()  # newly covered words, where MiniMax tells; times from the start of this text's audio


@dataclass(frozen=True)
class SpeechEnd:
    """The audio is complete. From a live socket: the sums over all its texts, without subtitles."""

    info: SpeechInfo
    subtitles: tuple[Subtitle, ...]
    trace_id: str
    subtitles_error: MiniMaxError | None = None


@dataclass(frozen=True)
class TextDone:
    """A live socket has spoken one of its texts; subtitle times count from the start of this text's audio."""

    info: SpeechInfo
    subtitles: tuple[Subtitle, ...]
    trace_id: str
    subtitles_error: MiniMaxError | None = None


@dataclass(frozen=True)
class TextSkipped:
    """A live socket passed over one of its texts (empty, too long) and goes on; nothing was charged for it."""

    error: MiniMaxError


def read_subtitles(rows: Any) -> tuple[Subtitle, ...]:
    """The subtitle file's array. Raises BrokenAnswerError for anything else."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BrokenAnswerError(messages.BAD_SUBTITLES, charged="no", next_step=messages.TRY_AGAIN)
    try:
        return tuple(
            Subtitle(_text(row.get("text")), float(row["time_begin"]), float(row["time_end"]), tuple(_words(row)))
            for row in rows
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise BrokenAnswerError(messages.BAD_SUBTITLES, charged="no", next_step=messages.TRY_AGAIN) from exc


def _words(row: Mapping[str, Any]) -> list[Word]:
    return [
        Word(_text(word.get("word")), float(word["time_begin"]), float(word["time_end"]))
        for word in row.get("timestamped_words") or []
    ]


def _text(value: Any) -> str:
    return str(value or "").removeprefix("\ufeff")  # some files carry a byte-order mark inside the first text


def _subtitles_from(content: bytes) -> tuple[Subtitle, ...]:
    try:
        rows = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        rows = None
    return read_subtitles(rows)


def _words_in(data: Mapping[str, Any]) -> tuple[Word, ...]:
    """Word times inside a piece. Where they stand is not documented; anything unexpected is left alone."""
    rows = data.get("subtitle")
    if not rows:
        return ()
    try:
        return tuple(word for subtitle in read_subtitles(rows) for word in subtitle.words)
    except BrokenAnswerError:
        return ()


def _number(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def _info(extra: Any) -> SpeechInfo:
    if not isinstance(extra, dict):
        return SpeechInfo()
    return SpeechInfo(
        audio_length_ms=_number(extra.get("audio_length")),
        audio_sample_rate=_number(extra.get("audio_sample_rate")),
        audio_size=_number(extra.get("audio_size")),
        bitrate=_number(extra.get("bitrate")),
        word_count=_number(extra.get("word_count")),
        usage_characters=_number(extra.get("usage_characters")),
        audio_format=str(extra.get("audio_format") or ""),
        audio_channel=_number(extra.get("audio_channel")),
    )


class _Tally:
    """Counts the audio of one text and tells whether some of it is missing, without keeping it."""

    def __init__(self, audio_format: str) -> None:
        self.received = 0
        self._format = audio_format
        self._frames = FrameWalk() if audio_format == "mp3" else None

    def add(self, audio: bytes) -> None:
        self.received += len(audio)
        if self._frames:
            self._frames.feed(audio)

    def is_short_of(self, announced: int) -> bool:
        """The announced figure may be that of the file written anew with a header of its own. So a small difference is
        let pass where the format has headers, and in mp3 only when no frame is cut."""
        missing = announced - self.received
        if missing <= 0:
            return False
        if missing > REWRITTEN_HEADER_BYTES or self._format in {"pcm", "pcmu_raw"}:
            return True
        return self._frames is not None and not self._frames.is_intact


# --- one answer -------------------------------------------------------------------------------------------------------


def synthesise(
    client: MiniMaxClient, request: SpeechRequest, *, output_format: Literal["hex", "url"] = "hex"
) -> Speech:
    """Speak a text of at most `catalogue.speech.max_characters` and wait for all of it.

    "hex" brings the audio, "url" a link to it. Subtitles come along when `request.subtitle_type` asks for them; failing
    to fetch them does not fail the call, since the audio is made and charged.
    Raises VoiceError, InvalidRequestError or another MiniMaxError; BrokenAnswerError for damaged or incomplete audio.
    """
    payload = client.post(PATH, request.http_body(stream=False, output_format=output_format))
    trace_id = str(payload.get("trace_id") or "")
    counted: Charged = "yes" if isinstance(payload.get("extra_info"), dict) else "unknown"
    info = _info(payload.get("extra_info"))
    data = payload.get("data")
    found = data.get("audio") if isinstance(data, dict) else None
    if not isinstance(found, str) or not found:
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=trace_id, charged=counted)
    url, audio = "", None
    if output_format == "url" and found.startswith(("http://", "https://")):
        url = found
    else:
        try:
            audio = bytes.fromhex(found)
        except ValueError as exc:
            raise BrokenAnswerError(messages.BAD_AUDIO, trace_id=trace_id, charged=counted) from exc
        if len(audio) < info.audio_size:
            raise BrokenAnswerError(messages.SHORT_AUDIO, trace_id=trace_id, charged=counted)
    subtitles: tuple[Subtitle, ...] = ()
    subtitles_error = None
    if link := _link(data):
        try:
            subtitles = _subtitles_from(client.download(link))
        except MiniMaxError as error:
            subtitles_error = error
    return Speech(audio, url, subtitles, info, trace_id, subtitles_error)


def _link(data: Any) -> str:
    found = data.get("subtitle_file") if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""


# --- a stream ---------------------------------------------------------------------------------------------------------


def new_http() -> httpx.AsyncClient:
    """A pool for `stream_speech` and `fetch_subtitles`; one per event loop. Holds no key: requests bring their own."""
    return httpx.AsyncClient(transport=StreamTransport(), timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S))


async def stream_speech(
    http: httpx.AsyncClient,
    endpoint: Endpoint,
    request: SpeechRequest,
    *,
    silence_s: float = SILENCE_S,
    connect_s: float = CONNECT_S,
) -> AsyncGenerator[AudioPiece | SpeechEnd, None]:
    """Speak a text and hand on each piece of audio as it arrives; the last item is always a SpeechEnd.

    Closing the generator closes the connection to MiniMax. Any fault raises a MiniMaxError, also after some pieces: a
    stream without MiniMax's closing message is never taken for whole. From the first piece on `charged` is at least
    "unknown" and nothing is retryable. silence_s: longest wait for the next byte, the first one included.
    """
    outgoing = http.build_request(
        "POST",
        endpoint.url(PATH),
        headers={
            **endpoint.headers,
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
        },
        content=encode(request.http_body(stream=True)),
        timeout=httpx.Timeout(silence_s, connect=connect_s),
    )
    try:
        response = await http.send(outgoing, stream=True)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise error_from_transport(exc) from exc
    take = _Take(response.headers.get("Trace-Id", ""), request.format)
    try:
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        chunks = response.aiter_bytes() if encoded else response.aiter_raw()
        if response.status_code != 200:
            raise error_from_answer(response.status_code, await _plain(chunks), trace_id=take.trace_id)
        parser = EventParser(MAX_EVENT_BYTES)
        is_sse = False
        async for chunk in chunks:
            if not is_sse:  # a refusal comes as one JSON body, a gateway's excuse as HTML: the first byte tells
                chunk = chunk.lstrip(b"\xef\xbb\xbf \t\r\n")
                if not chunk:
                    continue
                if chunk[0] in b"{<":
                    if piece := take.plain(await _plain(chunks, chunk), response.status_code):
                        yield piece
                    break
                is_sse = True
            for event in parser.feed(chunk):
                if piece := take.event(event):
                    yield piece
            if take.ended:
                await _drain(chunks)
                break
        else:
            for event in parser.finish():
                if piece := take.event(event, cut_short=True):
                    yield piece
        if not take.ended:
            raise take.broken(messages.ENDED_EARLY if take.received else messages.DROPPED)
        take.check()
    except httpx.TimeoutException as exc:
        raise take.broken(messages.WENT_SILENT if take.received else messages.SILENT) from exc
    except httpx.HTTPError as exc:
        raise take.broken(messages.ENDED_EARLY if take.received else messages.DROPPED) from exc
    except EventTooLargeError as exc:
        raise take.broken(messages.BAD_AUDIO) from exc
    finally:
        await response.aclose()
    subtitles, subtitles_error = await _try_subtitles(http, take.subtitle_file)
    yield SpeechEnd(take.info, subtitles, take.trace_id, subtitles_error)


class _Take:
    """Judges the events of one stream, and keeps of the audio only its length and checksum."""

    def __init__(self, trace_id: str, audio_format: str) -> None:
        self.trace_id = trace_id
        self.ended = False
        self.info = SpeechInfo()
        self.subtitle_file = ""
        self._counted = False
        self._checksum = 0
        self._tally = _Tally(audio_format)

    @property
    def received(self) -> int:
        return self._tally.received

    def broken(self, message: str) -> MiniMaxError:
        return BrokenAnswerError(message, trace_id=self.trace_id, charged="yes" if self._counted else "unknown")

    def refused(self, error: MiniMaxError) -> MiniMaxError:
        return error.after_work() if self.received else error

    def plain(self, content: bytes, status: int) -> AudioPiece | None:
        """One body instead of a stream: an error, or everything at once from a server that does not stream."""
        try:
            payload = json.loads(content)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict) or not isinstance(payload.get("data"), dict):
            if isinstance(payload, dict) and isinstance(payload.get("base_resp"), dict):
                raise error_in(payload, trace_id=self.trace_id) or self.broken(messages.NO_RESULT)
            raise error_from_answer(status, content, trace_id=self.trace_id)
        return self._payload(payload)

    def event(self, event: bytes, *, cut_short: bool = False) -> AudioPiece | None:
        if self.ended or event == b"[DONE]":
            return None
        try:
            payload = json.loads(event)
        except (ValueError, RecursionError) as exc:
            if cut_short:
                return None  # the end of the stream cut through it; the caller finds out that the end is missing
            raise self.broken(messages.BAD_AUDIO if self.received else messages.NO_RESULT) from exc
        return self._payload(payload) if isinstance(payload, dict) else None

    def _payload(self, payload: dict[str, Any]) -> AudioPiece | None:
        if error := error_in(payload, trace_id=self.trace_id):
            raise self.refused(error)
        if (own := payload.get("trace_id")) and isinstance(own, str):
            self.trace_id = own
        data = payload.get("data")
        if not isinstance(data, dict):
            data = {}
        extra = payload.get("extra_info")
        status = data.get("status")
        if status == 2 or (status is None and isinstance(extra, dict)):
            self.ended = True
            self._counted = isinstance(extra, dict)
            self.info = _info(extra)
            self.subtitle_file = _link(data)
        found = data.get("audio")
        if found is None or found == "":
            words = _words_in(data)
            return AudioPiece(b"", words) if words else None
        try:
            audio = bytes.fromhex(found)
        except (ValueError, TypeError) as exc:
            raise self.broken(messages.BAD_AUDIO) from exc
        if self.ended and self.received:
            audio = self._not_yet_received(audio)
        if not audio:
            return None
        self._tally.add(audio)
        self._checksum = zlib.crc32(audio, self._checksum)
        return AudioPiece(audio, _words_in(data) if "subtitle" in data else ())

    def _not_yet_received(self, last: bytes) -> bytes:
        """What the closing event adds. By the book it repeats the whole audio, although we asked it not to; a server
        that puts the last piece there instead is recognised by the announced size."""
        if len(last) >= self.received and zlib.crc32(memoryview(last)[: self.received]) == self._checksum:
            return last[self.received :]
        return last if self.received + len(last) <= self.info.audio_size else b""

    def check(self) -> None:
        if not self.received:
            raise self.broken(messages.NO_RESULT)
        if self._tally.is_short_of(self.info.audio_size):
            raise self.broken(messages.SHORT_AUDIO)


async def _plain(chunks: AsyncIterator[bytes], start: bytes = b"") -> bytes:
    content = bytearray(start)
    async for chunk in chunks:
        content += chunk
        if len(content) > MAX_PLAIN_BYTES:
            break
    return bytes(content)


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass
    except (TimeoutError, httpx.HTTPError):
        pass  # everything that matters has arrived; the connection is closed instead of kept


async def fetch_subtitles(http: httpx.AsyncClient, url: str, *, timeout_s: float = SUBTITLES_S) -> list[Subtitle]:
    """Fetch and read a subtitle file. The link needs no key and gets none; it costs nothing."""
    try:
        async with (
            asyncio.timeout(timeout_s),
            http.stream("GET", url, timeout=timeout_s, follow_redirects=True) as response,
        ):
            if response.status_code != 200:
                raise error_for_status(response.status_code)
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_SUBTITLE_BYTES:
                    raise BrokenAnswerError(messages.BAD_SUBTITLES)
        return list(_subtitles_from(bytes(content)))
    except TimeoutError:
        error: MiniMaxError = OutcomeUnknownError(messages.SILENT)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        error = error_from_transport(exc)
    except MiniMaxError as exc:
        error = exc
    error.charged, error.next_step = "no", messages.TRY_AGAIN
    raise error


async def _try_subtitles(http: httpx.AsyncClient, url: str) -> tuple[tuple[Subtitle, ...], MiniMaxError | None]:
    if not url:
        return (), None
    try:
        return tuple(await fetch_subtitles(http, url)), None
    except MiniMaxError as error:
        return (), error


# --- a live socket ----------------------------------------------------------------------------------------------------


class SpeechSocket:
    """One connection that speaks many texts with one voice, each text on its own: cut them at sentence ends.

        async with SpeechSocket.open(endpoint, request) as socket:
            await socket.say("First sentence.")
            async for item in socket.receive(): ...   # in another task than the one that says
            await socket.finish()

    MiniMax closes a socket that gets no text for `catalogue.speech.websocket_idle_s` (IdleError).
    """

    def __init__(
        self, socket: ClientConnection, *, audio_format: str, silence_s: float, http: httpx.AsyncClient | None
    ) -> None:
        self._socket = socket
        self._format = audio_format
        self._silence_s = silence_s
        self._http = http
        self._own_http: httpx.AsyncClient | None = None
        self._trace_id = ""
        self._said = 0  # texts
        self._settled = 0  # texts that are done or were skipped
        self._done = 0
        self._tally = _Tally(audio_format)  # of the text in the making
        self._finishing = False
        self._closing = False
        self._last_said = monotonic()
        self._totals = SpeechInfo()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        endpoint: Endpoint,
        request: SpeechRequest,
        *,
        http: httpx.AsyncClient | None = None,
        silence_s: float = SILENCE_S,
        connect_s: float = CONNECT_S,
    ) -> AsyncIterator[SpeechSocket]:
        """Connect and agree on the voice; `request.text` is not spoken. `http` is used to fetch subtitle files.

        Raises UnreachableError, AuthenticationError, InvalidRequestError, VoiceError …; nothing is charged by opening.
        """
        try:
            connection = await connect(
                endpoint.websocket_url(SOCKET_PATH),
                additional_headers=endpoint.headers,
                compression=None,  # hex of compressed audio: not worth the time and 64 KiB per socket
                max_size=MAX_EVENT_BYTES,
                open_timeout=connect_s,
                close_timeout=0.5,
                proxy=None if endpoint.is_loopback else True,
            )
        except InvalidStatus as exc:
            answer = exc.response
            trace_id = answer.headers.get("Trace-Id", "")
            raise error_from_answer(answer.status_code, bytes(answer.body or b""), trace_id=trace_id) from None
        except InvalidURI:
            raise InvalidRequestError(messages.ADDRESS_UNUSABLE, next_step=messages.CHECK_ADDRESS) from None
        except InvalidHandshake as exc:
            error = InvalidRequestError(messages.ADDRESS_WRONG, params={"status": "—"})
            error.next_step = messages.CHECK_ADDRESS
            raise error from exc
        except (OSError, TimeoutError, WebSocketException, EOFError) as exc:
            raise UnreachableError(messages.UNREACHABLE) from exc
        socket = cls(connection, audio_format=request.format, silence_s=silence_s, http=http)
        try:
            await socket._expect("connected_success")
            await socket._send(request.socket_body())
            await socket._expect("task_started")
            yield socket
        finally:
            await socket.aclose()

    async def say(self, text: str) -> None:
        """Queue one or more whole sentences. An empty or too long text comes back from `receive` as TextSkipped."""
        self._said += 1
        self._last_said = monotonic()
        await self._send({"event": "task_continue", "text": text})

    async def finish(self) -> None:
        """No more text. `receive` goes on until everything queued is spoken, then gives a SpeechEnd."""
        self._finishing = True
        self._last_said = monotonic()
        await self._send({"event": "task_finish"})

    async def aclose(self) -> None:
        """Close at once; what was still to be spoken is lost."""
        self._closing = True
        await self._socket.close()
        if self._own_http:
            await self._own_http.aclose()
            self._own_http = None

    async def receive(self) -> AsyncGenerator[AudioPiece | TextDone | TextSkipped | SpeechEnd, None]:
        """Everything MiniMax says, up to the SpeechEnd that answers `finish`. Ends silently after `aclose`.

        Raises a MiniMaxError when the socket fails or closes before that. Its `charged` concerns the whole socket:
        "no" only while nothing was spoken.
        """
        while True:
            message = await self._next()
            if message is None:
                return
            if error := error_in(message, trace_id=self._trace_id):
                if error.code in SKIPPED_CODES:
                    self._settled += 1
                    yield TextSkipped(error)
                    continue
                raise self._judged(error)
            event = message.get("event")
            if event == "task_failed":
                raise self._judged(OutcomeUnknownError(messages.TROUBLE, trace_id=self._trace_id))
            data = message.get("data")
            is_final = bool(message.get("is_final"))
            # by content: MiniMax's own sample of an audio message has no event
            if isinstance(data, dict) and (piece := self._piece(data)):
                yield piece
            if is_final:
                yield await self._text_done(message, data)
            if event == "task_finished":
                if self._settled < self._said:
                    raise self._broken(messages.CLOSED_EARLY)
                yield SpeechEnd(self._totals, (), self._trace_id)
                return

    def _piece(self, data: Mapping[str, Any]) -> AudioPiece | None:
        found = data.get("audio")
        words = _words_in(data)
        if not found and not words:
            return None
        try:
            audio = bytes.fromhex(found or "")
        except (ValueError, TypeError) as exc:
            raise self._broken(messages.BAD_AUDIO) from exc
        self._tally.add(audio)
        return AudioPiece(audio, words)

    async def _text_done(self, message: Mapping[str, Any], data: Any) -> TextDone:
        info = _info(message.get("extra_info"))
        tally, self._tally = self._tally, _Tally(self._format)
        self._settled += 1
        self._done += 1
        if tally.is_short_of(info.audio_size):
            raise self._broken(messages.SHORT_AUDIO)
        totals = self._totals
        self._totals = replace(
            info,
            audio_length_ms=totals.audio_length_ms + info.audio_length_ms,
            audio_size=totals.audio_size + (info.audio_size or tally.received),
            word_count=totals.word_count + info.word_count,
            usage_characters=totals.usage_characters + info.usage_characters,
        )
        link = _link(data)
        subtitles, subtitles_error = await _try_subtitles(self._subtitle_http(), link) if link else ((), None)
        return TextDone(info, subtitles, self._trace_id, subtitles_error)

    def _subtitle_http(self) -> httpx.AsyncClient:
        if self._http:
            return self._http
        if self._own_http is None:
            self._own_http = new_http()
        return self._own_http

    async def _expect(self, event: str) -> None:
        """Read on until `event`; before it only refusals matter."""
        self._finishing = True  # we wait for an answer
        while True:
            message = await self._next()
            if message is None:
                raise self._broken(messages.CLOSED_EARLY)
            if error := error_in(message, trace_id=self._trace_id):
                raise error
            if message.get("event") == "task_failed":
                raise OutcomeUnknownError(messages.TROUBLE, trace_id=self._trace_id, charged="no")
            if message.get("event") == event:
                self._finishing = False
                return

    async def _send(self, message: Mapping[str, Any]) -> None:
        text = encode(message).decode()
        try:
            await self._socket.send(text)
        except ConnectionClosed as exc:
            raise self._broken(messages.CLOSED_EARLY) from exc

    async def _next(self) -> dict[str, Any] | None:
        """The next message; None after our own close."""
        heard = monotonic()
        while True:
            try:
                async with asyncio.timeout(self._silence_s):
                    frame = await self._socket.recv()
            except TimeoutError:
                waiting = self._finishing or self._settled < self._said
                if waiting and monotonic() - max(heard, self._last_said) >= self._silence_s:
                    raise self._broken(messages.WENT_SILENT if self._tally.received else messages.SILENT) from None
                continue
            except ConnectionClosed as exc:
                if self._closing:
                    return None
                raise self._broken(messages.CLOSED_EARLY) from exc
            try:
                message = json.loads(frame)
            except (ValueError, RecursionError) as exc:
                raise self._broken(messages.BAD_AUDIO) from exc
            if isinstance(message, dict):
                if (own := message.get("trace_id")) and isinstance(own, str):
                    self._trace_id = own
                return message

    @property
    def _charged(self) -> Charged:
        """For a fault that leaves the texts under way undecided."""
        if self._settled < self._said or self._tally.received:
            return "unknown"
        return "yes" if self._done else "no"

    def _broken(self, message: str) -> MiniMaxError:
        charged = self._charged
        return BrokenAnswerError(
            message,
            trace_id=self._trace_id,
            charged=charged,
            retryable=charged == "no",
            next_step=messages.SPEAK_AGAIN if charged == "no" else None,
        )

    def _judged(self, error: MiniMaxError) -> MiniMaxError:
        """A refusal is free only while nothing was spoken before it."""
        if error.charged == "no" and (self._done or self._tally.received):
            return error.after_work("unknown" if self._tally.received else "yes")
        return error
