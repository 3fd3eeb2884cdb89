from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest
from django.urls import reverse
from django.utils import timezone

from apps.books import editions, events, services, tasks
from apps.books.models import Book, Edition
from apps.library import audio
from apps.library.models import Asset
from apps.notifications.models import Notification
from apps.workspaces import tray
from tests.books.conftest import RATE, SETTINGS, make_all, rendered
from tests.books.test_making import script

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def book(connected) -> Book:
    book = services.create_book(connected, title="The ferry", text=script(2, 4), settings=SETTINGS)
    make_all(connected, book)
    return book


def test_a_book_that_is_not_all_spoken_is_not_written(connected):
    book = services.create_book(connected, title="The ferry", text=script(1, 2), settings=SETTINGS)
    with pytest.raises(services.NotReadyError):
        services.render(connected, book, click="x", format="mp3")
    assert not Edition.objects.exists()


@pytest.mark.parametrize("format", ["mp3", "m4b", "flac", "wav"])
def test_every_format_is_written_as_long_as_its_sentences_are_and_kept_with_subtitles(book, connected, format):
    edition = rendered(services.render(connected, book, click="x", format=format))
    assert (edition.status, edition.percent) == ("ready", 100)
    last = services.timings_of(book)[-1]
    with av.open(edition.asset.file.path) as container:
        assert abs(container.duration / av.time_base - last.end_sample / RATE) < 0.15
        if format == "m4b":
            assert [chapter["metadata"]["title"] for chapter in container.chapters()] == [
                str(chapter) for chapter in book.chapters.all()
            ]
    asset, seen = edition.asset, audio.measure(Path(edition.asset.file.path))  # it was ready without being opened
    assert (asset.status, asset.measurements["codec"]) == ("ready", seen.codec)
    assert asset.measurements["container"] == seen.container
    assert asset.duration_s == pytest.approx(seen.duration_s, abs=0.2)
    assert asset.measurements["loudness_lufs"] == pytest.approx(seen.loudness_lufs, abs=0.5)
    assert (len(asset.peaks), max(asset.peaks)) == (len(seen.peaks), 100)
    cues = edition.asset.subtitles
    assert all(one["start_ms"] < one["end_ms"] <= other["start_ms"] for one, other in pairwise(cues))
    assert edition.asset.kind == "book"
    assert edition.asset.request["book"] == str(book.pk)


def test_a_chapter_is_written_alone_and_a_second_press_finds_the_first(book, connected):
    chapter = book.chapters.last()
    edition = services.render(connected, book, click="x", format="mp3", scope=chapter)
    assert services.render(connected, book, click="x", format="mp3", scope=chapter) == edition
    edition = rendered(edition)
    assert len(edition.timings) == chapter.segments.filter(is_silent=False).count()
    assert edition.timings[0][3] == 0
    told = json.loads(services.subtitles_of(edition, "json"))
    assert told["sample_rate"] == RATE
    assert [row["segment_id"] for row in told["segments"]] == [row[0] for row in edition.timings]
    assert services.subtitles_of(edition, "srt").startswith("1\n00:00:00,000 --> ")
    assert services.subtitles_of(edition, "vtt").startswith("WEBVTT")


def test_a_file_says_when_the_script_sounds_otherwise_by_now(book, connected):
    edition = rendered(services.render(connected, book, click="x", format="flac"))
    assert services.is_current(edition)
    services.set_pauses(book, pause_ms=300, chapter_pause_ms=3000)
    edition = Edition.objects.get(pk=edition.pk)
    assert not services.is_current(edition)


def test_loudness_is_evened_out_where_it_is_wished_for(book, connected):
    edition = rendered(services.render(connected, book, click="x", format="flac", loudness_lufs=-16.0))
    plain = rendered(services.render(connected, book, click="y", format="flac"))
    assert edition.asset.sha256 != plain.asset.sha256
    assert edition.timings == plain.timings


def test_one_that_is_cancelled_is_not_kept(book, connected):
    edition = services.render(connected, book, click="x", format="mp3")
    services.cancel_edition(edition)
    assert rendered(edition).status == "cancelled"
    assert not Asset.objects.exists()


