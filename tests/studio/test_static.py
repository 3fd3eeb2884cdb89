from __future__ import annotations

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncRequestFactory

from studio.static import StaticFilesMiddleware

SCRIPT = b"export const answer = 42;\n"


def nothing_else(request: HttpRequest) -> HttpResponse:
    raise Http404


@pytest.fixture
def static(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "answer.js").write_bytes(SCRIPT)
    return StaticFilesMiddleware(nothing_else)


def ask(method: str = "GET", **headers: str) -> ASGIRequest:
    return AsyncRequestFactory().generic(method, "/static/answer.js", headers=headers)


def test_a_static_file_is_no_stream_that_an_event_loop_has_to_wait_for(static):
    answer = static(ask())
    assert not answer.streaming
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200,
        SCRIPT,
        'text/javascript; charset="utf-8"',
    )
    assert answer["Content-Length"] == str(len(SCRIPT))


def test_a_browser_that_has_the_file_gets_nothing_again(static):
    again = static(ask(**{"If-None-Match": static(ask())["ETag"]}))
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Type" not in again


def test_a_part_of_a_static_file(static):
    part = static(ask(Range="bytes=7-11"))
    assert (part.status_code, part.content) == (206, b"const")
    assert part["Content-Range"] == f"bytes 7-11/{len(SCRIPT)}"
    beyond = static(ask(Range="bytes=900-"))
    assert (beyond.status_code, beyond.content) == (416, b"")


def test_only_the_head_of_a_static_file(static):
    head = static(ask("HEAD"))
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(SCRIPT)))
    assert static(ask("POST")).status_code == 405
