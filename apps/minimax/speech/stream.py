"""A stream of server-sent events.

Source: https://platform.minimax.io/docs/api-reference/speech-t2a-http
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx

from apps.minimax import messages
from apps.minimax.client import (
    CONNECT_S,
    encode,
    error_from_answer,
    error_from_transport,
    error_in,
)
from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    BrokenAnswerError,
    MiniMaxError,
)
from apps.minimax.speech.answer import (
    AudioPiece,
    SpeechEnd,
    SpeechInfo,
    read_info,
    subtitle_link,
    words_in,
)
from apps.minimax.speech.request import PATH, SpeechRequest
from apps.minimax.speech.subtitles import try_subtitles
from apps.minimax.speech.tally import Tally
from apps.minimax.sse import EventParser, EventTooLargeError
from apps.minimax.transport import StreamTransport

SILENCE_S = 30.0  # without a byte while work is going on
DRAIN_S = 0.2  # for what follows the last event, so that the connection can serve again
MAX_EVENT_BYTES = 64 * 1024 * 1024
MAX_PLAIN_BYTES = 64 * 1024 * 1024


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
        extensions=endpoint.extensions,
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
    subtitles, subtitles_error = await try_subtitles(http, endpoint, take.subtitle_file)
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
        self._tally = Tally(audio_format)

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
            self.info = read_info(extra)
            self.subtitle_file = subtitle_link(data)
        found = data.get("audio")
        if found is None or found == "":
            words = words_in(data)
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
        return AudioPiece(audio, words_in(data) if "subtitle" in data else ())

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
