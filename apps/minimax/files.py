"""Files that MiniMax keeps for the account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import httpx

from apps.minimax import messages
from apps.minimax.client import QUICK_S, MiniMaxClient, error_from_answer, error_in
from apps.minimax.errors import BrokenAnswerError, MiniMaxError

Purpose = Literal["voice_clone", "prompt_audio", "t2a_async_input"]  # what may be uploaded for

BLOCK = 128 * 1024  # bytes
LARGEST_REFUSAL = 64 * 1024  # bytes; what is longer is a file
_PART = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


@dataclass(frozen=True)
class RemoteFile:
    file_id: str  # text here although MiniMax sends numbers: they outgrow what JavaScript can hold
    filename: str
    purpose: str
    bytes: int  # may be 0 for generated files
    created_at: int  # unix seconds
    download_url: str  # lives 1 h (video) or 9 h (long speech); asking again gives a fresh one


@contextmanager
def _free() -> Iterator[None]:
    """Nothing here costs anything, also where it is not known what became of it."""
    try:
        yield
    except MiniMaxError as error:
        error.charged = "no"
        if error.next_step == messages.DECIDE:
            error.next_step = messages.TRY_AGAIN
        raise


def retrieve_file(client: MiniMaxClient, file_id: str) -> RemoteFile:
    """Ask for a file and its link. Free. Raises InvalidRequestError for an id that is not there.

    Source: https://platform.minimax.io/docs/api-reference/file-management-retrieve
    """
    with _free():
        return _file(client.get("/v1/files/retrieve", {"file_id": str(file_id)}, read_s=QUICK_S))


def list_files(client: MiniMaxClient, purpose: str) -> list[RemoteFile]:
    """All files of one purpose; there is no paging. Free. Raises InvalidRequestError for a purpose that has no list.

    Source: https://platform.minimax.io/docs/api-reference/file-management-list
    """
    with _free():
        payload = client.get("/v1/files/list", {"purpose": purpose}, read_s=QUICK_S)
        rows = payload.get("files") or []
        if not isinstance(rows, list):
            raise BrokenAnswerError(messages.NO_RESULT, trace_id=str(payload.get("trace_id") or ""))
    return [_remote(row, purpose) for row in rows if isinstance(row, dict) and row.get("file_id")]


@dataclass(frozen=True)
class Content:
    """A file's bytes on their way, from byte `first` up to but not including `end`."""

    blocks: Iterator[bytes]
    first: int
    end: int | None  # None: not announced
    size: int | None  # of the whole file


@contextmanager
def open_content(client: MiniMaxClient, file_id: str, *, first: int = 0, end: int | None = None) -> Iterator[Content]:
    """Open a file, or the bytes from `first` up to `end` of it, block by block. Free.

    Where MiniMax sends all of it although a part was asked for, what comes before is skipped.
    Raises InvalidRequestError for an id that is not there, else another MiniMaxError, also while `blocks` are taken.
    Source: https://platform.minimax.io/docs/api-reference/file-management-retrieve-content
    """
    headers = {"Accept-Encoding": "identity"}
    if first or end is not None:
        headers["Range"] = f"bytes={first}-{'' if end is None else end - 1}"
    query = {"file_id": str(file_id)}
    with _free(), client.stream("/v1/files/retrieve_content", query, headers=headers) as response:
        yield _content(response, first, end)


