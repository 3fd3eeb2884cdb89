from __future__ import annotations

import os

import psutil
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404
from django.test import AsyncClient, AsyncRequestFactory, RequestFactory
from django.urls import reverse

from apps.library.models import Asset
from apps.library.serving import Served, serve

DATA = bytes(range(256)) * 40


def asset_of(member) -> Asset:
    name = default_storage.save("1/take.mp3", ContentFile(DATA))
    return Asset.objects.create(
        workspace=member.workspace,
        created_by=member.user,
        kind="speech",
        title="Grüße: 你好",
        file=name,
        content_type="audio/mpeg",
        size=len(DATA),
        sha256="ab" * 32,
        status="ready",
    )


@pytest.fixture(params=["folder", "bucket"])
def kept(creator, request) -> Asset:
    if request.param == "bucket":
        request.getfixturevalue("bucket")
    return asset_of(creator)


@pytest.fixture
def get(client, creator, kept):
    client.force_login(creator.user)
    url = reverse("library:file", args=["night-shift", kept.pk])

    def get(method: str = "get", **headers: str):
        return getattr(client, method)(url, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return get


def test_whole_file_with_what_a_player_needs_to_know(get):
    response = get()
    assert (response.status_code, b"".join(response)) == (200, DATA)
    assert response["Content-Type"] == "audio/mpeg"
    assert response["Content-Length"] == str(len(DATA))
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == f'"{"ab" * 32}"'
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"


def test_media_cannot_run_and_cannot_be_taken_for_something_else(get):
    response = get()
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox allow-same-origin; default-src 'none'")
    assert "script" not in response["Content-Security-Policy"]
    assert response["Content-Disposition"].startswith("inline; filename*=utf-8''Gr%C3%BC%C3%9Fe%20%E4%BD%A0")


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/pdf", ""])
def test_what_could_run_is_downloaded_instead(get, kept, content_type):
    Asset.objects.update(content_type=content_type)
    response = get()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=10200-", 10_200, 10_240),
        ("bytes=10200-999999", 10_200, 10_240),
        ("bytes=-40", 10_200, 10_240),
        ("bytes=-999999", 0, 10_240),
        ("bytes=5000-5999", 5000, 6000),
    ],
)
def test_part_of_a_file(get, asked, start, end):
    response = get(Range=asked)
    assert b"".join(response) == DATA[start:end]
    assert response["Content-Length"] == str(end - start)
    is_part = (start, end) != (0, len(DATA))
    assert response.status_code == (206 if is_part else 200)
    assert response.get("Content-Range") == (f"bytes {start}-{end - 1}/{len(DATA)}" if is_part else None)


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_part_that_lies_outside(get, asked):
    response = get(Range=asked)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=-", "bytes=a-b", "items=0-5", "bytes=0-1,4-5", "bytes=١-٢", "bytes", "bytes=--5"]
)
def test_range_that_is_not_understood_means_the_whole(get, asked):
    response = get(Range=asked)
    assert (response.status_code, b"".join(response)) == (200, DATA)


@pytest.mark.parametrize("tag", ['"{0}"', 'W/"{0}"', '"other", "{0}"', "*"])
def test_file_that_the_browser_has_is_not_sent_again(get, tag):
    response = get(If_None_Match=tag.format("ab" * 32), Range="bytes=0-9")
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"]


def test_other_version_is_sent(get):
    assert get(If_None_Match='"cd"').status_code == 200


def test_range_holds_only_for_the_version_that_was_meant(get):
    assert get(Range="bytes=0-9", If_Range=f'"{"ab" * 32}"').status_code == 206
    assert get(Range="bytes=0-9", If_Range='"older"').status_code == 200
    assert get(Range="bytes=0-9", If_Range="Wed, 21 Oct 2026 07:28:00 GMT").status_code == 200


def test_head_says_the_same_without_the_bytes(get):
    response = get("head", Range="bytes=0-9")
    assert (response.status_code, response["Content-Length"], response.content) == (200, str(len(DATA)), b"")


def test_post_is_refused(get):
    assert get("post").status_code == 405


def test_file_that_storage_has_lost_is_not_found(get, kept):
    default_storage.delete(kept.file.name)
    assert get().status_code == 404


def test_empty_file(rf: RequestFactory):
    name = default_storage.save("1/empty.mp3", ContentFile(b""))
    served = Served(name, 0, "00", "audio/mpeg", "empty.mp3", "no-cache")
    assert b"".join(serve(rf.get("/"), served)) == b""
    assert serve(rf.get("/", headers={"Range": "bytes=0-"}), served).status_code == 416


def test_unknown_file(rf: RequestFactory):
    with pytest.raises(Http404):
        serve(rf.get("/"), Served("1/none.mp3", 5, "00", "audio/mpeg", "none.mp3", "no-cache"))


@pytest.mark.django_db(transaction=True)
async def test_async_server_sends_the_same_bytes(creator, kept):
    client = AsyncClient()
    await client.aforce_login(creator.user)
    url = reverse("library:file", args=["night-shift", kept.pk])
    response = await client.get(url, headers={"Range": "bytes=100-8999"})
    assert b"".join([block async for block in response]) == DATA[100:9000]
    assert response.status_code == 206


async def test_two_hundred_megabytes_pass_without_staying_in_memory(settings):
    size, name = 200_000_000, default_storage.save("1/long.wav", ContentFile(b""))
    os.truncate(default_storage.path(name), size)
    request = AsyncRequestFactory().get("/")
    before, most, sent = psutil.Process(os.getpid()).memory_info().rss, 0, 0
    response = serve(request, Served(name, size, "00", "audio/wav", "long.wav", "no-cache"))
    async for block in response:
        sent += len(block)
        most = max(most, psutil.Process(os.getpid()).memory_info().rss)
    assert sent == size
    assert most - before < 8_000_000


async def test_listener_who_leaves_closes_the_file():
    name = default_storage.save("1/long.mp3", ContentFile(b"x" * 1_000_000))
    response = serve(AsyncRequestFactory().get("/"), Served(name, 1_000_000, "00", "audio/mpeg", "l.mp3", "no-cache"))
    await anext(aiter(response))
    response.close()  # as the server does
    still_open = [file.path for file in psutil.Process().open_files()]
    assert default_storage.path(name) not in still_open
