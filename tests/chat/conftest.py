"""A chat page's socket without a browser, and an upstream whose every byte a test decides."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from django.utils.html import strip_tags

from apps.chat import live
from apps.jobs.saving import asset_id
from apps.library.services import keep
from apps.speech import rows
from apps.workspaces.models import Connection, ConnectionKind, Membership
from apps.workspaces.sealing import seal
from tests.minimax.chat.streams import START, block, ending, sse
from tests.sockets import Socket, open_socket

SETTINGS = {"model": "MiniMax-M3", "surface": "anthropic", "max_tokens": 1000, "thinking": True}


@pytest.fixture(autouse=True)
async def nothing_left_running() -> AsyncIterator[None]:
    yield
    await live.shut_down()
    await asyncio.to_thread(rows.close_connections)


@dataclass
class Seen:
    """What a page got of one reply, put together as its script does."""

    started: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    status: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)

    def take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        kind = frame["k"]
        if kind == "reset":
            self.parts.clear()
        elif kind == "part":
            self.parts.append({"of": frame["of"], "name": frame.get("name"), "done": "", "open": "", "text": ""})
        elif kind == "tail":
            part = self.parts[frame["p"]]
            part["text" if part["of"] == "think" else "open"] += frame["s"]
        elif kind == "html":
            part = self.parts[frame["p"]]
            part["done"] += frame["done"]
            part["open"] = frame["open"]
        elif kind == "end":
            self.status = frame["status"]

    @property
    def text(self) -> str:
        html = "".join(part["done"] + part["open"] for part in self.parts if part["of"] == "text")
        return " ".join(unescape(strip_tags(html)).split())

    @property
    def thought(self) -> str:
        return "".join(part["text"] for part in self.parts if part["of"] == "think")


class Page:
    """The socket of one open chat page."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self._waiting: list[dict[str, Any]] = []

    async def close(self) -> None:
        await self.socket.close()

    async def send(self, type: str, **fields: Any) -> None:
        await self.socket.write(json.dumps({"type": type, **fields}))

    async def say(self, text: str = "Hello", *, click: str = "", settings: Any = None, **fields: Any) -> str:
        click = click or str(uuid.uuid4())
        given = {"conversation": None, "parent": None} | fields
        await self.send("say", click=click, text=text, settings=settings or SETTINGS, **given)
        return click

    async def receive(self) -> dict[str, Any]:
        while not self._waiting:
            self._waiting = [json.loads(line) for line in (await self.socket.read(timeout=20)).split("\n")]
        return self._waiting.pop(0)

    async def expect(self, type: str) -> dict[str, Any]:
        """The next message of this type, whatever comes before it."""
        while (message := await self.receive()).get("type") != type:
            assert message.get("type") != "refused", message
        return message

    async def expect_refusal(self) -> str:
        while (message := await self.receive()).get("type") != "refused":
            pass
        return message["message"]

    async def see(self, *, until: Callable[[Seen], bool] | None = None, seen: Seen | None = None) -> Seen:
        """Watch one reply to its end, or until something is seen of it."""
        seen = seen or Seen()
        while True:
            message = await self.receive()
            if message.get("type") == "refused":
                raise AssertionError(message)
            if message.get("type") == "started":
                seen.started = message
                seen.message = seen.message or message["replies"][0]
            elif "k" in message and (not seen.message or message["m"] == seen.message):
                seen.take(message)
            if seen.status or (until and until(seen)):
                return seen


@pytest.fixture
async def open_page() -> AsyncIterator[Callable[[Membership], Awaitable[Page]]]:
    pages: list[Page] = []

    async def open(member: Membership) -> Page:
        socket = await open_socket(member, "chat/")
        assert socket.close_code is None
        pages.append(Page(socket))
        return pages[-1]

    yield open
    for page in pages:
        await page.close()


