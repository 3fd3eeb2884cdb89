"""The pages of long speech, by request: what is shown before it costs, and what each button does."""

from __future__ import annotations

import base64
import io
import json
import re
import uuid
import wave
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import av
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.books import services
from apps.books.models import Book, Edition, Revision, Segment
from apps.jobs.models import Job
from apps.minimax.text import billed_characters
from apps.voices.auditions import begin_with
from apps.workspaces.models import Membership
from tests.books.conftest import SETTINGS, finish, make_all, refusal, rendered

TEXT = (
    "Chapter 1\n\nThe lamp was dark. Nobody had told her. She saw it from the ferry.\n\n"
    "[Anna] Turn around, please.\n\nThe ferryman said nothing.\n\n"
    "Chapter 2\n\nThe stairs were steep. She counted them all. At the top she found a door."
)
HTMX = {"HX-Request": "true"}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)


def at(name, *args):
    return reverse(f"books:{name}", args=["night-shift", *args])


@pytest.fixture
def member(client, connected):
    client.force_login(connected.user)
    return connected


@pytest.fixture
def book(member) -> Book:
    return services.create_book(member, title="The lamp", text=TEXT, settings=SETTINGS)


@pytest.fixture
def made(member, book) -> Book:
    make_all(member, book)
    return book


