"""The browser's end of a socket. (`channels.testing` would want daphne for a live server that we do not use.)"""

from __future__ import annotations

from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from django.contrib.sessions.backends.db import SessionStore

from apps.workspaces.models import Membership
from studio.routing import websocket_urlpatterns


class Socket(ApplicationCommunicator):
    """Opened by `await open_socket(member)`; after a refusal `close_code` says why."""

    close_code: int | None = None

    @property
    def session_key(self) -> str:
        return self.scope["session"].session_key

    async def read(self, timeout: float = 1) -> str | bytes:  # noqa: ASYNC109  (asgiref's own way)
        """Return what the server sends next."""
        message = await self.receive_output(timeout)
        assert message["type"] == "websocket.send", message
        return message["bytes"] if message.get("bytes") is not None else message["text"]

    async def read_close(self) -> int:
        """Return the code with which the server closes, whatever it sends before."""
        while (message := await self.receive_output(1))["type"] != "websocket.close":
            pass
        return message.get("code", 1000)

    async def write(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def close(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(1)


async def open_socket(member: Membership, path: str = "", slug: str = "") -> Socket:
    """Open the events socket of the member's workspace, or another below it, with a session of its own."""
    session = SessionStore()
    await database_sync_to_async(session.create)()
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": f"/ws/w/{slug or member.workspace.slug}/{path}",
        "query_string": b"",
        "headers": [],
        "subprotocols": [],
        "user": member.user,
        "session": session,
    }
    socket = Socket(URLRouter(websocket_urlpatterns), scope)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output(2)
    if answer["type"] == "websocket.close":
        socket.close_code = answer.get("code", 1000)
    return socket