def _content(response: httpx.Response, first: int, end: int | None) -> Content:
    """Raises MiniMaxError for an answer that is not the file: failures come as JSON with HTTP 200."""
    trace_id = response.headers.get("Trace-Id", "")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    announced = response.headers.get("Content-Length", "")
    if response.status_code not in {200, 206}:
        raise error_from_answer(response.status_code, _beginning(response), trace_id=trace_id)
    if response.status_code == 206 and (part := _PART.fullmatch(response.headers.get("Content-Range", ""))):
        start, last, size = (int(number) for number in part.groups())
        if start != first:
            raise BrokenAnswerError(messages.DROPPED, trace_id=trace_id)
        return Content(_whole(response.iter_bytes(BLOCK), last + 1 - start), first, last + 1, size)
    is_plain = response.headers.get("Content-Encoding", "identity") == "identity"
    length = int(announced) if is_plain and announced.isascii() and announced.isdigit() else None
    blocks = response.iter_bytes(BLOCK)
    if media_type == "text/html" or length == 0:  # a proxy's page, or nothing at all
        raise BrokenAnswerError(messages.NOT_JSON, trace_id=trace_id, params={"status": response.status_code})
    if media_type == "application/json" and (length is None or length <= LARGEST_REFUSAL):
        beginning = b"".join(blocks)
        try:
            payload = json.loads(beginning)
        except (ValueError, RecursionError):
            payload = None
        if isinstance(payload, dict) and (error := error_in(payload, trace_id=trace_id)):
            raise error
        blocks, length = iter([beginning]), len(beginning)
    until = length if end is None else end if length is None else min(end, length)
    return Content(_part(blocks, length, first, until), first, until, length)


def _beginning(response: httpx.Response) -> bytes:
    return next(response.iter_bytes(LARGEST_REFUSAL), b"")


def _whole(blocks: Iterator[bytes], length: int | None) -> Iterator[bytes]:
    """Raises BrokenAnswerError when fewer bytes came than were announced, or none."""
    seen = 0
    for block in blocks:
        seen += len(block)
        yield block
    if seen < (length or 1):
        raise BrokenAnswerError(messages.DROPPED)


def _part(blocks: Iterator[bytes], length: int | None, first: int, end: int | None) -> Iterator[bytes]:
    at = 0
    for block in _whole(blocks, length):
        start, stop = max(first - at, 0), len(block) if end is None else min(end - at, len(block))
        if stop > start:
            yield block[start:stop]
        at += len(block)
        if end is not None and at >= end:
            return


def upload_file(
    client: MiniMaxClient, *, purpose: Purpose, filename: str, content: BinaryIO, content_type: str
) -> RemoteFile:
    """Send a file that another call then names. Free, also when it fails: a repeat leaves at most a file behind.

    voice_clone: mp3, m4a or wav, 10 s to 5 min, at most 20 MB; prompt_audio: the same, shorter than 8 s;
    t2a_async_input: txt or zip, at most 512 MB. See `catalogue.files`. `content` is read while it is sent.
    Raises InvalidRequestError for what MiniMax does not take, else another MiniMaxError with nothing charged.
    Source: https://platform.minimax.io/docs/api-reference/file-management-upload
    """
    with _free():
        return _file(
            client.upload(
                "/v1/files/upload", {"purpose": purpose}, filename=filename, content=content, content_type=content_type
            )
        )


def delete_file(client: MiniMaxClient, file_id: str, purpose: str) -> None:
    """Delete a file of the account. Free. Raises InvalidRequestError for an id or a purpose that is not there.

    Source: https://platform.minimax.io/docs/api-reference/file-management-delete
    """
    with _free():
        client.post("/v1/files/delete", {"file_id": file_number(file_id), "purpose": purpose}, read_s=QUICK_S)


def file_number(file_id: str) -> int | str:
    """int64 by the schema; whatever else a server gave is given back as it was."""
    return int(file_id) if file_id.isascii() and file_id.isdigit() else file_id


def _file(payload: Mapping[str, Any]) -> RemoteFile:
    file = payload.get("file")
    if not isinstance(file, dict) or not file.get("file_id"):
        raise BrokenAnswerError(messages.NO_RESULT, trace_id=str(payload.get("trace_id") or ""), charged="no")
    return _remote(file)


def _remote(file: Mapping[str, Any], purpose: str = "") -> RemoteFile:
    return RemoteFile(
        file_id=str(file["file_id"]),
        filename=str(file.get("filename") or ""),
        purpose=str(file.get("purpose") or purpose),
        bytes=_number(file.get("bytes")),
        created_at=_number(file.get("created_at")),
        download_url=str(file.get("download_url") or ""),
    )


def _number(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError):  # an odd figure does not hide the file
        return 0
