from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import httpx

from apps.minimax import messages
from apps.minimax.chat.answer import error_of_answer
from apps.minimax.chat.anthropic import AnthropicReader
from apps.minimax.chat.events import Event, Finished, Started
from apps.minimax.chat.openai import OpenAIReader
from apps.minimax.chat.request import ChatRequest, Surface
from apps.minimax.client import CONNECT_S, encode, error_from_transport
from apps.minimax.connection import Endpoint
from apps.minimax.errors import BrokenAnswerError, MiniMaxError
from apps.minimax.sse import EventParser, EventTooLargeError

SILENCE_S = 120.0  # without a byte; a model may think for long before its first word
DRAIN_S = 0.2  # for what follows the last event, so that the connection can serve again
MAX_EVENT_BYTES = 16 * 1024 * 1024
MAX_PLAIN_BYTES = 1024 * 1024


async def stream_chat(
    http: httpx.AsyncClient,
    endpoint: Endpoint,
    request: ChatRequest,
    surface: Surface,
    *,
    silence_s: float = SILENCE_S,
    connect_s: float = CONNECT_S,
    rest_s: Callable[[], float] | None = None,
) -> AsyncGenerator[Event, None]:
    """Ask for one turn and hand on each event as it arrives; the last one is always a Finished.

    http: `apps.minimax.speech.new_http()`. Closing the generator closes the connection to MiniMax. Any fault raises a
    MiniMaxError, also after some events: a stream that ends without a stop reason is never taken for whole. From the
    first thing thought or said on, `charged` is "unknown" and nothing is retryable. silence_s: longest wait for the
    next byte, the first one included. rest_s: how long to let bytes gather after each look, once it has begun; many
    streams at once take less of the processor so.
    Sources: https://platform.minimax.io/docs/api-reference/text-chat-anthropic and .../text-chat-openai
    """
    outgoing = http.build_request(
        "POST",
        endpoint.url(request.path(surface)),
        headers={
            **request.headers(endpoint, surface),
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
        },
        content=encode(request.body(surface)),
        timeout=httpx.Timeout(silence_s, connect=connect_s),
        extensions=endpoint.extensions,
    )
    try:
        response = await http.send(outgoing, stream=True)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise error_from_transport(exc) from exc
    trace_id = response.headers.get("Trace-Id", "") or response.headers.get("request-id", "")
    turn = _Turn(trace_id, request, surface)
    try:
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        chunks = response.aiter_bytes() if encoded else response.aiter_raw()
        if response.status_code != 200:
            raise error_of_answer(response.status_code, await _plain(chunks), trace_id=trace_id)
        parser = EventParser(MAX_EVENT_BYTES)
        is_sse = False
        async for chunk in chunks:
            if not is_sse:  # a refusal comes as one JSON body, a gateway's excuse as HTML: the first byte tells
                chunk = chunk.lstrip(b"\xef\xbb\xbf \t\r\n")
                if not chunk:
                    continue
                if chunk[0] in b"{<":
                    content = await _plain(chunks, chunk)
                    raise error_of_answer(response.status_code, content, trace_id=trace_id)
                is_sse = True
            for data in parser.feed(chunk):
                for event in turn.read(data):
                    yield event
            if turn.is_over:
                await _drain(chunks)
                break
            if rest_s and turn.has_begun and (rest := rest_s()):
                await asyncio.sleep(rest)
        else:
            for data in parser.finish():
                for event in turn.read(data, cut_short=True):
                    yield event
    except httpx.TimeoutException as exc:
        if not turn.is_whole:
            raise turn.broken(messages.CHAT_WENT_SILENT if turn.has_begun else messages.SILENT) from exc
    except httpx.HTTPError as exc:
        if not turn.is_whole:
            raise turn.broken(messages.REPLY_CUT if turn.has_begun else messages.DROPPED) from exc
    except EventTooLargeError as exc:
        raise turn.broken(messages.TOO_LONG) from exc
    finally:
        await response.aclose()
    if not turn.is_whole:
        raise turn.broken(messages.REPLY_CUT if turn.has_begun else messages.DROPPED)
    for event in turn.finish():
        yield event


class _Turn:
    """What the stream has told so far."""

    def __init__(self, trace_id: str, request: ChatRequest, surface: Surface) -> None:
        self.has_begun = False  # something was thought or said
        self._reader: AnthropicReader | OpenAIReader = (
            AnthropicReader(trace_id)
            if surface == "anthropic"
            else OpenAIReader(
                trace_id, is_split=request.reasoning_split and not request.is_plain, is_plain=request.is_plain
            )
        )
        self.is_over = False

    @property
    def is_whole(self) -> bool:
        return self._reader.is_whole

    def read(self, data: bytes, *, cut_short: bool = False) -> list[Event]:
        if data == b"[DONE]":
            self.is_over = self._reader.is_told_whole()
            return []
        try:
            payload = json.loads(data)
        except (ValueError, RecursionError) as exc:
            if cut_short:
                return []  # the end of the stream cut through it; whether the end is missing is judged by the caller
            raise self.broken(messages.REPLY_DAMAGED) from exc
        if not isinstance(payload, dict):
            return []
        try:
            events = self._reader.read(payload)
        except MiniMaxError as error:
            raise error.after_work() if self.has_begun else error from None
        self.is_over = self._reader.is_over
        if not self.has_begun:
            self.has_begun = any(not isinstance(event, Started | Finished) for event in events)
        return events

    def finish(self) -> list[Event]:
        return self._reader.finish()

    def broken(self, message: str) -> MiniMaxError:
        return BrokenAnswerError(message, trace_id=self._reader.trace_id)


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