class Line:
    """One request that reached the upstream, and its answer, event by event."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: Any) -> None:
        self.reader, self.writer, self.path, self.body = reader, writer, path, body
        self._index = -1
        self._kind = ""

    async def begin(self) -> None:
        await self.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTrace-Id: feed\r\nConnection: close\r\n\r\n"
        )
        await self.raw(sse(START))

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def refuse(self, status: int, kind: str) -> None:
        body = json.dumps({"type": "error", "error": {"type": kind, "message": "no"}}).encode()
        await self.raw(b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    async def _open(self, kind: str, start: dict[str, Any]) -> None:
        if self._kind != kind:
            await self._close()
            self._kind = kind
            self._index += 1
            await self.raw(sse({"type": "content_block_start", "index": self._index, "content_block": start}))

    async def _close(self) -> None:
        if self._kind:
            await self.raw(sse({"type": "content_block_stop", "index": self._index}))
        self._kind = ""

    async def _delta(self, delta: dict[str, Any]) -> None:
        await self.raw(sse({"type": "content_block_delta", "index": self._index, "delta": delta}))

    async def think(self, text: str) -> None:
        await self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        await self._delta({"type": "thinking_delta", "thinking": text})

    async def say(self, text: str) -> None:
        if self._kind == "thinking":
            await self._delta({"type": "signature_delta", "signature": "9f86"})
        await self._open("text", {"type": "text", "text": ""})
        await self._delta({"type": "text_delta", "text": text})

    async def call(self, name: str, given: dict[str, Any], call_id: str = "") -> None:
        await self._close()
        self._index += 1
        start = {"type": "tool_use", "id": call_id or f"call_{self._index}", "name": name, "input": {}}
        await self.raw(sse(*block(self._index, start, {"type": "input_json_delta", "partial_json": json.dumps(given)})))

    async def end(self, reason: str = "end_turn") -> None:
        await self._close()
        await self.raw(sse(*ending(reason)))
        self.writer.close()

    async def gone(self) -> None:
        """Return when the studio has closed the connection."""
        while await self.reader.read(65536):
            pass


class Upstream:
    """Listens like MiniMax; a test answers each request with the coroutine it puts into `answer`, or by hand."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: Callable[[Line], Awaitable[None]] | None = None
        self.lines: asyncio.Queue[Line] = asyncio.Queue()
        self.refuses: tuple[int, str] | None = None

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            line = Line(reader, writer, head.split()[1].decode(), json.loads(await reader.readexactly(length)))
            self.requests.append(line.body)
            if self.refuses:
                await line.refuse(*self.refuses)
                writer.close()
                return
            await line.begin()
            self.lines.put_nowait(line)
            if self.answer:
                await self.answer(line)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass


def answers(*texts: str) -> Callable[[Line], Awaitable[None]]:
    async def answer(line: Line) -> None:
        await line.think("Let me see.")
        for text in texts:
            await line.say(text)
        await line.end()

    return answer


@pytest.fixture
async def upstream(workspace, settings) -> AsyncIterator[Upstream]:
    """The workspace talks to an upstream that the test plays."""
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    played = Upstream()
    server = await asyncio.start_server(played.handle, "127.0.0.1", 0)
    await rows.in_thread(
        Connection.objects.create,
        workspace=workspace,
        kind=ConnectionKind.CUSTOM,
        key_sealed=seal("sk-api-0123456789abcdef"),
        base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
    )
    yield played
    server.close()


@pytest.fixture
def on_sandbox(workspace, settings, sandbox):
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    return Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)


@pytest.fixture
def a_picture(tmp_path) -> Callable[[Membership, Any], Any]:
    """Keep a picture as if this job had made it."""

    def make(member: Membership, job: Any) -> Any:
        source = tmp_path / f"{uuid.uuid4()}.png"
        source.write_bytes(PNG)
        asset = keep(
            member,
            kind="image",
            title="A cat",
            text="A cat",
            source=source,
            filename="cat.png",
            content_type="image/png",
            request={},
            asset_id=asset_id(job, 0),
        )
        job.assets.add(asset)
        return asset

    return make


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080200000090"
    "7753de0000000c49444154789c63f8cfc000000301010018dd8db000000000"
    "49454e44ae426082"
)
