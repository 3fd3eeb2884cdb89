from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest
from django.utils import timezone

from apps.books import events, services, tasks
from apps.books.models import Book, Edition
from apps.library import audio
from apps.library.models import Asset
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
