"""Servers that misbehave on purpose, on real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from apps.minimax.connection import Endpoint

DATA = Path(__file__).parent / "data"
KEY = "sk-api-0123456789abcdef"


def recorded(name: str) -> bytes:
    return (DATA / name).read_bytes()


def refusal(code: int, message: str = "refused") -> dict:
    return {"data": None, "base_resp": {"status_code": code, "status_msg": message}}


class Line:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.headers = b""
        self.body = b""

    async def read_request(self) -> bool:
        try:
            self.headers = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        length = 0
        for line in self.headers.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.body = await self.reader.readexactly(length)
        return True

    async def head(self, status: int = 200, content_type: str = "text/event-stream", *extra: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}", "Trace-Id: t-1", *extra, "", ""]
        await self.raw("\r\n".join(lines).encode())

    async def start_stream(self) -> None:
        await self.head(200, "text/event-stream", "Transfer-Encoding: chunked")

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def end_stream(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def whole(self, body: bytes, status: int = 200, content_type: str = "application/json") -> None:
        await self.head(status, content_type, f"Content-Length: {len(body)}")
        await self.raw(body)

    async def wait_for_hangup(self) -> None:
        while await self.reader.read(65536):
            pass


@asynccontextmanager
async def serving(handle: Callable[[Line], Awaitable[None]]) -> AsyncIterator[Endpoint]:
    """Run `handle` for each request on a port of its own."""
    tasks: set[asyncio.Task] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        line = Line(reader, writer)
        try:
            while await line.read_request():
                await handle(line)
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY)
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def event(audio: bytes | str | None, status: int = 1, **more) -> bytes:
    data = {"status": status}
    if audio is not None:
        data["audio"] = audio if isinstance(audio, str) else audio.hex()
    payload = {"data": data, "trace_id": "tr-9", "base_resp": {"status_code": 0, "status_msg": ""}} | more
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def last_event(size: int, audio: bytes | None = None, **more) -> bytes:
    info = {"audio_length": 900, "audio_size": size, "usage_characters": 12, "word_count": 2, "audio_format": "mp3"}
    return event(audio, 2, extra_info=info, **more)