def page(client, name, *args, **query):
    answer = client.get(at(name, *args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def sentences(book):
    return list(Segment.objects.in_script().filter(book=book).order_by("chapter__position", "position"))


def post_new(client, **changes):
    settings = {"model": "speech-2.8-hd", "voice_id": "English_expressive_narrator", "sample_rate": 32000, "channel": 1}
    return client.post(at("create"), {"click": str(uuid.uuid4()), "text": "", **settings, **changes})


# --- bringing ---------------------------------------------------------------------------------------------------------


def test_the_shelf_teaches_while_it_is_empty_and_lists_books_afterwards(client, member):
    assert "example=1" in page(client, "index")
    services.create_book(member, title="The lamp", text=TEXT)
    text = page(client, "index")
    assert "The lamp" in text
    assert "2 chapters" in text
    assert "Not made" in text


def test_a_pasted_text_becomes_a_book_and_nothing_is_sent(client, member, speaker):
    answer = post_new(client, text=TEXT, title="Pasted")
    one = Book.objects.get()
    assert answer.headers["Location"] == at("book", one.pk)
    assert (one.title, one.chapters.count(), one.settings["sample_rate"]) == ("Pasted", 2, 32000)
    assert not Job.objects.exists()
    assert not speaker.seen


def test_a_pasted_text_is_cleaned_like_a_document_and_that_can_be_undone(client, member):
    answer = post_new(
        client, text="The lamp was out of or-\nder.[1] Nobody had told her.\n\nShe saw it from the ferry."
    )
    one = Book.objects.get()
    assert answer.headers["Location"] == at("cleanup", one.pk)
    assert "out of order. Nobody" in one.chapters.get().text
    text = page(client, "cleanup", one.pk)
    assert 'value="hyphenation" checked' in text
    client.post(at("set_cleanup", one.pk), {"kinds": ["hyphenation"]})
    assert "out of order.[1] Nobody" in one.chapters.get().text
    client.post(at("set_cleanup", one.pk), {})
    assert "or-\nder.[1]" in one.chapters.get().text


def test_a_new_book_begins_with_the_voice_of_the_workspace(client, member, owner):
    begin_with(owner, "English_Graceful_Lady", "speech-2.6-hd")
    form = client.get(at("new")).context["form"]
    assert (form["voice_id"].value(), form["model"].value()) == ("English_Graceful_Lady", "speech-2.6-hd")


def test_the_same_press_twice_is_one_book(client, member):
    click = str(uuid.uuid4())
    assert post_new(client, text=TEXT, click=click).headers == post_new(client, text=TEXT, click=click).headers
    assert Book.objects.count() == 1


def test_a_document_is_read_and_its_clean_up_is_shown_first(client, member):
    lines = "\n\n".join(f"A line of the story that goes on for a while, number {n}.\n\n{n}" for n in range(1, 30))
    answer = post_new(client, document=SimpleUploadedFile("story.txt", lines.encode("utf-16")))
    one = Book.objects.get()
    assert answer.status_code == 302
    assert one.filename == "story.txt"
    assert "A line of the story" in one.chapters.get().text


@pytest.mark.parametrize(
    ("brought", "sentence"),
    [
        ({"text": "  "}, "Paste a text, or choose a document."),
        ({"document": SimpleUploadedFile("book.exe", b"MZ")}, "none of TXT, DOCX, EPUB and PDF"),
        ({"document": SimpleUploadedFile("book.txt", b"")}, "This file is empty."),
        ({"text": "Hello.", "voice_id": ""}, "Choose a voice."),
        ({"text": "Hello.", "speed": "9"}, "less than or equal to 2"),
    ],
)
def test_what_cannot_become_a_book_comes_back_with_a_sentence(client, member, brought, sentence):
    answer = post_new(client, **brought)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Book.objects.exists()


# --- before it costs --------------------------------------------------------------------------------------------------


def test_the_price_stands_on_the_button_before_anything_is_sent(client, book, speaker):
    text = page(client, "estimate", book.pk)
    price = services.price_of(book)
    assert re.search(rf"Billed characters</dt><dd>{price.billed_characters}<", text)
    assert "button__price" in text
    assert "Every character, pause and sound can be read." in text
    assert price.usd > Decimal(0)
    assert not speaker.seen


def test_characters_that_cannot_be_read_are_counted_and_lead_to_their_place(client, member):
    one = services.create_book(member, text="Some words\b and then more words that are fine. " * 3)
    services.set_cleanup(one, [])
    assert "cannot be read" in page(client, "estimate", one.pk)
    text = page(client, "problems", one.pk)
    place = re.search(r'href="([^"]+)#s-([0-9a-f]{32})"', text)
    assert place[1] == at("read_chapter", one.pk, one.chapters.get().pk)
    assert f'id="s-{place[2]}"' in client.get(place[1]).content.decode()


def test_a_text_with_too_many_of_them_cannot_be_made(client, member, speaker):
    one = services.create_book(member, text="a\b\b. " * 20)
    services.set_cleanup(one, [])
    assert re.search(r"data-make disabled", page(client, "estimate", one.pk))
    answer = client.post(at("make", one.pk), {"click": str(uuid.uuid4())})
    assert answer.status_code == 409
    assert "MiniMax would refuse it" in answer.content.decode()
    assert not speaker.seen


# --- making -----------------------------------------------------------------------------------------------------------


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


# --- chapters ---------------------------------------------------------------------------------------------------------


def test_chapters_are_renamed_moved_split_joined_and_left_out(client, book):
    first, second = book.chapters.all()
    assert client.post(at("rename_chapter", book.pk, first.pk), {"title": "The boat"}).status_code == 204
    client.post(at("move_chapter", book.pk, second.pk), {"by": "-1"})
    assert [chapter.pk for chapter in book.chapters.all()] == [second.pk, first.pk]
    count = len(sentences(book))
    client.post(at("split_chapter", book.pk, first.segments.all()[2].pk))
    assert book.chapters.count() == 3
    answer = client.post(at("join_chapter", book.pk, book.chapters.last().pk))
    assert "The boat" in answer.content.decode()
    assert (book.chapters.count(), len(sentences(book))) == (2, count)
    client.post(at("leave_out", book.pk, second.pk))
    assert [chapter.title for chapter in book.chapters.all()] == ["The boat"]


def test_a_chapter_that_was_left_out_is_put_back_with_its_sounds(client, made):
    first, second = made.chapters.all()
    before = [(one.pk, one.take_id, one.position) for one in first.segments.all()]
    answer = client.post(at("leave_out", made.pk, first.pk))
    assert "Put it back" in answer.content.decode()
    assert [chapter.pk for chapter in made.chapters.all()] == [second.pk]
    answer = client.post(at("put_back", made.pk, first.pk))
    assert "Put it back" not in answer.content.decode()
    assert [chapter.pk for chapter in made.chapters.all()] == [first.pk, second.pk]
    assert [(one.pk, one.take_id, one.position) for one in first.segments.all()] == before
    assert first.parts.exists()
    assert services.price_of(made).is_nothing
    assert client.post(at("put_back", made.pk, first.pk)).status_code == 404


def test_a_chapter_is_put_back_though_another_version_has_its_sentences_by_now(client, made):
    first, second = made.chapters.all()
    words = [one.text for one in first.segments.all()]
    services.remove_chapter(first)
    services.accept(
        services.revise(
            Membership(workspace=made.workspace, user=made.created_by), made, f"{words[1]} {words[2]}", chapter=second
        )
    )
    client.post(at("put_back", made.pk, first.pk))
    assert [one.text for one in first.segments.all()] == words
    assert len(sentences(made)) == len(words) + 2


def test_the_first_chapter_joins_nothing_and_says_so(client, book):
    answer = client.post(at("join_chapter", book.pk, book.chapters.first().pk))
    assert "There is no chapter before this one." in answer.content.decode()


# --- voices -----------------------------------------------------------------------------------------------------------


def test_a_speaker_that_is_marked_gets_a_voice_and_gives_it_back(client, book):
    assert "Anna" in page(client, "cast", book.pk)
    client.post(at("set_voice", book.pk), {"speaker": "Anna", "voice_id": "English_Graceful_Lady"})
    assert book.cast.get().voice_id == "English_Graceful_Lady"
    answer = client.post(at("set_voice", book.pk), {"speaker": "Anna"})
    assert "speaks with the narrator" in answer.content.decode()
    assert not book.cast.exists()


def test_a_sentence_is_given_to_somebody_by_hand(client, book):
    sentence = sentences(book)[1]
    client.post(at("give_sentence", book.pk, sentence.pk), {"speaker": "The sea", "pause_ms": "700"})
    sentence.refresh_from_db()
    assert (sentence.speaker, sentence.pause_ms) == ("The sea", 700)
    assert "The sea" in page(client, "cast", book.pk)


def test_pauses_and_names_before_a_colon(client, member):
    one = services.create_book(member, text="Anna: Hello there.\n\nBen: Good evening to you.")
    assert [role.speaker for role in services.roles_of(one)] == [""]
    wanted = {"pause_ms": "450", "chapter_pause_ms": "2000", "marks_speakers": "on"}
    client.post(at("set_pauses", one.pk), wanted)
    one.refresh_from_db()
    assert (one.pause_ms, one.chapter_pause_ms) == (450, 2000)
    assert {role.speaker for role in services.roles_of(one)} >= {"Anna", "Ben"}
    assert client.post(at("set_pauses", one.pk), wanted | {"pause_ms": "-1"}).status_code == 422


# --- listening --------------------------------------------------------------------------------------------------------


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


def test_a_viewer_listens_too_and_changes_nothing(client, made, viewer):
    client.force_login(viewer.user)
    chapter = made.chapters.first()
    assert client.post(at("listen", made.pk, chapter.pk), headers=HTMX).status_code == 200
    text = page(client, "sentence", made.pk, chapter.segments.first().pk)
    assert "Make another take" not in text
    assert client.post(at("make", made.pk), {"click": "x"}).status_code == 403


def test_a_chapter_without_sound_says_so(client, book):
    assert "This chapter is not made yet." in page(client, "read_chapter", book.pk, book.chapters.first().pk)


# --- sentences and versions -------------------------------------------------------------------------------------------


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


# --- files ------------------------------------------------------------------------------------------------------------


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


# --- settings and the end of a book -----------------------------------------------------------------------------------


def test_title_and_voice_are_changed_and_what_is_made_is_heard_until_it_is_made_again(client, made):
    voice_id = "English_Graceful_Lady"
    form = {"title": "The lantern", "author": "A. Nonymous", "model": "speech-2.8-hd", "voice_id": voice_id}
    client.post(at("set_details", made.pk), form)
    made.refresh_from_db()
    assert (made.title, made.author, made.settings["voice_id"]) == ("The lantern", "A. Nonymous", voice_id)
    assert made.settings["sample_rate"] == SETTINGS["sample_rate"]
    assert not Segment.objects.in_script().filter(book=made, is_silent=False, take=None).exists()
    assert "data-make" in page(client, "estimate", made.pk)


def test_a_book_is_deleted_once_nothing_of_it_is_being_made(client, book):
    client.post(at("make", book.pk), {"click": str(uuid.uuid4())})
    assert client.post(at("delete", book.pk)).status_code == 409
    services.cancel(book)
    assert client.post(at("delete", book.pk)).headers["Location"] == at("index")
    assert not Book.objects.exists()


def test_a_cover_that_is_no_picture_is_never_sent(client, book):
    book.cover.save("cover", ContentFile(b"<svg onload=alert(1)>"))
    assert client.get(at("cover", book.pk)).status_code == 404
    book.cover.save("cover", ContentFile(b"\x89PNG\r\n\x1a\n"))
    assert client.get(at("cover", book.pk)).headers["Content-Type"] == "image/png"


# --- others -----------------------------------------------------------------------------------------------------------


def test_a_stranger_finds_nothing_of_a_book(client, made, stranger):
    client.force_login(stranger.user)
    chapter, sentence = made.chapters.first(), sentences(made)[0]
    for name, args in [("book", []), ("read_chapter", [chapter.pk]), ("sentence", [sentence.pk])]:
        assert client.get(at(name, made.pk, *args)).status_code == 404
    theirs = stranger.workspace.slug
    assert client.get(reverse("books:book", args=[theirs, made.pk])).status_code == 404
    assert client.get(reverse("books:take_sound", args=[theirs, made.pk, sentence.take_id])).status_code == 404


def test_a_chapter_of_another_book_is_not_found(client, member, book):
    other = services.create_book(member, title="Other", text=TEXT)
    assert client.get(at("read_chapter", book.pk, other.chapters.first().pk)).status_code == 404
    assert client.post(at("rename_chapter", book.pk, other.chapters.first().pk), {"title": "Mine"}).status_code == 404
