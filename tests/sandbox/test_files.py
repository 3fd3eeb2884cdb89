"""The files of an account: every purpose, limits, links, and bytes that are never held in memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from tests.sandbox.conftest import Answer, Caller

MEGABYTE = 1024 * 1024
LINE = b"Once upon a time there was a tide.\n"
BOOK = LINE * 4000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
MP4 = b"\0\0\0\x18ftypisom" + bytes(64)
TOO_MUCH = 120 * MEGABYTE  # by which a process that takes in half a gigabyte must not grow


class Zeros(io.RawIOBase):
    """A file of zeros that takes no room."""

    def __init__(self, size: int, head: bytes = b"") -> None:
        self._size, self._head, self._at = size, head, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (self._at if whence == 1 else self._size if whence == 2 else 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self._size - self._at)
        buffer[:count] = bytes(count)
        head = self._head[self._at : self._at + count]
        buffer[: len(head)] = head
        self._at += count
        return count


def upload(caller: Caller, content: Any, name: str, purpose: str | None, path: str = "/v1/files/upload") -> Answer:
    data = {} if purpose is None else {"purpose": purpose}
    files = {"file": (name, content)}
    url, headers = caller.sandbox.url + path, caller.sandbox.headers
    response = caller.http.post(url, files=files, data=data, headers=headers, timeout=300)
    return Answer(response.json(), response.headers, response.status_code)


def upload_id(caller: Caller, content: Any, name: str, purpose: str) -> int:
    answer = upload(caller, content, name, purpose)
    assert answer.code == 0, answer.message
    return answer.payload["file"]["file_id"]


def fetch(caller: Caller, file_id: int, **headers: str) -> httpx.Response:
    url = f"{caller.sandbox.url}/v1/files/retrieve_content?file_id={file_id}"
    return caller.http.get(url, headers={**caller.sandbox.headers, **headers})


def gather(blocks: Iterator[bytes], received: bytearray) -> None:
    for block in blocks:
        received += block


def link_of(caller: Caller, file_id: int) -> str:
    return caller.get(f"/v1/files/retrieve?file_id={file_id}").payload["file"]["download_url"]


@pytest.mark.parametrize(
    ("purpose", "name", "content"),
    [
        ("t2a_async_input", "book.txt", LINE),
        ("video_understanding", "film.mp4", MP4),
        ("video_understanding", "film.mkv", b"\x1aE\xdf\xa3" + bytes(64)),
        ("video_generation_input", "frame.png", PNG),
        ("retrieval", "paper.pdf", b"%PDF-1.7\n" + bytes(64)),
        ("assistants", "lines.jsonl", b'{"a": 1}\n'),
        ("vision", "photo.jpg", b"\xff\xd8\xff\xe0" + bytes(64)),
    ],
)
def test_every_purpose_takes_its_files_lists_and_deletes_them(caller, purpose, name, content):
    file_id = upload_id(caller, content, name, purpose)
    assert fetch(caller, file_id).content == content
    assert httpx.get(link_of(caller, file_id)).content == content
    listed = caller.get(f"/v1/files/list?purpose={purpose}").payload["files"]
    assert [file["bytes"] for file in listed if file["file_id"] == file_id] == [len(content)]
    assert caller.post("/v1/files/delete", {"file_id": file_id, "purpose": "voice_clone"}).code == 2013
    assert caller.post("/v1/files/delete", {"file_id": file_id, "purpose": purpose}).code == 0
    assert caller.get(f"/v1/files/retrieve?file_id={file_id}").code == 2013


@pytest.mark.parametrize(
    ("purpose", "name", "content"),
    [
        ("retrieval", "paper.pdf", LINE),
        ("retrieval", "notes.txt", b"a\0b"),
        ("vision", "photo.png", b"\xff\xd8\xff\xe0"),
        ("video_understanding", "film.mp4", LINE),
        ("t2a_async", "1.tar", LINE),
        ("video_generation", "film.mp4", MP4),
        ("t2a_async_input", "book.pdf", b"%PDF-1.7\n"),
    ],
)
def test_wrong_content_wrong_name_and_purposes_that_only_minimax_fills_are_refused(caller, purpose, name, content):
    answer = upload(caller, content, name, purpose)
    assert (answer.status, answer.code) == (200, 2013)


def test_pictures_for_films_are_refused_by_http_status_and_by_their_own_limits(caller):
    bad = upload(caller, BOOK, "frame.png", "video_generation_input")
    assert (bad.status, bad.code) == (400, 2013)
    large = upload(caller, Zeros(30 * MEGABYTE + 1, PNG), "frame.png", "video_generation_input")
    assert (large.status, large.code) == (400, 2013)
    assert upload(caller, Zeros(30 * MEGABYTE, PNG), "frame.png", "video_generation_input").code == 0


@pytest.mark.parametrize("purpose", ["", "video_generation", "secrets", "t2a"])
def test_list_is_refused_without_a_purpose_that_has_one(caller, purpose):
    assert caller.get(f"/v1/files/list?purpose={purpose}").code == 2013


def test_half_a_gigabyte_takes_no_memory_and_no_room_and_one_byte_more_is_refused(start_sandbox, tmp_path):
    own = start_sandbox()
    caller = Caller(own.sandbox)
    process = psutil.Process(own.process.pid)
    before = process.memory_info().rss
    file_id = upload_id(caller, Zeros(512 * MEGABYTE, b"Once"), "book.txt", "t2a_async_input")
    assert upload(caller, Zeros(512 * MEGABYTE + 1), "book.txt", "t2a_async_input").code == 2013
    kept = tmp_path / "data" / "files" / str(file_id)
    assert kept.stat().st_size == 512 * MEGABYTE
    assert kept.stat().st_blocks * 512 < 16 * MEGABYTE
    assert not any((tmp_path / "data" / "uploads").iterdir())
    size = 0
    url = f"{own.sandbox.url}/v1/files/retrieve_content?file_id={file_id}"
    with caller.http.stream("GET", url, headers=own.sandbox.headers) as response:
        for block in response.iter_bytes(MEGABYTE):
            size += len(block)
    assert size == 512 * MEGABYTE
    assert process.memory_info().rss - before < TOO_MUCH


def test_account_holds_so_much_and_no_more(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    assert caller.get("/sandbox/state").payload["capacity_bytes"] == 100 * 1024**3
    file_id = upload_id(caller, BOOK, "book.txt", "t2a_async_input")
    caller.knob("/sandbox/state", {"capacity_bytes": 2 * len(BOOK) - 1})
    assert upload(caller, BOOK, "again.txt", "t2a_async_input").code == 2013
    caller.post("/v1/files/delete", {"file_id": file_id, "purpose": "t2a_async_input"})
    assert upload(caller, BOOK, "again.txt", "t2a_async_input").code == 0


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=139990-999999999", 139990, None)],
)
def test_part_of_a_file(caller, asked, first, end):
    file_id = upload_id(caller, BOOK, "book.txt", "t2a_async_input")
    for answer in (fetch(caller, file_id, Range=asked), httpx.get(link_of(caller, file_id), headers={"Range": asked})):
        expected = BOOK[first:end]
        start = first % len(BOOK)
        assert (answer.status_code, answer.content) == (206, expected)
        assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/{len(BOOK)}"


def test_part_that_is_not_there_and_one_that_is_no_part(caller):
    file_id = upload_id(caller, BOOK, "book.txt", "t2a_async_input")
    beyond = fetch(caller, file_id, Range=f"bytes={len(BOOK)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(BOOK)}")
    for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=-"):
        assert fetch(caller, file_id, Range=asked).status_code == 200
    other = fetch(caller, file_id, **{"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, BOOK)


def test_download_that_breaks_is_gone_on_with(caller):
    file_id = upload_id(caller, BOOK, "book.txt", "t2a_async_input")
    received = bytearray()
    url = f"{caller.sandbox.url}/v1/files/retrieve_content?file_id={file_id}"
    headers = {**caller.sandbox.headers, "X-Sandbox-Fault": "drop_stream"}
    with caller.http.stream("GET", url, headers=headers) as response:
        blocks = response.iter_raw()
        with pytest.raises(httpx.RemoteProtocolError):
            gather(blocks, received)
    assert len(received) == len(BOOK) // 2
    rest = fetch(caller, file_id, Range=f"bytes={len(received)}-")
    assert bytes(received) + rest.content == BOOK


def test_upload_that_stops_in_the_middle_leaves_nothing(caller):
    names = {file["filename"] for file in caller.get("/v1/files/list?purpose=t2a_async_input").payload["files"]}

    def half() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nt2a_async_input\r\n'
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\n\r\n' + BOOK
        raise ConnectionAbortedError

    headers = {**caller.sandbox.headers, "Content-Type": "multipart/form-data; boundary=x"}
    with pytest.raises(ConnectionAbortedError), httpx.Client() as http:
        http.post(caller.sandbox.url + "/v1/files/upload", content=half(), headers=headers)
    after = {file["filename"] for file in caller.get("/v1/files/list?purpose=t2a_async_input").payload["files"]}
    assert "half.txt" not in after - names


def test_file_that_is_deleted_while_it_is_fetched_arrives_whole(caller):
    content = BOOK * 100
    file_id = upload_id(caller, content, "book.txt", "t2a_async_input")
    url = f"{caller.sandbox.url}/v1/files/retrieve_content?file_id={file_id}"
    received = bytearray()
    with httpx.stream("GET", url, headers=caller.sandbox.headers, timeout=60) as response:
        blocks = response.iter_bytes()
        received += next(blocks)
        assert caller.post("/v1/files/delete", {"file_id": file_id, "purpose": "t2a_async_input"}).code == 0
        for block in blocks:
            received += block
    assert bytes(received) == content


def test_what_is_kept_for_seven_days_is_gone_after_them(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    film, book = upload_id(caller, MP4, "f.mp4", "video_understanding"), upload_id(caller, BOOK, "b.txt", "retrieval")
    caller.knob("/sandbox/state", {"clock_shift_s": 7 * 86400 + 1})
    assert caller.get("/v1/files/list?purpose=video_understanding").payload["files"] == []
    assert fetch(caller, film).json()["base_resp"]["status_code"] == 2013
    assert fetch(caller, book).content == BOOK


def test_older_clients_find_their_addresses(caller):
    sent = upload(caller, b"%PDF-1.7\n", "paper.pdf", None, "/v1/files")
    file = sent.payload["file"]
    assert (sent.code, file["purpose"]) == (0, "retrieval")
    assert file in caller.get("/v1/files").payload["data"]
    gone = caller.http.delete(
        f"{caller.sandbox.url}/v1/files?file_id={file['file_id']}", headers=caller.sandbox.headers
    ).json()
    assert (gone["id"], gone["object"], gone["deleted"]) == (str(file["file_id"]), "file", True)
    assert file not in caller.get("/v1/files").payload["data"]
