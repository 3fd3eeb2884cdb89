from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from apps.books.models import Book, Edition
from apps.library.models import Arrival, Asset
from apps.library.services import move_to_trash, restore
from apps.sharing.models import Share
from apps.sharing.services import revoke, share

pytestmark = pytest.mark.django_db(transaction=True)
DATA = bytes(range(256)) * 8
SECRET_THINGS = (
    "carla@example.com",
    "Carla",
    "Night Shift",
    "night-shift",
    "sk-api-",
    "minimax.io",
    "04ab5c0f1d",
    "English_CalmWoman",
    "0.0038",
    "the spoken words",
)


@pytest.fixture
def link(creator) -> Share:
    kept = Asset.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        kind="speech",
        title="Good evening <b>",
        text="the spoken words",
        request={"text": "the spoken words", "speed": 1.2},
        model="speech-2.8-hd",
        voice_id="English_CalmWoman",
        trace_id="04ab5c0f1d",
        cost_usd="0.0038",
        file=default_storage.save("1/take.mp3", ContentFile(DATA)),
        content_type="audio/mpeg",
        size=len(DATA),
        sha256="ab" * 32,
        status="ready",
        duration_s=67.2,
        peaks=[10, 100, 50, 70] * 100,
        subtitles=[{"text": "the captions", "start_ms": 0, "end_ms": 900, "words": []}],
    )
    return share(creator, kept)


@pytest.fixture
def guest() -> Client:
    return Client()


def paths(link: Share) -> dict[str, str]:
    root = f"/s/{link.token}/"
    return {name: root + name for name in ("", "file", "download", "subtitles.vtt", "card.png")}


def test_guest_hears_it_without_a_script(guest, link):
    page = guest.get(f"/s/{link.token}/").content.decode()
    assert re.search(rf'<audio controls preload="none" src="/s/{link.token}/file"', page)
    assert f'<track kind="captions" src="/s/{link.token}/subtitles.vtt"' in page
    assert '<path vector-effect="non-scaling-stroke" d="M0.5' in page
    assert "1:07" in page
    assert "Made with AI" in page
    assert "Speech 2.8 HD" in page
    assert "Good evening &lt;b&gt;" in page
    assert b"".join(guest.get(f"/s/{link.token}/file")) == DATA
    assert b"".join(guest.get(f"/s/{link.token}/file", headers={"Range": "bytes=5-9"})) == DATA[5:10]
    assert "the captions" in guest.get(f"/s/{link.token}/subtitles.vtt").content.decode()


def test_page_says_nothing_else_about_the_workspace(guest, link):
    page = guest.get(f"/s/{link.token}/").content.decode()
    for secret in (*SECRET_THINGS, str(link.asset_id)):
        assert secret not in page, secret
    assert "hx-" not in page
    assert "csrf" not in page


def test_text_is_shown_only_if_allowed(guest, link):
    assert "the spoken words" not in guest.get(f"/s/{link.token}/").content.decode()
    Share.objects.update(show_text=True)
    assert "the spoken words" in guest.get(f"/s/{link.token}/").content.decode()


def test_download_is_given_only_if_allowed(guest, link):
    response = guest.get(f"/s/{link.token}/download")
    assert response["Content-Disposition"] == 'attachment; filename="Good evening b.mp3"'
    assert b"".join(response) == DATA
    Share.objects.update(allow_download=False)
    assert guest.get(f"/s/{link.token}/download").status_code == 404
    assert "/download" not in guest.get(f"/s/{link.token}/").content.decode()


def test_search_engines_and_other_sites_learn_nothing(guest, link):
    for path in paths(link).values():
        response = guest.get(path)
        assert "noindex" in response["X-Robots-Tag"], path
        assert response["Referrer-Policy"] == "no-referrer", path
        assert response["X-Content-Type-Options"] == "nosniff", path
        assert "no-cache" in response["Cache-Control"], path
    assert '<meta name="robots" content="noindex' in guest.get(f"/s/{link.token}/").content.decode()


def test_page_may_load_only_its_own_files_and_run_nothing_inline(guest, link):
    response = guest.get(f"/s/{link.token}/")
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";") if part.strip())
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "media-src")} == {"'self'"}
    assert "unsafe" not in response["Content-Security-Policy"]
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]+src=)", page)
    assert not re.search(r'\sstyle="|\son\w+="', page)


def test_ended_link_is_gone_everywhere(guest, creator, link):
    revoke(creator, link)
    for path in paths(link).values():
        response = guest.get(path)
        assert response.status_code == 410, path
        assert "noindex" in response["X-Robots-Tag"]
        assert "This link has ended" in response.content.decode()
        assert "Good evening" not in response.content.decode()


