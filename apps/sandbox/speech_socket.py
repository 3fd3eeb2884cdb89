"""T2A over WebSocket: /ws/v1/t2a_v2. One socket, one voice, any number of texts, spoken in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from apps.sandbox import faults, rules
from apps.sandbox.api import check_key
from apps.sandbox.envelope import DroppedError, RefusedError, base_resp, dumps
from apps.sandbox.faults import Fault
from apps.sandbox.journal import Entry
from apps.sandbox.pool import EngineError, Finished, Piece, pool
from apps.sandbox.runtime import runtime
from apps.sandbox.speech import PIECES_BEFORE_FAULT, charge, subtitle_file
from apps.sandbox.speech_request import SpeechRequest, check_text, measure, read_request

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

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
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
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
            check_key(self._headers)
            self._fault = faults.take(PATH, self._headers.get("x-sandbox-fault", ""))
            if self._fault:
                self._entry.fault = self._fault.name
                self._fault.refuse()
            await self._tell("connected_success")
            await self._listen()
        except RefusedError as exc:
            await self._fail(exc.code, exc.message)
        finally:
            if self._speaking:
                self._speaking.cancel()
                with contextlib.suppress(asyncio.CancelledError, DroppedError):
                    await self._speaking

    async def _tell(self, event: str, code: int = 0, message: str = "success", **more: Any) -> None:
        body = {
            "session_id": self._session,
            "event": event,
            "trace_id": self._entry.trace_id,
            **more,
            **base_resp(code, message),
        }
        await self._send({"type": "websocket.send", "text": dumps(body)})
        self._idle_since = asyncio.get_running_loop().time()

    async def _fail(self, code: int, message: str) -> None:
        self._entry.code = code
        with contextlib.suppress(Exception):  # the listener may be gone
            await self._tell("task_failed", code, message)
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
            await self._queue(body.get("text"))
        elif event == "task_finish" and self._wanted is not None:
            self._texts.put_nowait(None)
        else:
            await self._tell("task_continued", 2202, f"illegal event: {event}", data=None, is_final=False)

    async def _queue(self, text: Any) -> None:
        if not isinstance(text, str) or not text.strip():
            await self._tell("task_continued", 2203, "empty text, skipped", data=None, is_final=True)
        elif len(text) > rules.speech()["max_characters"]:
            await self._tell("task_continued", 2204, "text over the limit, skipped", data=None, is_final=True)
        else:
            self._texts.put_nowait(text)

    async def _speak_all(self, wanted: SpeechRequest) -> None:
        while (text := await self._texts.get()) is not None:
            try:
                await self._speak(wanted, check_text(text))
            except RefusedError as exc:  # this text cannot be spoken; the next one may
                await self._tell("task_continued", exc.code, exc.message, data=None, is_final=True)
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
            await asyncio.sleep(fault.seconds)
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
                            extra = {"extra_info": {**event.extra_info, **measure(text)}}
                            data = _data(held, "") | await subtitle_file(self._base, trace_id, wanted, event)
                            await self._tell("task_continued", is_final=True, data=data, trace_id=trace_id, **extra)
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
                await asyncio.sleep(self._fault.seconds)
            if name == "error_midway":
                raise EngineError
        self._entry.answered()
        damage = name if self._pieces == PIECES_BEFORE_FAULT else ""
        await self._tell("task_continued", is_final=False, data=_data(piece, damage), trace_id=trace_id)
        self._pieces += 1


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
