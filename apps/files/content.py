"""A file at MiniMax given out through the studio: whole or in part, block by block, with no host but ours in a page."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from apps.files.listing import Row
from apps.library.files import safe_filename
from apps.library.serving import HARMLESS, ONE_RANGE, SANDBOX
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.files import Content, open_content

LOOKED_AT = 64 * 1024  # bytes of a text that are shown


def serve(request: HttpRequest, endpoint: Endpoint, row: Row, *, download: bool = False) -> HttpResponseBase:
    """Answer GET with the file or one range of it. Raises MiniMaxError as long as nothing was answered."""
    first, end = _asked(request, row)
    if row.bytes and first >= row.bytes:
        return _outside(row, row.bytes, download)
    held = ExitStack()
    try:
        client = held.enter_context(MiniMaxClient(endpoint))
        content = held.enter_context(open_content(client, row.file_id, first=first, end=end))
        beginning = next(content.blocks, b"")
    except BaseException:
        held.close()
        raise
    size = content.size or row.bytes or None  # where the answer does not say, the list does
    until = size if content.end is None or (end is None and size) else min(content.end, size or content.end)
    if not beginning and first:
        held.close()
        return _outside(row, size, download)
    flow = _Blocks if isinstance(request, ASGIRequest) else _read
    response: HttpResponseBase = StreamingHttpResponse(flow(held, beginning, content))
    if size and until:
        response["Content-Length"] = str(until - first)
        response["Accept-Ranges"] = "bytes"
        if (first, until) != (0, size):
            response.status_code = 206
            response["Content-Range"] = f"bytes {first}-{until - 1}/{size}"
    return _finish(response, row, download)


def _outside(row: Row, size: int | None, download: bool) -> HttpResponseBase:
    response = HttpResponse(status=416)
    response["Content-Range"] = f"bytes */{size or '*'}"
    return _finish(response, row, download)


def _asked(request: HttpRequest, row: Row) -> tuple[int, int | None]:
    """The first byte and the one after the last. What is odd, or counts from an unknown end, means all."""
    found = ONE_RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if not found or found[0] == "bytes=-" or len(found[0]) > 60:
        return 0, None
    if not found[1]:
        return (max(0, row.bytes - int(found[2])), None) if row.bytes else (0, None)
    if found[2] and int(found[2]) < int(found[1]):
        return 0, None
    return int(found[1]), int(found[2]) + 1 if found[2] else None


def _finish(response: HttpResponseBase, row: Row, download: bool) -> HttpResponseBase:
    is_harmless = row.content_type in HARMLESS
    stem = row.title.rpartition(".")[0] if row.suffix else row.title
    name = safe_filename(stem, row.suffix)
    response["Content-Type"] = row.content_type if is_harmless else "application/octet-stream"
    response["Content-Disposition"] = content_disposition_header(download or not is_harmless, name) or "attachment"
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"  # it may be deleted there at any time
    return response


def _read(held: ExitStack, beginning: bytes, content: Content) -> Iterator[bytes]:
    with held:
        yield beginning
        yield from content.blocks


class _Blocks:
    """The same for an event loop: reads in a thread. Closed when the listener has left.

    It is no ordinary iterator as well: Django would take it for one and read it into memory whole.
    """

    def __init__(self, held: ExitStack, beginning: bytes, content: Content) -> None:
        self.held, self.beginning, self.content = held, beginning, content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            yield self.beginning
            while block := await asyncio.to_thread(next, self.content.blocks, b""):
                yield block
        finally:
            self.close()

    def close(self) -> None:
        self.held.close()


def read_beginning(endpoint: Endpoint, row: Row) -> tuple[str, bool]:
    """The first lines of a text, and whether there is more. Raises MiniMaxError."""
    taken = bytearray()
    with MiniMaxClient(endpoint) as client, open_content(client, row.file_id, end=LOOKED_AT + 1) as content:
        for block in content.blocks:
            taken += block
    has_more = len(taken) > LOOKED_AT
    return _as_text(bytes(taken[:LOOKED_AT])), has_more


def _as_text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            return decoder.decode(content)  # a character that was cut at the end is left out
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", errors="replace")
