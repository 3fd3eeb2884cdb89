"""How much a request may bring.

Under ASGI Django reads a body to its end before any view sees it, so what is too large is refused in front of it: by
what it announces, and where it announces nothing, while it arrives.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

from django.http import Http404, QueryDict
from django.template.defaultfilters import filesizeformat
from django.urls import resolve
from django.utils.translation import gettext as _

Most = int | Callable[[QueryDict], int]
View = TypeVar("View", bound=Callable[..., Any])
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TOO_LARGE = 413


def takes_at_most(most_bytes: Most) -> Callable[[View], View]:
    """Stands above every other decorator of a view: its requests have bodies of at most so many bytes.

    A function is asked with the parameters of the address.
    """

    def mark(view: View) -> View:
        vars(view)["most_bytes"] = most_bytes
        return view

    return mark


class LimitedBodies:
    """Answers 413 and {sentence} in place of a view that would be brought too much."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        most = _most_bytes(scope)
        if most is None:
            return await self.application(scope, receive, send)
        if _announced(scope) > most:
            return await _refuse(send, most)
        arrived = 0

        async def count() -> Message:
            nonlocal arrived
            message = await receive()
            if message["type"] == "http.request":
                arrived += len(message.get("body", b""))
                if arrived > most:
                    return {"type": "http.disconnect"}  # Django drops what it has
            return message

        async def pass_on(message: Message) -> None:
            if arrived <= most:
                await send(message)

        await self.application(scope, count, pass_on)
        if arrived > most:
            await _refuse(send, most)
        return None


def _most_bytes(scope: dict[str, Any]) -> int | None:
    """None: the view says nothing."""
    if scope["method"] != "POST":
        return None
    try:
        view = resolve(scope["path"]).func
    except Http404:
        return None
    most: Most | None = getattr(view, "most_bytes", None)
    return most(QueryDict(scope.get("query_string", b""))) if callable(most) else most


def _announced(scope: dict[str, Any]) -> int:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() else 0


async def _refuse(send: Send, most: int) -> None:
    sentence = _("This is larger than %(size)s. Nothing of it was kept.") % {"size": filesizeformat(most)}
    content = json.dumps({"sentence": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": TOO_LARGE, "headers": headers})
    await send({"type": "http.response.body", "body": content})
