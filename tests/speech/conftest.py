"""A page's socket without a browser, and an upstream whose every byte a test decides."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from apps.minimax import catalogue
from apps.speech import live, rows
from apps.workspaces.models import Connection, ConnectionKind, Membership
from apps.workspaces.sealing import seal
from tests.conftest import Sandbox
from tests.sockets import Socket, open_socket

SETTINGS = {
    "model": "speech-2.8-turbo",
    "voice_id": "English_expressive_narrator",
    "format": "mp3",
    "sample_rate": 32000,
    "bitrate": 128000,
    "channel": 1,
    "use_dictionary": True,
}
TEXT = "The night shift begins. Somebody has to keep the lights on, and tonight it is us."


@pytest.fixture(autouse=True)
async def nothing_left_running() -> AsyncIterator[None]:
    yield
    await live.shut_down()
    await asyncio.to_thread(rows.close_connections)


# --- the page ---------------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What a page got of one take."""

    take: str = ""
    sound: bytearray = field(default_factory=bytearray)
    words: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def last(self) -> dict[str, Any]:
        return self.messages[-1]

    def first(self, kind: str) -> dict[str, Any]:
        return next(message for message in self.messages if message["type"] == kind)


class Page:
    """The socket of one open speech page."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket

    async def close(self) -> None:
        await self.socket.close()

    async def send(self, type: str, **fields: Any) -> None:
        await self.socket.write(json.dumps({"type": type, **fields}))

    async def speak(self, text: str = TEXT, *, click: str = "", playback: str = "mp3", **changes: Any) -> str:
        click = click or str(uuid.uuid4())
        await self.send("speak", click=click, playback=playback, request=SETTINGS | {"text": text} | changes)
        return click

    async def receive(self) -> dict[str, Any] | bytes:
        output = await self.socket.read(timeout=20)
        return json.loads(output) if isinstance(output, str) else output

    async def hear(self, *, until: str | tuple[str, ...] = ("finished", "failed", "refused"), sound: int = 0) -> Heard:
        """Listen to one take up to a message of one of these types, or until so many bytes of `sound` are there."""
        return await self._hear(Heard(), until, sound)

    async def hear_more(self, take: str, *, sound: int = 0) -> Heard:
        """Go on listening to a take that has started."""
        return await self._hear(Heard(take), ("finished", "failed"), sound)

    async def _hear(self, heard: Heard, until: str | tuple[str, ...], sound: int) -> Heard:
        while True:
            message = await self.receive()
            if isinstance(message, bytes):
                assert str(uuid.UUID(bytes=message[:16])) == heard.take
                heard.sound += message[16:]
                if sound and len(heard.sound) >= sound:
                    return heard
                continue
            heard.messages.append(message)
            heard.take = heard.take or message.get("take") or ""
            if message["type"] == "words":
                heard.words += message["words"]
            if message["type"] in ((until,) if isinstance(until, str) else until):
                return heard


@pytest.fixture
async def open_page() -> AsyncIterator[Callable[[Membership], Awaitable[Page]]]:
    pages: list[Page] = []

    async def open(member: Membership) -> Page:
        socket = await open_socket(member, "speech/")
        assert socket.close_code is None
        pages.append(Page(socket))
        return pages[-1]

    yield open
    for page in pages:
        await page.close()


# --- where it is spoken -----------------------------------------------------------------------------------------------


class CountedSandbox:
    """The sandbox, and what it was asked since the test began."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.http = httpx.Client(base_url=sandbox.url, headers=sandbox.headers)
        self.before = len(self._entries())

    def _entries(self) -> list[dict[str, Any]]:
        return self.http.get("/sandbox/requests").json()["requests"]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Speech requests, oldest first."""
        return [entry for entry in self._entries()[self.before :] if "t2a" in entry["path"]]

    def fail(self, fault: str, **options: Any) -> None:
        assert (
            self.http.post("/sandbox/faults", json={"fault": fault, **options}).json()["base_resp"]["status_code"] == 0
        )

    def close(self) -> None:
        self.http.delete("/sandbox/faults")
        self.http.close()


@pytest.fixture
def on_sandbox(workspace, settings, sandbox):
    """The workspace speaks with the sandbox."""
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)
    counted = CountedSandbox(sandbox)
    yield counted
    counted.close()


class Line:
    """One request that reached the upstream, and its answer, piece by piece."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
        self.reader, self.writer, self.body = reader, writer, body

    async def begin(self) -> None:
        self.writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTrace-Id: feed\r\nConnection: close\r\n\r\n"
        )
        await self.writer.drain()

    async def say(self, audio: bytes, words: list[dict[str, Any]] | None = None) -> None:
        data: dict[str, Any] = {"audio": audio.hex(), "status": 1}
        if words:
            data["subtitle"] = [{"text": "", "time_begin": 0, "time_end": 0, "timestamped_words": words}]
        await self._event({"data": data, "base_resp": {"status_code": 0, "status_msg": ""}})

    async def end(self, size: int, trace_id: str = "cafe") -> None:
        extra = {"audio_length": 1000, "audio_size": size, "usage_characters": 1000, "audio_format": "mp3"}
        done = {"status_code": 0, "status_msg": "success"}
        await self._event({"data": {"status": 2}, "extra_info": extra, "trace_id": trace_id, "base_resp": done})

    async def _event(self, payload: dict[str, Any]) -> None:
        self.writer.write(b"data: " + json.dumps(payload).encode() + b"\n\n")
        await self.writer.drain()

    async def gone(self) -> None:
        """Return when the studio has closed the connection."""
        while await self.reader.read(65536):
            pass


class Upstream:
    """Listens like MiniMax; a test answers each request with the coroutine it puts into `answer`."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: Callable[[Line], Awaitable[None]] | None = None
        self.lines: asyncio.Queue[Line] = asyncio.Queue()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            line = Line(reader, writer, json.loads(await reader.readexactly(length)))
            self.requests.append(line.body)
            await line.begin()
            self.lines.put_nowait(line)
            if self.answer:
                await self.answer(line)
                writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass


@pytest.fixture
async def upstream(workspace, settings) -> AsyncIterator[Upstream]:
    """The workspace speaks with an upstream that the test plays."""
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    played = Upstream()
    server = await asyncio.start_server(played.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    address = f"http://127.0.0.1:{port}"
    await rows.in_thread(
        Connection.objects.create,
        workspace=workspace,
        kind=ConnectionKind.CUSTOM,
        key_sealed=seal("sk-api-0123456789abcdef"),
        base_url=address,
    )
    yield played
    server.close()


@pytest.fixture
def price() -> Callable[[int], Any]:
    return lambda characters: catalogue.price_of_speech(SETTINGS["model"], characters)