def test_link_to_something_in_the_trash_is_gone_until_it_is_restored(guest, creator, link):
    move_to_trash(creator, link.asset)
    assert {guest.get(path).status_code for path in paths(link).values()} == {410}
    restore(creator, link.asset)
    assert {guest.get(path).status_code for path in paths(link).values()} == {200}


@pytest.mark.parametrize("token", ["x", "A" * 24, "..%2f..", "%00", "' or 1=1 --"])
def test_link_that_never_was_is_not_found(guest, link, token):
    for path in ("", "file", "download", "subtitles.vtt", "card.png"):
        assert guest.get(f"/s/{token}/{path}").status_code == 404


def test_views_count_people_from_outside_and_nobody_else(guest, creator, stranger, client, link):
    address = f"/s/{link.token}/"
    guest.head(address)
    guest.get(address, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})
    guest.get(address, headers={"Sec-Purpose": "prefetch"})
    guest.get(address + "file")
    client.force_login(creator.user)
    client.get(address)
    link.refresh_from_db()
    assert link.views == 0
    guest.get(address)
    client.force_login(stranger.user)
    client.get(address)
    link.refresh_from_db()
    assert link.views == 2


def test_guests_get_no_cookie(guest, link):
    for path in paths(link).values():
        assert not guest.get(path).cookies, path


def test_nothing_can_be_posted(guest, link):
    for path in paths(link).values():
        assert guest.post(path).status_code == 405


def test_chats_are_shown_a_picture_with_known_size(guest, link):
    page = guest.get(f"/s/{link.token}/").content.decode()
    assert f'<meta property="og:image" content="http://testserver/s/{link.token}/card.png">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    response = guest.get(f"/s/{link.token}/card.png")
    picture = b"".join(response)
    assert response["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(picture)).size == (1200, 630)
    assert len(picture) < 100_000


def test_picture_is_drawn_once_and_again_when_the_title_changes(guest, link):
    first = guest.get(f"/s/{link.token}/card.png")
    assert guest.get(f"/s/{link.token}/card.png")["ETag"] == first["ETag"]
    before = Share.objects.get().card.name
    Asset.objects.update(title="Another title")
    assert guest.get(f"/s/{link.token}/card.png")["ETag"] != first["ETag"]
    after = Share.objects.get().card.name
    assert not default_storage.exists(before)
    assert default_storage.exists(after)
    assert not Arrival.objects.exists()


@pytest.mark.parametrize("title", ["你好，世界", "مرحبا بالعالم", "🎉", "x" * 200, "a " * 100, " ", "Привет"])
def test_picture_is_drawn_for_any_title(guest, link, title):
    Asset.objects.update(title=title)
    assert guest.get(f"/s/{link.token}/card.png").status_code == 200


def test_a_book_shows_where_its_chapters_begin(guest, link):
    asset = link.asset
    Asset.objects.update(kind="book")
    book = Book.objects.create(workspace=asset.workspace, created_by=asset.created_by, click="1", title="Lamps")
    timings = [
        ["a", "The pier", "One.", 800, 8_000],
        ["b", "The pier", "Two.", 8_000, 16_000],
        ["c", "", "Three.", 30_000, 90_000],
        ["d", "<Storm>", "Four.", 100_000, 101_000],
    ]
    Edition.objects.create(
        workspace=asset.workspace, book=book, scope="book", created_by=asset.created_by, click="1", title="Lamps",
        format="mp3", timings=timings, sample_rate=8_000, asset=asset,
    )  # fmt: skip
    Share.objects.update(show_text=False)
    page = guest.get(f"/s/{link.token}/").content.decode()
    assert re.findall(r'href="(\?t=\d+)" data-seek="([\d.]+)"><span[^>]*>([^<]*)<', page) == [
        ("?t=0", "0.000", "The pier"), ("?t=3", "3.750", "Chapter 2"), ("?t=12", "12.500", "&lt;Storm&gt;"),
    ]  # fmt: skip
    assert f'src="/s/{link.token}/file#t=12"' in guest.get(f"/s/{link.token}/?t=12").content.decode()


def test_page_weighs_little_besides_the_sound(guest, link):
    page = guest.get(f"/s/{link.token}/").content
    names = re.findall(rb'(?:href|src)="/static/([^"]+)"', page)
    total = len(gzip.compress(page))
    for name in names:
        data = Path(finders.find(name.decode())).read_bytes()
        total += len(data) if name.endswith(b"woff2") else len(gzip.compress(data))
    assert names
    assert total < 100_000
