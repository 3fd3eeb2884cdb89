"""What was made is heard, changed sentence by sentence, and taken away as files."""

from __future__ import annotations

import io
import json
import re
import uuid
import wave
from itertools import pairwise

import av
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from apps.books import services
from apps.books.models import Edition, Revision, Segment
from apps.minimax.text import billed_characters
from tests.books.conftest import SETTINGS, finish, make_all, rendered
from tests.books.pages.asking import HTMX, PNG, at, page, sentences


def test_a_chapter_is_put_together_once_and_read_along(client, made):
    chapter = made.chapters.first()
    answer = client.post(at("listen", made.pk, chapter.pk), headers=HTMX)
    assert "Putting the sentences together" in answer.content.decode()
    client.post(at("listen", made.pk, chapter.pk), headers=HTMX)
    edition = rendered(Edition.objects.get())
    assert client.get(at("listening", made.pk, chapter.pk)).headers["HX-Refresh"] == "true"
    text = page(client, "read_chapter", made.pk, chapter.pk)
    assert reverse("library:file", args=["night-shift", edition.asset.pk]) in text
    found = re.search(r'<script id="timings"[^>]*>(.*?)</script>', text)[1]
    pairs = [pair for pair in json.loads(found) if pair]
    assert len(pairs) == chapter.segments.filter(is_silent=False).count()
    assert all(start < end for start, end in pairs)
    assert all(one[1] <= two[0] + 0.001 for one, two in pairwise(pairs))


def test_a_title_of_two_sentences_stands_in_the_text_once_and_not_above_it(client, member):
    text = "Chapter 1. The lamp\n\nThe lamp was dark.\n\nChapter 2. The stairs\n\nShe counted them."
    one = services.create_book(member, title="Titles", text=text, settings=SETTINGS)
    chapter = one.chapters.first()
    assert chapter.title == "Chapter 1. The lamp"
    shown = page(client, "read_chapter", one.pk, chapter.pk)
    assert '<h2 class="visually-hidden">' in shown
    assert shown.count('class="reading__title"') == 1


def test_the_drawer_leads_from_one_sentence_to_the_next(client, made):
    first, second, third = sentences(made)[:3]
    shown = page(client, "sentence", made.pk, second.pk)
    assert at("sentence", made.pk, first.pk) in shown
    assert at("sentence", made.pk, third.pk) in shown
    assert "sentence-before" not in page(client, "sentence", made.pk, first.pk)


def test_a_viewer_listens_too_and_changes_nothing(client, made, viewer):
    client.force_login(viewer.user)
    chapter = made.chapters.first()
    assert client.post(at("listen", made.pk, chapter.pk), headers=HTMX).status_code == 200
    text = page(client, "sentence", made.pk, chapter.segments.first().pk)
    assert "Make another take" not in text
    assert client.post(at("make", made.pk), {"click": "x"}).status_code == 403


def test_a_chapter_without_sound_says_so(client, book):
    assert "This chapter is not made yet." in page(client, "read_chapter", book.pk, book.chapters.first().pk)


def test_other_words_of_one_sentence_are_priced_and_made_alone(client, made, speaker):
    before = {one.pk: one.take.sha256 for one in Segment.objects.filter(book=made).select_related("take") if one.take}
    sentence = next(one for one in sentences(made) if "Nobody had told her" in one.text)
    words = "Somebody had told her everything."
    answer = client.post(at("write_sentence", made.pk, sentence.pk), {"text": words})
    assert words in answer.content.decode()
    billed = speaker.billed
    client.post(at("make_sentence", made.pk, sentence.pk), {"click": str(uuid.uuid4())})
    finish()
    assert speaker.billed - billed == billed_characters(words)
    after = {
        one.pk: one.take.sha256
        for one in Segment.objects.in_script().filter(book=made).select_related("take")
        if one.take
    }
    assert {pk for pk in after if after[pk] != before.get(pk)} == {sentence.pk}