def test_one_that_is_cancelled_while_it_is_written_is_not_kept(book, connected, monkeypatch):
    edition = services.render(connected, book, click="x", format="mp3")
    join = tasks.apart.join

    def join_and_lose_interest(*given, **named):
        services.cancel_edition(edition)
        return join(*given, **{**named, "progress": None})

    monkeypatch.setattr(tasks.apart, "join", join_and_lose_interest)
    assert rendered(edition).status == "cancelled"
    assert not Asset.objects.exists()


def test_the_sweep_rings_for_one_whose_worker_died_and_gives_up_after_three(book, connected, monkeypatch):
    edition = services.render(connected, book, click="x", format="mp3")
    rung = []
    monkeypatch.setattr(tasks, "ring", lambda task, pk: rung.append(pk))
    past = timezone.now() - timedelta(minutes=5)
    Edition.objects.filter(pk=edition.pk).update(created_at=past, leased_until=past, attempts=3)
    tasks.sweep()
    assert rung == [edition.pk]
    assert rendered(edition).status == "failed"
    assert edition.error


def test_its_row_reaches_the_workspace(book, connected, monkeypatch):
    pushed = []
    monkeypatch.setattr(events, "publish", lambda workspace_id, html: pushed.append((workspace_id, html)))
    rendered(services.render(connected, book, click="x", format="mp3"))
    assert {workspace_id for workspace_id, _html in pushed} == {connected.workspace_id}


def test_chapters_are_written_each_as_a_file_and_again_only_where_something_changed(book, connected, client):
    first = [rendered(each) for each in services.render_chapters(connected, book, format="mp3")]
    assert [edition.asset.title for edition in first] == [f"The ferry: {n:02d} Chapter {n}" for n in (1, 2)]
    assert services.render_chapters(connected, book, format="mp3") == first
    segment = book.segments.in_script().filter(chapter=book.chapters.all()[1], is_silent=False).first()
    services.set_pause_after(segment, 900)
    again = [rendered(each) for each in services.render_chapters(connected, book, format="mp3")]
    assert [one == other for one, other in zip(first, again, strict=True)] == [True, False]
    (files,) = services.chapter_files(book, list(book.editions.order_by("-pk")))
    assert files.editions == again
    assert files.is_complete
    client.force_login(connected.user)
    page = client.get(reverse("books:editions", args=["night-shift", book.pk])).content.decode()
    named = re.findall(r'name="asset" value="([^"]+)"', page)
    assert named == [str(edition.asset_id) for edition in again]
    answer = client.post(reverse("library:download_many", args=["night-shift"]), {"asset": named})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    stems = {f"The ferry 0{n} Chapter {n}" for n in (1, 2)}
    assert set(archive.namelist()) == {f"{stem}{suffix}" for stem in stems for suffix in (".mp3", ".json", ".srt")}
    assert b"Number 2-3." in archive.read("The ferry 02 Chapter 2.srt")


def test_whoever_wants_to_listen_does_not_wait_for_files_to_download(book, connected, client, monkeypatch):
    rung = []
    monkeypatch.setattr(tasks, "ring", lambda task, pk: rung.append(pk))
    first, second = services.render_chapters(connected, book, format="mp3")
    whole = services.render(connected, book, click="whole", format="mp3")
    busy = {"leased_until": timezone.now() + timedelta(minutes=1)}
    Edition.objects.filter(pk__in=(first.pk, whole.pk)).update(**busy)
    client.force_login(connected.user)
    client.post(reverse("books:listen", args=["night-shift", book.pk, second.chapter_id]))
    listened = Edition.objects.get(click__startswith="listen-")
    assert rendered(second).status == "waiting"
    assert rendered(listened).status == "ready"
    Edition.objects.filter(pk=first.pk).update(leased_until=None)
    rendered(first)
    assert rung == [second.pk]


def test_the_tray_knows_a_file_from_its_beginning_to_its_end_and_whoever_waited_is_told(book, connected, monkeypatch):
    counts = []
    for module in (editions, events):
        monkeypatch.setattr(module.tray, "ring", lambda workspace: counts.append(len(tray.items_for(connected))))
    edition = services.render(connected, book, click="x", format="mp3")
    Edition.objects.filter(pk=edition.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    assert rendered(edition).status == "ready"
    assert counts == [1, 0]
    assert Notification.objects.get(user=connected.user).text == "Ready to download: The ferry"
    services.cancel_edition(services.render(connected, book, click="y", format="flac"))
    assert counts == [1, 0, 1, 0]
