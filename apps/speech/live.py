"""Live speech: one run per take, owned by this process and not by the socket that asked for it.

Sound goes from MiniMax to the spool and from the spool to whoever listens; nothing of it stays in memory, and after the
row is committed no database stands between a piece's arrival and its leaving.
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
from django.utils.translation import gettext as _

from apps.minimax.connection import Endpoint
from apps.minimax.errors import AuthenticationError, BalanceError, MiniMaxError, QuotaError
from apps.minimax.speech import (
    AudioPiece,
    SpeechEnd,
    SpeechRequest,
    SpeechSocket,
    TextDone,
    TextSkipped,
    new_http,
    stream_speech,
)
from apps.speech import finishing
from apps.speech.models import Charged, Status, Take
from apps.speech.rows import in_background, in_thread
from apps.speech.sound import clock_for
from apps.speech.spool import Spool, Word
from apps.speech.subtitles import estimate_words, lines_from_answer, lines_from_words
from apps.workspaces import wallets
from apps.workspaces.connections import report_failure

logger = logging.getLogger(__name__)

FRAME = 32 * 1024  # bytes of sound in one message; live pieces are smaller, this is for those who catch up
HEARTBEAT_S = 0.5
PROGRESS_S = 1.0
QUIET_S = 100  # type-to-speak ends itself after this much silence; MiniMax would hang up after 120
TEXTS_WAITING = 200  # sentences typed ahead of the voice

_http: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
_runs: dict[uuid.UUID, Run] = {}


def http() -> httpx.AsyncClient:
    """The connections of this event loop, kept open between takes."""
    loop = asyncio.get_running_loop()
    if loop not in _http:
        _http[loop] = new_http()
    return _http[loop]


def find_run(take_id: uuid.UUID) -> Run | None:
    return _runs.get(take_id)


async def start_run(take: Take, endpoint: Endpoint, request: SpeechRequest, *, asked_at: float) -> Run:
    """Begin to speak a take whose row is committed. `asked_at`: perf_counter() when the person's message arrived.

    The request is on its way when this returns; everything else is done while it travels.
    """
    run = Run(take, endpoint, request, asked_at)
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


class Source(Protocol):
    """Whatever a listener can follow: a run here, or one in another process."""

    received: int  # bytes of sound that can be read
    words_received: int  # bytes of word lines that can be read
    first_ms: int | None  # from asking MiniMax to its first sound
    final: dict[str, Any] | None  # the last message; set when no more will come

    def read(self, offset: int, size: int) -> bytes: ...
    def read_words(self, offset: int) -> tuple[list[Word], int]: ...
    def join(self, listener: Listener) -> None: ...
    def leave(self, listener: Listener) -> None: ...


class Listener:
    """One socket hearing one take, from an offset of its own. A slow one reads later, and holds nobody up."""

    def __init__(
        self,
        take_id: uuid.UUID,
        source: Source,
        send_json: Callable[[dict[str, Any]], Awaitable[None]],
        send_bytes: Callable[[bytes], Awaitable[None]],
        *,
        offset: int = 0,
    ) -> None:
        self.take_id, self.source = take_id, source
        self.offset, self._words_offset = offset, 0
        self._send_json, self._send_bytes = send_json, send_bytes
        self._woken = asyncio.Event()
        self._notices: deque[dict[str, Any]] = deque()
        self._progress_at = time.monotonic()
        self._has_sounded = False

    def wake(self) -> None:
        self._woken.set()

    def tell(self, message: dict[str, Any]) -> None:
        self._notices.append(message)
        self._woken.set()

    async def listen(self) -> None:
        """Pass everything on until the take is over or the socket is gone."""
        source, prefix = self.source, self.take_id.bytes
        source.join(self)
        try:
            while True:
                self._woken.clear()
                while self._notices:
                    await self._send_json(self._notices.popleft())
                while self.offset < source.received:
                    data = source.read(self.offset, FRAME)
                    await self._send_bytes(prefix + data)
                    self.offset += len(data)
                while self._words_offset < source.words_received:
                    await self._pass_words()
                if source.final is not None:
                    await self._send_json(source.final)
                    return
                await self._pass_progress()
                await self._woken.wait()
        except OSError:  # the socket went away in the middle; the run goes on
            return
        finally:
            source.leave(self)

    async def _pass_words(self) -> None:
        words, self._words_offset = self.source.read_words(self._words_offset)
        timed = [{"text": text, "start_ms": start, "end_ms": end} for text, start, end in words]
        await self._send_json({"type": "words", "take": str(self.take_id), "words": timed, "exact": True})

    async def _pass_progress(self) -> None:
        """At the first sound, and then every second, also in silence: so the page knows that we are alive."""
        now, is_first = time.monotonic(), not self._has_sounded and self.offset > 0
        if is_first or now - self._progress_at >= PROGRESS_S:
            self._has_sounded = self._has_sounded or is_first
            self._progress_at = now
            await self._send_json(
                {
                    "type": "progress",
                    "take": str(self.take_id),
                    "bytes": self.source.received,
                    "upstream_first_ms": self.source.first_ms,
                }
            )


class Run:
    """One take being spoken in this process."""

    def __init__(self, take: Take, endpoint: Endpoint, request: SpeechRequest, asked_at: float) -> None:
        self.id = take.pk
        self.is_typed = take.is_typed
        self._workspace_id = take.workspace_id
        self.uses_socket = take.is_typed or take.request.get("continuous_sound", False)
        self.received = self.words_received = 0
        self.first_ms: int | None = None
        self.first_audio_ms: int | None = None
        self.final: dict[str, Any] | None = None
        self.task: asyncio.Task[None] | None = None
        self.is_noted = False  # the row says "speaking"
        self._endpoint, self._request, self._asked_at = endpoint, request, asked_at
        self._wallet_id: int | None = take.route.get("pk")
        self._sent_at = asked_at
        self._clock = clock_for(take.stream)
        self._spool = Spool(take.pk)
        self._listeners: set[Listener] = set()
        self._upstream: asyncio.Task[None] | None = None
        self._ended_as = ""  # STOPPED or INTERRUPTED, when we ended it
        self._end: SpeechEnd | None = None
        self._usage: dict[str, int] = {}
        self._lines: list[dict[str, Any]] = []  # subtitles of texts that are complete
        self._lines_are_exact = True
        self._texts: asyncio.Queue[str | None] = asyncio.Queue(TEXTS_WAITING)
        self._said: deque[str] = deque()  # sent, not yet spoken to its end
        self._text_began_ms = 0.0
        self._last_event_at = time.monotonic()
        if not take.is_typed:
            self._texts.put_nowait(take.text)
            self._texts.put_nowait(None)

    # --- what a person can do ---

    def add_text(self, text: str) -> bool:
        """Say one more sentence. False when too many wait already or the take has ended."""
        if self._texts.full() or self._upstream is None or self._upstream.done():
            return False
        self._texts.put_nowait(text)
        return True

    def end_text(self) -> None:
        """No more sentences will come: speak what waits, then keep the take."""
        if not self._texts.full():
            self._texts.put_nowait(None)

    def stop(self) -> None:
        self.end_early(Status.STOPPED)

    def end_early(self, status: Status) -> None:
        """Close the upstream connection now; what arrived is kept."""
        if self._upstream and not self._upstream.done() and not self._ended_as:
            self._ended_as = status
            self._upstream.cancel()

    # --- for listeners ---

    def read(self, offset: int, size: int) -> bytes:
        return self._spool.read(offset, size)

    def read_words(self, offset: int) -> tuple[list[Word], int]:
        return self._spool.read_words(offset)

    def join(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        self._let_go()

    def wake(self) -> None:
        for listener in self._listeners:
            listener.wake()

    def _let_go(self) -> None:
        if self.final is not None and not self._listeners:
            self._spool.close()

    # --- the run ---

    def begin(self) -> None:
        self._sent_at = time.perf_counter()
        self._upstream = asyncio.create_task(self._speak_by_socket() if self.uses_socket else self._speak())
        self.task = asyncio.create_task(self._go(self._upstream), name=f"take {self.id}")

    async def _go(self, upstream: asyncio.Task[None]) -> None:
        error: Exception | None = None
        try:
            self._spool.create()
            await upstream
        except asyncio.CancelledError:
            if not self._ended_as:  # not by us: the loop itself is closing, and the sweep will find the row
                raise
        except Exception as exc:
            upstream.cancel()
            error = exc
        try:
            self.final = await self._save(error)
        except Exception:
            # The row says "saving" and loses its heartbeat now: the sweep takes over with the spool.
            logger.exception("take %s could not be saved", self.id)
            self.final = {"type": "failed", "take": str(self.id), "error": _unsaved(), "card": ""}
        finally:
            _runs.pop(self.id, None)
        self.wake()
        self._let_go()

    async def _speak(self) -> None:
        async with aclosing(stream_speech(http(), self._endpoint, self._request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, AudioPiece):
                    self._take_in(piece)
                else:
                    self._end = piece

    async def _speak_by_socket(self) -> None:
        async with SpeechSocket.open(self._endpoint, self._request, http=http()) as socket:
            try:
                async with asyncio.TaskGroup() as group:
                    sender = group.create_task(self._send_texts(socket))
                    async for piece in socket.receive():
                        self._last_event_at = time.monotonic()
                        if isinstance(piece, AudioPiece):
                            self._take_in(piece)
                        elif isinstance(piece, TextDone):
                            self._close_text(piece)
                        elif isinstance(piece, TextSkipped):
                            self._skip_text(piece.error)
                        else:
                            self._end = piece
                    sender.cancel()
            except BaseExceptionGroup as group_error:  # one of the two failed; the other was ended for it
                raise group_error.exceptions[0] from None

    async def _send_texts(self, socket: SpeechSocket) -> None:
        while True:
            text = await self._next_text()
            if text is None:
                await socket.finish()
                return
            if self.is_typed:  # on the row before it is paid for
                await in_thread(finishing.add_text, self.id, text)
            self._said.append(text)
            await socket.say(text)
            self._last_event_at = time.monotonic()

    async def _next_text(self) -> str | None:
        """Wait for a sentence; None at the end, or after a long silence on both sides."""
        while True:
            quiet = QUIET_S - (time.monotonic() - self._last_event_at)
            if quiet <= 0:
                return None
            try:
                return await asyncio.wait_for(self._texts.get(), quiet)
            except TimeoutError:
                continue  # the voice may have spoken meanwhile

    def _take_in(self, piece: AudioPiece) -> None:
        if piece.audio:
            if not self.received:
                now = time.perf_counter()
                self.first_ms = round((now - self._sent_at) * 1000)
                self.first_audio_ms = round((now - self._asked_at) * 1000)
            self._spool.append(piece.audio)
            self._clock.feed(piece.audio)
            self.received += len(piece.audio)
        if piece.words:
            began = self._text_began_ms
            words = ((word.text, round(word.start_ms + began), round(word.end_ms + began)) for word in piece.words)
            self.words_received += self._spool.append_words(words)
        self.wake()

    def _skip_text(self, error: MiniMaxError) -> None:
        if self._said:
            self._said.popleft()
        sentence = error.sentence_in(_)
        for listener in self._listeners:
            listener.tell({"type": "refused", "take": str(self.id), "click": None, "message": sentence, "errors": {}})

    def _close_text(self, done: TextDone) -> None:
        """One sentence of many is spoken: its subtitles move to where its sound really lies."""
        text = self._said.popleft() if self._said else ""
        began, self._text_began_ms = self._text_began_ms, self._clock.ms
        for name, value in _usage(done.info).items():
            self._usage[name] = self._usage.get(name, 0) + value
        if done.subtitles:
            self._lines += lines_from_answer(done.subtitles, began)
        else:
            self._lines_are_exact = False
            words = estimate_words(text, self._clock.ms - began)
            self._lines += lines_from_words(
                [(word, round(start + began), round(end + began)) for word, start, end in words]
            )

    # --- the end ---

    async def _save(self, error: Exception | None) -> dict[str, Any]:
        changes: dict[str, Any] = {
            "status": Status.SAVING,
            "outcome": Status.FAILED if error else self._ended_as or Status.KEPT,
            "bytes_received": self.received,
            "received_ms": round(self._clock.ms),
            "first_audio_ms": self.first_audio_ms,
        }
        if error is not None:
            changes |= self._explain(error)
            if isinstance(error, AuthenticationError | BalanceError | QuotaError):
                await in_background(self._report, error)
        elif self._ended_as:
            changes |= finishing.explain_early_end(self._ended_as)
        elif self._end is not None:
            changes["trace_id"] = self._end.trace_id
            changes["charged"] = Charged.YES
        usage = self._usage or (_usage(self._end.info) if self._end else {})
        changes["usage"] = usage
        changes |= await self._subtitles(whole=changes["outcome"] == Status.KEPT)
        return await in_background(finishing.finish, self.id, changes)

    def _report(self, error: MiniMaxError) -> None:
        wallets.note_refusal(self._wallet_id, error, self._request.model)
        report_failure(self._workspace_id, error, self._wallet_id)

    async def _subtitles(self, *, whole: bool) -> dict[str, Any]:
        """The best timing there is: MiniMax's file, its words while streaming, or an estimate for a whole text."""
        if self._end and self._end.subtitles:
            return {"subtitles": lines_from_answer(self._end.subtitles), "words_are_exact": True}
        if whole and self._lines and self._lines_are_exact:
            return {"subtitles": self._lines, "words_are_exact": True}
        if self.words_received:
            words = await in_background(self._spool.read_all_words)
            return {"subtitles": lines_from_words(words), "words_are_exact": True}
        if self._lines or not whole:
            return {"subtitles": self._lines, "words_are_exact": bool(self._lines) and self._lines_are_exact}
        words = estimate_words(self._request.text, self._clock.ms)
        return {"subtitles": lines_from_words(words), "words_are_exact": False}

    def _explain(self, error: Exception) -> dict[str, Any]:
        if isinstance(error, MiniMaxError):
            charged: str = error.charged
            if self.received and charged == Charged.NO:  # it did work, whatever it says
                charged = Charged.UNKNOWN
            return {
                "error_code": error.code,
                "error": error.sentence_in(_),
                "next_step": _(error.next_step),
                "trace_id": error.trace_id,
                "charged": charged,
            }
        logger.error("take %s failed", self.id, exc_info=error)
        sentence = (
            _("The studio could not write the sound to its disk.")
            if isinstance(error, OSError)
            else _unsaved()["sentence"]
        )
        return {
            "error": sentence,
            "charged": Charged.UNKNOWN,
            "next_step": _("Ask whoever runs this studio to look at its log."),
        }


