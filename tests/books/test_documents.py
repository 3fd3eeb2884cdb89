from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.books import services
from apps.books.models import Book
from tests.books.conftest import SETTINGS, make_all
from tests.books.text.making_documents import make_epub, make_word

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = "Nobody had seen the ferry leave.[1] It was simply gone."
SECOND = "The lamps on the pier went out, one by one."


def brought(path: Path, name: str = "") -> SimpleUploadedFile:
    return SimpleUploadedFile(name or path.name, path.read_bytes())


@pytest.fixture
def document(tmp_path) -> SimpleUploadedFile:
    blocks = [("heading 1", "The ferry"), ("paragraph", FIRST), ("heading 1", "The lamps"), ("paragraph", SECOND)]
    return brought(make_word(tmp_path / "book.docx", blocks, title="Night ferry"))


def test_a_word_document_becomes_chapters_with_its_title_and_author(creator, document):
    book = services.create_book(creator, document=document, settings=SETTINGS)
    assert (book.title, book.author, book.filename) == ("Night ferry", "An author", "book.docx")
    assert [chapter.title for chapter in book.chapters.all()] == ["The ferry", "The lamps"]


def test_an_electronic_book_is_read(creator, tmp_path):
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": f"<h1>One</h1><p>{SECOND}</p>"}, title="Lamps", language="de")
    book = services.create_book(creator, document=brought(path), settings=SETTINGS)
    assert (book.title, book.language) == ("Lamps", "de")
    assert SECOND in "".join(chapter.text for chapter in book.chapters.all())


def test_an_old_encoding_is_recognised(creator):
    words = "Море было спокойным и серым. Никто на причале не сказал ни слова об этом. Дождь уже кончился."
    file = SimpleUploadedFile("sea.txt", words.encode("cp1251"))
    book = services.create_book(creator, document=file, settings=SETTINGS)
    assert "Море было спокойным" in book.chapters.get().text


def test_the_clean_up_is_shown_applied_and_undone_and_sounds_stay(connected, document, speaker):
    book = services.create_book(connected, document=document, settings=SETTINGS)
    assert {change.kind for change in services.cleanup_of(book)} == {"note_marks"}
    assert "[1]" not in book.chapters.first().text
    make_all(connected, book)
    services.set_cleanup(book, [])
    assert "[1]" in book.chapters.first().text
    assert services.price_of(book).segments == 1
    services.set_cleanup(book, ["note_marks"])
    assert services.price_of(book).is_nothing
    services.accept(services.revise(connected, book, "All new.", chapter=book.chapters.last()))
    with pytest.raises(services.RefusedError):
        services.set_cleanup(book, [])  # it would undo what was written by hand


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
        ("broken.docx", b"PK\x03\x04" + b"\0" * 100),
        ("broken.pdf", b"%PDF-1.7\nnothing"),
        ("empty.txt", b""),
        ("blank.txt", b" \n\n "),
    ],
)
def test_what_is_no_document_is_refused_with_a_sentence(creator, name, content):
    with pytest.raises(services.RefusedError) as refused:
        services.create_book(creator, document=SimpleUploadedFile(name, content))
    assert str(refused.value).endswith((".", "?"))
    assert not Book.objects.exists()


def test_a_text_of_more_than_a_million_characters_is_refused(creator):
    with pytest.raises(services.RefusedError) as refused:
        services.create_book(creator, text="One more. " * 100_001)
    assert "1,000,000" in str(refused.value)


def test_a_text_without_anything_to_speak_is_refused(creator):
    with pytest.raises(services.RefusedError):
        services.create_book(creator, text="* * *\n\n---")
