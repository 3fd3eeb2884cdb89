"""T2A over WebSocket: /ws/v1/t2a_v2. One socket, one voice, any number of texts, spoken in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from apps.sandbox import account, faults, rules
from apps.sandbox.api import check_key
from apps.sandbox.envelope import DroppedError, RefusedError, base_resp, dumps
from apps.sandbox.faults import Fault
from apps.sandbox.journal import Entry
from apps.sandbox.pool import EngineError, Finished, Piece, pool
from apps.sandbox.runtime import runtime
from apps.sandbox.speech import PIECES_BEFORE_FAULT, charge, subtitle_file
from apps.sandbox.speech_request import SpeechRequest, check_text, measure, read_request

Message = dict[str, Any]
Receive = Callable[[], Coroutine[Any, Any, Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]

PATH = "/ws/v1/t2a_v2"


class SpeechSocket:
    def __init__(self, scope: Message, receive: Receive, send: Send, entry: Entry) -> None:
        self._receive, self._send = receive, send
        self._entry = entry
        self._headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = self._headers.get("host", "localhost")
        self._base = f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}"
        self._session = uuid4().hex
        self._wanted: SpeechRequest | None = None
        self._fault: Fault | None = None
        # Texts in their order, with the refusals of those that are skipped; None ends them.
        self._texts: asyncio.Queue[str | RefusedError | None] = asyncio.Queue()
        self._speaking: asyncio.Task[None] | None = None
        self._idle_since = asyncio.get_running_loop().time()
        self._spoken = 0
        self._pieces = 0

    async def run(self) -> None:
        if (await self._receive())["type"] != "websocket.connect":
            return
        await self._send({"type": "websocket.accept", "headers": [(b"trace-id", self._entry.trace_id.encode())]})
        self._entry.status, self._entry.code = 101, 0
        try:
            account.admit(check_key(self._headers), PATH, self._entry.trace_id)
            self._fault = faults.take(PATH, self._headers.get("x-sandbox-fault", ""))
            if self._fault:
                self._entry.fault = self._fault
                self._fault.refuse()
            await self._tell("connected_success")
            await self._listen()
        except RefusedError as exc:
            await self._fail(exc)
        finally:
            if self._speaking:
                self._speaking.cancel()
                with contextlib.suppress(asyncio.CancelledError, DroppedError):
                    await self._speaking

    async def _tell(
        self, event: str, final: bool | None = None, *, error: RefusedError | None = None, **more: Any
    ) -> None:
        body: dict[str, Any] = {"session_id": self._session, "event": event, "trace_id": self._entry.trace_id}
        if final is not None:
            body["is_final"] = final
        body |= more | (base_resp(error.code, error.message) if error else base_resp())
        await self._send({"type": "websocket.send", "text": dumps(body)})
        self._idle_since = asyncio.get_running_loop().time()

    async def _fail(self, error: RefusedError) -> None:
        self._entry.code = error.code
        with contextlib.suppress(Exception):  # the listener may be gone
            await self._tell("task_failed", error=error)
            await self._send({"type": "websocket.close", "code": 1000})

    def _idle_limit(self) -> float:
        if self._fault and self._fault.name == "idle":
            return self._fault.seconds
        return runtime.idle_s

    async def _listen(self) -> None:
        receiving = asyncio.create_task(self._receive())
        loop = asyncio.get_running_loop()
        try:
            while True:
                waiting = {receiving} | ({self._speaking} if self._speaking else set())
                left = self._idle_since + self._idle_limit() - loop.time()
                await asyncio.wait(waiting, timeout=max(0.01, left), return_when=asyncio.FIRST_COMPLETED)
                if self._speaking and self._speaking.done():
                    self._speaking.result()
                    await self._send({"type": "websocket.close", "code": 1000})
                    return
                if receiving.done():
                    message = receiving.result()
                    if message["type"] == "websocket.disconnect":
                        return
                    self._idle_since = loop.time()
                    await self._take(message)
                    receiving = asyncio.create_task(self._receive())
                elif self._texts.empty() and not self._pieces and loop.time() >= self._idle_since + self._idle_limit():
                    raise RefusedError(2201, "timeout: no event was received for too long")
        finally:
            receiving.cancel()

    async def _take(self, message: Message) -> None:
        try:
            body = json.loads(message.get("text") or message.get("bytes") or "")
            event = body["event"]
        except (ValueError, KeyError, TypeError):
            raise RefusedError(2013, "invalid params, event: is required, in JSON") from None
        if event == "task_start" and self._wanted is None:
            self._wanted = await read_request(body, socket=True)
            self._speaking = asyncio.create_task(self._speak_all(self._wanted))
            await self._tell("task_started")
        elif event == "task_continue" and self._wanted is not None:
            self._texts.put_nowait(_text_or_refusal(body.get("text")))
        elif event == "task_finish" and self._wanted is not None:
            self._texts.put_nowait(None)
        else:
            await self._tell("task_continued", False, error=RefusedError(2202, f"illegal event: {event}"), data=None)

    async def _speak_all(self, wanted: SpeechRequest) -> None:
        while (text := await self._texts.get()) is not None:
            try:
                if isinstance(text, RefusedError):
                    raise text
                await self._speak(wanted, check_text(text))
            except RefusedError as exc:  # this text cannot be spoken; the next one may
                await self._tell("task_continued", True, error=exc, data=None)
            except EngineError:
                raise RefusedError(1033, "system error") from None
            self._pieces = 0
        await self._tell("task_finished")

    async def _speak(self, wanted: SpeechRequest, text: str) -> None:
        self._pieces = 1
        fault = self._fault
        if runtime.delay_s:
            await asyncio.sleep(runtime.delay_s)
        if fault and fault.name in ("slow_first_byte", "silence"):
            await fault.wait()
            if fault.name == "silence":
                raise DroppedError
        trace_id = uuid4().hex
        self._entry.texts += 1
        self._entry.usage_characters += measure(text)["usage_characters"]
        charged = asyncio.create_task(charge(PATH, trace_id, wanted, text))
        job = wanted.with_text(text, header=self._spoken == 0)
        self._spoken += 1
        try:
            # One piece is held back: the last one carries `is_final` together with its audio.
            held: Piece | None = None
            async with contextlib.aclosing(pool().speak(job)) as events:
                async for event in events:
                    if held is not None:
                        if isinstance(event, Finished):
                            data = _data(held, "") | await subtitle_file(self._base, trace_id, wanted, event)
                            about = {**event.extra_info, **measure(text)}
                            await self._tell("task_continued", True, data=data, trace_id=trace_id, extra_info=about)
                            return
                        await self._piece(held, trace_id)
                    if isinstance(event, Piece):
                        held = event
        finally:
            await charged

    async def _piece(self, piece: Piece, trace_id: str) -> None:
        name = self._fault.name if self._fault else ""
        if self._pieces == PIECES_BEFORE_FAULT and self._fault:
            if name in ("drop_stream", "no_final"):
                raise DroppedError
            if name == "stall":
                await self._fault.wait()
            if name == "error_midway":
                raise EngineError
        self._entry.answered()
        damage = name if self._pieces == PIECES_BEFORE_FAULT else ""
        await self._tell("task_continued", False, data=_data(piece, damage), trace_id=trace_id)
        self._pieces += 1


def _text_or_refusal(text: Any) -> str | RefusedError:
    if not isinstance(text, str) or not text.strip():
        return RefusedError(2203, "empty text, skipped")
    if len(text) > rules.speech()["max_characters"]:
        return RefusedError(2204, "text over the limit, skipped")
    return text


def _data(piece: Piece, fault: str) -> dict[str, Any]:
    audio = piece.audio.hex()
    if fault == "truncate_hex":
        audio = audio[: len(audio) // 4 * 2]
    elif fault == "odd_hex":
        audio = audio[:-1]
    data: dict[str, Any] = {"audio": audio}
    if piece.entries:
        data["subtitle"] = piece.entries
    return data
