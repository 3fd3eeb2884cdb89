from __future__ import annotations

import io
import json

import httpx
import pytest

from apps.minimax import files
from apps.minimax.errors import (
    BrokenAnswerError,
    InvalidRequestError,
    MiniMaxError,
    OutcomeUnknownError,
    RateLimitError,
)

OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
GONE = {"base_resp": {"status_code": 2013, "status_msg": "invalid params, file_id"}}
BIG = 9_007_199_254_740_993  # one more than JavaScript can count


def row(**changes):
    return {
        "file_id": BIG,
        "bytes": 51200,
        "created_at": 1780000000,
        "filename": "sample.mp3",
        "purpose": "voice_clone",
    } | changes


def raw(content: bytes, content_type: str = "audio/mpeg", status: int = 200, **headers):
    return httpx.Response(status, content=content, headers={"Content-Type": content_type, **headers})


def read(client, **part) -> bytes:
    with files.open_content(client, str(BIG), **part) as content:
        return b"".join(content.blocks)


def test_a_list_is_asked_for_by_purpose_and_its_ids_are_text(client, minimax):
    minimax.answers({"files": [row(), row(file_id="12", bytes=0)], **OK})
    found = files.list_files(client, "voice_clone")
    assert [one.file_id for one in found] == [str(BIG), "12"]
    assert minimax.requests[0].url.params["purpose"] == "voice_clone"


@pytest.mark.parametrize("told", [{}, {"files": None}, {"files": []}])
def test_no_files_are_no_failure(client, minimax, told):
    minimax.answers({**told, **OK})
    assert files.list_files(client, "voice_clone") == []


def test_a_row_with_odd_figures_is_still_a_file_and_one_without_an_id_is_none(client, minimax):
    rows = [row(bytes="many", created_at=None, purpose=None), row(file_id=None), "what", None]
    minimax.answers({"files": rows, **OK})
    [found] = files.list_files(client, "prompt_audio")
    assert (found.bytes, found.created_at, found.purpose) == (0, 0, "prompt_audio")


def test_a_list_that_is_none_is_said_to_be_broken(client, minimax):
    minimax.answers({"files": {"a": 1}, **OK})
    with pytest.raises(BrokenAnswerError):
        files.list_files(client, "voice_clone")


def test_content_comes_as_it_is(client, minimax):
    minimax.answers(raw(b"ID3 sound"))
    assert read(client) == b"ID3 sound"
    assert minimax.requests[0].url.params["file_id"] == str(BIG)
    assert "Range" not in minimax.requests[0].headers


def test_a_part_is_cut_out_where_minimax_sends_everything(client, minimax):
    minimax.answers(raw(b"0123456789"))
    with files.open_content(client, "1", first=3, end=6) as content:
        assert (b"".join(content.blocks), content.first, content.end, content.size) == (b"345", 3, 6, 10)
    assert minimax.requests[0].headers["Range"] == "bytes=3-5"
    assert read(client, first=8) == b"89"
    assert read(client, first=8, end=99) == b"89"


def test_a_part_that_minimax_cut_out_itself_is_passed_on(client, minimax):
    minimax.answers(raw(b"345", status=206, **{"Content-Range": "bytes 3-5/10"}))
    with files.open_content(client, "1", first=3, end=6) as content:
        assert (b"".join(content.blocks), content.end, content.size) == (b"345", 6, 10)


def test_another_part_than_was_asked_for_is_refused(client, minimax):
    minimax.answers(raw(b"012", status=206, **{"Content-Range": "bytes 0-2/10"}))
    with pytest.raises(BrokenAnswerError):
        read(client, first=3, end=6)


def test_a_refusal_inside_http_200_is_not_taken_for_the_file(client, minimax):
    minimax.answers(raw(json.dumps(GONE).encode(), "application/json; charset=utf-8"))
    with pytest.raises(InvalidRequestError) as caught:
        read(client)
    assert (caught.value.code, caught.value.charged) == (2013, "no")


def test_a_json_file_is_a_file(client, minimax):
    minimax.answers(raw(b'{"base_resp": "mine"}', "application/json"), raw(b"{broken", "application/json"))
    assert read(client) == b'{"base_resp": "mine"}'
    assert read(client) == b"{broken"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (raw(b"<html>", "text/html"), BrokenAnswerError),
        (raw(b"", "audio/mpeg"), BrokenAnswerError),
        (raw(b"slow down", "text/plain", 429), RateLimitError),
        (raw(b"<html>", "text/html", 502), OutcomeUnknownError),
        (httpx.ReadTimeout("silence"), OutcomeUnknownError),
        (raw(b"short", "audio/mpeg", **{"Content-Length": "900"}), BrokenAnswerError),
    ],
)
def test_whatever_else_comes_is_a_failure_that_costs_nothing(client, minimax, answer, expected):
    minimax.answers(answer)
    with pytest.raises(expected) as caught:
        read(client)
    assert caught.value.charged == "no"
    assert "charged" not in caught.value.next_step


def test_a_file_is_read_while_it_is_sent(client, minimax):
    minimax.answers({"file": row(), **OK})
    sizes = []

    class Watched(io.BytesIO):
        def read(self, size=-1):
            sizes.append(size)
            return super().read(size)

    sent = Watched(b"x" * 300_000)
    files.upload_file(client, purpose="t2a_async_input", filename="book.txt", content=sent, content_type="text/plain")
    assert len(sizes) > 2
    assert all(0 < size <= 1 << 20 for size in sizes)


@pytest.mark.parametrize("given", [str(BIG), BIG])
def test_a_deleted_file_is_named_with_every_digit(client, minimax, given):
    minimax.answers({"file_id": BIG, **OK})
    files.delete_file(client, str(given), "voice_clone")
    assert minimax.requests[0].content == b'{"file_id":%d,"purpose":"voice_clone"}' % BIG


def test_deleting_what_is_not_there_says_so(client, minimax):
    minimax.answers(GONE)
    with pytest.raises(MiniMaxError) as caught:
        files.delete_file(client, "7", "voice_clone")
    assert caught.value.code == 2013
