"""The door: names every request, logs it, and hands it to Django or to the WebSocket."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from django.core.asgi import get_asgi_application

from apps.sandbox import speech_socket
from apps.sandbox.envelope import DroppedError
from apps.sandbox.journal import Entry
from apps.sandbox.pool import close_pool, open_pool
from apps.sandbox.runtime import runtime
from apps.sandbox.speech_socket import Message, Receive, Send

django = get_asgi_application()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    headers = dict(scope["headers"])
    entry = Entry("WS" if scope["type"] == "websocket" else scope["method"], scope["path"])
    entry.source = headers.get(b"mm-api-source", headers.get(b"user-agent", b"")).decode("latin-1")[:80]
    entry.begin()
    try:
        if scope["type"] == "websocket":
            await _websocket(scope, receive, send, entry)
        else:
            await django({**scope, "entry": entry}, receive, _named(send, entry))
    except DroppedError:
        # Returning without a proper end is what makes the server cut the connection.
        entry.status = entry.status if scope["type"] == "websocket" else None
    finally:
        if scope["path"] != "/healthz":
            entry.end()


def _named(send: Send, entry: Entry) -> Send:
    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
            message = {**message, "headers": [*message["headers"], (b"Trace-Id", entry.trace_id.encode())]}
        elif message.get("body"):
            entry.answered()
        await send(message)

    return send_named


async def _websocket(scope: Message, receive: Receive, send: Send, entry: Entry) -> None:
    if scope["path"] != speech_socket.PATH:
        await send({"type": "websocket.close", "code": 4404})
        entry.status = 403
        return
    try:
        await speech_socket.SpeechSocket(scope, receive, send, entry).run()
    except DroppedError:
        raise
    except Exception:
        traceback.print_exc(file=sys.stderr)
        raise


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: dict[str, Any] = await receive()
        if message["type"] == "lifespan.startup":
            await open_pool(runtime.data, runtime.engines)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await close_pool()
            await send({"type": "lifespan.shutdown.complete"})
            return
