"""Files: uploaded for a purpose, kept on disk, given out behind links that expire. Bytes are never held in memory."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError

from apps.sandbox import store
from apps.sandbox.api import body_of, endpoint, entry_of, fault_of, url_of
from apps.sandbox.envelope import DroppedError, RefusedError, answer, invalid, refusal
from apps.sandbox.models import StoredFile, new_file_id
from apps.sandbox.runtime import runtime
from apps.sandbox.views import not_found

MEGABYTE = 1024 * 1024
AUDIO = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav"}
TEXT = {".txt": "text/plain; charset=utf-8", ".zip": "application/zip"}
DOCUMENTS = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".txt": "text/plain; charset=utf-8",
    ".jsonl": "application/jsonl",
}
PICTURES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
}
FILMS = {".mp4": "video/mp4", ".mov": "video/quicktime"}
MORE_FILMS = {".avi": "video/x-msvideo", ".mkv": "video/x-matroska"}


@dataclass(frozen=True)
class Purpose:
    types: dict[str, str]  # what may be uploaded, by extension; none: MiniMax makes these files
    most: int = 512 * MEGABYTE
    most_of: tuple[tuple[dict[str, str], int], ...] = ()  # other limits for some of the types
    listed: bool = True
    checked: bool = True  # whether the content is looked at; sounds and texts are checked when they are used
    hours: float = 24 * 7.0
    refused_with: int = 200  # HTTP status


PURPOSES = {
    "voice_clone": Purpose(AUDIO, 20 * MEGABYTE, checked=False),
    "prompt_audio": Purpose(AUDIO, 20 * MEGABYTE, checked=False),
    "t2a_async_input": Purpose(TEXT, checked=False),
    "video_understanding": Purpose(FILMS | MORE_FILMS),
    "video_generation_input": Purpose(
        PICTURES | FILMS | {".wav": "audio/wav", ".mp3": "audio/mpeg"},
        50 * MEGABYTE,
        most_of=((PICTURES, 30 * MEGABYTE), (AUDIO, 15 * MEGABYTE)),
        refused_with=400,
    ),
    "retrieval": Purpose(DOCUMENTS),  # of older clients, as the two that follow
    "assistants": Purpose(DOCUMENTS),
    "vision": Purpose(PICTURES),
    "t2a_async": Purpose({}),
    "video_generation": Purpose({}, listed=False),
}
UPLOADS = tuple(name for name, purpose in PURPOSES.items() if purpose.types)
LISTED = tuple(name for name, purpose in PURPOSES.items() if purpose.listed)
LINK_HOURS = {**dict.fromkeys(PURPOSES, 1.0), "t2a_async": 9.0}  # that each link lives which files/retrieve gives

# How files of a type begin; a type that is not here is text.
MAGIC = {
    ".pdf": rb"%PDF-",
    ".docx": rb"PK\x03\x04",
    ".jpg": rb"\xff\xd8\xff",
    ".jpeg": rb"\xff\xd8\xff",
    ".png": rb"\x89PNG\r\n\x1a\n",
    ".webp": rb"RIFF....WEBP",
    ".heic": rb"....ftyp(?:hei|hev|mif|msf)",
    ".heif": rb"....ftyp(?:hei|hev|mif|msf)",
    ".mp4": rb"....ftyp",
    ".mov": rb"....(?:ftyp|moov|mdat|wide|free|skip)",
    ".avi": rb"RIFF....AVI ",
    ".mkv": rb"\x1a\x45\xdf\xa3",
    ".wav": rb"RIFF....WAVE",
    ".mp3": rb"ID3|\xff[\xe2-\xff]",
}
BLOCK = 256 * 1024
_ZEROS = bytes(BLOCK)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


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


class _Upload(UploadedFile):
    """What was uploaded, lying in the data folder."""

    def __init__(self, file: BinaryIO, name: str, size: int, path: Path) -> None:
        super().__init__(file, name, size=size)
        self.path = path


class _IntoDataFolder(FileUploadHandler):
    """Writes an upload to disk as it is parsed, and leaves out its zeros: half a gigabyte of them takes no room."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._path = runtime.data / "uploads" / str(new_file_id())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w+b")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if raw_data == _ZEROS[: len(raw_data)]:
            self._file.seek(len(raw_data), os.SEEK_CUR)
        else:
            self._file.write(raw_data)

    def file_complete(self, file_size: int) -> _Upload:
        self._file.truncate(file_size)
        self._file.seek(0)
        return _Upload(self._file, self.file_name or "file", file_size, self._path)


