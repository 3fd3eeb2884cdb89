"""The buttons that make, hold back and repeat."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from apps.jobs.models import Job
from tests.books.conftest import finish, refusal
from tests.books.pages.asking import at, page


def test_one_press_makes_every_chapter_and_the_same_press_again_makes_nothing(client, book, speaker):
    click = {"click": str(uuid.uuid4())}
    client.post(at("make", book.pk), click)
    client.post(at("make", book.pk), click)
    assert "Being made" in page(client, "state", book.pk)
    finish()
    text = page(client, "book", book.pk)
    assert "Every sentence is made" in text
    assert set(speaker.seen.values()) == {1}
    assert "every 3s" not in page(client, "state", book.pk)


def test_time_left_is_said_while_a_book_is_made(client, book):
    client.post(at("make", book.pk), {"click": str(uuid.uuid4())})
    assert "Time left" not in page(client, "state", book.pk)
    first = Job.objects.order_by("pk").first()
    began = timezone.now() - timedelta(minutes=2)
    Job.objects.update(submitted_at=began)
    Job.objects.filter(pk=first.pk).update(status="succeeded", finished_at=timezone.now())
    assert "Time left" in page(client, "state", book.pk)


def test_a_book_is_paused_goes_on_and_is_cancelled(client, book):
    client.post(at("make", book.pk), {"click": str(uuid.uuid4())})
    client.post(at("pause", book.pk))
    assert "Let it go on" in page(client, "book", book.pk)
    client.post(at("resume", book.pk))
    assert not Job.objects.filter(is_paused=True).exists()
    client.post(at("cancel", book.pk))
    assert not Job.objects.moving().exists()
    assert "Make the book" in page(client, "estimate", book.pk)


def test_one_failed_chapter_says_why_and_is_repeated_alone(client, book, speaker):
    speaker.refuse = lambda step, body: refusal(1026) if step == "create" and "stairs" in body["text"] else None
    client.post(at("make", book.pk), {"click": str(uuid.uuid4())})
    finish()
    text = page(client, "book", book.pk)
    assert text.count("chapter__error") == 1
    assert "Nothing was charged" in text
    speaker.refuse = lambda step, body: None
    seen = dict(speaker.seen)
    chapter = book.chapters.last()
    client.post(at("repeat", book.pk, chapter.pk), {"click": str(uuid.uuid4())})
    finish()
    again = [words for words, count in speaker.seen.items() if count > seen.get(words, 0)]
    assert len(again) == 1
    assert "stairs" in again[0]
    assert "Every sentence is made" in page(client, "book", book.pk)


def test_the_jobs_of_a_chapter_are_cards(client, book):
    client.post(at("make", book.pk), {"click": str(uuid.uuid4())})
    job = Job.objects.order_by("pk").first()
    assert f'id="job-{job.pk}"' in page(client, "jobs", book.pk, book.chapters.first().pk)
