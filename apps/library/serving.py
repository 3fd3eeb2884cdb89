"""Files out of storage: whole, in part, or not at all when the browser has them. The caller has checked permission."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header, parse_etags

BLOCK = 128 * 1024  # bytes in memory for each person who listens

# Who may be sent to the bucket itself: players, pictures, downloads. A script that fetches, and whoever is no browser,
# gets the bytes here: a bucket would have to be told which pages may read it.
READ_BY_THE_BROWSER = {"audio", "video", "image", "document"}

# What a browser shows or plays and cannot run. All else is downloaded.
HARMLESS = {
    "audio/mpeg", "audio/wav", "audio/x-wav", "audio/flac", "audio/ogg", "audio/mp4", "audio/aac", "audio/webm",
    "video/mp4", "video/webm", "image/png", "image/jpeg", "image/webp", "image/gif",
}  # fmt: skip
# Opened by itself a file is a page: it may show or play what it is, and nothing can run. It keeps its origin, because a
# page without one may not load a file that says `same-origin`.
SANDBOX = "sandbox allow-same-origin; default-src 'none'; media-src 'self'; img-src 'self'; frame-ancestors 'none'"
ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


@dataclass(frozen=True)
class Served:
    """A stored file and what the browser is told about it."""

    name: str  # in storage
    size: int  # bytes
    sha256: str
    content_type: str
    filename: str  # what it is called when it is downloaded
    cache: str  # Cache-Control
    download: bool = False


def serve(request: HttpRequest, file: Served) -> HttpResponseBase:
    """Answer GET and HEAD with one byte range or all of `file`, read block by block. Http404 if storage has lost it."""
    etag = f'"{file.sha256}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or etag in (tag.removeprefix("W/") for tag in known):
        return _finish(HttpResponse(status=304), file, etag)
    if settings.BUCKET_PUBLIC_URL and request.headers.get("Sec-Fetch-Dest") in READ_BY_THE_BROWSER:
        return _send_to_bucket(file)
    if not default_storage.exists(file.name):
        raise Http404
    part = _find_part(request, file, etag)
    if part is None:
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{file.size}"
        return _finish(response, file, etag)
    start, end = part
    if request.method == "HEAD":
        response = HttpResponse()
    elif isinstance(request, ASGIRequest):  # an ordinary iterator would be read into memory whole
        response = StreamingHttpResponse(_Blocks(file.name, start, end))
    else:
        response = StreamingHttpResponse(_read(file.name, start, end))
    response["Content-Length"] = str(end - start)
    if (start, end) != (0, file.size):
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _finish(response, file, etag)


def _send_to_bucket(file: Served) -> HttpResponse:
    """Permission is asked for here each time; the address ends by itself."""
    from apps.library.bucket import Bucket

    assert isinstance(default_storage, Bucket)
    response = HttpResponseRedirect(default_storage.direct_url(file.name, *_kind(file)))
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _kind(file: Served) -> tuple[str, str]:
    """Content-Type and Content-Disposition. What could run is not shown."""
    is_harmless = file.content_type in HARMLESS
    disposition = content_disposition_header(file.download or not is_harmless, file.filename) or "attachment"
    return file.content_type if is_harmless else "application/octet-stream", disposition


def _find_part(request: HttpRequest, file: Served, etag: str) -> tuple[int, int] | None:
    """Return (first byte, byte after the last); None: the range lies outside. What cannot be understood means all."""
    whole = (0, file.size)
    found = ONE_RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if request.method != "GET" or not found or found[0] == "bytes=-":
        return whole
    if request.headers.get("If-Range", etag) != etag:
        return whole
    first, last = found[1], found[2]
    if not first:
        length = min(int(last), file.size)
        return (file.size - length, file.size) if length else None
    if last and int(last) < int(first):
        return whole
    start, end = int(first), min(int(last) + 1, file.size) if last else file.size
    return (start, end) if start < file.size else None


def _finish(response: HttpResponseBase, file: Served, etag: str) -> HttpResponseBase:
    response["Content-Type"], response["Content-Disposition"] = _kind(file)
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = file.cache
    return response


def _read(name: str, start: int, end: int) -> Iterator[bytes]:
    with default_storage.open(name, "rb") as stored:
        stored.seek(start)
        left = end - start
        while left > 0 and (block := stored.read(min(BLOCK, left))):
            left -= len(block)
            yield block


class _Blocks:
    """The same for an event loop: reads in a thread. Django closes it when the listener has left."""

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name, self.start, self.end = name, start, end
        self.stored: File | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.stored = stored = await asyncio.to_thread(default_storage.open, self.name, "rb")
        try:
            await asyncio.to_thread(stored.seek, self.start)
            left = self.end - self.start
            while left > 0 and (block := await asyncio.to_thread(stored.read, min(BLOCK, left))):
                left -= len(block)
                yield block
        finally:
            self.close()

    def close(self) -> None:
        if self.stored is not None:
            self.stored.close()
