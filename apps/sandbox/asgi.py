"""The door: names every request, logs it, and hands it to Django or to the WebSocket."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.asgi import get_asgi_application
from django.core.checks.urls import check_url_config

from apps.sandbox import speech_socket, store, work
from apps.sandbox.envelope import DroppedError, base_resp, dumps
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
        # Returning after a start without an end is what makes the server cut the connection.
        if scope["type"] == "http" and entry.status is None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        entry.status = entry.status if scope["type"] == "websocket" else None
    finally:
        if scope["path"] != "/healthz":
            entry.end()


def _named(send: Send, entry: Entry) -> Callable[[Mapping[str, Any]], Awaitable[None]]:
    async def send_named(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
            message = {**message, "headers": [*message["headers"], (b"Trace-Id", entry.trace_id.encode())]}
        elif message.get("body"):
            entry.answered()
        await send(dict(message))

    return send_named


async def _websocket(scope: Message, receive: Receive, send: Send, entry: Entry) -> None:
    if scope["path"] != speech_socket.PATH:
        await _refuse_socket(send, entry)
        return
    try:
        await speech_socket.SpeechSocket(scope, receive, send, entry).run()
    except DroppedError:
        raise
    except Exception:
        traceback.print_exc(file=sys.stderr)
        raise


async def _refuse_socket(send: Send, entry: Entry) -> None:
    entry.status, entry.code = 404, 2013
    headers = [(b"content-type", b"application/json"), (b"trace-id", entry.trace_id.encode())]
    content = dumps(base_resp(2013, "invalid params, path: there is nothing at this address")).encode()
    await send({"type": "websocket.http.response.start", "status": 404, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": content})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: dict[str, Any] = await receive()
        if message["type"] == "lifespan.startup":
            await open_pool(runtime.data, runtime.engines)
            check_url_config(None)  # loads the views: each brings its kind of task
            await store.stored(store.clean_up)
            await work.resume()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            work.close()
            await close_pool()
            await send({"type": "lifespan.shutdown.complete"})
            return
