"""Who is not of the workspace finds nothing."""

from __future__ import annotations

from django.urls import reverse

from apps.books import services
from tests.books.pages.asking import TEXT, at, sentences


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
