"""Chapters, voices, settings, and the end of a book."""

from __future__ import annotations

import uuid

from django.core.files.base import ContentFile

from apps.books import services
from apps.books.models import Book, Segment
from apps.workspaces.models import Membership
from tests.books.conftest import SETTINGS
from tests.books.pages.asking import at, page, sentences


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
