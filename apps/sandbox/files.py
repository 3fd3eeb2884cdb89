"""Files: uploaded for a purpose, kept on disk, given out behind links that expire."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError

from apps.sandbox import store
from apps.sandbox.api import body_of, endpoint, entry_of, url_of
from apps.sandbox.envelope import answer, invalid, refusal
from apps.sandbox.models import StoredFile, new_file_id
from apps.sandbox.runtime import runtime
from apps.sandbox.views import not_found

MEGABYTE = 1024 * 1024
AUDIO = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav"}
TEXT = {".txt": "text/plain; charset=utf-8", ".zip": "application/zip"}
# What may be uploaded: the types by extension, and the most bytes.
UPLOADS: dict[str, tuple[dict[str, str], int]] = {
    "voice_clone": (AUDIO, 20 * MEGABYTE),
    "prompt_audio": (AUDIO, 20 * MEGABYTE),
    "t2a_async_input": (TEXT, 512 * MEGABYTE),
}
MADE = ("t2a_async", "video_generation")
PURPOSES = (*UPLOADS, *MADE)
KEPT_HOURS = 24 * 7.0
LINK_HOURS = {**dict.fromkeys(PURPOSES, 1.0), "t2a_async": 9.0}  # that each link lives which files/retrieve gives


def describe(row: StoredFile) -> dict[str, Any]:
    return {
        "file_id": row.file_id,
        "bytes": row.bytes,
        "created_at": int(row.created_at.timestamp()),
        "filename": row.filename,
        "purpose": row.purpose,
    }


def file_id_of(value: Any, field: str = "file_id") -> int:
    """Clients send the number, or the number as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise invalid(field, "must be an integer" if value is not None else "is required")
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise invalid(field, "must be an integer")
    return int(text)


async def asked_file(value: Any, field: str = "file_id", purpose: str = "") -> StoredFile:
    row = await store.stored(store.find_file, file_id_of(value, field))
    if row is None or (purpose and row.purpose != purpose):
        raise invalid(field, f"there is no such file{f' with the purpose {purpose}' if purpose else ''}")
    return row


def _parts(request: ASGIRequest) -> tuple[str, TemporaryUploadedFile | None]:
    """The multipart body lies on disk already; its file is moved on from there."""
    if not request.META.get("CONTENT_LENGTH"):  # sent in chunks
        stream = request._stream
        request.META["CONTENT_LENGTH"] = str(stream.seek(0, os.SEEK_END))
        stream.seek(0)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    try:
        files, purpose = request.FILES, request.POST.get("purpose", "")
    except MultiPartParserError:
        raise invalid("body", "must be multipart/form-data") from None
    file = files.get("file")
    return str(purpose), file if isinstance(file, TemporaryUploadedFile) else None


def _take_in(file: TemporaryUploadedFile) -> Path:
    place = runtime.data / "uploads" / str(new_file_id())
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(file.temporary_file_path(), place)
    return place


@endpoint("POST")
async def upload_file(request: ASGIRequest) -> HttpResponse:
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise invalid("body", "must be multipart/form-data")
    purpose, file = await asyncio.to_thread(_parts, request)
    if purpose not in UPLOADS:
        raise invalid("purpose", f"must be one of {', '.join(UPLOADS)}" if purpose else "is required")
    types, most = UPLOADS[purpose]
    if file is None:
        raise invalid("file", "is required")
    filename = re.sub(r"[\x00-\x1f/\\]", "_", file.name or "file")[-100:]
    extension = Path(filename).suffix.lower()
    if extension not in types:
        raise invalid("file", f"must be {', '.join(one[1:] for one in types)}")
    if not file.size:
        raise invalid("file", "is empty")
    if file.size > most:
        raise invalid("file", f"{file.size} bytes, must be at most {most // MEGABYTE} MB")
    place = await asyncio.to_thread(_take_in, file)
    row = await store.stored(
        store.adopt_file, place, filename, purpose=purpose, media_type=types[extension], hours=KEPT_HOURS
    )
    return answer({"file": describe(row)})


@endpoint("GET")
async def list_files(request: ASGIRequest) -> HttpResponse:
    purpose = request.GET.get("purpose")
    if not purpose:
        raise invalid("purpose", "is required")
    return answer({"files": [describe(row) for row in await store.stored(store.list_files, purpose)]})


@endpoint("GET")
async def retrieve_file(request: ASGIRequest) -> HttpResponse:
    row = await asked_file(request.GET.get("file_id"))
    token = row.token
    if row.purpose in LINK_HOURS:
        token = await store.stored(store.new_link, row, LINK_HOURS[row.purpose])
    link = url_of(request, f"/files/{token}/{quote(row.filename)}")
    return answer({"file": {**describe(row), "download_url": link}})


@endpoint("GET")
async def retrieve_content(request: ASGIRequest) -> HttpResponse:
    row = await asked_file(request.GET.get("file_id"))
    return HttpResponse(await store.stored(store.read_file, row), content_type=row.media_type)


@endpoint("POST")
async def delete_file(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    purpose = body.get("purpose")
    if purpose not in PURPOSES:
        raise invalid("purpose", f"must be one of {', '.join(PURPOSES)}" if purpose else "is required")
    row = await asked_file(body.get("file_id"), purpose=str(purpose))
    file_id = row.file_id
    await store.stored(store.delete_file, row)
    return answer({"file_id": file_id})


async def linked_file(request: ASGIRequest, token: str, filename: str) -> HttpResponse:
    """A link that MiniMax gave: whoever has it may fetch, with or without a key, until it expires."""
    found = await store.stored(store.find_by_token, token)
    if found is None:
        return not_found(request)
    row, content = found
    if runtime.now() >= row.expires_at:
        entry_of(request).code = 2013
        return refusal(2013, "invalid params, url: the link has expired", status=403)
    entry_of(request).code = 0
    return HttpResponse(content, content_type=row.media_type, headers={"X-Content-Type-Options": "nosniff"})
