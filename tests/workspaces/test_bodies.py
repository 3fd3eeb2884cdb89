from __future__ import annotations

import asyncio
import json

import pytest
from django.urls import reverse

from apps.books.forms import MOST_BYTES
from apps.workspaces.bodies import LimitedBodies

BLOCK = 1 << 20


def post(path: str, *, announced: int | None, query: str = "", blocks: int = 0) -> tuple[int, dict, int]:
    """Bring `blocks` to a path: (status, answer, blocks that were read). What lies behind answers 200."""
    read, sent = 0, []

    async def behind(scope, receive, send) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

    async def receive():
        nonlocal read
        read += 1
        return {"type": "http.request", "body": bytes(BLOCK), "more_body": read < blocks}

    async def send(message) -> None:
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": query.encode(), "headers": headers}
    asyncio.run(LimitedBodies(behind)(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"]), read


@pytest.mark.parametrize("name", ["books:create", "files:upload"])
def test_what_announces_too_much_is_refused_before_a_byte_of_it_is_read(name):
    status, said, read = post(reverse(name, args=["a"]), announced=(512 << 20) + 1, query="purpose=retrieval")
    assert (status, read) == (413, 0)
    assert "larger than" in said["sentence"]


def test_what_announces_nothing_is_refused_where_it_passes_the_limit():
    status, _said, read = post(reverse("books:create", args=["a"]), announced=None, blocks=1000)
    assert status == 413
    assert MOST_BYTES // BLOCK < read < 2 * MOST_BYTES // BLOCK


def test_what_is_within_the_limit_arrives():
    assert post(reverse("books:create", args=["a"]), announced=3 * BLOCK, blocks=3)[::2] == (200, 3)