def _usage(info: Any) -> dict[str, int]:
    return {
        "usage_characters": info.usage_characters,
        "word_count": info.word_count,
        "audio_length": info.audio_length_ms,
    }


def _unsaved() -> dict[str, Any]:
    return {
        "code": None,
        "sentence": _("Something went wrong inside the studio. What had arrived will be kept within a minute."),
        "next_step": _("Reload the page in a moment."),
        "charged": Charged.UNKNOWN,
        "trace_id": "",
    }


# --- heartbeats -------------------------------------------------------------------------------------------------------

_beating: asyncio.Task[None] | None = None


def _keep_beating() -> None:
    global _beating
    if _beating is None or _beating.done() or _beating.get_loop() is not asyncio.get_running_loop():
        _beating = asyncio.create_task(_beat(), name="heartbeat of takes")


async def _beat() -> None:
    """Say twice a second on the rows that their takes live: one statement for all, so a hundred cost as much as one."""
    while _runs:
        await asyncio.sleep(HEARTBEAT_S)
        news = {
            run.id: run.first_audio_ms for run in _runs.values() if run.first_audio_ms is not None and not run.is_noted
        }
        try:
            asked, gone = await in_thread(finishing.beat, list(_runs), news)
        except Exception:  # a busy database must not end the heart; 20 s without a beat will
            logger.exception("no heartbeat")
            continue
        for run in list(_runs.values()):
            run.is_noted = run.is_noted or run.id in news
            run.wake()
            if run.id in asked:
                run.stop()
            elif run.id in gone:  # a sweeper thought we were dead, and kept what there was
                run.end_early(Status.INTERRUPTED)