def _parts(request: ASGIRequest) -> tuple[str, dict[str, list[_Upload]]]:
    """The purpose, and the files by the names of their fields."""
    if not request.META.get("CONTENT_LENGTH"):  # sent in chunks
        stream = request._stream
        request.META["CONTENT_LENGTH"] = str(stream.seek(0, os.SEEK_END))
        stream.seek(0)
    request.upload_handlers = [_IntoDataFolder(request)]
    try:
        files, purpose = request.FILES, request.POST.get("purpose", "")
    except MultiPartParserError:
        raise invalid("body", "must be multipart/form-data") from None
    uploads = {name: [one for one in several if isinstance(one, _Upload)] for name, several in files.lists()}
    return str(purpose), uploads


def _looks_right(path: Path, extension: str) -> bool:
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    if extension in MAGIC:
        return re.match(MAGIC[extension], head, re.DOTALL) is not None
    return b"\0" not in head


def _check(purpose: Purpose, file: _Upload) -> tuple[str, str]:
    """The name and the media type that it is kept under."""
    filename = re.sub(r"[\x00-\x1f/\\]", "_", file.name or "file")[-100:]
    extension = Path(filename).suffix.lower()
    if extension not in purpose.types:
        raise invalid("file", f"must be {', '.join(one[1:] for one in purpose.types)}")
    size = file.size or 0
    if not size:
        raise invalid("file", "is empty")
    most = next((most for types, most in purpose.most_of if extension in types), purpose.most)
    if size > most:
        raise invalid("file", f"{size} bytes, must be at most {most // MEGABYTE} MB")
    if purpose.checked and not _looks_right(file.path, extension):
        raise invalid("file", f"the content is not {extension[1:]}")
    return filename, purpose.types[extension]


async def _take_in(request: ASGIRequest, default_purpose: str = "") -> HttpResponse:
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise invalid("body", "must be multipart/form-data")
    name, files = await asyncio.to_thread(_parts, request)
    name = name or default_purpose
    try:
        if name not in UPLOADS:
            raise invalid("purpose", f"must be one of {', '.join(UPLOADS)}" if name else "is required")
        file = next(iter(files.get("file", [])), None)
        if file is None:
            raise invalid("file", "is required")
        try:
            filename, media_type = await asyncio.to_thread(_check, PURPOSES[name], file)
        except RefusedError as refused:
            entry_of(request).code = refused.code
            return refusal(refused.code, refused.message, status=PURPOSES[name].refused_with)
        kept = await store.stored(store.count_bytes, PURPOSES)
        if kept + (file.size or 0) > runtime.capacity_bytes:
            raise invalid("file", f"the account holds {kept} bytes, at most {runtime.capacity_bytes} in all")
        row = await store.stored(
            store.adopt_file, file.path, filename, purpose=name, media_type=media_type, hours=PURPOSES[name].hours
        )
        return answer({"file": describe(row)})
    finally:
        for left in chain(*files.values()):
            left.close()
            left.path.unlink(missing_ok=True)


@endpoint("POST")
async def upload_file(request: ASGIRequest) -> HttpResponse:
    return await _take_in(request)


async def _listed(purpose: str) -> list[dict[str, Any]]:
    if purpose not in LISTED:
        raise invalid("purpose", f"must be one of {', '.join(LISTED)}" if purpose else "is required")
    return [describe(row) for row in await store.stored(store.list_files, purpose)]


@endpoint("GET")
async def list_files(request: ASGIRequest) -> HttpResponse:
    return answer({"files": await _listed(request.GET.get("purpose", ""))})


