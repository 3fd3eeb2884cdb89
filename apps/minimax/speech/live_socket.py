"""A live socket that takes many texts.

Source: https://platform.minimax.io/docs/api-reference/speech-t2a-websocket
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from apps.minimax import messages
from apps.minimax.client import (
    CONNECT_S,
    encode,
    error_from_answer,
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
)
from apps.minimax.speech.answer import (
    AudioPiece,
    SpeechEnd,
    SpeechInfo,
    TextDone,
    TextSkipped,
    read_info,
    subtitle_link,
    words_in,
)
from apps.minimax.speech.request import SpeechRequest
from apps.minimax.speech.stream import MAX_EVENT_BYTES, SILENCE_S, new_http
from apps.minimax.speech.subtitles import try_subtitles
from apps.minimax.speech.tally import Tally

SOCKET_PATH = "/ws/v1/t2a_v2"
SKIPPED_CODES = {2203, 2204}  # the socket goes on without that text


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        return exc  # as everywhere else: an address that sends us on is not the one somebody allowed


async def _place(endpoint: Endpoint) -> dict[str, Any]:
    """Where to connect to in place of what the name server says by then. OSError as `Endpoint.resolve`."""
    if endpoint.resolve is None or getproxies():  # a proxy looks names up itself
        return {}
    parts = urlsplit(endpoint.websocket_url(SOCKET_PATH))
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    addresses = await asyncio.to_thread(endpoint.resolve, parts.hostname or "", port)
    return {"host": addresses[0], "port": port} if addresses else {}


class SpeechSocket:
    """One connection that speaks many texts with one voice, each text on its own: cut them at sentence ends.

        async with SpeechSocket.open(endpoint, request) as socket:
            await socket.say("First sentence.")
            async for item in socket.receive(): ...   # in another task than the one that says
            await socket.finish()

    MiniMax closes a socket that gets no text for `catalogue.speech.websocket_idle_s` (IdleError).
    """

    def __init__(
        self,
        socket: ClientConnection,
        endpoint: Endpoint,
        *,
        audio_format: str,
        silence_s: float,
        http: httpx.AsyncClient | None,
    ) -> None:
        self._socket = socket
        self._endpoint = endpoint
        self._format = audio_format
        self._silence_s = silence_s
        self._http = http
        self._own_http: httpx.AsyncClient | None = None
        self._trace_id = ""
        self._said = 0  # texts
        self._settled = 0  # texts that are done or were skipped
        self._done = 0
        self._tally = Tally(audio_format)  # of the text in the making
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
            connection = await _Connect(
                endpoint.websocket_url(SOCKET_PATH),
                **await _place(endpoint),
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
        socket = cls(connection, endpoint, audio_format=request.format, silence_s=silence_s, http=http)
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
        words = words_in(data)
        if not found and not words:
            return None
        try:
            audio = bytes.fromhex(found or "")
        except (ValueError, TypeError) as exc:
            raise self._broken(messages.BAD_AUDIO) from exc
        self._tally.add(audio)
        return AudioPiece(audio, words)

    async def _text_done(self, message: Mapping[str, Any], data: Any) -> TextDone:
        info = read_info(message.get("extra_info"))
        tally, self._tally = self._tally, Tally(self._format)
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
        link = subtitle_link(data)
        subtitles, subtitles_error = (
            await try_subtitles(self._subtitle_http(), self._endpoint, link) if link else ((), None)
        )
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
