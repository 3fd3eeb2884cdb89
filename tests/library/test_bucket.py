"""Files in an S3-compatible bucket, over a real socket. That they are served alike is in test_serving.py."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from apps.library.bucket import BucketError
from apps.library.models import Arrival, Asset
from apps.library.storing import delete_abandoned_files, discard, store_file
from studio.config import ConfigError, read_bucket_address, read_config
from tests.library.test_serving import DATA, asset_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def large(tmp_path):
    """50 MB on disk, more than six parts; gives (path, sha256)."""
    path, digest = tmp_path / "film.mp4", hashlib.sha256()
    with path.open("wb") as file:
        for number in range(50):
            block = number.to_bytes(1, "big") * 1_000_000
            digest.update(block)
            file.write(block)
    return path, digest.hexdigest()


def test_a_large_file_goes_in_and_comes_out_whole_and_memory_stays_flat(bucket, large):
    path, sha256 = large
    store_file(path, "warm", ".mp4")
    before = psutil.Process(os.getpid()).memory_info().rss
    stored = store_file(path, "1/film", ".MP4")
    assert (stored.size, stored.sha256) == (50_000_000, sha256)
    assert stored.name.endswith(".mp4")
    digest = hashlib.sha256()
    with default_storage.open(stored.name) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    assert digest.hexdigest() == sha256
    assert psutil.Process(os.getpid()).memory_info().rss - before < 30_000_000


def test_any_place_of_a_file_can_be_read(bucket, large):
    stored = store_file(large[0], "1/film", ".mp4")
    with default_storage.open(stored.name) as file:
        file.seek(-1_500_000, os.SEEK_END)
        assert file.read(1) == bytes([48])
        file.seek(3_999_999)
        assert file.read(2) == bytes([3, 4])
        file.seek(50_000_000)
        assert file.read(10) == b""


def test_what_is_given_up_leaves_the_bucket(bucket, large):
    discard(store_file(large[0], "1/film", ".mp4"))
    orphan = store_file(large[0], "1/film", ".mp4")
    assert default_storage.exists(orphan.name)
    assert delete_abandoned_files(timezone.now() + timedelta(hours=2)) == 1
    assert not default_storage.exists(orphan.name)
    assert default_storage.listdir("1/film") == ([], [])
    assert not Arrival.objects.exists()


def test_a_file_that_is_not_there_and_a_bucket_that_does_not_answer_are_faults_of_a_disk(bucket, settings):
    with pytest.raises(FileNotFoundError):
        default_storage.open("1/nothing.mp4")
    options = {**settings.STORAGES["default"]["OPTIONS"], "bucket_name": "another"}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    with pytest.raises(BucketError, match="NoSuchBucket") as told:
        default_storage.save("1/one.txt", ContentFile(b"text"))
    assert "studio-secret" not in str(told.value)
    assert isinstance(told.value, OSError)


def test_health_says_that_storage_does_not_work(bucket, settings, client):
    assert client.get("/readyz").json()["checks"]["storage"] == "ok"
    options = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:9"}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    assert client.get("/readyz").json()["checks"]["storage"] == "cannot be written to"


# --- straight from the bucket -----------------------------------------------------------------------------------------


@pytest.fixture
def direct(bucket, settings):
    """The bucket is one that browsers reach."""
    address = settings.STORAGES["default"]["OPTIONS"]["endpoint_url"]
    options = {**settings.STORAGES["default"]["OPTIONS"], "public_url": address}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    settings.BUCKET_PUBLIC_URL = address
    return address


@pytest.fixture
def page(client, creator, direct):
    kept = asset_of(creator)
    client.force_login(creator.user)
    return reverse("library:file", args=["night-shift", kept.pk])


@pytest.mark.parametrize("reads", ["audio", "video", "image", "document"])
def test_a_player_is_sent_to_the_bucket_and_gets_the_range_it_asks_for(client, page, direct, reads):
    sent = client.get(page, headers={"sec-fetch-dest": reads})
    assert sent.status_code == 302
    assert "no-store" in sent["Cache-Control"]
    assert sent["Location"].startswith(f"{direct}/studio/")
    given = httpx.get(sent["Location"], headers={"Range": "bytes=100-199"})
    assert (given.status_code, given.content) == (206, DATA[100:200])
    assert given.headers["content-type"] == "audio/mpeg"
    assert given.headers["content-disposition"].startswith("inline; filename*=utf-8''Gr%C3%BC%C3%9Fe")


def test_a_player_that_asks_again_gets_the_address_it_had(client, page):
    first, second = (client.get(page, headers={"sec-fetch-dest": "audio"})["Location"] for _ in range(2))
    assert first == second


def test_scripts_and_other_programs_get_the_bytes_from_the_studio(client, page):
    for headers in ({"sec-fetch-dest": "empty"}, {}):
        answer = client.get(page, headers=headers)
        assert (answer.status_code, b"".join(answer)) == (200, DATA)


def test_what_could_run_is_a_download_there_too(client, page):
    Asset.objects.update(content_type="text/html")
    sent = client.get(page, headers={"sec-fetch-dest": "document"})
    given = httpx.get(sent["Location"])
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith("attachment;")


def test_strangers_are_not_sent_anywhere(client, page, stranger):
    client.force_login(stranger.user)
    assert client.get(page, headers={"sec-fetch-dest": "audio"}).status_code == 404


def test_the_address_is_signed_and_ends_after_an_hour(client, page):
    told = parse_qs(urlsplit(client.get(page, headers={"sec-fetch-dest": "audio"})["Location"]).query)
    assert told["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert told["X-Amz-Expires"] == ["3600"]
    assert len(told["X-Amz-Signature"][0]) == 64
    assert "studio-secret" not in str(told)


# --- how it is set ----------------------------------------------------------------------------------------------------


def test_the_address_of_a_bucket_says_all_that_is_needed():
    assert read_bucket_address("s3://a%2Fb:c%40d@s3.example:9000/media/team?region=eu-1&tls=0") == {
        "endpoint_url": "http://s3.example:9000",
        "bucket_name": "media",
        "location": "team",
        "region_name": "eu-1",
        "access_key": "a/b",
        "secret_key": "c@d",
    }
    assert "access_key" not in read_bucket_address("s3://s3.example/media")


@pytest.mark.parametrize("wrong", ["https://s3.example/media", "s3://s3.example", "s3:///media"])
def test_an_address_that_cannot_be_is_refused_without_repeating_it(wrong):
    with pytest.raises(ConfigError, match="STUDIO_STORAGE_URL") as told:
        read_config({"STUDIO_STORAGE_URL": wrong})
    assert wrong not in str(told.value)