def test_a_second_take_can_be_heard_and_the_first_chosen_again(client, made):
    sentence = sentences(made)[1]
    first = sentence.take
    client.post(at("make_sentence", made.pk, sentence.pk), {"click": str(uuid.uuid4())})
    finish()
    sentence.refresh_from_db()
    assert sentence.take_id != first.pk
    sound = client.get(at("take_sound", made.pk, sentence.take_id))
    with wave.open(io.BytesIO(sound.content)) as heard:
        assert heard.getnframes() == sentence.take.samples
    client.post(at("choose_take", made.pk, sentence.pk, first.pk))
    sentence.refresh_from_db()
    assert sentence.take_id == first.pk


@pytest.mark.django_db(transaction=True)
def test_a_book_is_made_heard_written_and_deleted_where_files_lie_in_a_bucket(client, bucket, member, book):
    make_all(member, book)
    book.cover.save("cover", ContentFile(PNG))
    take = sentences(book)[1].take
    with wave.open(io.BytesIO(client.get(at("take_sound", book.pk, take.pk)).content)) as heard:
        assert heard.getnframes() == take.samples
    assert client.get(at("cover", book.pk)).content == PNG
    edition = rendered(services.render(member, book, click="x", format="m4b"))
    assert (edition.status, edition.error) == ("ready", "")
    with edition.asset.file.open("rb") as file, av.open(file) as opened:
        assert len(opened.chapters()) == 2
        assert opened.streams.video[0].codec_context.width == 1
    services.delete_book(book)
    assert default_storage.listdir(f"{member.workspace_id}/books")[0] == []


def test_version_two_is_compared_priced_and_only_its_changes_are_made(client, made, speaker):
    chapter = made.chapters.last()
    text = chapter.text.replace("She counted them all.", "She counted every one of them.")
    answer = client.post(at("compare", made.pk), {"chapter": str(chapter.pk), "text": text})
    revision = Revision.objects.get()
    assert answer.headers["Location"] == at("revision", made.pk, revision.pk)
    shown = page(client, "revision", made.pk, revision.pk)
    assert "<del>She counted them all.</del>" in shown
    assert "<ins>She counted every one of them.</ins>" in shown
    billed = speaker.billed
    client.post(at("accept_and_make", made.pk, revision.pk), {"click": str(uuid.uuid4())})
    finish()
    assert speaker.billed - billed == revision.billed_characters == billed_characters("She counted every one of them.")
    assert "Every sentence is made" in page(client, "book", made.pk)


def test_a_version_that_is_dismissed_changes_nothing(client, made):
    client.post(at("compare", made.pk), {"chapter": "", "text": "Something else altogether."})
    revision = Revision.objects.get()
    client.post(at("dismiss", made.pk, revision.pk))
    assert made.chapters.count() == 2
    assert client.post(at("accept", made.pk, revision.pk)).status_code in (302, 409)
    assert made.chapters.count() == 2


def test_the_whole_text_as_it_is_shown_is_no_other_version(client, made):
    shown = client.get(at("revise", made.pk), {"chapter": ""}).context["text"]
    client.post(at("compare", made.pk), {"chapter": "", "text": shown})
    assert Revision.objects.get().diff == []


def test_a_book_is_written_as_a_file_with_its_subtitles(client, made):
    form = {"click": str(uuid.uuid4()), "format": "flac", "chapter": "", "loudness": "-18.0"}
    client.post(at("render", made.pk), form)
    client.post(at("render", made.pk), form)
    edition = rendered(Edition.objects.get())
    assert (edition.format, edition.loudness_lufs) == ("flac", -18.0)
    text = page(client, "editions", made.pk)
    for suffix in ("srt", "vtt", "json"):
        address = at("subtitles", made.pk, edition.pk, suffix)
        assert address in text
        assert "Nobody had told her" in client.get(address).content.decode()


def test_a_file_that_is_not_offered_is_refused(client, made):
    assert client.post(at("render", made.pk), {"format": "exe"}).status_code == 422
    assert not Edition.objects.exists()


def test_a_book_that_is_not_made_cannot_be_written(client, book):
    answer = client.post(at("render", book.pk), {"format": "mp3", "click": str(uuid.uuid4())})
    assert answer.status_code == 409
    assert "Nothing of this is made yet." in answer.content.decode()