@endpoint("GET")
async def retrieve_file(request: ASGIRequest) -> HttpResponse:
    row = await asked_file(request.GET.get("file_id"))
    token = row.token
    if row.purpose in LINK_HOURS:
        token = await store.stored(store.new_link, row, LINK_HOURS[row.purpose])
    link = url_of(request, f"/files/{token}/{quote(row.filename)}")
    return answer({"file": {**describe(row), "download_url": link}})


@endpoint("GET")
async def retrieve_content(request: ASGIRequest) -> HttpResponseBase:
    row = await asked_file(request.GET.get("file_id"))
    fault = fault_of(request)
    return await _send(request, row, broken=fault is not None and fault.name == "drop_stream")


@endpoint("POST")
async def delete_file(request: ASGIRequest) -> HttpResponse:
    body = body_of(request)
    purpose = body.get("purpose")
    if not isinstance(purpose, str) or purpose not in PURPOSES:
        raise invalid("purpose", f"must be one of {', '.join(PURPOSES)}" if purpose else "is required")
    row = await asked_file(body.get("file_id"), purpose=purpose)
    file_id = row.file_id
    await store.stored(store.delete_file, row)
    return answer({"file_id": file_id})


@endpoint("POST", "GET", "DELETE")
async def older_files(request: ASGIRequest) -> HttpResponse:
    """/v1/files, as command line clients until May 2026 ask for it."""
    if request.method == "POST":
        return await _take_in(request, "retrieval")
    if request.method == "GET":
        return answer({"data": await _listed(request.GET.get("purpose", "retrieval"))})
    row = await asked_file(request.GET.get("file_id"))
    file_id = row.file_id
    await store.stored(store.delete_file, row)
    return answer({"id": str(file_id), "object": "file", "deleted": True})


async def linked_file(request: ASGIRequest, token: str, filename: str) -> HttpResponseBase:
    """A link that MiniMax gave: whoever has it may fetch, with or without a key, until it expires."""
    row = await store.stored(store.find_by_token, token)
    if row is None:
        return not_found(request)
    if runtime.now() >= row.expires_at:
        entry_of(request).code = 2013
        return refusal(2013, "invalid params, url: the link has expired", status=403)
    entry_of(request).code = 0
    return await _send(request, row)


def _part(request: ASGIRequest, size: int, tag: str) -> tuple[int, int] | None:
    """First byte and end of what was asked for. None: a part that is not there."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if not found or found.group(1) == found.group(2) == "" or request.headers.get("If-Range", tag) != tag:
        return 0, size
    if not found.group(1):  # the last bytes
        first, end = max(0, size - int(found.group(2))), size
    else:
        first, end = int(found.group(1)), min(size, int(found.group(2) or size) + 1)
    return (first, end) if first < end else None


async def _send(request: ASGIRequest, row: StoredFile, *, broken: bool = False) -> HttpResponseBase:
    """The file, or a part of it, block by block. `broken`: the connection ends in the middle."""
    try:
        file = await asyncio.to_thread(store.path_of(row).open, "rb")
    except FileNotFoundError:  # deleted since it was found
        return not_found(request)
    size = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
    tag = f'"{row.file_id}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "X-Content-Type-Options": "nosniff"}
    part = _part(request, size, tag)
    if part is None:
        file.close()
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    first, end = part
    status = 200
    if end - first < size:
        status, headers["Content-Range"] = 206, f"bytes {first}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - first)
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=status, content_type=row.media_type, headers=headers)
    stop = first + (end - first) // 2 if broken else end
    blocks = _blocks(file, first, stop, broken=broken)
    return StreamingHttpResponse(blocks, status=status, content_type=row.media_type, headers=headers)


async def _blocks(file: BinaryIO, first: int, end: int, *, broken: bool) -> AsyncIterator[bytes]:
    with file:
        file.seek(first)
        while first < end:
            block = await asyncio.to_thread(file.read, min(BLOCK, end - first))
            if not block:
                raise DroppedError
            first += len(block)
            yield block
        if broken:
            raise DroppedError
