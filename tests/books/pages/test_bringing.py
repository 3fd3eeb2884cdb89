"""A text becomes a book, and what it would cost is seen before anything is sent."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.books import services
from apps.books.models import Book
from apps.jobs.models import Job
from apps.voices.auditions import begin_with
from tests.books.pages.asking import TEXT, at, page, post_new


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
    assert "out of or<del>-⏎</del>der" in text
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
