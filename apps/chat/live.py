"""Live replies: one run per reply, owned by this process and not by the socket that asked for it.

A token goes from MiniMax into the reply and from there to whoever watches; no database stands between its arrival and
its leaving. Twice a second and more what has arrived is written down for all runs together.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import httpx
from channels.layers import get_channel_layer
from django.utils.translation import gettext as _

from apps.chat import finishing
from apps.chat.models import Message, Status
from apps.chat.own import OWN
from apps.chat.reply import Reply, StoredEvent
from apps.minimax.chat import ChatRequest, Finished, Surface, TextDelta, ThinkingDelta, ToolCall, stream_chat
from apps.minimax.connection import Endpoint
from apps.minimax.errors import AuthenticationError, BalanceError, MiniMaxError, QuotaError
from apps.minimax.speech import new_http
from apps.speech.rows import in_background, in_thread
from apps.usage.models import Charged
from apps.workspaces import chat_connections, wallets
from apps.workspaces.connections import report_failure
from apps.workspaces.storable import UNSTORABLE, storable

logger = logging.getLogger(__name__)

HEARTBEAT_S = 0.3
SIGN_OF_LIFE_S = 2.0  # between two signs of life on a row; its silence is judged after many times as long
FEW = 40  # replies at once that are passed on letter by letter
REST_S = 0.0004  # for each reply more, the time in which words gather
LONGEST_REST_S = 0.04
FRAMES_WAITING = 2_000  # for one slow page; then it gets everything anew instead

_http: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
_runs: dict[uuid.UUID, Run] = {}


def http() -> httpx.AsyncClient:
    """The connections of this event loop, kept open between replies."""
    loop = asyncio.get_running_loop()
    if loop not in _http:
        _http[loop] = new_http()
    return _http[loop]


def find_run(message_id: uuid.UUID) -> Run | None:
    return _runs.get(message_id)


async def start_run(
    message: Message,
    endpoint: Endpoint,
    request: ChatRequest,
    *,
    asked_at: float,
    on_end: Callable[[uuid.UUID], Awaitable[None]] | None = None,
) -> Run:
    """Begin to receive a reply whose row is committed. `asked_at`: perf_counter() when the person's message arrived.

    on_end: awaited when a reply is whole and waits for the answers of tools.

    The request is on its way when this returns; everything else is done while it travels.
    """
    run = Run(message, endpoint, request, asked_at, on_end)
    _runs[run.id] = run
    run.begin()
    await asyncio.sleep(0)
    _keep_beating()
    return run


async def shut_down(seconds: float = 4) -> None:
    """The process is going away: close every upstream, keep what arrived, and say so on the rows."""
    running = [run.task for run in _runs.values() if run.task]
    for run in list(_runs.values()):
        run.end_early(Status.INTERRUPTED)
    if running:
        await asyncio.wait(running, timeout=seconds)
    client = _http.pop(asyncio.get_running_loop(), None)
    if client:
        await client.aclose()


def conversation_group(conversation_id: uuid.UUID) -> str:
    return f"chat.{conversation_id.hex}"


async def tell_pages(conversation_id: uuid.UUID, message_id: uuid.UUID, *, source: str = "") -> None:
    """Let the other pages that show a conversation know that something new stands in it. `source`: who knows already.

    A lost message costs little: a page looks again whenever it comes to the front.
    """
    layer = get_channel_layer()
    assert layer is not None  # settings always name one
    event = {"type": "chat.moved", "message": str(message_id), "source": source}
    try:
        await layer.group_send(conversation_group(conversation_id), event)
    except Exception:  # whatever the broker's client raises: a reply must not end because of it
        logger.warning("the pages of conversation %s were not told", conversation_id, exc_info=True)


class Source(Protocol):
    """Whatever a page can watch: a run here, or one in another process."""

    ended: str | None  # the last frame; set when no more will come

    def snapshot(self) -> list[str]: ...
    def join(self, watcher: Watcher) -> None: ...
    def leave(self, watcher: Watcher) -> None: ...


class Watcher:
    """One socket watching one reply. A slow one gets what it missed anew, and holds nobody up."""

    def __init__(self, source: Source, send: Callable[[str], Awaitable[None]]) -> None:
        self.source = source
        self._send = send
        self._frames: deque[str] = deque()
        self._woken = asyncio.Event()

    def show(self, frame: str) -> None:
        self._frames.append(frame)
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    async def watch(self) -> None:
        """Pass everything on until the reply is over or the socket is gone. Several frames make one message."""
        source = self.source
        self._frames.extend(source.snapshot())
        source.join(self)
        try:
            while True:
                self._woken.clear()
                if len(self._frames) > FRAMES_WAITING:
                    self._frames.clear()
                    self._frames.extend(source.snapshot())
                if self._frames:
                    frames = "\n".join(self._frames)
                    self._frames.clear()
                    await self._send(frames)
                elif source.ended is not None:
                    await self._send(source.ended)
                    return
                else:
                    await self._woken.wait()
        except OSError:  # the socket went away in the middle; the run goes on
            return
        finally:
            source.leave(self)


class Run:
    """One reply being received in this process."""

    def __init__(
        self,
        message: Message,
        endpoint: Endpoint,
        request: ChatRequest,
        asked_at: float,
        on_end: Callable[[uuid.UUID], Awaitable[None]] | None,
    ) -> None:
        self.id = message.pk
        self.conversation_id = message.conversation_id
        self.person_id = message.created_by_id
        self.workspace_id = message.conversation.workspace_id
        self.reply = Reply(self.id, self._show)
        self.ended: str | None = None
        self.task: asyncio.Task[None] | None = None
        self.unwritten: list[StoredEvent] = []
        self._endpoint, self._request, self._asked_at = endpoint, request, asked_at
        self._is_own = message.connection_kind == OWN
        self._wallet_id: int | None = message.route.get("pk")
        self._on_end = on_end
        self._surface: Surface = message.settings.get("surface", "anthropic")
        self._watchers: set[Watcher] = set()
        self._upstream: asyncio.Task[None] | None = None
        self._ended_as = ""  # STOPPED or INTERRUPTED, when we ended it
        self._end: Finished | None = None
        self._first_at = self._thinking_at = self._thought_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        self.end_early(Status.STOPPED)

    def end_early(self, status: Status) -> None:
        """Close the upstream connection now; what arrived is kept."""
        if self._upstream and not self._upstream.done() and not self._ended_as:
            self._ended_as = status
            self._upstream.cancel()

    # --- for those who watch ---

    def snapshot(self) -> list[str]:
        return self.reply.snapshot()

    def join(self, watcher: Watcher) -> None:
        self._watchers.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)

    def _show(self, frame: str) -> None:
        for watcher in self._watchers:
            watcher.show(frame)

    # --- the run ---

    def begin(self) -> None:
        self._upstream = asyncio.create_task(self._receive())
        self.task = asyncio.create_task(self._go(self._upstream), name=f"reply {self.id}")

    async def _go(self, upstream: asyncio.Task[None]) -> None:
        error: Exception | None = None
        try:
            await upstream
        except asyncio.CancelledError:
            if not self._ended_as:  # not by us: the loop itself is closing, and the sweep will find the row
                raise
        except Exception as exc:
            error = exc
        if self._timer:
            self._timer.cancel()
        try:
            message = await self._save(error)
            status = message.status
        except Exception:
            # The row says "running" and loses its heartbeat now: the sweep closes it with the pieces.
            logger.exception("reply %s could not be saved", self.id)
            status = Status.INTERRUPTED
        finally:
            _runs.pop(self.id, None)
        self.ended = self.reply.last_frame(str(status))
        for watcher in self._watchers:
            watcher.wake()
        await tell_pages(self.conversation_id, self.id)
        if self._on_end and status == Status.DONE and self._end and self._end.stop_reason == "tool_use":
            await self._on_end(self.id)

    async def _receive(self) -> None:
        add, unwritten = self.reply.add, self.unwritten
        stream = stream_chat(http(), self._endpoint, self._request, self._surface, rest_s=_rest_s)
        async with aclosing(stream) as events:
            async for event in events:
                stored: StoredEvent
                if isinstance(event, TextDelta):
                    stored = ["text", _sendable(event.text)]
                    self._end_thinking()
                elif isinstance(event, ThinkingDelta):
                    stored = ["think", _sendable(event.text)]
                    self._thinking_at = self._thinking_at or time.perf_counter()
                elif isinstance(event, ToolCall):
                    stored = ["call", *storable([event.id, event.name, event.input, event.arguments])]
                    self._end_thinking()
                elif isinstance(event, Finished):
                    self._end_thinking()
                    self._end = event
                    continue
                else:
                    continue
                if not self._first_at:
                    self._first_at = time.perf_counter()
                unwritten.append(stored)
                add(stored)
                if self._timer is None:
                    self._render_when_due()

    def _end_thinking(self) -> None:
        if self._thinking_at:
            stored = ["thought", round((time.perf_counter() - self._thinking_at) * 1000)]
            self._thinking_at = 0.0
            self.unwritten.append(stored)
            self.reply.add(stored)

    def _render_when_due(self) -> None:
        due_in = self.reply.due_in
        if due_in is not None:
            self._timer = asyncio.get_running_loop().call_later(due_in, self._render)

    def _render(self) -> None:
        self._timer = None
        due_in = self.reply.due_in
        if due_in is not None and due_in < 0.001:
            self.reply.render()
        self._render_when_due()

    # --- the end ---

    async def _save(self, error: Exception | None) -> Message:
        now = time.perf_counter()
        self._end_thinking()
        changes: dict[str, Any] = {"status": Status.FAILED if error else self._ended_as or Status.DONE}
        changes |= finishing.outcome_of(self.reply)
        changes["duration_ms"] = round((now - self._asked_at) * 1000)
        if self._first_at:
            changes["first_ms"] = round((self._first_at - self._asked_at) * 1000)
        if error is not None:
            changes |= self._explain(error)
            if isinstance(error, AuthenticationError | BalanceError | QuotaError):
                await in_background(self._report, error)
        elif self._ended_as:
            changes |= finishing.explain_early_end(self._ended_as)
        elif self._end is not None:
            usage = self._end.usage
            changes["blocks"] = self._end.blocks
            changes["stop_reason"] = self._end.stop_reason
            changes["trace_id"] = self._end.trace_id
            changes["charged"] = Charged.YES
            if usage is not None:
                changes["usage"] = {
                    "input": usage.input,
                    "output": usage.output,
                    "cache_read": usage.cache_read,
                    "cache_write": usage.cache_write,
                }
        return await in_thread(finishing.finish, self.id, changes)

    def _report(self, error: MiniMaxError) -> None:
        if self._is_own:
            chat_connections.report_failure(self.workspace_id, self._endpoint.base_url, error)
        else:
            wallets.note_refusal(self._wallet_id, error, self._request.model)
            report_failure(self.workspace_id, error, self._wallet_id)

    def _explain(self, error: Exception) -> dict[str, Any]:
        if isinstance(error, MiniMaxError):
            sentence, next_step = error.sentence_in(_), _(error.next_step)
            if self._is_own:
                sentence, next_step = chat_connections.told(error, self._endpoint.base_url)
            return {
                "error_code": error.code,
                "error": sentence,
                "next_step": next_step,
                "trace_id": error.trace_id,
                "charged": error.charged,
            }
        logger.error("reply %s failed", self.id, exc_info=error)
        return {
            "error": _("Something went wrong inside the studio. What had arrived is kept."),
            "charged": Charged.UNKNOWN,
            "next_step": _("Ask whoever runs this studio to look at its log."),
        }


def _rest_s() -> float:
    """With many replies at once the words of each arrive in frames; a few come as they are written."""
    return min(LONGEST_REST_S, max(0, len(_runs) - FEW) * REST_S)


def _sendable(text: str) -> str:
    """Without half characters, which no socket takes."""
    return text if text.isascii() else UNSTORABLE.sub("", text)


# --- heartbeats -------------------------------------------------------------------------------------------------------

_beating: asyncio.Task[None] | None = None


def _keep_beating() -> None:
    global _beating
    if _beating is None or _beating.done() or _beating.get_loop() is not asyncio.get_running_loop():
        _beating = asyncio.create_task(_beat(), name="heartbeat of replies")


async def _beat() -> None:
    """Write what has arrived, a few times a second: one statement for all, so a hundred cost little more than one."""
    signed_at = 0.0
    while _runs:
        await asyncio.sleep(HEARTBEAT_S)
        is_due = time.monotonic() - signed_at > SIGN_OF_LIFE_S
        runs = list(_runs.values())
        news: dict[uuid.UUID, list[StoredEvent]] = {}
        for run in runs:
            news[run.id] = joined(run.unwritten)
            run.unwritten.clear()
        try:
            asked, gone = await in_thread(finishing.beat, list(news), news, is_sign_of_life=is_due)
        except Exception:  # a busy database must not end the heart, nor lose what it was to write
            logger.exception("no heartbeat")
            for run in runs:
                run.unwritten[:0] = news[run.id]
            continue
        signed_at = time.monotonic() if is_due else signed_at
        for run in runs:
            if run.id in asked:
                run.stop()
            elif run.id in gone:  # a sweeper thought we were dead, and kept what there was
                run.end_early(Status.INTERRUPTED)


def joined(events: list[StoredEvent]) -> list[StoredEvent]:
    """The same with neighbouring pieces of text put together."""
    result: list[StoredEvent] = []
    parts: list[str] = []
    for event in events:
        if event[0] in ("text", "think"):
            if result and result[-1][0] == event[0] and parts:
                parts.append(event[1])
                continue
            if parts:
                result[-1][1] = "".join(parts)
            parts = [event[1]]
            result.append([event[0], ""])
        else:
            if parts:
                result[-1][1] = "".join(parts)
                parts = []
            result.append(event)
    if parts:
        result[-1][1] = "".join(parts)
    return result
